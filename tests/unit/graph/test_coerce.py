from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph.graph.coerce import (
    CoercionError,
    can_ever_fit,
    compile_coercer,
    fits_as_is,
    show,
    types_of,
)
from tests.unit.graph.making import values

TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")
simple_schemas = st.sampled_from([{"type": one} for one in TYPES])
schemas: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.just({})
    | simple_schemas
    | st.just({"type": ["string", "integer"]})
    | st.lists(st.integers(0, 3) | st.text("ab", max_size=2), min_size=1, max_size=3).map(
        lambda choices: {"enum": choices}
    ),
    lambda inner: (
        inner.map(lambda one: {"type": "array", "items": one})
        | st.lists(inner, min_size=1, max_size=3).map(lambda some: {"anyOf": some})
        | inner.map(lambda one: {"type": "object", "additionalProperties": one})
        | inner.map(lambda one: {"type": "object", "properties": {"a": one}})
    ),
    max_leaves=4,
)


def coerce(schema: dict[str, Any], value: Any) -> Any:
    coercer = compile_coercer(schema)
    return value if coercer is None else coercer(value)


def is_of(value: Any, types: frozenset[str]) -> bool:
    name = {
        type(None): "null",
        bool: "boolean",
        int: "integer",
        float: "number",
        str: "string",
        list: "array",
        dict: "object",
    }[type(value)]
    return name in types or (name == "integer" and "number" in types)


class TestCoercionKeepsMeaning:
    @pytest.mark.parametrize(
        ("schema", "value", "fitted"),
        [
            ({"type": "number"}, "3.5", 3.5),
            ({"type": "number"}, " 42 ", 42),
            ({"type": "number"}, "-1e3", -1000.0),
            ({"type": "number"}, ".5", 0.5),
            ({"type": "integer"}, 3.0, 3),
            ({"type": "integer"}, "3.0", 3),
            ({"type": "integer"}, "12345678901234567", 12345678901234567),
            ({"type": "string"}, 3, "3"),
            ({"type": "string"}, 3.5, "3.5"),
            ({"type": "string"}, True, "true"),
            ({"type": "string"}, {"a": [1, "é"]}, '{"a": [1, "é"]}'),
            ({"type": "boolean"}, "true", True),
            ({"type": "boolean"}, " FALSE ", False),
            ({"type": "object"}, '{"a": 1}', {"a": 1}),
            ({"type": "array"}, "[1, 2]", [1, 2]),
            ({"type": "array"}, "one", ["one"]),
            ({"type": "array"}, {"a": 1}, [{"a": 1}]),
            ({"type": "array"}, "[not json", ["[not json"]),
            ({"type": "array", "items": {"type": "number"}}, ["1", 2], [1, 2]),
            ({"type": "array", "items": {"type": "number"}}, "7", [7]),
            ({"type": "object", "properties": {"n": {"type": "integer"}}}, {"n": "4"}, {"n": 4}),
            ({"type": "object", "additionalProperties": {"type": "string"}}, {"n": 4}, {"n": "4"}),
            ({"enum": ["Add", "Divide"]}, "Add", "Add"),
            ({"enum": [1, 2]}, "2", 2),
            ({"enum": [1, 2]}, 2.0, 2),
            ({"enum": [1.0]}, 1, 1.0),
            ({"const": "x"}, "x", "x"),
            ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, 5, 5),
            ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "5", 5),
            ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, None, None),
            ({"anyOf": [{"type": "number"}, {"type": "string"}]}, 5, 5),
            ({"anyOf": [{"type": "object"}, {"type": "null"}]}, '{"a": 1}', {"a": 1}),
            ({"type": ["integer", "null"]}, "5", 5),
            ({}, {"any": ["thing"]}, {"any": ["thing"]}),
        ],
    )
    def test_makes_a_value_fit(self, schema: dict[str, Any], value: Any, fitted: Any) -> None:
        found = coerce(schema, value)

        assert found == fitted
        assert type(found) is type(fitted)

    @pytest.mark.parametrize(
        ("schema", "value", "expected"),
        [
            ({"type": "number"}, "abc", "a number"),
            ({"type": "number"}, "", "a number"),
            ({"type": "number"}, "nan", "a number"),
            ({"type": "number"}, "1e999", "a number"),
            ({"type": "number"}, "1" * 5000, "a number"),
            ({"type": "number"}, True, "a number"),
            ({"type": "number"}, [1], "a number"),
            ({"type": "integer"}, 3.5, "a whole number"),
            ({"type": "integer"}, "3.5", "a whole number"),
            ({"type": "integer"}, False, "a whole number"),
            ({"type": "boolean"}, "yes", "true or false"),
            ({"type": "boolean"}, 1, "true or false"),
            ({"type": "object"}, "text", "an object"),
            ({"type": "object"}, "[1]", "an object"),
            ({"type": "object"}, '{"a": NaN}', "an object"),
            ({"type": "object"}, '{"a": 1e999}', "an object"),
            ({"type": "object"}, "[" * 100_000, "an object"),
            ({"type": "object"}, [1], "an object"),
            ({"type": "array", "items": {"type": "number"}}, ["x"], "a number"),
            ({"enum": ["Add", "Divide"]}, "add", 'one of "Add", "Divide"'),
            ({"enum": [1]}, True, "one of 1"),
            ({"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]}, "c", 'one of "a", "b"'),
            (
                {"anyOf": [{"type": "number"}, {"type": "boolean"}]},
                "yes",
                "true or false or a number",
            ),
            ({"type": "null"}, 1, "nothing"),
        ],
    )
    def test_never_invents_a_value(self, schema: dict[str, Any], value: Any, expected: str) -> None:
        with pytest.raises(CoercionError) as raised:
            coerce(schema, value)

        assert raised.value.expected == expected
        assert len(str(raised.value)) < 250

    @given(schemas, values)
    def test_what_fits_stays_when_it_is_coerced_again(
        self, schema: dict[str, Any], value: Any
    ) -> None:
        try:
            once = coerce(schema, value)
        except CoercionError:
            return

        assert coerce(schema, once) == once

    @given(simple_schemas, values)
    def test_what_comes_out_is_of_the_type(self, schema: dict[str, Any], value: Any) -> None:
        try:
            found = coerce(schema, value)
        except CoercionError:
            return

        assert is_of(found, types_of(schema))

    @given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
    def test_a_number_survives_the_way_through_text(self, number: float) -> None:
        if len(str(number)) <= 400:
            assert coerce({"type": "number"}, coerce({"type": "string"}, number)) == number


class TestWhetherTypesFit:
    @given(schemas, schemas, values)
    def test_a_link_called_impossible_never_carries_a_value(
        self, source: dict[str, Any], sink: dict[str, Any], value: Any
    ) -> None:
        if can_ever_fit(source, sink) or value is None or not is_of(value, types_of(source)):
            return

        with pytest.raises(CoercionError):
            coerce(sink, value)

    @pytest.mark.parametrize(
        ("source", "sink"),
        [
            ("boolean", "number"),
            ("boolean", "object"),
            ("number", "boolean"),
            ("array", "number"),
            ("array", "object"),
            ("object", "boolean"),
        ],
    )
    def test_knows_what_can_never_fit(self, source: str, sink: str) -> None:
        assert not can_ever_fit({"type": source}, {"type": sink})

    @pytest.mark.parametrize("sink", ["string", "array"])
    @pytest.mark.parametrize("source", TYPES)
    def test_text_and_lists_take_everything(self, source: str, sink: str) -> None:
        assert can_ever_fit({"type": source}, {"type": sink})

    @given(schemas)
    def test_any_takes_and_gives_everything(self, schema: dict[str, Any]) -> None:
        assert can_ever_fit(schema, {})
        assert fits_as_is(schema, {})
        assert can_ever_fit({}, schema)

    def test_a_whole_number_is_a_number_and_not_the_other_way_round(self) -> None:
        assert fits_as_is({"type": "integer"}, {"type": "number"})
        assert not fits_as_is({"type": "number"}, {"type": "integer"})


class TestShow:
    def test_shortens_what_is_long(self) -> None:
        assert show("x" * 500) == '"' + "x" * 118 + "…"

    def test_shows_text_as_it_is_written(self) -> None:
        assert show({"name": "Zoë"}) == '{"name": "Zoë"}'
