from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from autograph.graph.model import Graph, Link, Node
from autograph.graph.portable import read_agent
from autograph.graph.report import Code, Severity
from autograph.graph.validate import validate
from tests.unit.graph.making import (
    AGENT,
    CALCULATOR,
    DROPDOWN,
    INPUT,
    LIST,
    MAILER,
    NOTE,
    NUMBER_INPUT,
    OLD,
    ORCHESTRATOR,
    OUTPUT,
    PERSON,
    REVIEW,
    SPECS,
    TEMPLATE,
    graph,
    link,
    load,
    node,
)

ASK = node("ask", INPUT, name="Who")
SUM = node("sum", CALCULATOR, operation="Add", a=1, b=2)
SHOW = node("show", OUTPUT, name="Shown")
SUB = graph(
    [node("in", INPUT, name="X"), node("out", OUTPUT, name="Y")], ["in.result -> out.value"]
)
SUB = replace(SUB, id="sub")
SUB_SCHEMAS: dict[str, Any] = {
    "input_schema": {"type": "object", "properties": {"X": {}}, "required": ["X"]},
    "output_schema": {"type": "object", "properties": {"Y": {"type": "string"}}},
}


def run_sub(node_id: str = "run", **changes: Any) -> Node:
    return node(node_id, AGENT, **{"graph_id": "sub", **SUB_SCHEMAS, **changes})


@dataclass(frozen=True)
class Broken:
    """A graph and the one problem it has."""

    says: str
    graph: Graph
    code: Code
    node_id: str
    pin: str
    message: str
    severity: Severity = Severity.ERROR


def linked_sum(path: str, *more: Node) -> Graph:
    """Return a graph in which `path` leads from or to the node `sum`."""
    return graph([ASK, SUM, *more], [path])


BROKEN = [
    Broken(
        "a block that is not installed",
        graph([node("x", "no-such-block")]),
        Code.UNKNOWN_BLOCK,
        "x",
        "",
        "There is no block no-such-block",
    ),
    Broken(
        "a block that is not installed, with pins that would be broken too",
        graph(
            [ASK, node("x", "no-such-block", **{"a_$_b": 1}), SHOW],
            ["ask.result -> x.a_$_b", "x.y_$_z -> show.value"],
        ),
        Code.UNKNOWN_BLOCK,
        "x",
        "",
        "There is no block",
    ),
    Broken(
        "an output pin that the block lacks",
        graph([SUM, SHOW], ["sum.sum -> show.value"]),
        Code.UNKNOWN_PIN,
        "sum",
        "sum",
        "Calculator has no output 'sum'. It has: result, error.",
    ),
    Broken(
        "an input pin that the block lacks",
        linked_sum("ask.result -> sum.c"),
        Code.UNKNOWN_PIN,
        "sum",
        "c",
        "Calculator has no input 'c'. It has: operation, a, b, round_result.",
    ),
    Broken(
        "a part of an output pin that the block lacks",
        graph([SUM, SHOW], ["sum.gone_#_x -> show.value"]),
        Code.UNKNOWN_PIN,
        "sum",
        "gone_#_x",
        "no output 'gone'",
    ),
    Broken(
        "a part of an input pin that the block lacks",
        linked_sum("ask.result -> sum.gone_$_1"),
        Code.UNKNOWN_PIN,
        "sum",
        "gone_$_1",
        "no input 'gone'",
    ),
    Broken(
        "an output that the agent inside does not give",
        graph([run_sub(X=1), SHOW], ["run.Z -> show.value"], sub_graphs=(SUB,)),
        Code.UNKNOWN_PIN,
        "run",
        "Z",
        "AgentExecutor has no output 'Z'. It has: error, Y.",
    ),
    Broken(
        "an input that the agent inside does not take",
        graph([ASK, run_sub(X=1)], ["ask.result -> run.W"], sub_graphs=(SUB,)),
        Code.UNKNOWN_PIN,
        "run",
        "W",
        "has no input 'W'",
    ),
    Broken(
        "a required input with neither value nor link",
        graph([node("sum", CALCULATOR, operation="Add", a=1)]),
        Code.MISSING_INPUT,
        "sum",
        "b",
        "needs a value or a link",
    ),
    Broken(
        "a required input whose value is null",
        graph([node("sum", CALCULATOR, operation="Add", a=1, b=None)]),
        Code.MISSING_INPUT,
        "sum",
        "b",
        "needs a value or a link",
    ),
    Broken(
        "a required input whose value is empty",
        graph([node("fill", TEMPLATE, format="")]),
        Code.MISSING_INPUT,
        "fill",
        "format",
        "needs a value or a link",
    ),
    Broken(
        "an input of the agent without a name",
        graph([node("ask", INPUT)]),
        Code.MISSING_INPUT,
        "ask",
        "name",
        "needs a value",
    ),
    Broken(
        "an output of the agent to which nothing leads",
        graph([SHOW]),
        Code.MISSING_INPUT,
        "show",
        "value",
        "needs a value",
    ),
    Broken(
        "an agent inside that lacks an input it needs",
        graph([run_sub()], sub_graphs=(SUB,)),
        Code.MISSING_INPUT,
        "run",
        "X",
        "The agent that this node runs needs a value",
    ),
    Broken(
        "an agent inside whose needed input is null",
        graph([run_sub(inputs={"X": None}, X=None)], sub_graphs=(SUB,)),
        Code.MISSING_INPUT,
        "run",
        "X",
        "needs a value",
    ),
    Broken(
        "true or false for a number",
        graph([node("mail", MAILER, to="x"), SUM], ["mail.sent -> sum.a"]),
        Code.INCOMPATIBLE_LINK,
        "sum",
        "a",
        "It gets true or false from 'sent' and takes a number.",
    ),
    Broken(
        "a list for a number",
        graph([node("list", LIST), SUM], ["list.list -> sum.a"]),
        Code.INCOMPATIBLE_LINK,
        "sum",
        "a",
        "It gets a list from 'list' and takes a number.",
    ),
    Broken(
        "a number for true or false",
        graph([SUM, node("list", LIST)], ["sum.result -> list.flag"]),
        Code.INCOMPATIBLE_LINK,
        "list",
        "flag",
        "takes true or false",
    ),
    Broken(
        "a whole number for an object",
        graph(
            [node("list", LIST), node("fill", TEMPLATE, format="x")], ["list.size -> fill.values"]
        ),
        Code.INCOMPATIBLE_LINK,
        "fill",
        "values",
        "It gets a whole number from 'size' and takes an object.",
    ),
    Broken(
        "a list, found inside an object, for a number",
        graph([node("who", PERSON), SUM], ["who.person_#_tags -> sum.a"]),
        Code.INCOMPATIBLE_LINK,
        "sum",
        "a",
        "It gets a list from 'person_#_tags'",
    ),
    Broken(
        "true or false as an item of a list of numbers",
        graph([node("mail", MAILER, to="x"), node("list", LIST)], ["mail.sent -> list.items_$_0"]),
        Code.INCOMPATIBLE_LINK,
        "list",
        "items_$_0",
        "takes a number",
    ),
    Broken(
        "a number for a choice of words",
        graph(
            [
                node("mail", MAILER, to="x"),
                node(
                    "run",
                    AGENT,
                    graph_id="sub",
                    **{
                        **SUB_SCHEMAS,
                        "input_schema": {"properties": {"X": {"type": "number"}}},
                    },
                ),
            ],
            ["mail.sent -> run.X"],
            sub_graphs=(SUB,),
        ),
        Code.INCOMPATIBLE_LINK,
        "run",
        "X",
        "takes a number",
    ),
    Broken(
        "an object that becomes text",
        graph([node("who", PERSON), node("fill", TEMPLATE)], ["who.person -> fill.format"]),
        Code.INCOMPATIBLE_LINK,
        "fill",
        "format",
        "It gets an object from 'person', which becomes text.",
        Severity.WARNING,
    ),
    Broken(
        "two inputs of one name",
        graph([ASK, node("again", INPUT, name="Who")]),
        Code.DUPLICATE_INPUT_NAME,
        "again",
        "name",
        "Another input is called 'Who' too",
        Severity.WARNING,
    ),
    Broken(
        "an input called credentials",
        graph([node("ask", INPUT, name="credentials")]),
        Code.RESERVED_NAME,
        "ask",
        "name",
        "'credentials' is reserved for credentials. Choose another name.",
    ),
    Broken(
        "an input whose name ends like credentials",
        graph([node("ask", NUMBER_INPUT, name="github_credentials")]),
        Code.RESERVED_NAME,
        "ask",
        "name",
        "'github_credentials' is reserved",
    ),
    Broken(
        "a selector without an index",
        graph([node("list", LIST), SUM], ["list.list_$_ -> sum.a"]),
        Code.BROKEN_PIN,
        "list",
        "list_$_",
        "nothing follows '_$_'",
    ),
    Broken(
        "a selector whose index is no number",
        graph([node("list", LIST), SUM], ["list.list_$_first -> sum.a"]),
        Code.BROKEN_PIN,
        "list",
        "list_$_first",
        "not 'first'",
    ),
    Broken(
        "a path to an item far away",
        graph([SUM, node("list", LIST)], ["sum.result -> list.items_$_1001"]),
        Code.BROKEN_PIN,
        "list",
        "items_$_1001",
        "list index 1001 is over 1000",
    ),
    Broken(
        "a value typed into a broken path",
        graph([node("fill", TEMPLATE, format="x", **{"values_$_who": "Ann"})]),
        Code.BROKEN_PIN,
        "fill",
        "values_$_who",
        "is a broken pin name",
    ),
    Broken(
        "a word for a number",
        graph([node("sum", CALCULATOR, operation="Add", a="many", b=2)]),
        Code.BAD_CONSTANT,
        "sum",
        "a",
        'Expected a number, got "many".',
    ),
    Broken(
        "a choice there is not",
        graph([node("sum", CALCULATOR, operation="Guess", a=1, b=2)]),
        Code.BAD_CONSTANT,
        "sum",
        "operation",
        'Expected one of "Add", "Divide", got "Guess".',
    ),
    Broken(
        "yes for true",
        graph([node("list", LIST, flag="yes")]),
        Code.BAD_CONSTANT,
        "list",
        "flag",
        'Expected true or false, got "yes".',
    ),
    Broken(
        "a list with a word among the numbers",
        graph([node("list", LIST, items=[1, "two"])]),
        Code.BAD_CONSTANT,
        "list",
        "items",
        'Expected a number, got "two".',
    ),
    Broken(
        "a list for an object",
        graph([node("fill", TEMPLATE, format="x", values=[1])]),
        Code.BAD_CONSTANT,
        "fill",
        "values",
        "Expected an object, got [1].",
    ),
    Broken(
        "half a number for a whole one",
        graph([node("ask", NUMBER_INPUT, name="N", value=2.5)]),
        Code.BAD_CONSTANT,
        "ask",
        "value",
        "Expected a whole number, got 2.5.",
    ),
    Broken(
        "a node that only a circle leads to",
        graph(
            [ASK, SUM, node("sum2", CALCULATOR, operation="Add", b=1), node("list", LIST)],
            ["sum2.result -> sum2.a", "sum2.result -> list.items"],
        ),
        Code.UNREACHABLE_NODE,
        "sum2",
        "",
        "Nothing leads here, so it never runs.",
        Severity.WARNING,
    ),
    Broken(
        "a circle that nothing leads out of",
        graph(
            [ASK, SUM, node("list", LIST)],
            ["ask.result -> sum.a", "sum.result -> list.items", "list.size -> sum.b"],
        ),
        Code.ENDLESS_CYCLE,
        "sum",
        "",
        "part of a circle that nothing leads out of",
        Severity.WARNING,
    ),
    Broken(
        "an agent inside that is not chosen",
        graph([node("run", AGENT)]),
        Code.SUB_GRAPH_MISSING,
        "run",
        "graph_id",
        "Choose the agent that this node runs.",
    ),
    Broken(
        "an agent inside that does not travel along",
        graph([run_sub(X=1, graph_id="elsewhere")]),
        Code.SUB_GRAPH_MISSING,
        "run",
        "graph_id",
        "The agent elsewhere does not travel with this file.",
    ),
    Broken(
        "an agent inside of another version",
        graph([run_sub(X=1, graph_version=7)], sub_graphs=(SUB,)),
        Code.SUB_GRAPH_CHANGED,
        "run",
        "graph_version",
        "Version 7 of the agent is asked for, and version 1 travels along.",
        Severity.WARNING,
    ),
    Broken(
        "an agent inside that no longer takes an input",
        graph(
            [ASK, run_sub(X=1, input_schema={"properties": {"Old": {}}})],
            ["ask.result -> run.Old"],
            sub_graphs=(SUB,),
        ),
        Code.SUB_GRAPH_CHANGED,
        "run",
        "Old",
        "The agent takes no 'Old'; what arrives here is lost. Choose the agent again",
        Severity.WARNING,
    ),
    Broken(
        "an agent inside that no longer gives an output",
        graph(
            [run_sub(X=1, output_schema={"properties": {"Old": {}}}), SHOW],
            ["run.Old -> show.value"],
            sub_graphs=(SUB,),
        ),
        Code.SUB_GRAPH_CHANGED,
        "run",
        "Old",
        "The agent gives no 'Old'; nothing leaves here.",
        Severity.WARNING,
    ),
    Broken(
        "an agent that runs itself",
        graph([run_sub(X=1, graph_id="g-1")]),
        Code.SUB_GRAPH_RECURSIVE,
        "run",
        "graph_id",
        "The agent g-1 ends up running itself.",
    ),
    Broken(
        "an agent inside that runs itself",
        graph(
            [run_sub(X=1)],
            sub_graphs=(replace(SUB, nodes=(*SUB.nodes, run_sub("again", X=1))),),
        ),
        Code.SUB_GRAPH_RECURSIVE,
        "sub/again",
        "graph_id",
        "The agent sub ends up running itself.",
    ),
    Broken(
        "an agent that runs itself through another",
        graph(
            [run_sub(X=1)],
            sub_graphs=(replace(SUB, nodes=(*SUB.nodes, run_sub("back", X=1, graph_id="g-1"))),),
        ),
        Code.SUB_GRAPH_RECURSIVE,
        "run",
        "graph_id",
        "The agent sub ends up running itself.",
    ),
    Broken(
        "a link from a node that is not there",
        graph([SUM], ["ghost.result -> sum.a"]),
        Code.DANGLING_LINK,
        "sum",
        "",
        "A link's source is the node 'ghost', which does not exist.",
    ),
    Broken(
        "a link to a node that is not there",
        graph([SUM], ["sum.result -> ghost.value"]),
        Code.DANGLING_LINK,
        "sum",
        "",
        "A link's sink is the node 'ghost', which does not exist.",
    ),
    Broken(
        "two nodes of one id",
        graph([SUM, SUM]),
        Code.DUPLICATE_NODE,
        "sum",
        "",
        "2 nodes have the id 'sum'.",
    ),
    Broken(
        "no node at all",
        graph([]),
        Code.NOTHING_STARTS,
        "",
        "",
        "The graph has no node that runs. Add a block.",
    ),
    Broken(
        "only a note",
        graph([node("n", NOTE, text="hello")]),
        Code.NOTHING_STARTS,
        "",
        "",
        "The graph has no node that runs.",
    ),
    Broken(
        "nodes that all wait for each other",
        graph(
            [node("p", PERSON), node("f", TEMPLATE)], ["p.error -> f.format", "f.output -> p.key"]
        ),
        Code.NOTHING_STARTS,
        "",
        "",
        "Every node waits for another one, so nothing starts.",
    ),
    Broken(
        "a block that is kept for old agents only",
        graph([node("x", OLD)]),
        Code.DEPRECATED_BLOCK,
        "x",
        "",
        "OldOne is deprecated: Use MakeList.",
        Severity.WARNING,
    ),
    Broken(
        "a mistake in an agent inside",
        graph(
            [run_sub(X=1)],
            sub_graphs=(replace(SUB, nodes=(*SUB.nodes, node("sum", CALCULATOR, a=1, b=2))),),
        ),
        Code.MISSING_INPUT,
        "sub/sum",
        "operation",
        "needs a value or a link",
    ),
    Broken(
        "an agent inside that is empty",
        graph([run_sub(X=1)], sub_graphs=(replace(SUB, nodes=(), links=()),)),
        Code.NOTHING_STARTS,
        "sub/",
        "",
        "has no node that runs",
    ),
]

CASCADES = {"a node that only a circle leads to"}
"""Of these, the node named is the first of several that share the problem."""


@pytest.mark.seed("D5-S04")
class TestBrokenGraphs:
    def test_there_are_enough_of_them_and_every_code_is_among_them(self) -> None:
        assert len(BROKEN) >= 30
        assert {one.code for one in BROKEN} == set(Code)

    @pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.says)
    def test_says_what_is_wrong_and_where_and_nothing_else(self, broken: Broken) -> None:
        report = validate(broken.graph, SPECS)

        problems = report.problems
        assert problems, "nothing was found"
        found = problems[0]
        assert (found.code, found.node_id, found.pin) == (broken.code, broken.node_id, broken.pin)
        assert found.severity is broken.severity
        assert broken.message in found.message
        if broken.says in CASCADES:
            assert {one.code for one in problems} == {broken.code}
        else:
            assert len(problems) == 1
        assert report.ok is (broken.severity is Severity.WARNING)

    def test_says_everything_at_once(self) -> None:
        made = graph(
            [
                node("ask", INPUT, name="credentials"),
                node("sum", CALCULATOR, operation="Guess", a="many"),
                node("x", "no-such-block"),
            ],
            ["ask.gone -> sum.b", "ask.result -> ghost.x"],
        )

        report = validate(made, SPECS)

        assert not report.ok
        assert {node_id: sorted(pins) for node_id, pins in report.errors().items()} == {
            "ask": ["", "gone", "name"],
            "sum": ["a", "operation"],
            "x": [""],
        }
        assert report.warnings() == {}
        assert report.unknown_blocks == (("no-such-block", "x"),)

    def test_tells_all_that_is_wrong_with_one_pin(self) -> None:
        made = graph([SUM], ["ghost.a -> sum.a", "ghost.b -> sum.b"])

        message = validate(made, SPECS).errors()["sum"][""]

        assert message.count("'ghost', which does not exist") == 2

    def test_names_unknown_blocks_of_agents_inside(self) -> None:
        inside = replace(SUB, nodes=(*SUB.nodes, node("x", "gone")))

        report = validate(graph([run_sub(X=1)], sub_graphs=(inside,)), SPECS)

        assert report.unknown_blocks == (("gone", "sub/x"),)

    def test_codes_are_stable_words(self) -> None:
        assert all(one.value.startswith("graph.") for one in Code)
        assert Code.UNKNOWN_BLOCK.value == "graph.unknown_block"


SOUND = {
    "an input, a sum and an output": graph(
        [ASK, node("sum", CALCULATOR, operation="Add", b=2), SHOW],
        ["ask.result -> sum.a", "sum.result -> show.value"],
    ),
    "a value that is typed and a link to the same pin": graph([ASK, SUM], ["ask.result -> sum.a"]),
    "a bad value on a linked pin": graph(
        [ASK, node("sum", CALCULATOR, operation="Add", a="many", b=1)], ["ask.result -> sum.a"]
    ),
    "a space where a required text is": graph([node("fill", TEMPLATE, format=" ")]),
    "a blank where a number may be": graph([node("ask", NUMBER_INPUT, name="N", value="")]),
    "text for a number": graph([node("sum", CALCULATOR, operation="Add", a="1", b=" 2.5 ")]),
    "credentials that are chosen when it runs": graph([node("mail", MAILER, to="x")]),
    "a value that the block no longer has a pin for": graph([node("list", LIST, gone=1)]),
    "any for a number, and text for anything": graph(
        [ASK, SUM, node("fill", TEMPLATE, format="x"), node("ok", REVIEW)],
        ["ask.result -> sum.a", "ask.result -> fill.format", "fill.output -> ok.data"],
    ),
    "an old name of a pin that holds the value": graph([node("fill", TEMPLATE, template="x")]),
    "an old name of a pin that is linked": graph(
        [ASK, node("fill", TEMPLATE)], ["ask.result -> fill.template"]
    ),
    "a part of a pin that is required": graph(
        [ASK, node("fill", TEMPLATE, format="x")],
        ["ask.result -> fill.values_#_who", "ask.result -> fill.values_#_whom_$_3"],
    ),
    "a part of what comes out": graph([node("who", PERSON), SUM], ["who.person_#_age -> sum.a"]),
    "a part nobody knows": graph([node("who", PERSON), SUM], ["who.person_#_shoe -> sum.a"]),
    "tools": graph(
        [node("ai", ORCHESTRATOR, prompt="x"), SUM, SHOW],
        [
            "ai.tools -> sum.a",
            "ai.tools_^_sum_~_b -> sum.b",
            "ai.finished -> show.value",
        ],
    ),
    "a circle with a way out": graph(
        [ASK, SUM, node("list", LIST), SHOW],
        [
            "ask.result -> sum.a",
            "sum.result -> list.items",
            "list.size -> sum.b",
            "list.list -> show.value",
        ],
    ),
    "an agent inside": graph(
        [ASK, run_sub(), SHOW],
        ["ask.result -> run.X", "run.Y -> show.value"],
        sub_graphs=(SUB,),
    ),
    "an agent inside with its inputs typed": graph(
        [run_sub(inputs={"X": "typed"})], sub_graphs=(SUB,)
    ),
    "an agent inside that gets a part of its input": graph(
        [ASK, run_sub()], ["ask.result -> run.X_#_part"], sub_graphs=(SUB,)
    ),
    "an agent that is run twice": graph(
        [run_sub("r1", X=1), run_sub("r2", X=2)], sub_graphs=(SUB,)
    ),
    "a note beside it": graph([SUM, node("n", NOTE, text="hello")]),
    "a choice": graph([node("c", DROPDOWN, name="C", options=["a"], value="a")]),
    "two links alike": graph([ASK, SUM], ["ask.result -> sum.a"] * 2),
    "an input that waits for something": graph(
        [node("ask", INPUT, name="Who"), node("fill", TEMPLATE, format="x")],
        ["fill.output -> ask.value"],
    ),
}


class TestSoundGraphs:
    @pytest.mark.parametrize("says", SOUND)
    def test_have_no_problem(self, says: str) -> None:
        assert validate(SOUND[says], SPECS).problems == ()

    @pytest.mark.parametrize(
        "name", ["export.json", "links-at-nodes.json", "ours.json", "wrapped.json"]
    )
    def test_the_agent_files_have_none_either(self, name: str) -> None:
        assert validate(read_agent(load(name)), SPECS).problems == ()

    def test_an_agent_that_is_saved_here_need_not_travel(self) -> None:
        made = graph([run_sub(X=1, graph_id="saved-here")])

        assert validate(made, SPECS, saved=frozenset({"saved-here"})).ok

    def test_an_agent_inside_may_name_another_one_inside(self) -> None:
        caller = graph([run_sub("call", X=1)], id="caller")
        made = graph([run_sub(X=1, graph_id="caller")], sub_graphs=(caller, SUB))

        assert validate(made, SPECS).ok


class TestGrowsWithTheGraph:
    def test_a_row_of_ten_thousand_nodes_looks_up_each_block_a_few_times(self) -> None:
        lookups = 0

        class Counted(dict[str, Any]):
            def get(self, key: str, default: Any = None) -> Any:
                nonlocal lookups
                lookups += 1
                return super().get(key, default)

        def row(count: int) -> Graph:
            return Graph(
                id="row",
                name="Row",
                nodes=tuple(node(f"n{one}", LIST) for one in range(count)),
                links=tuple(
                    Link(f"n{one}", "list", f"n{one + 1}", "items") for one in range(count - 1)
                ),
            )

        report = validate(row(10_000), Counted(SPECS))
        of_many, lookups = lookups, 0
        validate(row(1_000), Counted(SPECS))

        assert report.problems == ()
        assert of_many <= 10 * lookups
        assert lookups <= 4_000

    def test_a_hub_of_ten_thousand_links(self) -> None:
        hub = [node(f"n{one}", LIST) for one in range(5_000)]
        links = tuple(
            one
            for leaf in hub
            for one in (link(f"hub.list -> {leaf.id}.items"), link(f"{leaf.id}.list -> hub.items"))
        )
        made = replace(graph([ASK, node("hub", LIST), *hub]), links=links)

        problems = validate(made, SPECS).problems

        assert len(problems) == 5_002
        assert {one.code for one in problems} == {Code.UNREACHABLE_NODE, Code.ENDLESS_CYCLE}
