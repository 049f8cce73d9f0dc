"""Every release folds the journals of the releases before it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autograph.blocks.catalog import Catalog
from autograph.engine.events import EVENTS, FORMAT
from autograph.engine.journal.codec import decode_event
from autograph.engine.planner import compile_plan
from autograph.engine.recovery import restore
from autograph.graph.portable import read_agent

JOURNALS = Path(__file__).parents[2] / "journals"
RECORDED = sorted(JOURNALS.glob("format-*/*.json"))


def test_this_releases_format_is_recorded() -> None:
    recorded = [
        json.loads(path.read_text()) for path in RECORDED if path.parent.name == f"format-{FORMAT}"
    ]
    kinds = {row["kind"] for one in recorded for row in one["events"]}
    assert kinds == set(EVENTS)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_journal_folds_to_what_it_came_to(path: Path, catalog: Catalog) -> None:
    recorded: dict[str, Any] = json.loads(path.read_text())
    plan = compile_plan(read_agent(recorded["agent"]), catalog.specs())
    payloads = {digest: json.loads(text) for digest, text in recorded["payloads"].items()}
    events = [decode_event(row["kind"], row["body"], payloads) for row in recorded["events"]]

    state = restore(plan, events)

    assert state.status.value == recorded["status"]
    assert state.outputs == recorded["outputs"]
    assert [error.as_json() for error in state.errors] == recorded["errors"]
    assert state.count == recorded["node_runs"]
    assert (not state.live) == (recorded["status"] in {"completed", "failed"})
    if recorded["status"] == "completed":
        assert state.starved() == recorded["starved"]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_journal_folds_from_any_of_its_events_on(path: Path, catalog: Catalog) -> None:
    """A crash may end a journal after any event: what is there then is a state, and the rest follows."""
    recorded: dict[str, Any] = json.loads(path.read_text())
    plan = compile_plan(read_agent(recorded["agent"]), catalog.specs())
    payloads = {digest: json.loads(text) for digest, text in recorded["payloads"].items()}
    events = [decode_event(row["kind"], row["body"], payloads) for row in recorded["events"]]
    for cut in range(1, len(events) + 1):
        state = restore(plan, events[:cut])
        for event in events[cut:]:
            state.apply(event)
        assert state.status.value == recorded["status"]
