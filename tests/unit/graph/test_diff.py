from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograph.graph.content import content_hash
from autograph.graph.diff import Change, diff
from autograph.graph.model import Graph, OnError, Policy, Position
from tests.unit.graph.making import (
    CALCULATOR,
    INPUT,
    MAILER,
    OUTPUT,
    SPECS,
    graph,
    graphs,
    link,
    node,
    values,
)

INSIDE = graph([node("s", INPUT, name="S")], id="g-2")
OLD = graph(
    [node("a", INPUT, name="A"), node("b", CALCULATOR, b=3, operation="Add")],
    ["a.result -> b.a"],
    sub_graphs=(INSIDE,),
)
A, B = OLD.nodes


class TestDiff:
    def test_of_a_graph_and_itself_is_empty(self) -> None:
        found = diff(OLD, OLD)

        assert found.is_empty
        assert not found.touches_anything

    def test_names_nodes_that_came_and_went(self) -> None:
        new = replace(OLD, nodes=(A, node("c", OUTPUT, name="C")), links=())

        found = diff(OLD, new)

        assert (found.added, found.removed) == (("c",), ("b",))
        assert found.links_removed == OLD.links
        assert not found.is_empty

    def test_tells_each_constant_and_field_that_changed(self) -> None:
        changed = replace(
            B,
            constants={"b": 4, "a": 1},
            name="Sum up",
            policy=Policy(on_error=OnError.IGNORE),
            metadata={"colour": "red"},
            credentials_optional=True,
            block_id=OUTPUT,
        )

        found = diff(OLD, replace(OLD, nodes=(A, changed)))

        assert found.changed == {
            "b": {
                "b": Change(3, 4),
                "operation": Change("Add", None),
                "a": Change(None, 1),
                "@block_id": Change(CALCULATOR, OUTPUT),
                "@name": Change(None, "Sum up"),
                "@policy": Change(Policy(), Policy(on_error=OnError.IGNORE)),
                "@credentials_optional": Change(False, True),
                "@metadata": Change({}, {"colour": "red"}),
            }
        }

    @pytest.mark.parametrize(
        ("before", "after"),
        [(1, True), (0, False), ({"on": 1}, {"on": True}), ([0], [False]), ("1", 1), (None, 0)],
    )
    def test_tells_a_switch_from_a_number(self, before: Any, after: Any) -> None:
        old, new = (graph([node("a", INPUT, value=one)]) for one in (before, after))

        assert diff(old, new).changed == {"a": {"value": Change(before, after)}}

    def test_three_and_three_point_nought_are_one_number(self) -> None:
        old, new = (graph([node("a", INPUT, value=one)]) for one in (3, 3.0))

        assert diff(old, new).is_empty

    def test_a_node_that_only_moved_means_the_same(self) -> None:
        found = diff(OLD, replace(OLD, nodes=(replace(A, position=Position(1, 2)), B)))

        assert found.moved == ("a",)
        assert found.is_empty
        assert found.touches_anything

    def test_counts_links_that_stand_twice(self) -> None:
        found = diff(OLD, replace(OLD, links=OLD.links * 3))

        assert found.links_added == OLD.links * 2
        assert found.links_removed == ()

    def test_a_link_that_became_static_is_another_link(self) -> None:
        static = link("a.result -> b.a", static=True)

        found = diff(OLD, replace(OLD, links=(static,)))

        assert (found.links_added, found.links_removed) == ((static,), OLD.links)

    def test_another_order_of_nodes_or_links_is_a_change(self) -> None:
        two = replace(OLD, links=(link("a.result -> b.a"), link("a.result -> b.b")))

        assert diff(OLD, replace(OLD, nodes=(B, A))).reordered
        assert diff(two, replace(two, links=two.links[::-1])).reordered
        assert not diff(OLD, two).reordered

    def test_names_what_changed_of_the_graph_itself(self) -> None:
        new = replace(OLD, name="New", description="Better", version=2, id="other")

        found = diff(OLD, new)

        assert found.graph == {
            "name": Change("Made for a test", "New"),
            "description": Change("", "Better"),
        }

    def test_tells_that_a_secret_changed_and_not_what_it_was(self) -> None:
        old, new = (
            graph([node("m", MAILER, pin_code=code, to=code)], sub_graphs=(INSIDE,))
            for code in ("1234", "9876")
        )

        assert diff(old, new, SPECS).changed == {
            "m": {"pin_code": Change(None, None), "to": Change("1234", "9876")}
        }
        assert diff(old, new).changed["m"]["pin_code"] == Change("1234", "9876")

    def test_looks_into_the_agents_inside(self) -> None:
        inner = replace(INSIDE, nodes=(node("s", INPUT, name="Other"),))
        extra = replace(INSIDE, id="g-3")

        found = diff(OLD, replace(OLD, sub_graphs=(inner, extra)))

        assert found.sub_graphs_added == ("g-3",)
        assert found.sub_graphs["g-2"].changed == {"s": {"name": Change("S", "Other")}}
        assert not found.is_empty
        assert diff(OLD, replace(OLD, sub_graphs=())).sub_graphs_removed == ("g-2",)

    @settings(max_examples=30)
    @given(graphs(inside=False), graphs(inside=False))
    def test_never_raises_and_turns_round(self, old: Graph, new: Graph) -> None:
        there, back = diff(old, new), diff(new, old)

        assert set(there.added) == set(back.removed)
        assert sorted(map(repr, there.links_added)) == sorted(map(repr, back.links_removed))
        assert there.changed.keys() == back.changed.keys()
        assert there.is_empty == back.is_empty

    @settings(max_examples=50)
    @given(graphs(), st.data())
    def test_is_empty_just_when_the_content_is_equal(self, old: Graph, data: st.DataObject) -> None:
        new = replace(old, id="other", version=old.version + 1)
        if old.nodes:
            number = data.draw(st.integers(0, len(old.nodes) - 1))
            placed = old.nodes[number]
            # A constant of null is none to a diff, and all there is to the hash.
            constants = {
                **placed.constants,
                "a": data.draw(values.filter(lambda one: one is not None)),
            }
            edited = replace(placed, constants=constants, position=Position(1, 1))
            new = replace(new, nodes=(*old.nodes[:number], edited, *old.nodes[number + 1 :]))

        assert diff(old, new).is_empty is (content_hash(old) == content_hash(new))
