"""Dictionaries: made, changed, looked into."""

from __future__ import annotations

from typing import Any

import pytest

from autograph.blocks.builtin.data.dictionaries import (
    AddToDictionary,
    CreateDictionary,
    DictionaryIsEmpty,
    FindInDictionary,
    RemoveFromDictionary,
    ReplaceDictionaryValue,
)
from autograph.blocks.sdk import Block, BlockError
from autograph.blocks.sdk.testing import run_block


@pytest.mark.parametrize(
    ("block", "given", "expected"),
    [
        (AddToDictionary, {}, [("updated_dictionary", {})]),
        (AddToDictionary, {"key": "a", "value": 0}, [("updated_dictionary", {"a": 0})]),
        (AddToDictionary, {"key": "a"}, [("updated_dictionary", {})]),
        (AddToDictionary, {"value": 1}, [("updated_dictionary", {})]),
        (
            AddToDictionary,
            {"dictionary": {"a": 1}, "entries": {"a": 2, "b": None}},
            [("updated_dictionary", {"a": 2, "b": None})],
        ),
        (
            RemoveFromDictionary,
            {"dictionary": {"1": "x", "a": "y"}, "key": 1, "return_value": True},
            [("updated_dictionary", {"a": "y"}), ("removed_value", "x")],
        ),
        (
            RemoveFromDictionary,
            {"dictionary": {"a": None}, "key": "a", "return_value": True},
            [("updated_dictionary", {}), ("removed_value", None)],
        ),
        (
            ReplaceDictionaryValue,
            {"dictionary": {"a": [1]}, "key": "a", "value": {}},
            [("updated_dictionary", {"a": {}}), ("old_value", [1])],
        ),
        (CreateDictionary, {"values": {}}, [("dictionary", {})]),
        (CreateDictionary, {"values": {"a": {"b": 1}}}, [("dictionary", {"a": {"b": 1}})]),
        (DictionaryIsEmpty, {"dictionary": {}}, [("is_empty", True)]),
        (DictionaryIsEmpty, {"dictionary": {"a": None}}, [("is_empty", False)]),
    ],
)
async def test_changes(
    block: type[Block[Any]], given: dict[str, Any], expected: list[tuple[str, Any]]
) -> None:
    assert await run_block(block, given) == expected


class TestFindInDictionary:
    @pytest.mark.parametrize(
        ("place", "key", "found"),
        [
            ({"a": None}, "a", None),
            ({"a": 0}, "a", 0),
            ('{"a": {"b": 1}}', "a", {"b": 1}),
            ("[5, 6]", 1, 6),
            ([{"a": 1}, 7, {"a": 2}], "a", [1, 2]),
            ([{"a": 1}], "b", []),
            ([[1], [2]], 0, [1]),
        ],
    )
    async def test_gives_out_what_stands_there(self, place: Any, key: Any, found: Any) -> None:
        outputs = await run_block(FindInDictionary, {"input": place, "key": key})

        assert outputs == [("output", found)]

    @pytest.mark.parametrize(
        ("place", "key", "shown"),
        [
            ({}, "a", {}),
            ([1], 1, [1]),
            ([1], -1, [1]),
            ("no JSON", "a", "no JSON"),
            ("5", "a", 5),
            ({"a": {"b": 1}}, "a.b", {"a": {"b": 1}}),
            (7, 0, 7),
        ],
    )
    async def test_goes_the_other_way_when_there_is_nothing(
        self, place: Any, key: Any, shown: Any
    ) -> None:
        outputs = await run_block(FindInDictionary, {"input": place, "key": key})

        assert outputs == [("missing", shown)]


@pytest.mark.parametrize("block", [RemoveFromDictionary, ReplaceDictionaryValue])
async def test_a_key_that_is_not_there_is_named(block: type[Block[Any]]) -> None:
    with pytest.raises(BlockError, match="no key 'nope'"):
        await run_block(block, {"dictionary": {"a": 1}, "key": "nope", "value": 2})
