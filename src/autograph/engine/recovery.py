"""Going on where a journal ends."""

from __future__ import annotations

from collections.abc import Sequence

from autograph.engine.events import Event
from autograph.engine.planner import Plan
from autograph.engine.state import RunState


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
