"""Agents inside agents: what a child run gets, and what its end means to the node that waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from autograph.engine.errors import LimitExceeded
from autograph.engine.events import RunStarted
from autograph.engine.executor import Done, Failed, Outcome
from autograph.engine.planner import node_values
from autograph.engine.ports import RunRef, RunResult
from autograph.engine.state import NodeRun, RunState, RunStatus
from autograph.engine.waits import laid_over
from autograph.graph.model import Json, is_object
from autograph.infra.ids import new_id

if TYPE_CHECKING:
    from autograph.engine.runner import Engine

_OWN_PINS: Final = frozenset(
    {
        "user_id",
        "graph_id",
        "graph_version",
        "agent_name",
        "inputs",
        "input_schema",
        "output_schema",
        "nodes_input_masks",
    }
)


async def prepare(
    parent: RunRef,
    run: NodeRun,
    state: RunState,
    engine: Engine,
    dry_run: Mapping[str, Json] | None,
) -> tuple[RunRef, RunStarted]:
    """Return the child run of an agent-executor node and its first event.

    Args:
        parent: The run that waits for it.
        run: The node run that does.
        state: The parent's.
        engine: Finds the agent, and knows which span goes on.
        dry_run: By what the child simulates; None where it runs.

    Raises:
        NotFound: There is no such agent.
    """
    values = node_values(run.node, run.arrived, laid_over(run, state))
    version = values.get("graph_version")
    graph = await engine.plans.resolve(
        parent, str(values.get("graph_id", "")), version if isinstance(version, int) else None
    )
    plan = await engine.plans.plan(graph)
    wanted = {plan.nodes[index].input_name for index in plan.starts} - {None}
    child = RunRef(
        id=new_id(),
        owner_id=parent.owner_id,
        graph=graph,
        parent_id=parent.id,
        parent_node_run=run.number,
        depth=parent.depth + 1,
        timezone=parent.timezone,
        priority=parent.priority,
    )
    inputs = {
        name: value
        for name, value in _inputs(values).items()
        if name in wanted and value is not None
    }
    # What was chosen for this run holds for the agents that travel with it, too.
    is_inside = graph.graph_id == parent.graph.graph_id and graph.sub_graph_id is not None
    return child, RunStarted(
        inputs,
        state.overrides if is_inside else {},
        asks=tuple(sorted(state.asks)),
        is_recorded=state.is_recorded or None,
        dry_run=dry_run,
        pinned=state.pinned or None if is_inside else None,
        breakpoints=tuple(sorted(state.breakpoints)) or None if is_inside else None,
        request_id=state.request_id,
        trace=state.trace if engine.tracer is None else engine.tracer.here(),
    )


def _inputs(values: dict[str, Json]) -> dict[str, Json]:
    """Return what the node hands to the agent: its typed-in `inputs`, under what came over links."""
    typed = values.get("inputs")
    linked = {name: value for name, value in values.items() if name not in _OWN_PINS}
    return {**(typed if is_object(typed) else {}), **linked}


def outcome(result: RunResult) -> Outcome:
    """Return what a child's end means: its outputs stand, and its failure is the node's."""
    outputs = [(name, value) for name, values in result.outputs.items() for value in values]
    if result.status is RunStatus.COMPLETED:
        return Done(outputs, 0.0)
    why = str(result.error["message"]) if result.error else "It did not complete."
    return Failed(
        outputs, 0.0, f"agent.{result.status.value}", f"The agent {result.status.value}: {why}"
    )


def too_deep(limit: int) -> LimitExceeded:
    """Return the error of an agent that runs itself, or nearly so."""
    return LimitExceeded(
        f"Agents are nested more than {limit} deep (limit: AUTOGRAPH_MAX_DEPTH). Does one run itself?"
    )
