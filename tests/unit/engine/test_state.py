"""The fold, by the lines of the engine's law: what runs when, and how it ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograph.blocks.catalog import Catalog
from autograph.engine.events import (
    Event,
    NodeCompleted,
    NodeFailed,
    NodeOutput,
    NodeStarted,
    Output,
    RunCompleted,
    RunFailed,
    RunStarted,
)
from autograph.engine.journal.codec import decode_event, encode_event
from autograph.engine.planner import compile_plan, node_values
from autograph.engine.recovery import restore
from autograph.engine.state import TRANSITIONS, RunState, RunStatus
from autograph.graph.model import Graph, Link, Node, OnError, Policy
from autograph.infra.json import decode
from tests.agents import graph, node


class Journal:
    """A run whose node runs end when the test says so."""

    def __init__(self, catalog: Catalog, made: Graph, **inputs: object) -> None:
        self.plan = compile_plan(made, catalog.specs())
        self.state = RunState(self.plan)
        self.events: list[Event] = []
        self.add(RunStarted(inputs))

    def add(self, event: Event) -> None:
        self.events.append(event)
        self.state.apply(event)

    def ready(self) -> list[str]:
        return [run.node.id for run in self.state.ready]

    def complete(self, node_id: str, *outputs: Output) -> None:
        """End the oldest ready run of a node."""
        run = next(run for run in self.state.ready if run.node.id == node_id)
        self.state.ready.remove(run)
        self.add(NodeCompleted(run.number, node_id, outputs))

    def fail(self, node_id: str, message: str = "it broke") -> None:
        run = next(run for run in self.state.ready if run.node.id == node_id)
        self.state.ready.remove(run)
        self.add(NodeFailed(run.number, node_id, "block.failed", message))

    def values(self, node_id: str) -> dict[str, object]:
        run = next(run for run in self.state.ready if run.node.id == node_id)
        return node_values(run.node, run.arrived, {})


class TestStartSet:
    def test_nodes_without_incoming_links_and_input_nodes_start(self, catalog: Catalog) -> None:
        made = graph(
            [
                node(catalog, "in", "AgentInput", name="x"),
                node(catalog, "free", "StoreValue", input=1),
                node(catalog, "later", "StoreValue"),
                node(catalog, "note", "Note", text="hi"),
            ],
            "free.output -> later.input",
        )

        assert Journal(catalog, made).ready() == ["in", "free"]

    def test_a_supplied_input_wins_over_the_nodes_value(self, catalog: Catalog) -> None:
        run = Journal(
            catalog, graph([node(catalog, "in", "AgentInput", name="x", value="own")]), x="given"
        )

        assert run.values("in")["value"] == "given"

    def test_every_input_of_one_name_gets_the_value(self, catalog: Catalog) -> None:
        made = graph(
            [node(catalog, "a", "AgentInput", name="x"), node(catalog, "b", "AgentInput", name="x")]
        )
        run = Journal(catalog, made, x=1)

        assert (run.values("a")["value"], run.values("b")["value"]) == (1, 1)


class TestRouting:
    def test_values_go_over_the_links_of_their_pin_in_order(self, catalog: Catalog) -> None:
        made = graph(
            [node(catalog, one, "StoreValue", input=0) for one in "abc"],
            "a.output -> c.input",
            "a.output -> b.input",
        )
        run = Journal(catalog, made)
        run.complete("a", ("output", 7))

        assert run.ready() == ["c", "b"]

    def test_a_constant_never_stands_in_for_a_linked_pin(self, catalog: Catalog) -> None:
        made = graph(
            [
                node(catalog, "a", "StoreValue", input=0),
                node(catalog, "b", "StoreValue", input="constant"),
            ],
            "a.output -> b.input",
        )
        run = Journal(catalog, made)

        assert run.ready() == ["a"]
        run.complete("a", ("output", "arrived"))
        assert run.values("b") == {"input": "arrived"}

    def test_constants_fill_the_unlinked_pins(self, catalog: Catalog) -> None:
        made = graph(
            [
                node(catalog, "a", "StoreValue", input=0),
                node(catalog, "sum", "Calculator", operation="Add", b=3),
            ],
            "a.output -> sum.a",
        )
        run = Journal(catalog, made)
        run.complete("a", ("output", 4))

        assert run.values("sum") == {"a": 4, "operation": "Add", "b": 3}

    def test_dynamic_pins_select_from_outputs_and_build_inputs(self, catalog: Catalog) -> None:
        made = graph(
            [
                node(catalog, "a", "CreateDictionary", values={}),
                node(catalog, "fill", "FillTextTemplate", format="{{ who }}", values={"kept": 1}),
            ],
            "a.dictionary_#_name -> fill.values_#_who",
        )
        run = Journal(catalog, made)
        run.complete("a", ("dictionary", {"name": "Ada"}))

        assert run.values("fill") == {"format": "{{ who }}", "values": {"kept": 1, "who": "Ada"}}

    def test_a_selector_that_finds_nothing_routes_nothing_and_null_is_something(
        self, catalog: Catalog
    ) -> None:
        made = graph(
            [node(catalog, "a", "CreateDictionary", values={}), node(catalog, "b", "StoreValue")],
            "a.dictionary_#_name -> b.input",
        )
        nothing, null = Journal(catalog, made), Journal(catalog, made)
        nothing.complete("a", ("dictionary", {}))
        null.complete("a", ("dictionary", {"name": None}))

        assert (nothing.ready(), null.ready()) == ([], ["b"])

    def test_links_from_a_static_block_are_static(self, catalog: Catalog) -> None:
        made = graph(
            [
                node(catalog, "keep", "StoreValue", input=1),
                node(catalog, "items", "StepThroughItems", items=[1, 2]),
                node(catalog, "sum", "Calculator", operation="Add"),
            ],
            "keep.output -> sum.a",
            "items.item -> sum.b",
        )
        run = Journal(catalog, made)
        run.complete("items", ("item", 10), ("item", 20))
        run.complete("keep", ("output", 1))

        assert [dict(one.arrived) for one in run.state.ready] == [
            {"b": 10, "a": 1},
            {"b": 20, "a": 1},
        ]

    def test_outputs_of_one_nodes_runs_are_routed_in_the_order_the_runs_were_started(
        self, catalog: Catalog
    ) -> None:
        made = graph(
            [
                node(catalog, "items", "StepThroughItems"),
                node(catalog, "slow", "StoreValue"),
                node(catalog, "out", "AgentOutput", name="o"),
            ],
            "items.item -> slow.input",
            "slow.output -> out.value",
        )
        run = Journal(catalog, made)
        run.complete("items", ("item", 1), ("item", 2))
        first, second = list(run.state.ready)
        run.state.ready.clear()
        run.add(NodeOutput(second.number, "slow", (("output", "second"),)))
        run.add(NodeCompleted(second.number, "slow"))
        assert run.ready() == []

        run.add(NodeCompleted(first.number, "slow", (("output", "first"),)))

        assert [one.arrived["value"] for one in run.state.ready] == ["first", "second"]


class TestEndings:
    def made(self, catalog: Catalog, policy: Policy | None = None, *more: str) -> Graph:
        return graph(
            [
                node(catalog, "a", "StoreValue", policy, input=1),
                node(catalog, "b", "StoreValue", input=1),
                node(catalog, "out", "AgentOutput", name="problem"),
            ],
            "b.output -> out.value",
            *more,
        )

    @pytest.mark.seed("D5-S21")
    def test_completed_when_nothing_failed(self, catalog: Catalog) -> None:
        run = Journal(catalog, self.made(catalog))
        run.complete("a")
        run.complete("b")

        assert run.state.outcome() == RunCompleted()

    @pytest.mark.seed("D5-S21")
    def test_failed_by_a_failure_nobody_handled_while_other_branches_finish(
        self, catalog: Catalog
    ) -> None:
        run = Journal(catalog, self.made(catalog))
        run.fail("a", "no such file")
        run.complete("b", ("output", 5))
        run.complete("out", ("output", 5))

        assert run.state.outcome() == RunFailed("block.failed", "no such file")
        assert (run.state.must_stop, run.state.outputs) == (False, {"problem": [5]})

    @pytest.mark.seed("D5-S21")
    def test_a_linked_error_pin_handles_the_failure(self, catalog: Catalog) -> None:
        run = Journal(catalog, self.made(catalog, None, "a.error -> out.value"))
        run.fail("a", "no such file")

        assert run.state.outcome() == RunCompleted()
        assert run.values("out")["value"] == "no such file"

    @pytest.mark.seed("D5-S21")
    def test_a_policy_may_ignore_a_failure(self, catalog: Catalog) -> None:
        run = Journal(catalog, self.made(catalog, Policy(on_error=OnError.IGNORE)))
        run.fail("a")

        assert run.state.outcome() == RunCompleted()

    @pytest.mark.seed("D5-S21")
    def test_a_policy_may_stop_the_run_at_once(self, catalog: Catalog) -> None:
        run = Journal(catalog, self.made(catalog, Policy(on_error=OnError.FAIL_FAST)))
        run.fail("a")

        assert run.state.must_stop

    def test_the_result_tells_what_starved(self, catalog: Catalog) -> None:
        made = graph(
            [
                node(catalog, "a", "StepThroughItems"),
                node(catalog, "b", "StepThroughItems"),
                node(catalog, "sum", "Calculator", operation="Add"),
            ],
            "a.item -> sum.a",
            "b.item -> sum.b",
        )
        run = Journal(catalog, made)
        run.complete("a", ("item", 1))
        run.complete("b")

        assert run.state.starved() == [{"node": "sum", "has": ["a"], "missing": ["b"], "sets": 1}]

    @pytest.mark.seed("D4-13")
    def test_terminal_states_lead_nowhere(self) -> None:
        over = {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}

        assert {status for status in RunStatus if status.is_terminal} == over
        assert set(TRANSITIONS) == set(RunStatus)


@pytest.mark.seed("D4-13")
def test_an_event_of_a_node_run_that_is_over_is_refused(catalog: Catalog) -> None:
    run = Journal(catalog, graph([node(catalog, "a", "StoreValue", input=1)]))
    run.complete("a")

    with pytest.raises(ValueError, match="node run 1 is not live"):
        run.add(NodeStarted(1, "a"))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any graph of pass-through nodes: loops, fans and joins, static links among them."""
    count = draw(st.integers(1, 6))
    ends = st.integers(0, count - 1)
    made = draw(
        st.lists(
            st.tuples(
                ends,
                st.sampled_from(["result", "error"]),
                ends,
                st.sampled_from("ab"),
                st.booleans(),
            ),
            max_size=12,
        )
    )
    nodes = tuple(Node(f"n{i}", "b1ab9b19-67a6-406d-abf5-2dba76d00c79", {}) for i in range(count))
    found = tuple(Link(f"n{a}", pin, f"n{b}", to, static) for a, pin, b, to, static in made)
    return Graph(id="g", name="g", nodes=nodes, links=found)


@pytest.mark.seed("D4-13")
@settings(max_examples=200)
@given(made=graphs(), choices=st.data())
def test_the_same_journal_gives_the_same_decisions(
    catalog: Catalog, made: Graph, choices: st.DataObject
) -> None:
    """Whatever happens in whatever order: read back, a journal leads to the same state, and nothing is lost."""
    run = Journal(catalog, made)
    in_flight = []
    for step in range(40):
        in_flight += run.state.ready
        run.state.ready.clear()
        if not in_flight:
            break
        current = in_flight.pop(choices.draw(st.integers(0, len(in_flight) - 1)))
        if choices.draw(st.booleans()):
            run.add(NodeCompleted(current.number, current.node.id, (("result", step),)))
        else:
            run.add(NodeFailed(current.number, current.node.id, "block.failed", f"step {step}"))

    rows = [encode_event(event) for event in run.events]
    again = restore(run.plan, [decode_event(row.kind, decode(row.body), {}) for row in rows])

    def decisions(state: RunState) -> object:
        live = [
            (one.number, one.node.id, dict(one.arrived), one.held) for one in state.live.values()
        ]
        return state.count, live, state.starved(), state.errors, state.outcome()

    assert decisions(again) == decisions(run.state)
    numbers = [run.number for run in again.live.values()]
    ended = [
        event.node_run for event in run.events if isinstance(event, (NodeCompleted, NodeFailed))
    ]
    assert sorted(numbers + ended) == list(range(1, again.count + 1))
