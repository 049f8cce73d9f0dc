"""Going on where a journal ends, and what a run has come to there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograph.engine.events import Event, RunCancelled, RunFailed
from autograph.engine.planner import Plan
from autograph.engine.ports import RunResult
from autograph.engine.state import RunState
from autograph.graph.model import Json


def restore(plan: Plan, events: Sequence[Event], *, journal_bytes: int = 0) -> RunState:
    """Return the state of a run after its journal so far: what is committed is never computed again.

    Args:
        plan: Of the run's graph version.
        events: The journal.
        journal_bytes: Its size, values kept apart included.
    """
    state = RunState(plan)
    state.journal_bytes = journal_bytes
    for event in events:
        state.apply(event)
    return state


def result_of(state: RunState) -> RunResult:
    """Return how a run ended, or what it has so far."""
    end = state.end
    error: Mapping[str, Json] | None = None
    if isinstance(end, RunFailed):
        error = {"code": end.code, "message": end.message}
    elif isinstance(end, RunCancelled):
        error = {"code": "run.cancelled", "message": end.reason or "It was cancelled."}
    return RunResult(
        status=state.status,
        outputs=state.outputs,
        errors=[one.as_json() for one in state.errors],
        starved=state.starved(),
        stats=state.stats(),
        error=error,
    )
