"""Lists: made, changed, joined, compared."""

from __future__ import annotations

from typing import Any

import pytest

from autograph.blocks.builtin.data.combine import (
    ConcatenateLists,
    FlattenList,
    InterleaveLists,
    ListDifference,
    ListIntersection,
    ZipLists,
)
from autograph.blocks.builtin.data.dictionaries import FindInList
from autograph.blocks.builtin.data.lists import (
    AddToList,
    CreateList,
    GetListItem,
    ListIsEmpty,
    RemoveFromList,
    ReplaceListItem,
    ReverseListOrder,
)
from autograph.blocks.sdk import Block, BlockError
from autograph.blocks.sdk.testing import run_block

Outputs = list[tuple[str, Any]]


@pytest.mark.parametrize(
    ("block", "given", "expected"),
    [
        (AddToList, {}, [("updated_list", [])]),
        (AddToList, {"list": [1], "entry": 2, "position": 0}, [("updated_list", [2, 1])]),
        (AddToList, {"list": [1, 2], "entry": 9, "position": -1}, [("updated_list", [1, 9, 2])]),
        (AddToList, {"list": [1], "entries": [2], "entry": 3}, [("updated_list", [1, 2, 3])]),
        (AddToList, {"list": [1], "entry": 0}, [("updated_list", [1, 0])]),
        (AddToList, {"list": [1], "entry": []}, [("updated_list", [1, []])]),
        (RemoveFromList, {"list": [[1], 2], "value": [1]}, [("updated_list", [2])]),
        (RemoveFromList, {"list": ["a", "b"], "index": 1}, [("updated_list", ["a"])]),
        (
            RemoveFromList,
            {"list": ["a", "b"], "value": "a", "return_item": True},
            [("updated_list", ["b"]), ("removed_item", "a")],
        ),
        (
            ReplaceListItem,
            {"list": ["a", "b"], "index": -2, "value": "c"},
            [("updated_list", ["c", "b"]), ("old_item", "a")],
        ),
        (GetListItem, {"list": [[1], 2], "index": 0}, [("item", [1])]),
        (ListIsEmpty, {"list": [None]}, [("is_empty", False)]),
        (ReverseListOrder, {"input_list": []}, [("reversed_list", [])]),
        (ReverseListOrder, {"input_list": [1, "a", [2]]}, [("reversed_list", [[2], "a", 1])]),
        (FindInList, {"list": [[1], [2]], "value": [2]}, [("index", 1), ("found", True)]),
        (
            FindInList,
            {"list": ["1"], "value": 1},
            [("found", False), ("not_found_value", 1)],
        ),
    ],
)
async def test_one_list(block: type[Block[Any]], given: dict[str, Any], expected: Outputs) -> None:
    assert await run_block(block, given) == expected


@pytest.mark.parametrize("index", [2, -3, 10**18, -(10**18)])
@pytest.mark.parametrize("block", [GetListItem, RemoveFromList, ReplaceListItem])
async def test_a_place_that_is_not_there_is_named(block: type[Block[Any]], index: int) -> None:
    with pytest.raises(BlockError, match=f"2 items and no place {index}"):
        await run_block(block, {"list": ["a", "b"], "index": index, "value": 0})


@pytest.mark.parametrize(
    ("block", "given", "result"),
    [
        (ConcatenateLists, {"lists": []}, []),
        (ConcatenateLists, {"lists": [[1, None], [None]]}, [1, None, None]),
        (ConcatenateLists, {"lists": [[1, None], [0, ""]], "remove_none": True}, [1, 0, ""]),
        (
            ConcatenateLists,
            {"lists": [[{"a": 1, "b": 2}], [{"b": 2, "a": 1}, {"a": 1}]], "deduplicate": True},
            [{"a": 1, "b": 2}, {"a": 1}],
        ),
        (ConcatenateLists, {"lists": [["1", 1], [[1], [1]]], "deduplicate": True}, ["1", 1, [1]]),
        (FlattenList, {"nested_list": [[], [[]], 1]}, [1]),
        (FlattenList, {"nested_list": [1, [2]], "max_depth": 0}, [1, [2]]),
        (FlattenList, {"nested_list": [{"a": [1]}, ["b"]]}, [{"a": [1]}, "b"]),
        (InterleaveLists, {"lists": [[1, 4, 6], [2, 5], [3]]}, [1, 2, 3, 4, 5, 6]),
        (InterleaveLists, {"lists": [[], [1], []]}, [1]),
        (InterleaveLists, {"lists": []}, []),
        (ZipLists, {"lists": [[1, 2]]}, [[1], [2]]),
        (ZipLists, {"lists": [[1, 2], []]}, []),
        (ZipLists, {"lists": [[1, 2], []], "pad_to_longest": True}, [[1, None], [2, None]]),
        (ListDifference, {"list_a": [1, 2, 3], "list_b": []}, [1, 2, 3]),
        (ListDifference, {"list_a": [[1], [2]], "list_b": [[2.0]]}, [[1]]),
        (
            ListDifference,
            {"list_a": ["a"], "list_b": ["a", "b", "b"], "symmetric": True},
            ["b", "b"],
        ),
        (ListIntersection, {"list_a": [3, 1, 3, 2], "list_b": [1, 3]}, [3, 1]),
        (ListIntersection, {"list_a": [{"a": [1]}], "list_b": [{"a": [1]}]}, [{"a": [1]}]),
        (ListIntersection, {"list_a": [1], "list_b": []}, []),
    ],
)
async def test_several_lists(
    block: type[Block[Any]], given: dict[str, Any], result: list[Any]
) -> None:
    outputs = await run_block(block, given)

    assert outputs[0][1] == result
    assert outputs[1] == ("length", len(result))


class TestFlattenList:
    @pytest.mark.parametrize(
        ("nested", "depth"), [([], 1), ([1], 1), ([[]], 2), ([1, [2], [[3]]], 3)]
    )
    async def test_tells_how_deep_the_list_was(self, nested: list[Any], depth: int) -> None:
        outputs = await run_block(FlattenList, {"nested_list": nested})

        assert outputs[-1] == ("original_depth", depth)


class TestCreateList:
    async def test_cuts_by_number_of_items(self) -> None:
        outputs = await run_block(CreateList, {"values": list(range(5)), "max_size": 2})

        assert outputs == [("list", [0, 1]), ("list", [2, 3]), ("list", [4])]

    async def test_counts_four_characters_as_a_token(self) -> None:
        outputs = await run_block(
            CreateList, {"values": ["aaaa", "bbbb", "ccccc"], "max_tokens": 2}
        )

        assert outputs == [("list", ["aaaa", "bbbb"]), ("list", ["ccccc"])]

    async def test_gives_an_item_that_is_too_heavy_a_list_of_its_own(self) -> None:
        outputs = await run_block(CreateList, {"values": ["a", "b" * 40, "c"], "max_tokens": 2})

        assert [value for _, value in outputs] == [["a"], ["b" * 40], ["c"]]

    async def test_minds_both_limits(self) -> None:
        outputs = await run_block(
            CreateList, {"values": ["a", "b", "c"], "max_size": 2, "max_tokens": 9}
        )

        assert [value for _, value in outputs] == [["a", "b"], ["c"]]

    @pytest.mark.parametrize("limit", ["max_size", "max_tokens"])
    async def test_refuses_a_limit_below_one(self, limit: str) -> None:
        with pytest.raises(BlockError, match=limit):
            await run_block(CreateList, {"values": [1], limit: 0})


class TestRemoveFromList:
    async def test_fails_when_the_item_is_not_there(self) -> None:
        with pytest.raises(BlockError, match="no item 'z'"):
            await run_block(RemoveFromList, {"list": ["a"], "value": "z"})


@pytest.mark.parametrize(
    ("block", "given"),
    [
        (AddToList, {"list": [1], "entry": 2}),
        (RemoveFromList, {"list": [1, 2], "index": 0}),
        (ReplaceListItem, {"list": [1, 2], "index": 0, "value": 3}),
        (CreateList, {"values": [1, 2]}),
    ],
)
async def test_the_list_given_is_left_as_it_was(
    block: type[Block[Any]], given: dict[str, Any]
) -> None:
    prepared = block.prepare(given)
    before = prepared.model_dump_json()

    _ = [one async for one in block().run(prepared, None)]  # type: ignore[arg-type]

    assert prepared.model_dump_json() == before
