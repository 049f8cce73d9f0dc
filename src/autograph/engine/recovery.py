"""Going on where a journal ends."""

from __future__ import annotations

from collections.abc import Sequence

from autograph.engine.events import Event
from autograph.engine.planner import Plan
from autograph.engine.state import RunState


def restore(plan: Plan, events: Sequence[Event]) -> RunState:
    """Return the state of a run after its journal so far: what is committed is never computed again."""
    state = RunState(plan)
    for event in events:
        state.apply(event)
    return state
