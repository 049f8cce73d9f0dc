from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph.graph.pins import MAX_INDEX, NOTHING, build, parse, select
from tests.unit.graph.making import texts, values

paths = st.lists(
    st.integers(0, 5) | st.text("abcd", min_size=1, max_size=3), min_size=1, max_size=4
).map(tuple)


def name_of(base: str, path: tuple[str | int, ...]) -> str:
    return base + "".join(f"_$_{one}" if isinstance(one, int) else f"_#_{one}" for one in path)


class TestParse:
    @pytest.mark.parametrize(
        ("name", "base", "path"),
        [
            ("result", "result", ()),
            ("values_#_who", "values", ("who",)),
            ("items_$_0", "items", (0,)),
            ("reply_@_text", "reply", ("text",)),
            ("rows_$_2_#_cells_$_10_@_text", "rows", (2, "cells", 10, "text")),
            ("values_#_two words", "values", ("two words",)),
            ("tools_^_node_~_pin", "tools_^_node_~_pin", ()),
            ("items_$_0007", "items", (7,)),
        ],
    )
    def test_takes_a_name_apart(self, name: str, base: str, path: tuple[str | int, ...]) -> None:
        found = parse(name)

        assert (found.base, found.path, found.broken) == (base, path, None)

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("_#_who", "no pin before"),
            ("values_#_", "nothing follows '_#_'"),
            ("values_#__#_a", "nothing follows"),
            ("items_$_", "nothing follows '_$_'"),
            ("items_$_first", "whole number from 0, not 'first'"),
            ("items_$_-1", "not '-1'"),
            ("items_$_1.5", "not '1.5'"),
            ("items_$_٣", "whole number"),
            ("items_$_1001", "1001 is over 1000"),
            ("items_$_" + "9" * 10_000, "is over 1000"),
        ],
    )
    def test_says_what_is_broken_and_keeps_the_whole_name(self, name: str, why: str) -> None:
        found = parse(name)

        assert found.broken is not None
        assert why in found.broken
        assert len(found.broken) < 100
        assert (found.base, found.path) == (name, ())

    def test_takes_the_largest_index(self) -> None:
        assert parse(f"items_$_{MAX_INDEX}").path == (MAX_INDEX,)

    @given(st.text(min_size=1))
    def test_never_raises(self, name: str) -> None:
        assert parse(name).base

    @given(paths)
    def test_gives_back_what_a_name_was_made_of(self, path: tuple[str | int, ...]) -> None:
        assert parse(name_of("pin", path)).path == path


class TestSelect:
    @pytest.mark.parametrize(
        ("value", "path", "found"),
        [
            ({"who": "Ann"}, ("who",), "Ann"),
            ({"who": None}, ("who",), None),
            ([1, 2, 3], (2,), 3),
            ([{"a": [5]}], (0, "a", 0), 5),
            ({"who": "Ann"}, (), {"who": "Ann"}),
        ],
    )
    def test_follows_the_path(
        self, value: object, path: tuple[str | int, ...], found: object
    ) -> None:
        assert select(value, path) == found

    @pytest.mark.parametrize(
        ("value", "path"),
        [
            ({"who": "Ann"}, ("where",)),
            ([1], (1,)),
            ("text", (0,)),
            ("text", ("length",)),
            (None, ("who",)),
            ({"0": "zero"}, (0,)),
            ([["a"]], ("0",)),
        ],
    )
    def test_tells_nothing_from_null(self, value: object, path: tuple[str | int, ...]) -> None:
        assert select(value, path) is NOTHING

    @given(values, paths)
    def test_never_raises(self, value: object, path: tuple[str | int, ...]) -> None:
        found = select(value, path)

        assert found is NOTHING or isinstance(
            found, (type(None), bool, int, float, str, list, dict)
        )


class TestBuild:
    def test_lays_linked_values_over_constants(self) -> None:
        assert build({"a": 1}, {"a": 0, "b": 2}) == {"a": 1, "b": 2}

    def test_puts_parts_into_a_copy_of_the_constant(self) -> None:
        typed = {"values": {"greeting": "Hi"}}

        assert build({"values_#_who": "Ann"}, typed) == {"values": {"greeting": "Hi", "who": "Ann"}}
        assert typed == {"values": {"greeting": "Hi"}}

    def test_pads_a_list_with_null(self) -> None:
        assert build({"items_$_2": "c", "items_$_0": "a"}, {}) == {"items": ["a", None, "c"]}

    def test_builds_what_is_chained(self) -> None:
        assert build({"rows_$_1_#_name": "x"}, {}) == {"rows": [None, {"name": "x"}]}

    @pytest.mark.parametrize("is_constant", [True, False])
    def test_puts_a_part_into_its_plain_pin_whatever_the_order_of_keys(
        self, is_constant: bool
    ) -> None:
        given_values = {"values_#_a": 1, "values": {"b": 2}}
        turned = {"values": {"b": 2}, "values_#_a": 1}
        expected = {"values": {"a": 1, "b": 2}}

        assert build(*(({}, given_values) if is_constant else (given_values, {}))) == expected
        assert build(*(({}, turned) if is_constant else (turned, {}))) == expected

    def test_a_part_replaces_what_has_another_shape(self) -> None:
        assert build({"values_#_a": 1}, {"values": "text"}) == {"values": {"a": 1}}

    def test_keeps_a_broken_name_as_a_plain_pin(self) -> None:
        assert build({"items_$_first": 1}, {}) == {"items_$_first": 1}

    @given(values, paths)
    def test_a_selector_finds_what_was_built(
        self, value: object, path: tuple[str | int, ...]
    ) -> None:
        built = build({name_of("pin", path): value}, {})

        assert select(built["pin"], path) == value

    @given(st.dictionaries(texts.filter(lambda name: "_" not in name), values))
    def test_plain_pins_stay_as_they_are(self, given_values: dict[str, object]) -> None:
        assert build(given_values, {}) == given_values
