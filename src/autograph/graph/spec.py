"""What a graph has to know of a block to be drawn, validated and routed: facts, never code.

`autograph.blocks.catalog` makes a `BlockSpec` from every block; validation and the engine's planner
see these and nothing else of a block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

JsonSchema = Mapping[str, Any]
"""A JSON Schema (draft 2020-12) document with its references inlined."""


class BlockKind(StrEnum):
    """How the engine treats a node of this block. Values are those of AutoGPT's `uiType`."""

    STANDARD = "Standard"
    INPUT = "Input"
    OUTPUT = "Output"
    NOTE = "Note"
    AGENT = "Agent"
    WEBHOOK = "Webhook"
    WEBHOOK_MANUAL = "Webhook (manual)"
    AI = "AI"
    HUMAN_IN_THE_LOOP = "Human In The Loop"
    MCP_TOOL = "MCP Tool"


class Effect(StrEnum):
    """What running a block does to the world; decides what happens around it and after a crash.

    PURE: same input, same output, no I/O. Runs straight on, its journal entry rides along.
    READ: I/O without consequences (a clock, a search). Run again after a crash.
    IDEMPOTENT: safe to repeat with the same idempotency key. Starts behind a commit.
    EFFECT: anything else. Starts behind a commit; after a crash its outcome is unknown.
    """

    PURE = "pure"
    READ = "read"
    IDEMPOTENT = "idempotent"
    EFFECT = "effect"


@dataclass(frozen=True, slots=True)
class TriggerSpec:
    """What a trigger block listens to. It gets what a delivery brings at its pin `payload`.

    Attributes:
        provider: Who sends: `github`.
        kind: The kind of webhook there, such as `repo`; webhooks of one kind can be shared.
        resource: Template of what is listened to, filled from the node's constants: `{repo}`; empty where the
            provider has one thing per credential, None where a person sets the webhook up by hand.
        filter_pin: Input pin with an object of booleans, one per event; empty where there is no choice.
        event: Template of an event's full name: `pull_request.{event}`.
    """

    provider: str
    kind: str
    resource: str | None = None
    filter_pin: str = ""
    event: str = "{event}"

    @property
    def is_automatic(self) -> bool:
        """Whether the webhook is registered at the provider by us."""
        return self.resource is not None


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """The facts of one block.

    Attributes:
        id: Opaque, 36 characters; exported agents rely on it.
        name: Catalogue name, `AddToList`.
        input_schema: Object schema; each property is an input pin. `required` lists the pins that
            need a constant or a link.
        output_schema: Object schema; each property is an output pin.
        static_output: Every link from this block is static.
        is_sensitive: A person may be asked before it runs.
        deprecated: What to use instead, when this block is only kept for old agents.
        credential_fields: Input pins that name a credential, with the providers and kinds they accept.
        trigger: What a trigger block listens to; None for every other block.
    """

    id: str
    name: str
    kind: BlockKind
    effect: Effect
    input_schema: JsonSchema
    output_schema: JsonSchema
    static_output: bool = False
    is_sensitive: bool = False
    categories: tuple[str, ...] = ()
    description: str = ""
    deprecated: str | None = None
    credential_fields: Mapping[str, JsonSchema] = field(default_factory=dict[str, JsonSchema])
    trigger: TriggerSpec | None = None

    @property
    def input_pins(self) -> Mapping[str, JsonSchema]:
        """Input pins by name, in declared order."""
        return self.input_schema.get("properties", {})

    @property
    def output_pins(self) -> Mapping[str, JsonSchema]:
        """Output pins by name, in declared order."""
        return self.output_schema.get("properties", {})
