"""Debugging a run: where it ends early, what stands for its nodes, and where it waits for a person. PURE.

What a run was told is in its first event. A run that is to go to some nodes, or in which values are pinned,
is the run of another graph, which is made here from the agent's:

    until    the nodes that these need, and no others
    pinned   a node that gives out its values at once, and asks for nothing; one that others run as a tool
             gives them out each time it is run

So neither changes how anything else in the engine works, and a run that was told nothing has its own plan.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from autograph.engine.errors import UnknownTarget
from autograph.engine.events import Output, RunStarted
from autograph.engine.planner import ERROR_PIN, NodePlan, Plan
from autograph.graph.model import Graph, Json, is_list, is_object
from autograph.graph.schemas import node_output_pins
from autograph.graph.spec import BlockKind

if TYPE_CHECKING:
    from autograph.engine.state import NodeRun, RunState


def narrowed(plan: Plan, until: Collection[str] | None, pinned: Collection[str]) -> Plan:
    """Return the plan of a run that goes to some nodes, or in which nodes are pinned.

    Args:
        plan: Of the whole agent.
        until: Nodes to run to; None for all.
        pinned: Nodes that are not run.
    """
    if until is None and not pinned:
        return plan
    sources = _sources(plan, pinned)
    kept = needed(plan, until, pinned)
    nodes = tuple(_cut(node, sources, kept) for node in plan.nodes)
    starts = tuple(node.index for node in nodes if node.index in kept and node.runs_at_start)
    return replace(plan, nodes=nodes, starts=starts)


def needed(plan: Plan, until: Collection[str] | None, pinned: Collection[str]) -> frozenset[int]:
    """Return the indexes of the nodes that run, or stand pinned, in a run that was told so.

    They are the nodes of `until` and what these depend on: by links, and as tools.
    """
    if until is None:
        return frozenset(range(len(plan.nodes)))
    sources = _sources(plan, pinned)
    index_of = {node.id: node.index for node in plan.nodes}
    before = {node.index: {index_of[tool.node] for tool in node.tools} for node in plan.nodes}
    for node in plan.nodes:
        for routes in node.routes.values():
            for route in routes:
                before[route.sink].add(node.index)
    found: set[int] = set()
    left = [index_of[node] for node in until if node in index_of]
    while left:
        index = left.pop()
        if index not in found:
            found.add(index)
            left += () if index in sources else before[index]
    return frozenset(found)


def _sources(plan: Plan, pinned: Collection[str]) -> frozenset[int]:
    """Return the pinned nodes that give out their values at the start: all that are nobody's tool."""
    tools = {tool.node for node in plan.nodes for tool in node.tools}
    return frozenset(
        node.index for node in plan.nodes if node.id in pinned and node.id not in tools
    )


def _cut(node: NodePlan, sources: frozenset[int], kept: frozenset[int]) -> NodePlan:
    """Return a node without links to what does not run, or asks for nothing."""
    routes = {
        pin: left
        for pin, all_of_pin in node.routes.items()
        if (left := tuple(one for one in all_of_pin if one.sink in kept - sources))
    }
    cut = replace(node, routes=routes)
    if node.index not in sources:
        return cut
    nothing = frozenset[str]()
    return replace(cut, linked=nothing, static_pins=nothing, loop=nothing, runs_at_start=True)


def breaks(run: NodeRun, state: RunState) -> bool:
    """Tell whether a node run that is ready waits for a person before it begins."""
    if run.is_past_break or run.node.id in state.pinned:
        return False
    return state.is_stepping or run.node.id in state.breakpoints


def running(plan: Plan, started: RunStarted) -> frozenset[str]:
    """Return the nodes whose blocks a run may run, those of agents inside included: needed, and not pinned."""
    pinned = started.pinned or {}
    own = [plan.nodes[index] for index in needed(plan, started.until, pinned)]
    found = {node.id for node in own if node.id not in pinned}
    agents = {one.id: one for one in plan.graph.sub_graphs}
    left = [node.constants.get("graph_id") for node in own if node.id in found]
    if any("graph_id" in node.linked for node in own if node.id in found):
        left += agents  # a link brings which: any may run
    while left:
        inner = agents.pop(str(left.pop()), None)
        for node in inner.nodes if inner else ():
            if node.id not in pinned:
                found.add(node.id)
                left.append(node.constants.get("graph_id"))
    return frozenset(found)


def check(started: RunStarted, plan: Plan) -> None:
    """Make sure that every node and pin that a run's first event names is there.

    Raises:
        UnknownTarget: One is not; `details.errors` says which, and which there are.
    """
    own = {node.id: node for node in plan.nodes}
    inner = {node.id for one in plan.graph.sub_graphs for node in one.nodes}
    errors: dict[str, str] = {}
    for node in started.until or ():
        if node not in own:
            errors[f"until.{node}"] = _no_node(own)
    for node in started.breakpoints or ():
        if node not in own and node not in inner:
            errors[f"breakpoints.{node}"] = _no_node([*own, *inner])
    for node, outputs in (started.pinned or {}).items():
        if node in own:
            pins = _output_pins(own[node], plan.graph)
            for pin in {pin for pin, _ in outputs} - set(pins or ()) if pins is not None else ():
                there = ", ".join(pins or ()) or "none"
                errors[f"pinned.{node}.{pin}"] = f"The node has no such output. It has: {there}"
        elif node not in inner:
            errors[f"pinned.{node}"] = _no_node([*own, *inner])
    if errors:
        told = "; ".join(f"{name}: {message}" for name, message in errors.items())
        raise UnknownTarget(f"The run cannot be told so. {told}.", errors=errors, nodes=list(own))


def _no_node(known: Collection[str]) -> str:
    return f"The agent has no such node. It has: {', '.join(known) or 'none'}"


def _output_pins(node: NodePlan, graph: Graph) -> Collection[str] | None:
    """Return the outputs a node can give out; None where only running it tells."""
    placed = next(one for one in graph.nodes if one.id == node.id)
    if node.spec.kind is BlockKind.AGENT and not is_object(placed.constants.get("output_schema")):
        return None
    return {**dict.fromkeys(node_output_pins(placed, node.spec)), ERROR_PIN: None}


def pinned_outputs(values: Mapping[str, Json]) -> Sequence[Output]:
    """Return what a pinned node gives out, in order.

    Args:
        values: By output pin: a list is its values in order, anything else is its one value.
    """
    return [
        (pin, one)
        for pin, value in values.items()
        for one in (value if is_list(value) else (value,))
    ]
