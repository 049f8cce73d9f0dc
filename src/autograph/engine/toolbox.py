"""Nodes as tools: which ones a node can have run, and how it asks for it. PURE."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

from autograph.blocks.sdk import BlockError, CostKind
from autograph.blocks.sdk.tools import OfferedTool, ToolRound, ToolUse
from autograph.engine.events import WaitKind
from autograph.graph import pins
from autograph.graph.model import Json, Link, Node, is_list, is_object
from autograph.graph.schemas import node_input_pins
from autograph.graph.spec import BlockKind, BlockSpec, Effect

if TYPE_CHECKING:
    from autograph.engine.state import NodeRun

_UNFIT: Final = re.compile(r"[^a-z0-9_-]+")
_MAX_NAME: Final = 64
_SHOWN_KEYS: Final = (
    "type",
    "description",
    "enum",
    "items",
    "properties",
    "required",
    "anyOf",
    "format",
)


def offered(
    links: Sequence[Link], nodes: Mapping[str, tuple[Node, BlockSpec]]
) -> tuple[OfferedTool, ...]:
    """Return the tools of a node, by the links that leave its `tools` output."""
    pins_of: dict[str, list[str]] = {}
    for link in links:
        if pins.is_tool_pin(link.source_pin):
            pins_of.setdefault(link.sink, []).append(link.sink_pin)
    if not pins_of:
        return ()
    names: set[str] = set()
    found: list[OfferedTool] = []
    for node_id, linked in pins_of.items():
        node, spec = nodes[node_id]
        name = _unused(_name(node, spec), names)
        names.add(name)
        found.append(_offer(node, spec, name, linked))
    return tuple(found)


class NodeTools:
    """Implements `Tools` for one attempt."""

    def __init__(self, started: NodeRun, usage: Callable[[], Mapping[CostKind, float]]) -> None:
        """Offer the tools of a node run, which tells by `usage` what it consumed."""
        self._started = started
        self._usage = usage

    @property
    def offered(self) -> Sequence[OfferedTool]:
        """What can be run."""
        return self._started.node.tools

    @property
    def rounds(self) -> Sequence[ToolRound]:
        """What this node run has had run so far."""
        return [
            ToolRound(one.kept, [result or {} for result in one.results])
            for one in self._started.rounds
        ]

    def run(self, uses: Sequence[ToolUse], *, keep: Json) -> NoReturn:
        """End the attempt and have tools run.

        Raises:
            BlockError: The block has an effect, or a tool is none of its own.
            Suspended: Always, otherwise.
        """
        from autograph.engine.waits import Suspended, Wait  # noqa: PLC0415 - waits stand on the plan

        spec = self._started.node.spec
        known = {one.node for one in self.offered}
        if spec.effect is Effect.EFFECT:
            raise BlockError(
                f"{spec.name} has an effect, so it cannot wait for tools.", code="block.cannot_wait"
            )
        if not uses or any(one.node not in known for one in uses):
            raise BlockError(f"{spec.name} asked for a tool that is not linked to it.")
        written = [{"node": one.node, "values": dict(one.values)} for one in uses]
        used = {kind.value: units for kind, units in self._usage().items()}
        raise Suspended(Wait(WaitKind.TOOLS, uses=written, kept=keep, used=used))


def _offer(node: Node, spec: BlockSpec, name: str, linked: Sequence[str]) -> OfferedTool:
    known = node_input_pins(node, spec)
    needed = _required(node, spec)
    pin_of: dict[str, str] = {}
    properties: dict[str, Json] = {}
    required: list[str] = []
    for pin in linked:
        parameter = _unused(_clean(pin) or "value", pin_of)
        pin_of[parameter] = pin
        found = pins.parse(pin)
        schema = known.get(pin) or known.get(found.base, {})
        properties[parameter] = _shown(schema, found)
        if found.base in needed or found.path:
            required.append(parameter)
    return OfferedTool(
        node=node.id,
        name=name,
        description=_description(node, spec),
        pins=pin_of,
        parameters={
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        },
    )


def _shown(schema: Mapping[str, Any], pin: pins.Pin) -> Json:
    """Return what a model is told of a parameter."""
    if not pin.path:
        return {key: schema[key] for key in _SHOWN_KEYS if key in schema}
    part = ", ".join(str(step) for step in pin.path)
    of = schema.get("description", "")
    return {"description": f"The part {part!r} of {pin.base}. {of}".strip()}


def _required(node: Node, spec: BlockSpec) -> set[str]:
    schema: Json = dict(spec.input_schema)
    if spec.kind is BlockKind.AGENT:
        schema = node.constants.get("input_schema")
    found = schema.get("required") if is_object(schema) else None
    return {str(one) for one in found} if is_list(found) else set()


def _name(node: Node, spec: BlockSpec) -> str:
    agent = node.constants.get("agent_name") if spec.kind is BlockKind.AGENT else None
    return _clean(node.name or (agent if isinstance(agent, str) else None) or spec.name) or "tool"


def _description(node: Node, spec: BlockSpec) -> str:
    if spec.kind is BlockKind.MCP_TOOL:
        told = node.constants.get("tool_description")
        return told if isinstance(told, str) and told else spec.description
    if spec.kind is not BlockKind.AGENT:
        return spec.description
    schema = node.constants.get("input_schema")
    said = schema.get("description") if is_object(schema) else None
    agent = node.constants.get("agent_name")
    return said if isinstance(said, str) and said else f"Runs the agent {agent or node.id!r}."


def _clean(name: str) -> str:
    return _UNFIT.sub("_", name.lower()).strip("_")[:_MAX_NAME]


def _unused(name: str, taken: Mapping[str, object] | set[str]) -> str:
    if name not in taken:
        return name
    number = 1
    while (other := f"{name[: _MAX_NAME - 4]}_{number}") in taken:
        number += 1
    return other
