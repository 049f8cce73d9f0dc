"""Several lists together: joined, flattened, interleaved, compared."""

from __future__ import annotations

from itertools import chain, zip_longest
from typing import Any, Final

from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    Json,
    Outputs,
    is_list,
    is_object,
    pin,
)

Items = list[Json]
Lists = list[list[Json]]
_MAX_ITEMS: Final = 1_000_000


class _Seen:
    """Values met before, compared as Python does (1, 1.0 and true are one), lists and objects included."""

    def __init__(self, values: Items | None = None) -> None:
        self._keys: set[Any] = set()
        for value in values or ():
            self.add(value)

    def add(self, value: Json) -> bool:
        """Remember a value; tell whether it is new."""
        key = _key(value)
        if key in self._keys:
            return False
        self._keys.add(key)
        return True

    def __contains__(self, value: Json) -> bool:
        return _key(value) in self._keys


def _key(value: Json) -> Any:
    """Return something hashable that is equal for equal values.

    Raises:
        BlockError: It is nested too deeply.
    """
    try:
        if is_list(value):
            return (list, tuple(map(_key, value)))
        if is_object(value):
            return (dict, frozenset((name, _key(one)) for name, one in value.items()))
    except RecursionError as error:
        raise BlockError("An item is nested too deeply to be compared.") from error
    return value


class ConcatenateListsInput(BlockInput):
    """Lists to put one after the other."""

    lists: Lists = pin(description="The lists, in order.")
    deduplicate: bool = pin(default=False, description="Keep only the first of equal items.")
    remove_none: bool = pin(default=False, description="Leave out items that are nothing.")


class ConcatenateListsOutput(BlockOutput):
    """One list."""

    concatenated_list: Items = pin(description="All items in one list.")
    length: int = pin(description="How many there are.")


class ConcatenateLists(Block[ConcatenateListsInput]):
    """Lists, one after the other."""

    id = "3cf9298b-5817-4141-9d80-7c2cc5199c8e"
    name = "ConcatenateLists"
    description = "Puts several lists one after the other into one."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = ConcatenateListsInput
    Output = ConcatenateListsOutput
    examples = (
        Example({"lists": [[1], [2, 1]]}, [("concatenated_list", [1, 2, 1]), ("length", 3)]),
        Example(
            {"lists": [[1], [2, 1]], "deduplicate": True},
            [("concatenated_list", [1, 2]), ("length", 2)],
        ),
    )

    async def run(self, input: ConcatenateListsInput, ctx: Context) -> Outputs:
        """Yield one list."""
        items: Items = list(chain.from_iterable(input.lists))
        if input.remove_none:
            items = [item for item in items if item is not None]
        if input.deduplicate:
            seen = _Seen()
            items = [item for item in items if seen.add(item)]
        yield "concatenated_list", items
        yield "length", len(items)


class FlattenListInput(BlockInput):
    """A list with lists in it."""

    nested_list: Items = pin(description="The list.")
    max_depth: int = pin(-1, description="How many levels to open; -1 for all.")


class FlattenListOutput(BlockOutput):
    """One flat list."""

    flattened_list: Items = pin(description="The items of the lists inside, in order.")
    length: int = pin(description="How many there are.")
    original_depth: int = pin(description="How deep the lists were nested, 1 for a flat one.")


class FlattenList(Block[FlattenListInput]):
    """Open the lists in a list."""

    id = "cc45bb0f-d035-4756-96a7-fe3e36254b4d"
    name = "FlattenList"
    description = "Opens the lists inside a list, down to a level of your choice."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = FlattenListInput
    Output = FlattenListOutput
    examples = (
        Example(
            {"nested_list": [1, [2, [3]]]},
            [("flattened_list", [1, 2, 3]), ("length", 3), ("original_depth", 3)],
        ),
    )

    async def run(self, input: FlattenListInput, ctx: Context) -> Outputs:
        """Yield the flat list."""
        items = _flat(input.nested_list, input.max_depth)
        yield "flattened_list", items
        yield "length", len(items)
        yield "original_depth", _depth(input.nested_list)


def _flat(items: Items, levels: int) -> Items:
    result: Items = []
    waiting: list[tuple[Json, int]] = [(item, levels) for item in reversed(items)]
    while waiting:
        item, left = waiting.pop()
        if is_list(item) and left != 0:
            waiting.extend((one, left - 1) for one in reversed(Items(item)))
        else:
            result.append(item)
    return result


def _depth(items: Items) -> int:
    depth, level = 0, [items]
    while level:
        depth += 1
        level = [Items(one) for here in level for one in here if is_list(one)]
    return depth


class InterleaveListsInput(BlockInput):
    """Lists to take from in turn."""

    lists: Lists = pin(description="The lists.")


class InterleaveListsOutput(BlockOutput):
    """One list."""

    interleaved_list: Items = pin(
        description="The first items of all, then the second ones, and so on."
    )
    length: int = pin(description="How many there are.")


class InterleaveLists(Block[InterleaveListsInput]):
    """Take from lists in turn."""

    id = "9f616084-1d9f-4f8e-bc00-5b9d2a75cd75"
    name = "InterleaveLists"
    description = "Takes one item from each list in turn until all are used up."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = InterleaveListsInput
    Output = InterleaveListsOutput
    examples = (
        Example({"lists": [[1, 3], [2]]}, [("interleaved_list", [1, 2, 3]), ("length", 3)]),
    )

    async def run(self, input: InterleaveListsInput, ctx: Context) -> Outputs:
        """Yield one list."""
        items: Items = []
        going, place = [one for one in input.lists if one], 0
        while going:
            items.extend(one[place] for one in going)
            place += 1
            going = [one for one in going if place < len(one)]
        yield "interleaved_list", items
        yield "length", len(items)


class ZipListsInput(BlockInput):
    """Lists to put side by side."""

    lists: Lists = pin(description="The lists.")
    pad_to_longest: bool = pin(default=False, description="Go on to the end of the longest list.")
    fill_value: Json = pin(None, description="What stands where a shorter list has ended.")


class ZipListsOutput(BlockOutput):
    """Lists of items that belong together."""

    zipped_list: Lists = pin(description="For each place, a list of the items there.")
    length: int = pin(description="How many places there are.")


class ZipLists(Block[ZipListsInput]):
    """Lists side by side."""

    id = "0d0e684f-5cb9-4c4b-b8d1-47a0860e0c07"
    name = "ZipLists"
    description = (
        "Puts lists side by side: the first items together, the second ones together, and so on."
    )
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = ZipListsInput
    Output = ZipListsOutput
    examples = (
        Example(
            {"lists": [[1, 2], ["a", "b"]]}, [("zipped_list", [[1, "a"], [2, "b"]]), ("length", 2)]
        ),
        Example(
            {"lists": [[1, 2], ["a"]], "pad_to_longest": True, "fill_value": "-"},
            [("zipped_list", [[1, "a"], [2, "-"]]), ("length", 2)],
        ),
    )

    async def run(self, input: ZipListsInput, ctx: Context) -> Outputs:
        """Yield the lists of items that belong together.

        Raises:
            BlockError: It would make too many items.
        """
        measure = max if input.pad_to_longest else min
        count = len(input.lists) * measure((len(one) for one in input.lists), default=0)
        if count > _MAX_ITEMS:
            raise BlockError(f"That would make {count} items; at most {_MAX_ITEMS} are made.")
        if input.pad_to_longest:
            zipped = [list(one) for one in zip_longest(*input.lists, fillvalue=input.fill_value)]
        else:
            zipped = [list(one) for one in zip(*input.lists, strict=False)]
        yield "zipped_list", zipped
        yield "length", len(zipped)


class TwoListsInput(BlockInput):
    """Two lists."""

    list_a: Items = pin(description="The first list.")
    list_b: Items = pin(description="The second list.")


class ListDifferenceInput(TwoListsInput):
    """Two lists to compare."""

    symmetric: bool = pin(default=False, description="Also what only the second list has.")


class ListDifferenceOutput(BlockOutput):
    """What only one of them has."""

    difference: Items = pin(description="Items that the other list does not have.")
    length: int = pin(description="How many there are.")


class ListDifference(Block[ListDifferenceInput]):
    """What one list has and another has not."""

    id = "05309873-9d61-447e-96b5-b804e2511829"
    name = "ListDifference"
    description = "Gives out the items of a list that another one does not have."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = ListDifferenceInput
    Output = ListDifferenceOutput
    examples = (
        Example({"list_a": [1, 2], "list_b": [2, 3]}, [("difference", [1]), ("length", 1)]),
        Example(
            {"list_a": [1, 2], "list_b": [2, 3], "symmetric": True},
            [("difference", [1, 3]), ("length", 2)],
        ),
    )

    async def run(self, input: ListDifferenceInput, ctx: Context) -> Outputs:
        """Yield the difference."""
        in_a, in_b = _Seen(input.list_a), _Seen(input.list_b)
        items = [item for item in input.list_a if item not in in_b]
        if input.symmetric:
            items += [item for item in input.list_b if item not in in_a]
        yield "difference", items
        yield "length", len(items)


class ListIntersectionOutput(BlockOutput):
    """What both have."""

    intersection: Items = pin(description="Items that both lists have, each once.")
    length: int = pin(description="How many there are.")


class ListIntersection(Block[TwoListsInput]):
    """What two lists share."""

    id = "b6eb08b6-dbe3-411b-b9b4-2508cb311a1f"
    name = "ListIntersection"
    description = "Gives out the items that two lists share, each once, in the order of the first."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = TwoListsInput
    Output = ListIntersectionOutput
    examples = (
        Example({"list_a": [1, 2, 3], "list_b": [3, 2]}, [("intersection", [2, 3]), ("length", 2)]),
    )

    async def run(self, input: TwoListsInput, ctx: Context) -> Outputs:
        """Yield the shared items."""
        in_b, seen = _Seen(input.list_b), _Seen()
        items = [item for item in input.list_a if item in in_b and seen.add(item)]
        yield "intersection", items
        yield "length", len(items)
