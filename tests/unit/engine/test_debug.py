"""Runs that are told where to end, what stands for nodes, and where to wait."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph.blocks.catalog import Catalog
from autograph.engine.debug import breaks, check, needed, pinned_outputs, running
from autograph.engine.errors import UnknownTarget
from autograph.engine.events import (
    Event,
    NodeCompleted,
    NodeFailed,
    NodeResumed,
    NodeRetried,
    NodeStarted,
    NodeWaiting,
    RunCompleted,
    RunStarted,
    WaitKind,
)
from autograph.engine.fork import fork, read
from autograph.engine.journal.codec import decode_event, encode_event, payload_digests
from autograph.engine.planner import Plan, compile_plan, node_values
from autograph.engine.state import RunState
from autograph.engine.waits import Release, ask_at_breakpoint, laid_over
from autograph.graph.model import Graph, OnError, Policy
from autograph.graph.portable import read_agent
from autograph.infra.json import decode
from tests.agents import graph, node

JOURNALS = Path(__file__).parents[2] / "journals"


class Run:
    """A run in which each node gives out its own id and what it got; breakpoints are answered by `answer`."""

    def __init__(
        self,
        plan: Plan,
        started: RunStarted,
        answer: Callable[[str], Release] | None = None,
        fails: Collection[str] = (),
    ) -> None:
        self.state = RunState(plan)
        self.events: list[Event] = []
        self.broke: list[str] = []
        self.ran: dict[str, list[Mapping[str, Any]]] = {}
        self._answer = answer or (lambda _: Release({}))
        self._fails = fails
        self.add(started)
        while self.state.ready:
            self._go_on()
        self.add(self.state.outcome())

    def add(self, event: Event) -> None:
        self.events.append(event)
        self.state.apply(event)

    def _go_on(self) -> None:
        run = self.state.ready.popleft()
        name = run.node.id
        if name in self.state.pinned:
            self.add(NodeCompleted(run.number, name, self.state.pinned[name], is_pinned=True))
        elif breaks(run, self.state):
            self.broke.append(name)
            self.add(NodeWaiting(run.number, name, wait=WaitKind.BREAKPOINT, wait_id="w"))
            self.add(NodeResumed(run.number, name, self._answer(name).as_json()))
        else:
            values = node_values(run.node, run.arrived, laid_over(run, self.state))
            self.ran.setdefault(name, []).append(values)
            if name in self._fails:
                self.add(NodeFailed(run.number, name, "block.failed", "It broke."))
                return
            value = [name, sorted(map(str, values.items()))]
            outputs = tuple((pin, value) for pin in run.node.routes) or (("output", value),)
            self.add(NodeCompleted(run.number, name, outputs))


def adders(catalog: Catalog, names: str, *links: str, **policies: Policy) -> Plan:
    nodes = [
        node(catalog, name, "Calculator", policies.get(name), operation="Add", a=0, b=1)
        for name in names
    ]
    last = node(catalog, "out", "AgentOutput", name="o")
    return compile_plan(graph([*nodes, last], *links), catalog.specs())


@pytest.fixture
def plan(catalog: Catalog) -> Plan:
    """a → b → d → out, a → c → d, and e by itself."""
    return adders(
        catalog,
        "abcde",
        "a.result -> b.a",
        "a.result -> c.a",
        "b.result -> d.a",
        "c.result -> d.b",
        "d.result -> out.value",
    )


class TestUntil:
    @pytest.mark.parametrize(
        ("until", "ran"),
        [("a", {"a"}), ("b", {"a", "b"}), ("d", {"a", "b", "c", "d"}), ("e", {"e"})],
    )
    def test_only_what_it_needs_runs_and_the_end_says_where(
        self, plan: Plan, until: str, ran: set[str]
    ) -> None:
        run = Run(plan, RunStarted({}, until=[until]))

        assert set(run.ran) == ran
        assert run.events[-1] == RunCompleted(until=[until])
        assert (run.state.starved(), run.state.stats()["until"]) == ([], [until])

    def test_several_nodes(self, plan: Plan) -> None:
        assert set(Run(plan, RunStarted({}, until=["b", "e"])).ran) == {"a", "b", "e"}

    def test_who_would_have_handled_a_failure_does_not_run_so_it_is_not_handled(
        self, catalog: Catalog
    ) -> None:
        plan = adders(catalog, "ab", "a.result -> b.a", "a.error -> out.value")

        assert Run(plan, RunStarted({}), fails="a").events[-1].kind == "run.completed"
        assert Run(plan, RunStarted({}, until=["b"]), fails="a").events[-1].kind == "run.failed"

    def test_a_policy_still_says_what_becomes_of_a_failure(self, catalog: Catalog) -> None:
        ignoring = Policy(on_error=OnError.IGNORE)
        plan = adders(catalog, "ab", "a.result -> b.a", a=ignoring)

        assert Run(plan, RunStarted({}, until=["b"]), fails="a").events[-1].kind == "run.completed"

    def test_a_circle_is_needed_whole(self, catalog: Catalog) -> None:
        plan = adders(catalog, "abc", "a.result -> b.a", "b.result -> a.a", "b.result -> c.a")

        found = needed(plan, ["a"], ())
        assert {plan.nodes[index].id for index in found} == {"a", "b"}

    def test_a_node_needs_what_it_runs_as_a_tool(self, catalog: Catalog) -> None:
        plan = orchestrator(catalog)

        assert names(plan, needed(plan, ["think"], ())) == {"think", "reckon", "unit"}
        assert names(plan, needed(plan, ["sum"], ())) == {"think", "reckon", "unit", "sum"}


class TestPinned:
    def test_it_gives_out_its_values_without_running_and_waits_for_nothing(
        self, plan: Plan
    ) -> None:
        run = Run(plan, RunStarted({}, pinned={"b": [("result", 7), ("result", 8)]}))

        assert "b" not in run.ran
        assert [values["a"] for values in run.ran["d"]] == [
            7
        ]  # c gave one value, so one set is whole
        pinned = [
            event for event in run.events if isinstance(event, NodeCompleted) and event.is_pinned
        ]
        assert [(event.node, event.outputs, event.credits) for event in pinned] == [
            ("b", [("result", 7), ("result", 8)], 0)
        ]
        assert run.state.stats()["pinned"] == 1

    def test_what_only_it_needs_does_not_run_on_the_way_to_a_node(self, plan: Plan) -> None:
        run = Run(
            plan, RunStarted({}, until=["d"], pinned={"b": [("result", 1)], "c": [("result", 2)]})
        )

        assert set(run.ran) == {"d"}
        assert run.ran["d"] == [{"operation": "Add", "a": 1, "b": 2}]

    def test_a_pinned_tool_answers_each_time_it_is_run(self, catalog: Catalog) -> None:
        state = RunState(orchestrator(catalog))
        state.apply(RunStarted({}, pinned={"reckon": [("result", 5)]}))
        ready = [run.node.id for run in state.ready]
        assert "reckon" not in ready
        think = next(run for run in state.ready if run.node.id == "think")
        state.ready.clear()
        use = {"node": "reckon", "values": {"a": 1}}
        state.apply(NodeWaiting(think.number, "think", wait=WaitKind.TOOLS, uses=[use, use]))
        for run in list(state.ready):
            assert run.node.id == "reckon"
            state.apply(NodeCompleted(run.number, "reckon", (("result", 5),), is_pinned=True))
        assert think.rounds[0].results == [{"outputs": {"result": [5]}}] * 2

    def test_values_are_a_list_or_the_one_value(self) -> None:
        given = {"a": [1, 2], "b": "x", "c": [], "d": [[1]]}
        assert pinned_outputs(given) == [("a", 1), ("a", 2), ("b", "x"), ("d", [1])]


class TestBreakpoints:
    def test_a_node_run_waits_with_what_it_would_get(self, plan: Plan) -> None:
        state = RunState(plan)
        state.apply(RunStarted({}, breakpoints=["b"]))
        first = state.ready[0]
        assert not breaks(first, state)
        state.apply(NodeCompleted(first.number, "a", (("result", 4),)))
        second = next(run for run in state.ready if run.node.id == "b")
        assert breaks(second, state)
        wait = ask_at_breakpoint(second, state)
        assert (wait.payload, wait.is_editable) == ({"operation": "Add", "a": 4, "b": 1}, True)

    def test_it_goes_on_with_what_a_person_changed(self, plan: Plan) -> None:
        run = Run(plan, RunStarted({}, breakpoints=["b"]), lambda _: Release({"b": 100}))

        assert run.ran["b"][0]["b"] == 100
        assert run.broke == ["b"]

    def test_a_step_breaks_at_what_gets_ready_until_one_goes_on_without(self, plan: Plan) -> None:
        run = Run(
            plan, RunStarted({}, breakpoints=["a"]), lambda name: Release({}, step=name == "a")
        )
        # `e` was ready beside `a`; its answer, without a step, ends the stepping.
        assert run.broke == ["a", "e"]

        every = Run(plan, RunStarted({}, breakpoints=["a"]), lambda _: Release({}, step=True))
        assert every.broke == ["a", "e", "b", "c", "d", "out"]

    def test_what_is_pinned_does_not_break(self, plan: Plan) -> None:
        run = Run(plan, RunStarted({}, pinned={"b": [("result", 1)]}, breakpoints=["b"]))
        assert run.broke == []

    @pytest.mark.parametrize(
        "begun",
        [
            NodeStarted(1, "a"),
            NodeRetried(1, "a", 2, "2026-01-01T00:00:00+00:00", "block.failed", "no"),
            NodeWaiting(1, "a", wait=WaitKind.TIMER),
        ],
        ids=lambda event: event.kind,
    )
    def test_what_has_begun_does_not_break_when_it_goes_on(self, plan: Plan, begun: Event) -> None:
        state = RunState(plan)
        state.apply(RunStarted({}, breakpoints=["e"]))
        run = state.live[1]
        state.apply(begun)
        state.is_stepping = True
        assert not breaks(run, state)
        assert breaks(state.live[2], state)

    def test_each_run_of_a_node_breaks(self, catalog: Catalog) -> None:
        plan = adders(catalog, "abc", "a.result -> c.a", "b.result -> c.a")
        assert Run(plan, RunStarted({}, breakpoints=["c"])).broke == ["c", "c"]


class TestChecking:
    def test_what_is_there_passes(self, plan: Plan) -> None:
        pinned = {"b": [("result", 1), ("error", "no")]}
        check(RunStarted({}, until=["a"], pinned=pinned, breakpoints=["out"]), plan)

    @pytest.mark.parametrize(
        ("told", "field", "has"),
        [
            ({"until": ["x"]}, "until.x", "a, b, c, d, e, out"),
            ({"breakpoints": ["x"]}, "breakpoints.x", "a, b, c, d, e, out"),
            ({"pinned": {"x": ()}}, "pinned.x", "a, b, c, d, e, out"),
            ({"pinned": {"a": [("y", 1)]}}, "pinned.a.y", "error, result"),
        ],
    )
    def test_what_is_not_there_is_told_with_what_is(
        self, plan: Plan, told: dict[str, Any], field: str, has: str
    ) -> None:
        with pytest.raises(UnknownTarget) as refused:
            check(RunStarted({}, **told), plan)
        errors = refused.value.details["errors"]
        assert list(errors) == [field]
        assert errors[field].endswith(f"It has: {has}")

    def test_nodes_of_agents_inside_can_be_pinned_and_broken_at(self, catalog: Catalog) -> None:
        plan = nested(catalog)
        pinned = {"deep": [("result", 1)]}
        check(RunStarted({}, pinned=pinned, breakpoints=["deep"]), plan)
        with pytest.raises(UnknownTarget):
            check(RunStarted({}, until=["deep"]), plan)

    def test_what_runs_leaves_out_what_is_pinned_with_the_agents_that_only_it_runs(
        self, catalog: Catalog
    ) -> None:
        plan = nested(catalog)
        assert running(plan, RunStarted({})) == {"agent", "deep", "after"}
        assert running(plan, RunStarted({}, pinned={"deep": ()})) == {"agent", "after"}
        assert running(plan, RunStarted({}, pinned={"agent": ()})) == {"after"}
        assert running(plan, RunStarted({}, until=["agent"])) == {"agent", "deep"}


class TestJournal:
    def test_what_a_run_was_told_comes_back_whole(self) -> None:
        large = "x" * 100_000
        started = RunStarted(
            {"a": 1}, until=("n",), pinned={"m": (("o", large), ("o", 2))}, breakpoints=("n",)
        )
        entry = encode_event(started)
        assert large not in entry.body
        body = decode(entry.body)
        payloads = {digest: decode(text) for digest, text in entry.payloads}
        assert payload_digests(entry.kind, body) == set(payloads)
        found = decode_event(entry.kind, body, payloads)
        assert isinstance(found, RunStarted)
        assert found.pinned == started.pinned
        assert (list(found.until or ()), list(found.breakpoints or ())) == (["n"], ["n"])

    def test_a_fork_goes_on_as_the_run_was_told(self, plan: Plan) -> None:
        started = RunStarted({}, until=["d"], pinned={"b": [("result", 7)]}, breakpoints=["c"])
        run = Run(plan, started)
        history = read(plan, run.events)
        found = fork(history, plan, started, {4})
        assert {one.node for one in found.reused} == {"a", "b", "c"}
        pinned = [one for one in found.events if isinstance(one, NodeCompleted) and one.is_pinned]
        assert [event.node for event in pinned] == ["b"]
        assert [one.node.id for one in found.state.live.values()] == ["d"]


class TestRunsThatWereToldNothing:
    """Whatever options exist, a run without them is what it always was."""

    @pytest.mark.parametrize(
        "path",
        sorted(JOURNALS.glob("format-[234]/*.json")),
        ids=lambda path: f"{path.parent.name}/{path.stem}",
    )
    def test_recorded_journals_have_their_own_plan_and_nothing_to_debug(
        self, path: Path, catalog: Catalog
    ) -> None:
        recorded: dict[str, Any] = json.loads(path.read_text())
        plan = compile_plan(read_agent(recorded["agent"]), catalog.specs())
        payloads = {digest: json.loads(text) for digest, text in recorded["payloads"].items()}
        state = RunState(plan)
        for row in recorded["events"]:
            state.apply(decode_event(row["kind"], row["body"], payloads))
            assert (state.plan is plan, state.is_debugged, state.until) == (True, False, None)
            assert not any(breaks(run, state) for run in state.live.values())
        assert not {"until", "pinned"} & state.stats().keys()

    def test_their_events_are_written_as_before(self) -> None:
        assert encode_event(RunStarted({"a": 1})).body == '{"inputs":{"a":1},"overrides":{}}'
        assert encode_event(RunCompleted()).body == "{}"
        assert "pinned" not in encode_event(NodeCompleted(1, "a")).body

    @given(data=st.data())
    def test_to_be_told_of_everything_changes_nothing(
        self, catalog: Catalog, data: st.DataObject
    ) -> None:
        plan = compile_plan(any_graph(catalog, data), catalog.specs())
        plain = Run(plan, RunStarted({}))
        told = Run(plan, RunStarted({}, until=[node.id for node in plan.nodes]))

        assert told.events[1:-1] == plain.events[1:-1]
        assert told.state.outputs == plain.state.outputs
        assert told.state.starved() == plain.state.starved()


@given(data=st.data())
def test_a_run_to_some_nodes_is_the_run_of_what_they_need(
    catalog: Catalog, data: st.DataObject
) -> None:
    made = any_graph(catalog, data)
    plan = compile_plan(made, catalog.specs())
    until = data.draw(st.lists(st.sampled_from([one.id for one in made.nodes]), min_size=1))
    kept = names(plan, needed(plan, until, ()))
    part = Graph(
        id="part",
        name="part",
        nodes=tuple(one for one in made.nodes if one.id in kept),
        links=tuple(one for one in made.links if {one.source, one.sink} <= kept),
    )

    told = Run(plan, RunStarted({}, until=until))
    alone = Run(compile_plan(part, catalog.specs()), RunStarted({}))

    assert told.ran == alone.ran
    assert set(told.ran) <= set(Run(plan, RunStarted({})).ran)
    assert told.state.outputs == alone.state.outputs


@given(data=st.data())
def test_what_a_node_gave_out_before_pinned_to_it_gives_the_same_end(
    catalog: Catalog, data: st.DataObject
) -> None:
    plan = compile_plan(any_graph(catalog, data), catalog.specs())
    plain = Run(plan, RunStarted({}))
    given_out = {
        event.node: list(event.outputs)
        for event in plain.events
        if isinstance(event, NodeCompleted)
    }
    chosen = data.draw(st.sets(st.sampled_from(sorted(given_out))))

    pinned = Run(plan, RunStarted({}, pinned={name: given_out[name] for name in chosen}))

    assert set(pinned.ran) == set(plain.ran) - chosen
    assert all(pinned.ran[name] == plain.ran[name] for name in pinned.ran)
    assert pinned.state.outputs == plain.state.outputs


@given(data=st.data())
def test_wherever_it_breaks_the_end_is_the_same(catalog: Catalog, data: st.DataObject) -> None:
    plan = compile_plan(any_graph(catalog, data), catalog.specs())
    plain = Run(plan, RunStarted({}))
    marked = data.draw(st.sets(st.sampled_from([one.id for one in plan.nodes])))

    broken = Run(
        plan,
        RunStarted({}, breakpoints=sorted(marked)),
        lambda _: Release({}, step=data.draw(st.booleans())),
    )

    assert broken.ran == plain.ran
    assert broken.state.outputs == plain.state.outputs
    assert marked & set(plain.ran) <= set(broken.broke)
    # The journal folds from any of its events on: a crash may cut it anywhere.
    for cut in range(1, len(broken.events)):
        state = RunState(plan)
        for event in broken.events[:cut]:
            state.apply(event)
        for event in broken.events[cut:]:
            state.apply(event)
        assert state.outputs == broken.state.outputs


def names(plan: Plan, indexes: Collection[int]) -> set[str]:
    return {plan.nodes[index].id for index in indexes}


def orchestrator(catalog: Catalog) -> Plan:
    """think runs reckon as a tool; unit, by a static link, gives reckon its second number; sum is what reckon gives."""
    made = graph(
        [
            node(catalog, "think", "Orchestrator", prompt="Reckon.", model="demo"),
            node(catalog, "unit", "StoreValue", input=1),
            node(catalog, "reckon", "Calculator", operation="Add", a=1, b=2),
            node(catalog, "sum", "AgentOutput", name="sum"),
            node(catalog, "said", "AgentOutput", name="said"),
        ],
        "think.tools -> reckon.a",
        "unit.output => reckon.b",
        "reckon.result -> sum.value",
        "think.finished -> said.value",
    )
    return compile_plan(made, catalog.specs())


def nested(catalog: Catalog) -> Plan:
    """agent, which runs an agent inside with the node deep, then after."""
    inner = Graph(
        id="inner",
        name="Inner",
        nodes=(node(catalog, "deep", "Calculator", operation="Add", a=1, b=1),),
    )
    made = graph(
        [
            node(catalog, "agent", "AgentExecutor", graph_id="inner", graph_version=1),
            node(catalog, "after", "StoreValue", input=1),
        ],
        sub_graphs=(inner,),
    )
    return compile_plan(made, catalog.specs())


def any_graph(catalog: Catalog, data: st.DataObject) -> Graph:
    """A graph without circles in which no pin has two links, so that values pair up in one way only."""
    size = data.draw(st.integers(1, 7))
    nodes = [node(catalog, f"n{i}", "Calculator", operation="Add", a=0, b=1) for i in range(size)]
    texts: list[str] = []
    for sink in range(1, size):
        for pin in ("a", "b"):
            source = data.draw(st.none() | st.integers(0, sink - 1))
            if source is not None:
                texts.append(f"n{source}.result -> n{sink}.{pin}")
    last = node(catalog, "out", "AgentOutput", name="o")
    return graph([*nodes, last], *texts, f"n{size - 1}.result -> out.value")
