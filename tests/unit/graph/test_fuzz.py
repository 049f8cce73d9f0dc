"""Anything at all goes into the reader; nothing but a graph or `NotAnAgent` comes out."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from autograph.graph.content import content_hash
from autograph.graph.diff import diff
from autograph.graph.model import Graph, Node
from autograph.graph.portable import (
    NotAnAgent,
    dump,
    read_agent,
    write_agent,
    write_agent_autogpt,
)
from autograph.graph.report import Severity
from autograph.graph.schemas import InvalidInputs, check_inputs, input_schema
from autograph.graph.validate import validate
from tests.unit.graph.making import (
    AGENT,
    DROPDOWN,
    FIXTURES,
    INPUT,
    SPECS,
    any_json,
    graph,
    graphs,
    load,
    values,
)

OWN_FILES = sorted(one.name for one in FIXTURES.glob("*.json"))

node_like = st.fixed_dictionaries(
    {
        "id": st.sampled_from("abc") | any_json,
        "block_id": st.sampled_from(sorted(SPECS)) | any_json,
    },
    optional={
        "input_default": st.dictionaries(
            st.sampled_from(
                ["name", "value", "graph_id", "input_schema", "inputs", "options", "a"]
            ),
            any_json,
        )
        | any_json,
        "metadata": st.dictionaries(
            st.sampled_from(["position", "policy", "customized_name", "credentials_optional"]),
            any_json,
        )
        | any_json,
        "input_links": any_json,
        "output_links": st.lists(any_json),
    },
)
pin_like = st.sampled_from(["result", "value", "a", "x_#_y", "x_$_", "tools", "error"]) | any_json
link_like = st.fixed_dictionaries(
    {
        "source_id": st.sampled_from("abc") | any_json,
        "source_name": pin_like,
        "sink_id": st.sampled_from("abc") | any_json,
        "sink_name": pin_like,
    },
    optional={"id": any_json, "is_static": any_json},
)
agent_like = st.fixed_dictionaries(
    {"nodes": st.lists(node_like, max_size=4) | any_json},
    optional={
        "links": st.lists(link_like, max_size=3) | any_json,
        "id": any_json,
        "name": any_json,
        "version": any_json,
        "policy": any_json,
        "layout": any_json,
        "forked_from": any_json,
        "sub_graphs": st.lists(
            st.fixed_dictionaries({"nodes": st.lists(node_like, max_size=2)}), max_size=2
        )
        | any_json,
        "subgraphs": any_json,
    },
)


def use(made: Graph) -> None:
    """Do everything with a graph that can be done."""
    report = validate(made, SPECS)
    problems = report.problems

    assert report.ok is not any(one.severity is Severity.ERROR for one in problems)
    assert all(one.message.endswith((".", "…")) for one in problems)
    assert bool(problems) is bool(report.errors() or report.warnings())
    assert json.loads(dump(write_agent_autogpt(made, SPECS)))["name"] == made.name
    assert len(content_hash(made)) == 64
    assert diff(made, made).is_empty


def read_and_use(document: Any) -> None:
    try:
        made = read_agent(document)
    except NotAnAgent as error:
        assert error.message.startswith(("This is no agent", "The ", "A ", "One ", "More ", '"'))  # noqa: PT017 - one of two right ends
        return
    use(made)
    assert content_hash(read_agent(dump(write_agent(made)))) == content_hash(made)


class TestAnythingAtAll:
    @given(any_json)
    def test_any_value(self, document: Any) -> None:
        read_and_use(document)

    @given(agent_like)
    def test_what_looks_like_an_agent(self, document: Any) -> None:
        read_and_use(document)

    @given(agent_like)
    def test_what_looks_like_one_as_text(self, document: Any) -> None:
        read_and_use(json.dumps(document))

    @given(st.sampled_from(OWN_FILES), st.data())
    def test_a_file_with_one_odd_value(self, name: str, data: st.DataObject) -> None:
        document = load(name)
        place: Any = document
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = data.draw(st.sampled_from(keys))
            inner = place[key]
            if not isinstance(inner, (dict, list)) or not inner or data.draw(st.booleans()):
                break
            place = inner
        if data.draw(st.booleans()):
            place[key] = data.draw(any_json)
        else:
            del place[key]

        read_and_use(document)

    @given(st.sampled_from(OWN_FILES), st.data())
    def test_a_file_with_some_bytes_changed(self, name: str, data: st.DataObject) -> None:
        text = bytearray((FIXTURES / name).read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))

        read_and_use(bytes(text))

    @settings(max_examples=40)
    @given(graphs())
    def test_any_graph(self, made: Graph) -> None:
        use(made)

    @given(values, values, st.dictionaries(st.sampled_from(["A", "B"]), values))
    def test_any_inputs(self, value: Any, options: Any, inputs: dict[str, Any]) -> None:
        made = graph(
            [
                Node("a", INPUT, {"name": "A", "value": value, "title": options}),
                Node("b", DROPDOWN, {"name": "B", "options": options}),
            ]
        )

        try:
            found = check_inputs(input_schema(made, SPECS), inputs)
        except InvalidInputs as error:
            assert set(error.details["errors"]) <= {"A", "B"}  # noqa: PT017 - one of two right ends
        else:
            assert set(found) == set(inputs)

    @given(any_json, any_json)
    def test_any_schema_of_an_agent_inside(self, taken: Any, given_out: Any) -> None:
        document = {
            "nodes": [
                {"id": "a", "block_id": INPUT, "input_default": {"name": "A"}},
                {
                    "id": "run",
                    "block_id": AGENT,
                    "input_default": {
                        "graph_id": "x",
                        "input_schema": {"properties": {"X": taken}, "required": given_out},
                        "output_schema": {"properties": {"Y": given_out}},
                        "inputs": {"X": taken},
                        "X": given_out,
                    },
                },
            ],
            "links": [
                {"source_id": "a", "source_name": "result", "sink_id": "run", "sink_name": "X"},
                {
                    "source_id": "run",
                    "source_name": "Y_#_k",
                    "sink_id": "run",
                    "sink_name": "X_$_1",
                },
            ],
        }

        read_and_use(document)
