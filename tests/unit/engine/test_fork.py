"""Which work of a run stands in a new run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph.blocks.catalog import Catalog
from autograph.engine.events import Event, NodeCompleted, NodeFailed, RunCompleted, RunStarted
from autograph.engine.fork import Fork, History, fork, read, to_retry
from autograph.engine.planner import Plan, compile_plan
from autograph.engine.state import NodeRunStatus, RunState
from autograph.graph.model import Graph, Policy
from tests.agents import chain, graph, node


def run(plan: Plan, inputs: Mapping[str, Any] | None = None, *, fails: str = "") -> History:
    """The history of a run in which each node gives out its own id and what it got."""
    started = RunStarted(inputs or {})
    events: list[Event] = [started]
    state = RunState(plan)
    state.apply(started)
    go_on(state, events, fails=fails)
    return read(plan, events)


def go_on(state: RunState, events: list[Event], *, fails: str = "") -> None:
    """Run what is ready to its end."""
    while state.ready:
        step = state.ready.popleft()
        if step.status is not NodeRunStatus.QUEUED:
            continue  # it ended in the journal
        if step.node.id == fails:
            event: Event = NodeFailed(step.number, fails, "block.failed", "It failed.", ())
        else:
            value = [step.node.id, sorted(map(str, step.arrived.items()))]
            outputs = tuple((pin, value) for pin in step.node.routes) or (("output", value),)
            event = NodeCompleted(step.number, step.node.id, outputs)
        events.append(event)
        state.apply(event)


def finished(history: History, target: Plan, again: set[int]) -> tuple[Fork, RunState]:
    """A fork, and its state when what was left has run."""
    found = fork(history, target, history.started, again)
    go_on(found.state, list(found.events))
    return found, found.state


@pytest.fixture
def plan(catalog: Catalog) -> Plan:
    """a → b → d, a → c → d, and e by itself."""
    made = graph(
        [node(catalog, name, "Calculator", operation="Add", a=0, b=1) for name in "abcde"],
        "a.result -> b.a",
        "a.result -> c.a",
        "b.result -> d.a",
        "c.result -> d.b",
    )
    return compile_plan(made, catalog.specs())


def reused(found: Fork) -> set[str]:
    return {one.node for one in found.reused}


def number_of(history: History, node_id: str) -> int:
    return next(step.number for step in history.steps if step.run.node.id == node_id)


@pytest.mark.parametrize(
    ("again", "kept"),
    [
        ("a", {"e"}),
        ("b", {"a", "c", "e"}),
        ("d", {"a", "b", "c", "e"}),
        ("e", {"a", "b", "c", "d"}),
    ],
)
def test_what_does_not_depend_on_the_point_is_kept(plan: Plan, again: str, kept: set[str]) -> None:
    history = run(plan)
    found, state = finished(history, plan, {number_of(history, again)})
    assert reused(found) == kept
    assert {history.steps[number - 1].run.node.id for number in found.again} == set("abcde") - kept
    assert not state.live
    assert state.count == 5


def test_nothing_done_again_gives_the_same_outputs(catalog: Catalog) -> None:
    plan = compile_plan(chain(catalog, 5), catalog.specs())
    history = run(plan)
    found, state = finished(history, plan, set())
    before = RunState(plan)
    for event in history.events:
        before.apply(event)
    assert len(found.reused) == before.count == 6
    assert state.outputs == before.outputs


def test_the_journal_of_a_fork_folds_to_its_state(plan: Plan) -> None:
    history = run(plan)
    found = fork(history, plan, history.started, {number_of(history, "b")})
    folded = RunState(plan)
    for event in (history.started, *found.events):
        folded.apply(event)
    assert [one.node.id for one in folded.ready] == [one.node.id for one in found.state.ready]
    assert folded.seq == len(found.events) + 1


def test_a_fork_is_forked(plan: Plan) -> None:
    history = run(plan)
    first = fork(history, plan, history.started, {number_of(history, "b")})
    events = [history.started, *first.events]
    go_on(first.state, events)
    second = fork(read(plan, events), plan, history.started, set())
    assert reused(second) == set("abcde")


def test_a_changed_constant_runs_its_node_and_what_follows(catalog: Catalog, plan: Plan) -> None:
    changed = graph(
        [
            node(catalog, name, "Calculator", operation="Add", a=0, b=2 if name == "c" else 1)
            for name in "abcde"
        ],
        "a.result -> b.a",
        "a.result -> c.a",
        "b.result -> d.a",
        "c.result -> d.b",
    )
    found, _ = finished(run(plan), compile_plan(changed, catalog.specs()), set())
    assert reused(found) == {"a", "b", "e"}


def test_nodes_that_came_and_went_are_told(catalog: Catalog, plan: Plan) -> None:
    changed = graph(
        [node(catalog, name, "Calculator", operation="Add", a=0, b=1) for name in "abx"],
        "a.result -> b.a",
        "a.result -> x.a",
    )
    history = run(plan)
    found, state = finished(history, compile_plan(changed, catalog.specs()), set())
    assert reused(found) == {"a", "b"}
    assert {history.steps[number - 1].run.node.id for number in found.gone} == {"c", "d", "e"}
    assert found.new_nodes == ["x"]
    assert state.count == 3


def test_another_input_runs_what_takes_it(catalog: Catalog) -> None:
    made = graph(
        [
            node(catalog, "in", "AgentShortTextInput", name="who"),
            node(catalog, "also", "AgentShortTextInput", name="where"),
            node(catalog, "fill", "FillTextTemplate", format="{{ who }}", values={}),
            node(catalog, "out", "AgentOutput", name="there"),
        ],
        "in.result -> fill.values_#_who",
        "also.result -> out.value",
    )
    plan = compile_plan(made, catalog.specs())
    history = run(plan, {"who": "Ada", "where": "here"})
    found = fork(history, plan, RunStarted({"who": "Grace", "where": "here"}), set())
    assert reused(found) == {"also", "out"}


class TestRetry:
    def test_a_failure_nobody_handled_is_done_again(self, plan: Plan) -> None:
        history = run(plan, fails="b")
        again = to_retry(history)
        assert {history.steps[number - 1].run.node.id for number in again} == {"b"}
        found, state = finished(history, plan, set(again))
        assert reused(found) == {"a", "c", "e"}
        assert state.count == 5
        assert not state.errors

    def test_a_failure_that_was_handled_stands(self, catalog: Catalog) -> None:
        made = graph(
            [
                node(catalog, "a", "Calculator", operation="Add", a=0, b=1),
                node(catalog, "out", "AgentOutput", name="why"),
            ],
            "a.error -> out.value",
        )
        plan = compile_plan(made, catalog.specs())
        history = run(plan, fails="a")
        assert to_retry(history) == frozenset()
        found, _ = finished(history, plan, set())
        assert reused(found) == {"a", "out"}

    def test_what_never_ended_is_done_again(self, plan: Plan) -> None:
        started = RunStarted({})
        history = read(plan, [started, NodeCompleted(1, "a", (("result", 1),))])
        assert {history.steps[number - 1].run.node.id for number in to_retry(history)} == set("bce")


@given(data=st.data())
def test_whatever_is_done_again_the_outcome_is_the_same(
    catalog: Catalog, data: st.DataObject
) -> None:
    made = _any_graph(catalog, data)
    plan = compile_plan(made, catalog.specs())
    history = run(plan)
    before = RunState(plan)
    for event in (*history.events, RunCompleted()):
        before.apply(event)
    again = data.draw(st.sets(st.integers(1, max(1, len(history.steps)))))

    found, state = finished(history, plan, again)

    assert state.count == before.count
    assert {name: sorted(map(str, values)) for name, values in state.outputs.items()} == {
        name: sorted(map(str, values)) for name, values in before.outputs.items()
    }
    assert not {one.source for one in found.reused} & again


def _any_graph(catalog: Catalog, data: st.DataObject) -> Graph:
    """A graph without circles in which no pin has two links: in such a one, the fork promises the same end."""
    size = data.draw(st.integers(1, 7))
    nodes = [
        node(catalog, f"n{i}", "Calculator", Policy(), operation="Add", a=0, b=1)
        for i in range(size)
    ]
    texts: list[str] = []
    for sink in range(1, size):
        for pin in ("a", "b"):
            source = data.draw(st.none() | st.integers(0, sink - 1))
            if source is not None:
                texts.append(f"n{source}.result -> n{sink}.{pin}")
    last = node(catalog, "out", "AgentOutput", name="o")
    return graph([*nodes, last], *texts, f"n{size - 1}.result -> out.value")
