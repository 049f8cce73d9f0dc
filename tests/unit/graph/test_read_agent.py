from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph.graph import portable
from autograph.graph.model import Graph, Link, OnError, Origin, Policy, Position, Retry
from autograph.graph.portable import NotAnAgent, read_agent
from tests.unit.graph.making import AGENT, CALCULATOR, DROPDOWN, FIXTURES, INPUT, NOTE, OUTPUT, load

SMALL: dict[str, Any] = {
    "id": "g",
    "name": "Small",
    "nodes": [{"id": "a", "block_id": INPUT}, {"id": "b", "block_id": OUTPUT}],
    "links": [
        {"source_id": "a", "source_name": "result", "sink_id": "b", "sink_name": "value"},
    ],
}
GRAPH_ID = "2b6f1f0e-52ff-4a37-9a55-0c7a4f3f7a01"
SUB_ID = "7f0f7b1c-4b9d-4f1e-8b52-9f5c1d3f6b02"


def with_node(**more: Any) -> dict[str, Any]:
    return {**SMALL, "nodes": [{**SMALL["nodes"][0], **more}, SMALL["nodes"][1]]}


class TestReadsAnExport:
    @pytest.fixture
    def graph(self) -> Graph:
        return read_agent((FIXTURES / "export.json").read_bytes())

    def test_the_graph_itself(self, graph: Graph) -> None:
        assert (graph.id, graph.name, graph.version) == (GRAPH_ID, "Add the tax", 3)
        assert graph.description == "Adds nineteen percent."
        assert graph.instructions == "Type a price."
        assert graph.schedule_cron == "0 9 * * 1"
        assert graph.forked_from == Origin("5d0c7a0e-0d0e-4a54-8d51-0f3c8b1f2a03", 2)
        assert graph.policy == Policy(timedelta(minutes=10), on_error=OnError.FAIL_FAST)

    def test_its_nodes_in_order(self, graph: Graph) -> None:
        assert [one.id for one in graph.nodes] == ["n-price", "n-sum", "n-inner", "n-out"]

    def test_all_of_a_node(self, graph: Graph) -> None:
        node = graph.nodes[1]

        assert node.block_id == CALCULATOR
        assert node.constants == {"operation": "Add", "b": 19}
        assert node.name == "Add nineteen"
        assert node.position == Position(200, 40)
        assert node.credentials_optional
        assert node.policy == Policy(
            timedelta(seconds=30),
            Retry(2, timedelta(milliseconds=500), ("net.timeout",)),
            OnError.IGNORE,
        )
        assert node.metadata == {"colour": "green"}

    def test_each_link_once_though_it_stands_there_three_times(self, graph: Graph) -> None:
        assert graph.links == (
            Link("n-price", "result", "n-sum", "a", static=True),
            Link("n-sum", "result", "n-inner", "Amount"),
            Link("n-inner", "Shown", "n-out", "value"),
        )

    def test_the_agents_inside(self, graph: Graph) -> None:
        (inside,) = graph.sub_graphs

        assert (inside.id, inside.name) == (SUB_ID, "Show an amount")
        assert inside.links == (Link("s-in", "result", "s-out", "value", static=True),)


class TestReadsOlderAndOtherShapes:
    def test_a_template_of_2024(self) -> None:
        graph = read_agent(load("template-2024.json"))

        assert graph.version == 28
        assert [one.block_id for one in graph.nodes][::2] == [DROPDOWN, OUTPUT]
        assert graph.nodes[0].constants["placeholder_values"] == ["red", "blue"]
        assert graph.nodes[1].constants == {}
        assert graph.nodes[1].position is None
        assert graph.links[0] == Link("pick", "result", "show", "value", static=False)
        assert graph.sub_graphs == ()

    def test_links_that_only_stand_at_the_nodes(self) -> None:
        graph = read_agent(load("links-at-nodes.json"))

        assert graph.links == (
            Link("one", "result", "two", "a"),
            Link("one", "result", "two", "b"),
            Link("two", "result", "three", "value"),
        )

    def test_links_at_the_top_win(self) -> None:
        document = {**load("links-at-nodes.json"), "links": []}

        assert read_agent(document).links == ()

    def test_agents_inside_by_id_and_inside_each_other(self) -> None:
        graph = read_agent(load("subgraphs-by-id.json"))

        assert [one.id for one in graph.sub_graphs] == [SUB_ID, "deepest"]
        assert all(one.sub_graphs == () for one in graph.sub_graphs)

    def test_our_own_form(self) -> None:
        graph = read_agent(load("ours.json"))

        assert (graph.version, graph.forked_from) == (7, Origin(SUB_ID, 2))
        assert graph.policy == Policy(retry=Retry(1, timedelta(seconds=2)))
        assert graph.nodes[0].name == "Ask who"
        assert graph.nodes[1].position == Position(400, 0)
        assert graph.nodes[1].metadata == {"colour": "red"}
        assert graph.nodes[1].credentials_optional
        assert graph.links == (Link("who", "result", "show", "value", static=True),)

    @pytest.mark.parametrize("wrapper", ["graph", "agent"])
    def test_wrapped(self, wrapper: str) -> None:
        inner = load("wrapped.json")["graph"]

        assert read_agent({wrapper: inner, "source": "upload"}) == read_agent(inner)

    @pytest.mark.parametrize(
        "form",
        [
            lambda text: text,
            lambda text: text.encode(),
            lambda text: bytearray(text.encode()),
            lambda text: text.encode("utf-8-sig"),
            lambda text: "\ufeff" + text,
            lambda text: f"\n  {text}\n",
        ],
        ids=["text", "bytes", "bytearray", "BOM in bytes", "BOM in text", "white space"],
    )
    def test_text_in_every_guise(self, form: Any) -> None:
        assert read_agent(form(json.dumps(SMALL))) == read_agent(SMALL)

    def test_does_not_change_what_it_is_given(self) -> None:
        document = load("export.json")

        read_agent(document)

        assert document == load("export.json")


class TestDefaultsWhatIsMissing:
    def test_everything_but_nodes(self) -> None:
        graph = read_agent({"nodes": []})

        assert graph == Graph(id=graph.id, name="Untitled")
        assert len(graph.id) == 36
        assert read_agent({"nodes": []}).id == graph.id

    @pytest.mark.parametrize("version", [None, 0, -1, "3", 2.5, True, 2**31])
    def test_a_version_that_is_none(self, version: Any) -> None:
        assert read_agent({**SMALL, "version": version}).version == 1

    @pytest.mark.parametrize("field", ["description", "instructions", "name", "id", "policy"])
    @pytest.mark.parametrize("odd", [None, 5, [], {}, True])
    def test_a_field_of_the_wrong_type(self, field: str, odd: Any) -> None:
        without = {name: one for name, one in SMALL.items() if name != field}

        assert read_agent({**SMALL, field: odd}) == read_agent(without)

    @pytest.mark.parametrize(
        ("field", "odd"),
        [
            ("input_default", None),
            ("input_default", [1]),
            ("input_default", "text"),
            ("metadata", None),
            ("metadata", 5),
            ("metadata", {"position": "left"}),
            ("metadata", {"position": {"x": 1}}),
            ("metadata", {"position": {"x": True, "y": False}}),
            ("metadata", {"policy": "strict"}),
            ("metadata", {"policy": {"on_error": []}}),
            ("metadata", {"policy": {"on_error": {"a": 1}}}),
            ("metadata", {"policy": {"on_error": "explode"}}),
            ("metadata", {"policy": {"timeout": -1}}),
            ("metadata", {"policy": {"timeout": 0}}),
            ("metadata", {"policy": {"timeout": 1e-9}}),
            ("metadata", {"policy": {"timeout": 1e30}}),
            ("metadata", {"policy": {"retry": [1]}}),
            ("metadata", {"credentials_optional": "yes"}),
            ("metadata", {"customized_name": 5}),
            ("metadata", {"customized_name": ""}),
            ("webhook", None),
            ("webhook_id", "abc"),
        ],
    )
    def test_a_nodes_field_that_says_nothing(self, field: str, odd: Any) -> None:
        assert read_agent(with_node(**{field: odd})) == read_agent(SMALL)

    @pytest.mark.parametrize(
        ("retry", "expected"),
        [
            ({}, Retry()),
            ({"max": 5, "backoff": 0}, Retry(5, timedelta())),
            ({"max": 5000}, Retry(100)),
            ({"max": -5}, Retry(0)),
            ({"max": True, "backoff": "soon", "on": "all"}, Retry()),
            ({"on": ["a", 5, None]}, Retry(on=("a",))),
        ],
    )
    def test_a_retry_within_bounds(self, retry: Any, expected: Retry) -> None:
        graph = read_agent(with_node(metadata={"policy": {"retry": retry}}))

        assert graph.nodes[0].policy == Policy(retry=expected)
        assert type(graph.nodes[0].policy.retry.max) is int  # type: ignore[union-attr]

    def test_duplicate_node_ids_are_left_to_validation(self) -> None:
        document = {**SMALL, "nodes": [SMALL["nodes"][0]] * 2}

        assert [one.id for one in read_agent(document).nodes] == ["a", "a"]


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


class TestRefusesWhatIsNoAgent:
    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (None, "it holds nothing"),
            (5, "it holds a number"),
            (True, "it holds a boolean"),
            ([], "it holds a list"),
            ({}, 'no list of "nodes"'),
            (object(), "it holds something"),
            ({"nodes": {}}, 'no list of "nodes"'),
            ({"graph": {"links": []}}, 'no list of "nodes"'),
            ({"graph": []}, 'no list of "nodes"'),
            ("", "not JSON"),
            ("{", "not JSON"),
            ("hello", "not JSON"),
            (b"\xff\xfe{", "not text in UTF-8"),
            ("NaN", "NaN is no JSON"),
            ('{"nodes": [], "x": -Infinity}', "-Infinity is no JSON"),
            ('{"nodes": [], "x": 1e999}', "not finite"),
            ('{"nodes": [], "x": ' + "9" * 30 + "}", "more than 64 bits"),
            ('{"nodes": [], "x": ' + "9" * 5000 + "}", "not JSON"),
            ({"nodes": [], "x": math.nan}, "not finite"),
            ({"nodes": [], "x": 2**64}, "more than 64 bits"),
            ('{"nodes": [], "x": "\\ud800"}', "half of a character"),
            ('{"nodes": [], "\\udfff": 1}', "half of a character"),
            ('{"nodes": [], "x": "a\\u0000b"}', "NUL character"),
            ('{"nodes": [], "a\\u0000b": 1}', "NUL character"),
            ({"nodes": [], 5: 1}, "a key that is a number"),
            ({"nodes": (1, 2)}, "tuple, which is no JSON"),
            ("[" * 100_000, "more than 100 deep"),
            ({"nodes": [], "x": nested(100)}, "more than 100 deep"),
            ({"nodes": [], "x": nested(5000)}, "more than 100 deep"),
            ({"nodes": [5]}, "A node is a number"),
            ({"nodes": [None]}, "A node is nothing"),
            ({"nodes": [{}]}, 'no "id"'),
            ({"nodes": [{"id": 5, "block_id": "b"}]}, 'no "id"'),
            ({"nodes": [{"id": "a", "block_id": ""}]}, 'no "block_id"'),
            ({**SMALL, "links": ["x"]}, "A link is text"),
            ({**SMALL, "links": [{}]}, "which pins it joins"),
            ({**SMALL, "links": [{**SMALL["links"][0], "sink_id": 5}]}, "which pins it joins"),
            ({**SMALL, "sub_graphs": "all"}, '"sub_graphs" is text'),
            ({**SMALL, "sub_graphs": {}}, '"sub_graphs" is an object'),
            ({**SMALL, "sub_graphs": [5]}, "is no agent"),
            ({**SMALL, "sub_graphs": [{}]}, "is no agent"),
            ({**SMALL, "sub_graphs": [{"nodes": []}] * 201}, "More than 200 agents"),
        ],
    )
    def test_says_why_in_one_sentence(self, data: Any, why: str) -> None:
        with pytest.raises(NotAnAgent) as raised:
            read_agent(data)

        assert raised.value.code == "graph.not_an_agent"
        assert why in raised.value.message
        assert len(raised.value.message) < 200

    def test_a_document_that_holds_itself(self) -> None:
        document: dict[str, Any] = {"nodes": []}
        document["itself"] = document

        with pytest.raises(NotAnAgent, match="deep"):
            read_agent(document)

    def test_too_many_nodes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(portable.reader, "MAX_NODES", 1)

        with pytest.raises(NotAnAgent, match="has 2 nodes; at most 1 are read"):
            read_agent(SMALL)

    def test_takes_what_is_nested_just_deep_enough(self) -> None:
        graph = read_agent({"nodes": [], "x": nested(98)})

        assert graph.nodes == ()

    @given(st.text() | st.binary())
    def test_text_and_bytes_of_all_kinds(self, data: str | bytes) -> None:
        with pytest.raises(NotAnAgent):
            read_agent(data)


class TestNamesFromBothForms:
    def test_theirs_and_ours_read_alike(self) -> None:
        ours = {
            "id": "g",
            "name": "Small",
            "nodes": [{"id": "a", "block_id": INPUT}, {"id": "b", "block_id": OUTPUT}],
            "links": [{"from": "a", "output": "result", "to": "b", "input": "value"}],
        }

        assert read_agent(ours) == read_agent(SMALL)

    def test_a_static_link(self) -> None:
        document = {**SMALL, "links": [{**SMALL["links"][0], "is_static": True}]}
        plain = read_agent(SMALL)

        assert read_agent(document) == replace(plain, links=(replace(plain.links[0], static=True),))

    def test_an_agent_node_keeps_its_constants(self) -> None:
        graph = read_agent(load("subgraphs-by-id.json"))

        assert graph.nodes[0].block_id == AGENT
        assert graph.nodes[0].constants == {"graph_id": SUB_ID}


class TestFindsAnAgentInsideUnderItsOldId:
    def file(self, **changes: Any) -> dict[str, Any]:
        document = load("export.json")
        inner = document["sub_graphs"][0]
        inner["input_schema"] = {"type": "object", "properties": {"Amount": {}}}
        inner["output_schema"] = {"type": "object", "properties": {"Shown": {}}}
        document["nodes"][2]["input_default"].update({"graph_id": "elsewhere", **changes})
        return document

    def graph_id_of(self, document: dict[str, Any]) -> Any:
        return read_agent(document).nodes[2].constants["graph_id"]

    def test_by_its_version_and_its_pins(self) -> None:
        assert self.graph_id_of(self.file()) == SUB_ID

    @pytest.mark.parametrize(
        "changes",
        [
            {"graph_version": 2},
            {"input_schema": {"type": "object", "properties": {"Other": {}}}},
            {"input_schema": None, "output_schema": []},
        ],
    )
    def test_leaves_what_does_not_fit(self, changes: dict[str, Any]) -> None:
        assert self.graph_id_of(self.file(**changes)) == "elsewhere"

    def test_leaves_it_when_two_would_fit(self) -> None:
        document = self.file()
        document["sub_graphs"].append({**document["sub_graphs"][0], "id": "twin"})

        assert self.graph_id_of(document) == "elsewhere"

    @pytest.mark.parametrize("odd", [None, 5, [], {}, ["a"], {"a": 1}])
    def test_an_id_that_is_none_harms_nobody(self, odd: Any) -> None:
        assert self.graph_id_of(self.file(graph_id=odd)) == SUB_ID

    def test_an_agent_that_says_nothing_of_its_pins_is_not_mistaken_for_another(self) -> None:
        document = load("subgraphs-by-id.json")
        document["nodes"][0]["input_default"] = {"graph_id": "elsewhere", "graph_version": 1}

        assert read_agent(document).nodes[0].constants["graph_id"] == "elsewhere"


class TestReadsOldNames:
    def test_a_block_id_of_2024(self) -> None:
        document = with_node(block_id="31d1064e-7446-4693-o7d4-65e5ca9110d1")

        assert read_agent(document).nodes[0].block_id == NOTE

    def test_pins_that_are_items_of_one_list_now(self) -> None:
        block_id = "e30a4d42-7b7d-4e6a-b36e-1f9b8e3b7d85"
        document = {
            "nodes": [
                {"id": "a", "block_id": INPUT},
                {"id": "b", "block_id": block_id, "input_default": {"input1": "x"}},
            ],
            "links": [
                {"source_id": "a", "source_name": "result", "sink_id": "b", "sink_name": "input2"}
            ],
        }

        graph = read_agent(document)

        assert graph.nodes[1].constants == {"input_$_0": "x"}
        assert graph.links[0].sink_pin == "input_$_1"


class TestGrowsWithTheFile:
    def test_ten_times_the_nodes_are_ten_times_the_looks(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looks = 0
        check = portable.reader._check_scalar

        def counted(value: Any) -> None:
            nonlocal looks
            looks += 1
            check(value)

        monkeypatch.setattr(portable.reader, "_check_scalar", counted)

        def looks_for(count: int) -> int:
            nonlocal looks
            looks = 0
            nodes = [{"id": f"n{one}", "block_id": INPUT} for one in range(count)]
            links = [
                {**SMALL["links"][0], "source_id": f"n{one}", "sink_id": f"n{one + 1}"}
                for one in range(count - 1)
            ]
            graph = read_agent({"nodes": nodes, "links": links})
            assert (len(graph.nodes), len(graph.links)) == (count, count - 1)
            return looks

        assert looks_for(10_000) <= 10 * looks_for(1_000) + 100
