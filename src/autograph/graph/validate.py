"""Validation: everything that is wrong with a graph, at once. PURE.

An error keeps the graph from being saved or run; a warning is shown and tolerated, because agents that
run elsewhere run here. Nodes of unknown blocks get that one error and no others follow from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from autograph.graph import pins, traverse
from autograph.graph.coerce import (
    CoercionError,
    can_ever_fit,
    compile_coercer,
    show,
    types_of,
)
from autograph.graph.model import Graph, Json, Link, Node, is_list, is_object
from autograph.graph.report import Code, Problem, Report, Severity
from autograph.graph.schemas import (
    embedded_pins,
    input_schema,
    node_input_pins,
    node_output_pins,
    output_schema,
)
from autograph.graph.spec import BlockKind, BlockSpec, JsonSchema


def validate(
    graph: Graph, specs: Mapping[str, BlockSpec], *, saved: frozenset[str] = frozenset()
) -> Report:
    """Return everything that is wrong with a graph and the agents inside it.

    Args:
        graph: The graph.
        specs: The blocks of this installation, by id.
        saved: Ids of graphs that agent-executor nodes may name besides those that travel with this one.
    """
    inner = {one.id: _Inside.of(one, specs) for one in graph.sub_graphs}
    problems = [*_Checker(graph, specs, inner, saved, "").problems()]
    for one in graph.sub_graphs:
        problems += _Checker(one, specs, inner, saved | {graph.id}, f"{one.id}/").problems()
    problems += _recursions(graph, specs)
    unknown = [
        (node.block_id, prefix + node.id)
        for one, prefix in (
            (graph, ""),
            *((inside, f"{inside.id}/") for inside in graph.sub_graphs),
        )
        for node in one.nodes
        if node.block_id not in specs
    ]
    return Report(tuple(problems), tuple(unknown))


@dataclass(frozen=True, slots=True)
class _Inside:
    """What an agent that travels along really takes and gives; None where a block of it is unknown."""

    version: int
    takes: frozenset[str] | None
    gives: frozenset[str] | None

    @classmethod
    def of(cls, graph: Graph, specs: Mapping[str, BlockSpec]) -> _Inside:
        if not all(node.block_id in specs for node in graph.nodes):
            return cls(graph.version, None, None)
        takes, gives = input_schema(graph, specs), output_schema(graph, specs)
        return cls(graph.version, frozenset(takes["properties"]), frozenset(gives["properties"]))


class _Checker:
    """Checks one graph."""

    def __init__(
        self,
        graph: Graph,
        specs: Mapping[str, BlockSpec],
        inside: Mapping[str, _Inside],
        elsewhere: frozenset[str],
        prefix: str,
    ) -> None:
        self._graph = graph
        self._prefix = prefix
        self._inside = inside
        self._elsewhere = elsewhere
        self._nodes = {node.id: node for node in graph.nodes}
        self._specs = {node.id: specs.get(node.block_id) for node in graph.nodes}
        self._linked: dict[str, set[str]] = {}
        self._left: dict[str, set[str]] = {}
        for link in graph.links:
            self._linked.setdefault(link.sink, set()).add(link.sink_pin)
            self._left.setdefault(link.source, set()).add(link.source_pin)

    def problems(self) -> Iterator[Problem]:
        yield from self._duplicates()
        for node in self._nodes.values():
            spec = self._specs[node.id]
            if spec is None:
                yield self._error(
                    Code.UNKNOWN_BLOCK,
                    node.id,
                    "",
                    f"There is no block {node.block_id} in this installation.",
                )
            else:
                yield from self._node(node, spec)
        for link in self._graph.links:
            yield from self._link(link)
        yield from self._shape()

    def _error(self, code: Code, node_id: str, pin: str, message: str) -> Problem:
        return Problem(
            Severity.ERROR, code, self._prefix + node_id if node_id else self._prefix, pin, message
        )

    def _warning(self, code: Code, node_id: str, pin: str, message: str) -> Problem:
        return Problem(
            Severity.WARNING,
            code,
            self._prefix + node_id if node_id else self._prefix,
            pin,
            message,
        )

    # names

    def _duplicates(self) -> Iterator[Problem]:
        for node_id, count in Counter(node.id for node in self._graph.nodes).items():
            if count > 1:
                yield self._error(
                    Code.DUPLICATE_NODE, node_id, "", f"{count} nodes have the id {node_id!r}."
                )
        names: dict[str, str] = {}
        for node in self._graph.nodes:
            spec, name = self._specs[node.id], node.constants.get("name")
            if spec is None or spec.kind is not BlockKind.INPUT or not isinstance(name, str):
                continue
            if name == "credentials" or name.endswith("_credentials"):
                yield self._error(
                    Code.RESERVED_NAME,
                    node.id,
                    "name",
                    f"{name!r} is reserved for credentials. Choose another name.",
                )
            if name in names and names[name] != node.id:
                yield self._warning(
                    Code.DUPLICATE_INPUT_NAME,
                    node.id,
                    "name",
                    f"Another input is called {name!r} too; both get the same value.",
                )
            names.setdefault(name, node.id)

    # one node

    def _node(self, node: Node, spec: BlockSpec) -> Iterator[Problem]:
        if spec.deprecated is not None:
            yield self._warning(
                Code.DEPRECATED_BLOCK, node.id, "", f"{spec.name} is deprecated: {spec.deprecated}"
            )
        if spec.kind is BlockKind.NOTE:
            return
        linked = self._linked.get(node.id, set())
        known = node_input_pins(node, spec)
        yield from self._constants(node, known, linked)
        if spec.kind is BlockKind.AGENT:
            yield from self._agent(node, known, linked)
            return
        if spec.trigger is not None:
            return  # what it needs is said when the trigger is set up, and not in the graph
        given = {pins.parse(name).base for name in linked} | {
            pins.parse(name).base for name, value in node.constants.items() if _has_value(value)
        }
        given |= {pin for pin, schema in known.items() if given & set(schema.get("x-aliases", ()))}
        for pin in cast("list[str]", spec.input_schema.get("required", [])):
            if pin not in given and pin not in spec.credential_fields:
                yield self._error(
                    Code.MISSING_INPUT, node.id, pin, "This input needs a value or a link."
                )

    def _constants(
        self, node: Node, known: Mapping[str, JsonSchema], linked: set[str]
    ) -> Iterator[Problem]:
        for name, value in node.constants.items():
            pin = pins.parse(name)
            if pin.broken is not None:
                yield self._error(
                    Code.BROKEN_PIN, node.id, name, f"{name!r} is a broken pin name: {pin.broken}."
                )
            elif name in known and name not in linked and value is not None:
                try:
                    coercer = compile_coercer(known[name])
                    if coercer is not None:
                        coercer(value)
                except CoercionError as error:
                    if not _is_blank(value):
                        yield self._error(
                            Code.BAD_CONSTANT,
                            node.id,
                            name,
                            f"Expected {error.expected}, got {show(error.value)}.",
                        )

    def _agent(
        self, node: Node, known: Mapping[str, JsonSchema], linked: set[str]
    ) -> Iterator[Problem]:
        graph_id = node.constants.get("graph_id")
        if not isinstance(graph_id, str) or not graph_id:
            yield self._error(
                Code.SUB_GRAPH_MISSING, node.id, "graph_id", "Choose the agent that this node runs."
            )
        elif graph_id in self._inside:
            yield from self._changed(node, self._inside[graph_id], linked)
        elif graph_id not in self._elsewhere and graph_id != self._graph.id:
            yield self._error(
                Code.SUB_GRAPH_MISSING,
                node.id,
                "graph_id",
                f"The agent {graph_id} does not travel with this file. Export it with its sub-agents.",
            )
        schema = node.constants.get("input_schema")
        typed = node.constants.get("inputs")
        required = schema.get("required") if is_object(schema) else None
        given = {pins.parse(name).base for name in linked}
        for values in (node.constants, typed if is_object(typed) else {}):
            given |= {name for name, value in values.items() if _has_value(value)}
        for pin in required if is_list(required) else []:
            if (
                isinstance(pin, str)
                and pin not in given
                and known.get(pin, {}).get("default") is None
            ):
                yield self._error(
                    Code.MISSING_INPUT,
                    node.id,
                    pin,
                    "The agent that this node runs needs a value or a link here.",
                )

    def _changed(self, node: Node, inside: _Inside, linked: set[str]) -> Iterator[Problem]:
        """Compare what a node believes of the agent it runs with what that agent is."""
        version = node.constants.get("graph_version")
        if isinstance(version, int) and version != inside.version:
            yield self._changed_agent(
                node,
                "graph_version",
                f"Version {version} of the agent is asked for, and version {inside.version} travels along.",
            )
        # Names that the node itself does not know are unknown pins already.
        believed = (embedded_pins(node, "input_schema"), embedded_pins(node, "output_schema"))
        arriving = {pins.parse(one).base for one in linked} & believed[0].keys()
        for name in sorted(arriving - (arriving if inside.takes is None else inside.takes)):
            yield self._changed_agent(
                node, name, f"The agent takes no {name!r}; what arrives here is lost."
            )
        leaving = {pins.parse(one).base for one in self._left.get(node.id, ())}
        leaving &= believed[1].keys()
        for name in sorted(leaving - (leaving if inside.gives is None else inside.gives)):
            yield self._changed_agent(
                node, name, f"The agent gives no {name!r}; nothing leaves here."
            )

    def _changed_agent(self, node: Node, pin: str, message: str) -> Problem:
        way_out = "Choose the agent again to bring the node up to date."
        return self._warning(Code.SUB_GRAPH_CHANGED, node.id, pin, f"{message} {way_out}")

    # one link

    def _link(self, link: Link) -> Iterator[Problem]:
        for end, node_id in (("source", link.source), ("sink", link.sink)):
            if node_id not in self._nodes:
                other = link.sink if end == "source" else link.source
                yield self._error(
                    Code.DANGLING_LINK,
                    other,
                    "",
                    f"A link's {end} is the node {node_id!r}, which does not exist.",
                )
        if link.source not in self._nodes or link.sink not in self._nodes:
            return
        source = self._source_pin(link)
        sink = self._sink_pin(link)
        yield from (one for one in (source, sink) if isinstance(one, Problem))
        if (
            isinstance(source, Problem)
            or isinstance(sink, Problem)
            or source is None
            or sink is None
        ):
            return
        if not can_ever_fit(source, sink):
            yield self._error(
                Code.INCOMPATIBLE_LINK,
                link.sink,
                link.sink_pin,
                f"It gets {_words(source)} from {link.source_pin!r} and takes {_words(sink)}.",
            )
        elif _is_container(source) and _is_scalar(sink):
            yield self._warning(
                Code.INCOMPATIBLE_LINK,
                link.sink,
                link.sink_pin,
                f"It gets {_words(source)} from {link.source_pin!r}, which becomes {_words(sink)}.",
            )

    def _source_pin(self, link: Link) -> JsonSchema | Problem | None:
        spec = self._specs[link.source]
        pin = pins.parse(link.source_pin)
        if spec is None or pins.is_tool_pin(link.source_pin):
            return None
        if pin.broken is not None:
            return self._error(
                Code.BROKEN_PIN,
                link.source,
                link.source_pin,
                f"{link.source_pin!r} is a broken pin name: {pin.broken}.",
            )
        known = node_output_pins(self._nodes[link.source], spec)
        if link.source_pin in known:
            return known[link.source_pin]
        if pin.base not in known:
            return self._error(
                Code.UNKNOWN_PIN,
                link.source,
                link.source_pin,
                _no_such_pin(spec, "output", pin.base, known),
            )
        return _inside(known[pin.base], pin.path)

    def _sink_pin(self, link: Link) -> JsonSchema | Problem | None:
        spec = self._specs[link.sink]
        pin = pins.parse(link.sink_pin)
        if spec is None:
            return None
        if pin.broken is not None:
            return self._error(
                Code.BROKEN_PIN,
                link.sink,
                link.sink_pin,
                f"{link.sink_pin!r} is a broken pin name: {pin.broken}.",
            )
        known = node_input_pins(self._nodes[link.sink], spec)
        if link.sink_pin in known:
            return known[link.sink_pin]
        if any(pin.base in schema.get("x-aliases", ()) for schema in known.values()):
            return None
        if pin.base not in known:
            return self._error(
                Code.UNKNOWN_PIN,
                link.sink,
                link.sink_pin,
                _no_such_pin(spec, "input", pin.base, known),
            )
        return _inside(known[pin.base], pin.path)

    # the whole

    def _shape(self) -> Iterator[Problem]:
        running = [
            node
            for node in self._nodes.values()
            if (spec := self._specs[node.id]) is None or spec.kind is not BlockKind.NOTE
        ]
        if not running:
            yield self._error(
                Code.NOTHING_STARTS, "", "", "The graph has no node that runs. Add a block."
            )
            return
        waiting = {
            link.sink
            for link in self._graph.links
            if link.source in self._nodes and not self._leads_back(link)
        }
        starts = {node.id for node in running if node.id not in waiting or self._is_input(node)}
        follows = traverse.successors(self._graph)
        if not starts:
            yield self._error(
                Code.NOTHING_STARTS,
                "",
                "",
                "Every node waits for another one, so nothing starts. Add an input.",
            )
            return
        reached = traverse.reachable(starts, follows)
        for node in running:
            if node.id not in reached:
                yield self._warning(
                    Code.UNREACHABLE_NODE, node.id, "", "Nothing leads here, so it never runs."
                )
        for group in traverse.cycles(follows):
            inside = set(group)
            if all(one in inside for node_id in group for one in follows[node_id]):
                yield self._warning(
                    Code.ENDLESS_CYCLE,
                    group[0],
                    "",
                    "It is part of a circle that nothing leads out of; it runs until a limit stops it.",
                )

    def _leads_back(self, link: Link) -> bool:
        """Whether a link brings a node what came of its own work, which it does not wait for at first."""
        spec = self._specs.get(link.sink)
        return spec is not None and spec.input_pins.get(link.sink_pin, {}).get("x-loop") is True

    def _is_input(self, node: Node) -> bool:
        spec = self._specs[node.id]
        return spec is not None and spec.kind is BlockKind.INPUT


def _recursions(graph: Graph, specs: Mapping[str, BlockSpec]) -> Iterator[Problem]:
    """Find agents that run themselves, directly or through others."""
    by_id = {one.id: one for one in (graph, *graph.sub_graphs)}
    follows: dict[str, list[str]] = {one: [] for one in by_id}
    callers: dict[tuple[str, str], str] = {}
    for one in by_id.values():
        for node in one.nodes:
            spec, target = specs.get(node.block_id), node.constants.get("graph_id")
            if (
                spec is not None
                and spec.kind is BlockKind.AGENT
                and isinstance(target, str)
                and target in by_id
            ):
                follows[one.id].append(target)
                callers.setdefault((one.id, target), node.id)
    for group in traverse.cycles(follows):
        caller, target = next(pair for pair in callers if pair[0] in group and pair[1] in group)
        node_id = (
            callers[caller, target] if caller == graph.id else f"{caller}/{callers[caller, target]}"
        )
        yield Problem(
            Severity.ERROR,
            Code.SUB_GRAPH_RECURSIVE,
            node_id,
            "graph_id",
            f"The agent {target} ends up running itself.",
        )


def _inside(schema: JsonSchema, path: tuple[pins.Step, ...]) -> JsonSchema | None:
    """Return the schema of what a path leads to; None where nothing is known of it."""
    for step in path:
        inner = (
            schema.get("items") if isinstance(step, int) else schema.get("properties", {}).get(step)
        )
        if inner is None and isinstance(step, str):
            inner = schema.get("additionalProperties")
        if not isinstance(inner, Mapping):
            return None
        schema = cast("JsonSchema", inner)
    return schema


def _no_such_pin(spec: BlockSpec, side: str, pin: str, known: Mapping[str, JsonSchema]) -> str:
    return f"{spec.name} has no {side} {pin!r}. It has: {', '.join(known) or 'none'}."


def _words(schema: JsonSchema) -> str:
    names = {
        "string": "text",
        "number": "a number",
        "integer": "a whole number",
        "boolean": "true or false",
        "array": "a list",
        "object": "an object",
    }
    return " or ".join(names[one] for one in sorted(types_of(schema) - {"null"})) or "nothing"


def _is_scalar(schema: JsonSchema) -> bool:
    return types_of(schema) <= {"string", "number", "integer", "boolean", "null"}


def _is_container(schema: JsonSchema) -> bool:
    return types_of(schema) <= {"array", "object", "null"}


def _has_value(value: Json) -> bool:
    # A space or a line break is a value: texts are split at them.
    return value is not None and value != ""


def _is_blank(value: Json) -> bool:
    return isinstance(value, str) and not value.strip()
