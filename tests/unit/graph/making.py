"""Blocks and graphs for the tests of the graph: a handful of specs made by hand, and strategies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from autograph.graph.model import Graph, Link, Node, OnError, Origin, Policy, Position, Retry
from autograph.graph.spec import BlockKind, BlockSpec, Effect

FIXTURES = Path(__file__).parents[2] / "fixtures" / "agents"
SHARED_AGENTS = Path(__file__).parents[4] / "shared" / "fixtures" / "agents"

INPUT = "c0a8e994-ebf1-4a9c-a4d8-89d09c86741b"
OUTPUT = "363ae599-353e-4804-937e-b2ee3cef3da4"
NUMBER_INPUT = "96dae2bb-97a2-41c2-bd2f-13a3b5a8ea98"
DROPDOWN = "655d6fdf-a334-421c-b733-520549c07cd1"
NOTE = "cc10ff7b-7753-4ff2-9af6-9399b1a7eddc"
AGENT = "e189baac-8c20-45a1-94a7-55177ea42565"
CALCULATOR = "b1ab9b19-67a6-406d-abf5-2dba76d00c79"
TEMPLATE = "block-template"
LIST = "block-list"
PERSON = "block-person"
MAILER = "block-mailer"
WEBHOOK = "block-webhook"
MANUAL_WEBHOOK = "block-webhook-manual"
REVIEW = "8b2a7b3c-6e9d-4a5f-8c1b-2e3f4a5b6c7d"
ORCHESTRATOR = "3b191d9f-356f-482d-8238-ba04b6d18381"
OLD = "block-old"

TEXT: Mapping[str, Any] = {"type": "string"}
NUMBER: Mapping[str, Any] = {"type": "number"}
ANY: Mapping[str, Any] = {}
ERROR: Mapping[str, Mapping[str, Any]] = {"error": TEXT}
_IO = {
    "name": TEXT,
    "value": ANY,
    "title": TEXT,
    "description": TEXT,
    "secret": {"type": "boolean"},
}


def spec(
    block_id: str,
    name: str,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    required: tuple[str, ...] = (),
    kind: BlockKind = BlockKind.STANDARD,
    **more: Any,
) -> BlockSpec:
    return BlockSpec(
        id=block_id,
        name=name,
        kind=kind,
        effect=Effect.PURE,
        input_schema={"type": "object", "properties": dict(inputs), "required": list(required)},
        output_schema={"type": "object", "properties": dict(outputs)},
        **more,
    )


MAIL_ACCESS = {
    "credentials_provider": ["smtp"],
    "credentials_types": ["user_password"],
    "credentials_scopes": ["send"],
}
HUB_ACCESS = {"credentials_provider": ["github"], "credentials_types": ["oauth2", "api_key"]}

SPECS: dict[str, BlockSpec] = {
    one.id: one
    for one in (
        spec(INPUT, "AgentInput", _IO, {"result": ANY}, required=("name",), kind=BlockKind.INPUT),
        spec(
            NUMBER_INPUT,
            "AgentNumberInput",
            {**_IO, "value": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
            {"result": {"type": "integer"}},
            required=("name",),
            kind=BlockKind.INPUT,
        ),
        spec(
            DROPDOWN,
            "AgentDropdownInput",
            {
                **_IO,
                "value": {"anyOf": [TEXT, {"type": "null"}]},
                "options": {
                    "type": "array",
                    "items": TEXT,
                    "x-aliases": ["placeholder_values"],
                },
            },
            {"result": TEXT},
            required=("name",),
            kind=BlockKind.INPUT,
        ),
        spec(
            OUTPUT,
            "AgentOutput",
            {**_IO, "format": TEXT},
            {"output": ANY, "name": ANY},
            required=("name", "value"),
            kind=BlockKind.OUTPUT,
        ),
        spec(NOTE, "Note", {"text": TEXT}, {"output": TEXT}, kind=BlockKind.NOTE),
        spec(
            AGENT,
            "AgentExecutor",
            {
                "graph_id": TEXT,
                "graph_version": {"type": "integer"},
                "inputs": {"type": "object"},
                "input_schema": {"type": "object"},
                "output_schema": {"type": "object"},
            },
            {},
            kind=BlockKind.AGENT,
        ),
        spec(
            CALCULATOR,
            "Calculator",
            {
                "operation": {"enum": ["Add", "Divide"]},
                "a": NUMBER,
                "b": NUMBER,
                "round_result": {"type": "boolean", "default": False},
            },
            {"result": NUMBER, **ERROR},
            required=("operation", "a", "b"),
        ),
        spec(
            TEMPLATE,
            "FillTextTemplate",
            {"format": {**TEXT, "x-aliases": ["template"]}, "values": {"type": "object"}},
            {"output": TEXT, **ERROR},
            required=("format",),
        ),
        spec(
            LIST,
            "MakeList",
            {"items": {"type": "array", "items": NUMBER}, "flag": {"type": "boolean"}},
            {"list": {"type": "array", "items": NUMBER}, "size": {"type": "integer"}, **ERROR},
        ),
        spec(
            PERSON,
            "FindPerson",
            {"key": TEXT},
            {
                "person": {
                    "type": "object",
                    "properties": {"age": {"type": "integer"}, "tags": {"type": "array"}},
                },
                **ERROR,
            },
        ),
        spec(
            MAILER,
            "SendMail",
            {
                "credentials": {"type": "object"},
                "to": TEXT,
                "pin_code": {**TEXT, "secret": True, "x-aliases": ["old_pin"]},
            },
            {"sent": {"type": "boolean"}, **ERROR},
            required=("credentials", "to"),
            is_sensitive=True,
            credential_fields={"credentials": MAIL_ACCESS},
        ),
        spec(
            WEBHOOK,
            "OnPullRequest",
            {"credentials": {"type": "object"}, "repo": TEXT, "payload": {"type": "object"}},
            {"number": {"type": "integer"}},
            required=("credentials", "repo"),
            kind=BlockKind.WEBHOOK,
            credential_fields={"credentials": HUB_ACCESS},
        ),
        spec(
            MANUAL_WEBHOOK,
            "OnCall",
            {"payload": {"type": "object"}},
            {"payload": {"type": "object"}},
            kind=BlockKind.WEBHOOK_MANUAL,
        ),
        spec(
            REVIEW,
            "AskAPerson",
            {"data": ANY},
            {"approved": ANY},
            kind=BlockKind.HUMAN_IN_THE_LOOP,
        ),
        spec(
            ORCHESTRATOR,
            "Orchestrator",
            {"prompt": TEXT},
            {"tools": ANY, "finished": TEXT, **ERROR},
            required=("prompt",),
            kind=BlockKind.AI,
        ),
        spec(OLD, "OldOne", {"x": TEXT}, {"y": TEXT}, deprecated="Use MakeList."),
    )
}


def node(node_id: str, block_id: str, **constants: Any) -> Node:
    return Node(node_id, block_id, constants)


def link(path: str, *, static: bool = False) -> Link:
    """Return the link that `path` draws: `one.output -> two.input`."""
    source, sink = path.split(" -> ")
    return Link(*source.split(".", 1), *sink.split(".", 1), static=static)


def graph(nodes: list[Node], links: list[str] | None = None, **more: Any) -> Graph:
    drawn = tuple(link(one) for one in links or [])
    more = {"id": "g-1", "name": "Made for a test", **more}
    return Graph(nodes=tuple(nodes), links=drawn, **more)


def load(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text("utf-8"))


# Strategies. Text has no lone surrogates and no NUL, numbers are finite and fit 64 bits: all that an
# agent file may hold.

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
words = texts.filter(bool)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["nodes", "links", "id", "\0", "\ud800", "a_#_b", "x_$_99999"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
_OWN_METADATA = {"position", "customized_name", "credentials_optional", "policy"}
durations = st.integers(1, 10**12).map(lambda us: timedelta(microseconds=us))
policies = st.builds(
    Policy,
    timeout=st.none() | durations,
    retry=st.none()
    | st.builds(
        Retry,
        max=st.integers(0, 100),
        backoff=st.just(timedelta()) | durations,
        on=st.lists(words, max_size=2).map(tuple),
    ),
    on_error=st.none() | st.sampled_from(OnError),
)
_coordinates = st.floats(-1e6, 1e6)
nodes = st.builds(
    Node,
    id=words,
    block_id=st.sampled_from(sorted(SPECS)) | words,
    constants=st.dictionaries(texts, values, max_size=3),
    name=st.none() | words,
    position=st.none() | st.builds(Position, _coordinates, _coordinates),
    policy=policies,
    credentials_optional=st.booleans(),
    metadata=st.dictionaries(
        texts.filter(lambda key: key not in _OWN_METADATA), values, max_size=2
    ),
)


@st.composite
def graphs(draw: st.DrawFn, *, inside: bool = True) -> Graph:
    """Graphs of any shape, sound or not, but that node ids are unique and links lead somewhere."""
    placed = draw(st.lists(nodes, max_size=5, unique_by=lambda one: one.id))
    ids = st.sampled_from([one.id for one in placed]) if placed else st.nothing()
    links = st.lists(st.builds(Link, ids, words, ids, words, st.booleans()), max_size=5)
    return Graph(
        id=draw(words),
        name=draw(words),
        version=draw(st.integers(1, 2**31 - 1)),
        description=draw(texts),
        instructions=draw(st.none() | words),
        schedule_cron=draw(st.none() | words),
        forked_from=draw(st.none() | st.builds(Origin, words, st.integers(1, 100))),
        nodes=tuple(placed),
        links=tuple(draw(links)),
        sub_graphs=tuple(draw(st.lists(graphs(inside=False), max_size=2))) if inside else (),
        policy=draw(policies),
    )
