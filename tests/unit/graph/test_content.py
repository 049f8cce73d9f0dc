from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograph.graph.content import canonical_text, content_hash
from autograph.graph.model import Graph, Node, OnError, Origin, Policy, Position
from autograph.graph.portable import read_agent, write_agent
from tests.unit.graph.making import CALCULATOR, INPUT, graph, graphs, link, load, node, values

BASE = graph(
    [node("a", INPUT, name="A"), node("b", CALCULATOR, b=3)],
    ["a.result -> b.a"],
    sub_graphs=(graph([node("s", INPUT, name="S")], id="g-2"),),
)
FIRST, SECOND = BASE.nodes
(INSIDE,) = BASE.sub_graphs


def first(**changes: Any) -> Graph:
    return replace(BASE, nodes=(replace(FIRST, **changes), SECOND))


class TestWhatCounts:
    @pytest.mark.parametrize(
        "other",
        [
            replace(BASE, name="Other"),
            replace(BASE, description="Other"),
            replace(BASE, instructions="Other"),
            replace(BASE, schedule_cron="0 0 * * *"),
            replace(BASE, policy=Policy(on_error=OnError.IGNORE)),
            replace(BASE, nodes=(SECOND, FIRST)),
            replace(BASE, nodes=(FIRST,)),
            replace(BASE, links=()),
            replace(BASE, links=(link("a.result -> b.a", static=True),)),
            replace(BASE, links=(link("a.result -> b.b"),)),
            replace(BASE, sub_graphs=()),
            replace(BASE, sub_graphs=(replace(INSIDE, name="Other"),)),
            first(id="c"),
            first(block_id="other"),
            first(name="Other"),
            first(constants={"name": "B"}),
            first(constants={"name": "A", "api_key": "x"}),
            first(credentials_optional=True),
            first(metadata={"colour": "red"}),
            first(policy=Policy(on_error=OnError.IGNORE)),
        ],
    )
    def test_another_meaning_has_another_hash(self, other: Graph) -> None:
        assert content_hash(other) != content_hash(BASE)


class TestWhatDoesNotCount:
    @pytest.mark.parametrize(
        "other",
        [
            replace(BASE, id="other"),
            replace(BASE, version=9),
            replace(BASE, forked_from=Origin("other", 1)),
            first(position=Position(5, 5)),
            replace(
                BASE,
                sub_graphs=(
                    replace(
                        INSIDE,
                        forked_from=Origin("other", 1),
                        nodes=(replace(INSIDE.nodes[0], position=Position(1, 1)),),
                    ),
                ),
            ),
            replace(BASE, nodes=(FIRST, node("b", CALCULATOR, b=3.0))),
        ],
    )
    def test_the_same_meaning_has_the_same_hash(self, other: Graph) -> None:
        assert content_hash(other) == content_hash(BASE)

    def test_the_order_of_constants(self) -> None:
        one = graph([Node("a", INPUT, {"name": "A", "value": {"x": 1, "y": 2}})])
        two = graph([Node("a", INPUT, {"value": {"y": 2, "x": 1}, "name": "A"})])

        assert content_hash(one) == content_hash(two)


class TestIsStable:
    def test_over_versions_of_this_program(self) -> None:
        # Stored with every saved graph: a change of this number needs a migration.
        assert content_hash(read_agent(load("ours.json"))) == (
            "2a40248fbd684eb8f0255086de6bceb736639252b2578d96d9b4259ca30376d7"
        )

    @settings(max_examples=40)
    @given(graphs())
    def test_over_writing_and_reading(self, made: Graph) -> None:
        assert content_hash(read_agent(write_agent(made))) == content_hash(made)


class TestCanonicalText:
    def test_true_is_not_one_and_null_is_not_false(self) -> None:
        texts = [canonical_text(one) for one in (True, 1, "1", None, False, 0, "", [], {})]

        assert len(set(texts)) == len(texts)

    @given(values)
    def test_says_what_the_value_says(self, value: Any) -> None:
        assert json.loads(canonical_text(value)) == value

    @given(values, st.randoms(use_true_random=False))
    def test_does_not_depend_on_the_order_of_keys(self, value: Any, random: Any) -> None:
        def shuffled(one: Any) -> Any:
            if isinstance(one, dict):
                items = list(one.items())
                random.shuffle(items)
                return {key: shuffled(inner) for key, inner in items}
            return [shuffled(inner) for inner in one] if isinstance(one, list) else one

        assert canonical_text(shuffled(value)) == canonical_text(value)
