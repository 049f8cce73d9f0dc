"""A graph, compiled for running: who feeds whom, by which pin, in which order. PURE.

A `Plan` holds everything the fold and the executor ask of a graph, so that neither looks at a link
twice. It is made once for a graph version and shared by all its runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from autograph.blocks.sdk.tools import OfferedTool
from autograph.engine.toolbox import offered
from autograph.graph import pins
from autograph.graph.model import (
    Graph,
    Json,
    Link,
    Node,
    OnError,
    OutcomeUnknown,
    Policy,
    Retry,
    ReviewPolicy,
)
from autograph.graph.spec import BlockKind, BlockSpec, Effect

ERROR_PIN: Final = "error"
INPUT_VALUE_PIN: Final = "value"
OUTPUT_PIN: Final = "output"
PAYLOAD_PIN: Final = "payload"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a value goes.

    Attributes:
        sink: Index of the node it goes to.
        pin: Input pin there, full name.
        path: What to select from the value first; empty for the value itself.
        static: The value stays and fills that pin in every later set.
    """

    sink: int
    pin: str
    path: tuple[pins.Step, ...]
    static: bool


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One node, compiled.

    Attributes:
        index: Its place in `Plan.nodes`.
        constants: Values of pins that are not linked.
        linked: Input pins that need a value for every set, full names.
        static_pins: Those of `linked` that a static link feeds.
        routes: Where the values of each output pin go, in link order.
        result_name: Name under which an output node's values are collected.
        input_name: Name of the agent's input that an input node takes.
        runs_at_start: It is in the start set.
        loop: Those of `linked` that its own work leads back to; its first set has none of them.
        tools: The nodes that it can have run as tools.
        is_dynamic: Some of its pins select into a value that has to be put together.
        is_pure: It runs straight on, without a commit before it.
        is_simple: It is pure, and its policy asks for no timer, no second try and no person.
    """

    index: int
    id: str
    spec: BlockSpec
    constants: Mapping[str, Json]
    linked: frozenset[str]
    static_pins: frozenset[str]
    routes: Mapping[str, tuple[Route, ...]]
    result_name: str | None
    input_name: str | None
    runs_at_start: bool
    timeout: timedelta | None
    retry: Retry
    on_error: OnError
    outcome_unknown: OutcomeUnknown | None
    review: ReviewPolicy
    is_dynamic: bool
    is_pure: bool
    is_simple: bool
    loop: frozenset[str] = frozenset()
    tools: tuple[OfferedTool, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A graph version, compiled.

    Attributes:
        starts: Indexes of the nodes that run first, in graph order.
    """

    graph: Graph
    nodes: tuple[NodePlan, ...]
    starts: tuple[int, ...]
    fail_fast: bool

    def sub_graph(self, graph_id: str) -> Graph | None:
        """Return the agent with that id that travels with this graph."""
        return next((one for one in self.graph.sub_graphs if one.id == graph_id), None)


EMPTY_PLAN: Final = Plan(Graph(id="", name=""), (), (), fail_fast=False)
"""The plan of a run whose graph is gone: there is nothing to do but to end it."""


def compile_plan(graph: Graph, specs: Mapping[str, BlockSpec]) -> Plan:
    """Compile a graph that validation accepts.

    Nodes whose block is unknown, notes, and links from or to them are left out: what validation lets
    pass as a warning must not stop a run.
    """
    kept = [
        node
        for node in graph.nodes
        if (spec := specs.get(node.block_id)) and spec.kind is not BlockKind.NOTE
    ]
    index_of = {node.id: index for index, node in enumerate(kept)}
    incoming: list[list[Link]] = [[] for _ in kept]
    outgoing: list[list[Link]] = [[] for _ in kept]
    for link in graph.links:
        if link.source in index_of and link.sink in index_of:
            source = index_of[link.source]
            spec = specs[kept[source].block_id]
            effective = (
                replace(link, static=True) if spec.static_output and not link.static else link
            )
            outgoing[source].append(effective)
            incoming[index_of[link.sink]].append(effective)
    nodes = tuple(
        _compile_node(
            index,
            node,
            specs[node.block_id],
            graph.policy,
            incoming[index],
            outgoing[index],
            index_of,
        )
        for index, node in enumerate(kept)
    )
    by_id = {node.id: (node, specs[node.block_id]) for node in kept}
    nodes = tuple(
        replace(node, tools=tools)
        if node.spec.kind is BlockKind.AI and (tools := offered(outgoing[node.index], by_id))
        else node
        for node in nodes
    )
    return Plan(
        graph=graph,
        nodes=nodes,
        starts=tuple(node.index for node in nodes if node.runs_at_start),
        fail_fast=graph.policy.on_error is OnError.FAIL_FAST,
    )


def _compile_node(
    index: int,
    node: Node,
    spec: BlockSpec,
    defaults: Policy,
    incoming: list[Link],
    outgoing: list[Link],
    index_of: Mapping[str, int],
) -> NodePlan:
    routes: dict[str, list[Route]] = {}
    for link in outgoing:
        if spec.kind is BlockKind.AI and pins.is_tool_pin(link.source_pin):
            key = pins.tool_pin(link.sink, link.sink_pin)
            routes[key] = [Route(index_of[link.sink], link.sink_pin, (), static=link.static)]
            continue
        source = pins.parse(link.source_pin)
        routes.setdefault(source.base, []).append(
            Route(index_of[link.sink], link.sink_pin, source.path, static=link.static)
        )
    linked = frozenset(link.sink_pin for link in incoming)
    loop = frozenset(
        link.sink_pin
        for link in incoming
        if not link.static and spec.input_pins.get(link.sink_pin, {}).get("x-loop") is True
    )
    timeout = node.policy.timeout or defaults.timeout
    retry = node.policy.retry or defaults.retry or Retry()
    is_pure = spec.effect is Effect.PURE
    name = node.constants.get("name")
    named = name if isinstance(name, str) else node.id
    return NodePlan(
        index=index,
        id=node.id,
        spec=spec,
        constants={pin: value for pin, value in node.constants.items() if pin not in linked},
        linked=linked,
        static_pins=frozenset(link.sink_pin for link in incoming if link.static),
        routes={pin: tuple(found) for pin, found in routes.items()},
        result_name=named if spec.kind is BlockKind.OUTPUT else None,
        input_name=named if spec.kind is BlockKind.INPUT else None,
        runs_at_start=linked == loop or spec.kind is BlockKind.INPUT,
        timeout=timeout,
        retry=retry,
        on_error=node.policy.on_error or defaults.on_error or OnError.ROUTE,
        outcome_unknown=node.policy.outcome_unknown or defaults.outcome_unknown,
        review=node.policy.review or defaults.review or ReviewPolicy(),
        is_dynamic=any(pins.parse(pin).path for pin in _pin_names(linked, node.constants)),
        is_pure=is_pure,
        is_simple=is_pure and timeout is None and not retry.max and not spec.is_sensitive,
        loop=loop,
    )


def _pin_names(linked: frozenset[str], constants: Mapping[str, Json]) -> Iterator[str]:
    yield from linked
    yield from constants


def starting(plan: Plan, overrides: Mapping[str, Mapping[str, Json]]) -> tuple[int, ...]:
    """Return the nodes that a run starts with: of several triggers, those that something came to.

    Args:
        plan: What runs.
        overrides: What is laid over its nodes; what came to a trigger is its `payload`.
    """
    if not any(PAYLOAD_PIN in values for values in overrides.values()):
        return plan.starts
    triggers = [node for node in plan.nodes if node.spec.trigger is not None]
    idle = {node.index for node in triggers if PAYLOAD_PIN not in overrides.get(node.id, {})}
    return (
        plan.starts
        if len(idle) == len(triggers)
        else tuple(one for one in plan.starts if one not in idle)
    )


def node_values(
    node: NodePlan, arrived: Mapping[str, Json], overrides: Mapping[str, Json]
) -> dict[str, Json]:
    """Return what a node run gets at its declared pins.

    Args:
        node: The node.
        arrived: The set that completed: values by linked pin.
        overrides: Values laid over everything else for this run.
    """
    constants = dict(node.constants)
    values = pins.build(dict(arrived), constants) if node.is_dynamic else constants | dict(arrived)
    if overrides:
        values.update(overrides)
    return values
