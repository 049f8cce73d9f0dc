"""Presets, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from autograph.infra.json import Json


@dataclass(frozen=True, slots=True)
class TriggerSetup:
    """What starts a preset's agent.

    Attributes:
        config: Values of the trigger node's pins, laid over its constants: which repository, which events.
        sender: For a hand-made webhook: whose signatures it proves, such as `slack`; None for nobody's.
        signature: For a hand-made webhook: how its sender signs, where no provider's file says so.
        node: Id of the trigger node; None for the only one that there is.
    """

    config: Mapping[str, Json] = field(default_factory=dict[str, Json])
    sender: str | None = None
    signature: Mapping[str, Json] | None = None
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """What can start an agent, and what a preset must say of it.

    Attributes:
        node: Id of the trigger node.
        name: What its person called the node; None for the block's own name.
        block: The trigger's block.
        provider: Who sends.
        is_automatic: The provider is asked to send by us; otherwise a person sets the webhook up.
        config_schema: What may be said: an object, with what the node has as defaults.
    """

    node: str
    name: str | None
    block: str
    provider: str
    is_automatic: bool
    config_schema: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Draft:
    """A preset that is wanted.

    Attributes:
        version: Of the graph; None for whichever is active.
        inputs: The agent's inputs by name. Those of a preset without a trigger may be incomplete.
        credentials: By kind of access, as in the agent's `credentials_input_schema`.
        trigger: None for a preset that is only run by a word.
        secret: Of a hand-made webhook's sender, where it makes one.
    """

    name: str
    graph_id: UUID
    description: str = ""
    version: int | None = None
    inputs: Mapping[str, Json] = field(default_factory=dict[str, Json])
    credentials: Mapping[str, UUID] = field(default_factory=dict[str, UUID])
    trigger: TriggerSetup | None = None
    secret: str | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Preset:
    """An agent with inputs and credentials chosen once.

    Attributes:
        version: Of the graph; None for whichever is active.
        is_active: Its trigger starts runs. It can be run by a word in any case.
    """

    id: UUID
    user_id: UUID
    name: str
    description: str
    graph_id: UUID
    version: int | None
    inputs: Mapping[str, Json]
    credentials: Mapping[str, UUID]
    trigger: TriggerSetup | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PresetPage:
    """A page of presets, newest first."""

    rows: Sequence[Preset]
    next_before: UUID | None
