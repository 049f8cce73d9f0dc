from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from autograph.graph.traverse import cycles, reachable, successors
from tests.unit.graph.making import INPUT, graph, node

small = st.dictionaries(
    st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=4), max_size=6
).map(lambda found: {**{one: [] for one in "abcdef"}, **found})


class TestSuccessors:
    def test_leaves_out_links_to_nowhere(self) -> None:
        made = graph(
            [node("a", INPUT), node("b", INPUT)],
            ["a.x -> b.y", "a.x -> gone.y", "gone.x -> b.y", "b.x -> b.y"],
        )

        assert successors(made) == {"a": ["b"], "b": ["b"]}


class TestReachable:
    def test_takes_the_starts_along(self) -> None:
        assert reachable(["a"], {"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) == {"a", "b", "c"}

    @given(small)
    def test_is_closed(self, follows: dict[str, list[str]]) -> None:
        seen = reachable("a", follows)

        assert "a" in seen
        assert all(one in seen for node_id in seen for one in follows[node_id])


class TestCycles:
    def test_finds_groups_and_nodes_that_link_to_themselves(self) -> None:
        follows = {"a": ["b"], "b": ["c"], "c": ["b", "d"], "d": ["d"], "e": ["a"]}

        assert sorted(sorted(one) for one in cycles(follows)) == [["b", "c"], ["d"]]

    @given(small)
    def test_two_nodes_are_in_one_group_when_each_reaches_the_other(
        self, follows: dict[str, list[str]]
    ) -> None:
        reach = {one: reachable(follows[one], follows) for one in follows}
        expected = {
            frozenset(other for other in reach[one] if one in reach[other])
            for one in follows
            if one in reach[one]
        }

        assert {frozenset(group) for group in cycles(follows)} == expected
        assert sum(map(len, cycles(follows))) == sum(map(len, expected))

    def test_a_ring_of_ten_thousand_needs_no_recursion(self) -> None:
        ring = {str(one): [str((one + 1) % 10_000)] for one in range(10_000)}

        (group,) = cycles(ring)

        assert len(group) == 10_000

    def test_looks_at_every_link_once(self) -> None:
        looked: list[str] = []

        class Counted(Sequence[str]):
            def __init__(self, items: list[str]) -> None:
                self._items = items

            def __len__(self) -> int:
                return len(self._items)

            def __getitem__(self, index: int | slice) -> str | list[str]:  # type: ignore[override]
                found = self._items[index]
                looked.extend(found if isinstance(found, list) else [found])
                return found

            def __iter__(self) -> Iterator[str]:
                for one in self._items:
                    looked.append(one)
                    yield one

        hub = [str(one) for one in range(2_000)]
        follows = {"hub": Counted(hub), **{one: Counted(["hub"]) for one in hub}}

        (group,) = cycles(follows)

        assert len(group) == 2_001
        assert len(looked) == 4_000
