"""The per-pin FIFO join, line by line of its law."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from autograph.engine.join import Join


def join(*, linked: str, static: str = "") -> Join:
    return Join(frozenset(linked), frozenset(static))


def arrivals(target: Join, static: str, *values: str) -> list[dict[str, str]]:
    """Let values such as `a1` (the value a1 on pin a) arrive; return the sets they completed."""
    return [
        complete
        for value in values
        for complete in target.arrive(value[0], value, static=value[0] in static)
    ]


class TestPlainPins:
    def test_the_nth_value_on_one_pin_meets_the_nth_on_another(self) -> None:
        found = arrivals(join(linked="ab"), "", "a1", "a2", "b1", "a3", "b2", "b3")

        assert found == [{"a": "a1", "b": "b1"}, {"a": "a2", "b": "b2"}, {"a": "a3", "b": "b3"}]

    def test_a_set_waits_until_every_linked_pin_has_a_value(self) -> None:
        target = join(linked="abc")

        assert arrivals(target, "", "a1", "b1") == []
        assert arrivals(target, "", "c1") == [{"a": "a1", "b": "b1", "c": "c1"}]

    def test_one_linked_pin_completes_at_once(self) -> None:
        assert arrivals(join(linked="a"), "", "a1", "a2") == [{"a": "a1"}, {"a": "a2"}]


class TestStaticPins:
    def test_the_last_value_fills_every_later_set(self) -> None:
        found = arrivals(join(linked="ab", static="a"), "a", "a1", "b1", "b2", "b3")

        assert found == [{"a": "a1", "b": "b1"}, {"a": "a1", "b": "b2"}, {"a": "a1", "b": "b3"}]

    def test_the_first_value_completes_all_waiting_sets(self) -> None:
        found = arrivals(join(linked="ab", static="a"), "a", "b1", "b2", "a1")

        assert found == [{"b": "b1", "a": "a1"}, {"b": "b2", "a": "a1"}]

    def test_a_later_value_opens_a_set_of_its_own(self) -> None:
        found = arrivals(join(linked="ab", static="a"), "a", "a1", "b1", "a2", "b2", "b3")

        assert found == [{"a": "a1", "b": "b1"}, {"a": "a2", "b": "b2"}, {"a": "a2", "b": "b3"}]

    def test_several_values_before_the_others_make_several_sets(self) -> None:
        found = arrivals(join(linked="ab", static="a"), "a", "a1", "a2", "b1", "b2", "b3")

        assert found == [{"a": "a1", "b": "b1"}, {"a": "a2", "b": "b2"}, {"a": "a2", "b": "b3"}]

    def test_a_node_with_static_pins_only_runs_for_every_new_value(self) -> None:
        found = arrivals(join(linked="ab", static="ab"), "ab", "a1", "b1", "a2")

        assert found == [{"a": "a1", "b": "b1"}, {"a": "a2", "b": "b1"}]


class TestStarved:
    def test_a_set_that_lacks_a_pin_is_told_with_what_it_has(self) -> None:
        target = join(linked="ab")
        arrivals(target, "", "a1", "a2")

        assert target.starved(frozenset()) == {(("a",), ("b",)): 2}

    def test_a_branch_that_was_not_taken_is_no_starvation(self) -> None:
        target = join(linked="ab", static="a")
        arrivals(target, "a", "a1")

        assert target.starved(frozenset("a")) == {}

    def test_a_static_value_that_never_came_is_starvation(self) -> None:
        target = join(linked="ab", static="ab")
        arrivals(target, "ab", "a1")

        assert target.starved(frozenset("ab")) == {(("a",), ("b",)): 1}


@given(st.lists(st.sampled_from("abc"), max_size=60))
def test_no_value_is_lost_or_used_twice(pins: list[str]) -> None:
    target = join(linked="abc")
    counts = dict.fromkeys("abc", 0)
    complete: list[dict[str, str]] = []
    for pin in pins:
        counts[pin] += 1
        complete += target.arrive(pin, f"{pin}{counts[pin]}", static=False)

    assert complete == [
        {pin: f"{pin}{number}" for pin in "abc"} for number in range(1, min(counts.values()) + 1)
    ]
    waiting = sum(len(has) * sets for (has, _), sets in target.starved(frozenset()).items())
    assert waiting + 3 * len(complete) == len(pins)
