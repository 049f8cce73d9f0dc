"""Choosing a way, counting, converting, and going through items."""

from __future__ import annotations

from typing import Any

import pytest

from autograph.blocks.builtin.basic.values import CountItems, Note, PrintToConsole, StoreValue
from autograph.blocks.builtin.data.convert import UniversalTypeConverter
from autograph.blocks.builtin.logic.conditions import Condition, IfInputMatches
from autograph.blocks.builtin.logic.steps import StepThroughItems
from autograph.blocks.sdk import BlockError, BlockKind
from autograph.blocks.sdk.testing import FakeContext, run_block


class TestCondition:
    @pytest.mark.parametrize(
        ("left", "operator", "right", "holds"),
        [
            (1, "==", 1.0, True),
            ("1", "==", 1, True),
            (" 7 ", "==", "7.0", True),
            ("a", "!=", "A", True),
            ("10", ">", "9", True),
            ("b", ">", "a", True),
            (3, "<=", 3, True),
            ([1, 2], "<", [1, 3], True),
            ({"a": 1}, "==", {"a": 1}, True),
            ("1", "==", "one", False),
            (True, "==", "true", False),
            ("1e999", "==", "2e999", False),
            (0, "==", "", False),
        ],
    )
    async def test_compares(self, left: Any, operator: str, right: Any, holds: bool) -> None:
        outputs = await run_block(
            Condition,
            {
                "value1": left,
                "operator": operator,
                "value2": right,
                "yes_value": "y",
                "no_value": "n",
            },
        )

        assert outputs == [
            ("result", holds),
            ("yes_output", "y") if holds else ("no_output", "n"),
        ]

    @pytest.mark.parametrize(
        ("left", "right"), [({"a": 1}, {"a": 2}), ("a", 1), ([1], 1), ([1], ["a"]), (True, "a")]
    )
    async def test_fails_where_there_is_no_order(self, left: Any, right: Any) -> None:
        with pytest.raises(BlockError, match="cannot be compared by <"):
            await run_block(Condition, {"value1": left, "operator": "<", "value2": right})

    async def test_gives_out_false_when_that_is_what_was_asked_for(self) -> None:
        outputs = await run_block(
            Condition, {"value1": 1, "operator": "==", "value2": 1, "yes_value": False}
        )

        assert outputs[-1] == ("yes_output", False)

    async def test_refuses_an_operator_it_does_not_know(self) -> None:
        with pytest.raises(BlockError, match="operator"):
            await run_block(Condition, {"value1": 1, "operator": "~", "value2": 1})


class TestIfInputMatches:
    @pytest.mark.parametrize(
        ("found", "expected", "matches"),
        [
            ("a", "a", True),
            ("10", 10, True),
            (10, " 10.0 ", True),
            (False, "FALSE", True),
            ([1], [1], True),
            (0, "abc", False),
            ("", 0, False),
            (False, 0, False),
            (1, True, False),
            ([1], "[1]", False),
            ("a", "A", False),
        ],
    )
    async def test_matches(self, found: Any, expected: Any, matches: bool) -> None:
        outputs = await run_block(
            IfInputMatches, {"input": found, "value": expected, "yes_value": 1, "no_value": 2}
        )

        assert outputs == [
            ("result", matches),
            ("yes_output", 1) if matches else ("no_output", 2),
        ]


class TestUniversalTypeConverter:
    @pytest.mark.parametrize(
        ("value", "wanted", "result"),
        [
            ("Ünïcode", "string", "Ünïcode"),
            ({"ü": [True, None]}, "string", '{"ü": [true, null]}'),
            (1.5, "string", "1.5"),
            (" -3e2 ", "number", -300.0),
            ("three", "number", 0.0),
            ([1, 2, 3], "number", 3.0),
            ({"a": 1}, "number", 1.0),
            (True, "number", 1.0),
            (" TRUE ", "boolean", True),
            ("yes", "boolean", False),
            (0, "boolean", False),
            ([0], "boolean", True),
            ({}, "boolean", False),
            ("[1, [2]]", "list", [1, [2]]),
            ({"a": 1}, "list", [["a", 1]]),
            ("[1", "list", ["[1"]),
            ('{"a": 1}', "dictionary", {"a": 1}),
            (5, "dictionary", {"value": 5}),
            ([], "dictionary", {}),
        ],
    )
    async def test_converts(self, value: Any, wanted: str, result: Any) -> None:
        outputs = await run_block(UniversalTypeConverter, {"value": value, "type": wanted})

        assert outputs == [("value", result)]
        assert type(outputs[0][1]) is type(result)

    async def test_needs_a_value(self) -> None:
        with pytest.raises(BlockError, match="value: this input needs a value"):
            await run_block(UniversalTypeConverter, {"value": None, "type": "list"})

    @pytest.mark.parametrize("text", ["inf", "-Infinity", "nan", "1e400"])
    async def test_makes_no_number_that_json_cannot_hold(self, text: str) -> None:
        with pytest.raises(BlockError, match="no finite number"):
            await run_block(UniversalTypeConverter, {"value": text, "type": "number"})


class TestStepThroughItems:
    async def test_gives_out_every_item_with_its_key_after_it(self) -> None:
        outputs = await run_block(StepThroughItems, {"items_object": {"a": 1, "b": None}})

        assert outputs == [("item", 1), ("key", "a"), ("item", None), ("key", "b")]

    async def test_goes_through_nothing(self) -> None:
        assert await run_block(StepThroughItems, {}) == []

    async def test_goes_through_ten_thousand_items_and_no_more(self) -> None:
        outputs = await run_block(StepThroughItems, {"items": [0] * 10_000})
        with pytest.raises(BlockError, match="10001 items; at most 10000"):
            await run_block(StepThroughItems, {"items": [0] * 9_999, "items_str": "[1, 2]"})

        assert len(outputs) == 20_000

    @pytest.mark.parametrize("text", ["{", "[1,", "nothing", "[" * 100_000])
    async def test_fails_on_text_that_is_not_json(self, text: str) -> None:
        with pytest.raises(BlockError, match="not JSON"):
            await run_block(StepThroughItems, {"items_str": text})

    @pytest.mark.parametrize("text", ["5", "true", "null"])
    async def test_fails_on_text_without_items(self, text: str) -> None:
        with pytest.raises(BlockError, match="has no items"):
            await run_block(StepThroughItems, {"items_str": text})


class TestValues:
    @pytest.mark.parametrize(
        ("collection", "count"),
        [([], 0), ({"a": 1, "b": 2}, 2), ("日本", 2), (5, -1), (True, -1), (1.5, -1)],
    )
    async def test_counts(self, collection: Any, count: int) -> None:
        assert await run_block(CountItems, {"collection": collection}) == [("count", count)]

    @pytest.mark.parametrize("typed", ["", 0, [], {}, False, None])
    async def test_an_empty_typed_value_gives_way_to_the_one_that_arrives(self, typed: Any) -> None:
        assert await run_block(StoreValue, {"input": "x", "data": typed}) == [("output", "x")]

    async def test_printing_writes_into_the_log_of_the_run(self) -> None:
        ctx = FakeContext()

        await run_block(PrintToConsole, {"text": "hello"}, ctx)

        assert ctx.lines == [("printed", {"value": "hello"})]

    def test_a_note_never_runs(self) -> None:
        assert Note.spec().kind is BlockKind.NOTE
