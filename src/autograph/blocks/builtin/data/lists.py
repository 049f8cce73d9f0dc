"""Making and changing lists. No block changes the list it is given."""

from __future__ import annotations

from typing import Final

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
    pin,
)

Items = list[Json]
_CHARACTERS_PER_TOKEN: Final = 4
"""A rule of thumb for English; counting exactly would need a model's own vocabulary."""


class UpdatedListOutput(BlockOutput):
    """The list, changed."""

    updated_list: Items = pin(description="The list, changed.")


class AddToListInput(BlockInput):
    """A list and what to add to it."""

    list: Items = pin(default_factory=Items, description="The list to add to.", advanced=False)
    entry: Json = pin(None, description="One item to add.", advanced=False)
    entries: Items = pin(
        default_factory=Items, description="Several items to add, before the single one."
    )
    position: int | None = pin(
        None, description="Where to put them, from 0; at the end where nothing is said."
    )


class AddToList(Block[AddToListInput]):
    """Add items to a list."""

    id = "aeb08fc1-2fc1-4141-bc8e-f758f183a822"
    name = "AddToList"
    description = "Adds one item or several to a list, at the end or at a place of your choice."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = AddToListInput
    Output = UpdatedListOutput
    examples = (
        Example({"list": [1, 2], "entry": 3}, [("updated_list", [1, 2, 3])]),
        Example(
            {"list": [1, 2], "entries": [8, 9], "position": 1}, [("updated_list", [1, 8, 9, 2])]
        ),
    )

    async def run(self, input: AddToListInput, ctx: Context) -> Outputs:
        """Yield the longer list."""
        added = [*input.entries, *([] if input.entry is None else [input.entry])]
        place = len(input.list) if input.position is None else input.position
        yield "updated_list", [*input.list[:place], *added, *input.list[place:]]


class RemoveFromListInput(BlockInput):
    """A list and what to take out."""

    list: Items = pin(description="The list to take from.")
    value: Json = pin(None, description="The item to take out, the first one like it.")
    index: int | None = pin(
        None, description="The place to take out instead; negative from the end."
    )
    return_item: bool = pin(default=False, description="Give out the item taken, too.")


class RemoveFromListOutput(UpdatedListOutput):
    """The list, and what was taken."""

    removed_item: Json = pin(description="The item taken out, when asked for.")


class RemoveFromList(Block[RemoveFromListInput]):
    """Take an item out of a list."""

    id = "d93c5a93-ac7e-41c1-ae5c-ef67e6e9b826"
    name = "RemoveFromList"
    description = "Takes an item out of a list, by its place or by its value."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = RemoveFromListInput
    Output = RemoveFromListOutput
    examples = (
        Example({"list": [1, 2, 1], "value": 1}, [("updated_list", [2, 1])]),
        Example({"list": [1], "index": 5}, error="no place 5"),
    )

    async def run(self, input: RemoveFromListInput, ctx: Context) -> Outputs:
        """Yield the shorter list.

        Raises:
            BlockError: There is no such item.
        """
        rest = [*input.list]
        if input.index is not None:
            taken = rest.pop(_place(rest, input.index))
        elif input.value in rest:
            taken = rest.pop(rest.index(input.value))
        else:
            raise BlockError(f"The list has no item {input.value!r}.")
        yield "updated_list", rest
        if input.return_item:
            yield "removed_item", taken


def _place(items: Items, index: int) -> int:
    if not -len(items) <= index < len(items):
        raise BlockError(f"The list has {len(items)} items and no place {index}.")
    return index


class ReplaceListItemInput(BlockInput):
    """A list, a place and what to put there."""

    list: Items = pin(description="The list.")
    index: int = pin(description="The place, from 0; negative from the end.")
    value: Json = pin(description="What to put there.")


class ReplaceListItemOutput(UpdatedListOutput):
    """The list, and what stood there."""

    old_item: Json = pin(description="What stood there before.")


class ReplaceListItem(Block[ReplaceListItemInput]):
    """Put another item in a list's place."""

    id = "fbf62922-bea1-4a3d-8bac-23587f810b38"
    name = "ReplaceListItem"
    description = "Puts another item at one place of a list."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = ReplaceListItemInput
    Output = ReplaceListItemOutput
    examples = (
        Example(
            {"list": [1, 2], "index": 1, "value": 9}, [("updated_list", [1, 9]), ("old_item", 2)]
        ),
        Example({"list": [1], "index": 4, "value": 0}, error="no place 4"),
    )

    async def run(self, input: ReplaceListItemInput, ctx: Context) -> Outputs:
        """Yield the list and the old item."""
        changed = [*input.list]
        place = _place(changed, input.index)
        old, changed[place] = changed[place], input.value
        yield "updated_list", changed
        yield "old_item", old


class CreateListInput(BlockInput):
    """Items, and how many go into one list."""

    values: Items = pin(description="The items.")
    max_size: int | None = pin(
        None, description="Most items in one list; more make several lists.", ge=1
    )
    max_tokens: int | None = pin(
        None,
        description="Most tokens in one list, four characters counting as one; more make several lists.",
        ge=1,
    )


class CreateListOutput(BlockOutput):
    """One list or several."""

    list: Items = pin(description="The list; comes several times when it is cut into pieces.")


class CreateList(Block[CreateListInput]):
    """Make a list."""

    id = "a912d5c7-6e00-4542-b2a9-8034136930e4"
    name = "CreateList"
    description = "Makes a list of values, cut into pieces of a size that a later step can take."
    categories = (Category.DATA,)
    effect = Effect.PURE
    Input = CreateListInput
    Output = CreateListOutput
    examples = (
        Example({"values": ["a", 1]}, [("list", ["a", 1])]),
        Example({"values": [1, 2, 3], "max_size": 2}, [("list", [1, 2]), ("list", [3])]),
    )

    async def run(self, input: CreateListInput, ctx: Context) -> Outputs:
        """Yield the list, or its pieces."""
        piece: Items = []
        tokens = 0
        for value in input.values:
            size = -(-len(str(value)) // _CHARACTERS_PER_TOKEN)
            is_long = input.max_size is not None and len(piece) >= input.max_size
            is_heavy = input.max_tokens is not None and tokens + size > input.max_tokens
            if piece and (is_long or is_heavy):
                yield "list", piece
                piece, tokens = [], 0
            piece.append(value)
            tokens += size
        if piece or not input.values:
            yield "list", piece


class GetListItemInput(BlockInput):
    """A list and a place."""

    list: Items = pin(description="The list.")
    index: int = pin(description="The place, from 0; negative from the end.")


class GetListItemOutput(BlockOutput):
    """The item."""

    item: Json = pin(description="The item at that place.")


class GetListItem(Block[GetListItemInput]):
    """One item of a list."""

    id = "262ca24c-1025-43cf-a578-534e23234e97"
    name = "GetListItem"
    description = "Gives out the item at one place of a list."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = GetListItemInput
    Output = GetListItemOutput
    examples = (
        Example({"list": ["a", "b"], "index": -1}, [("item", "b")]),
        Example({"list": [], "index": 0}, error="no place 0"),
    )

    async def run(self, input: GetListItemInput, ctx: Context) -> Outputs:
        """Yield the item."""
        yield "item", input.list[_place(input.list, input.index)]


class ListIsEmptyInput(BlockInput):
    """A list."""

    list: Items = pin(description="The list.")


class IsEmptyOutput(BlockOutput):
    """Whether there is nothing in it."""

    is_empty: bool = pin(description="Whether there is nothing in it.")


class ListIsEmpty(Block[ListIsEmptyInput]):
    """Whether a list is empty."""

    id = "896ed73b-27d0-41be-813c-c1c1dc856c03"
    name = "ListIsEmpty"
    description = "Tells whether a list has no items."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = ListIsEmptyInput
    Output = IsEmptyOutput
    examples = (Example({"list": []}, [("is_empty", True)]),)

    async def run(self, input: ListIsEmptyInput, ctx: Context) -> Outputs:
        """Yield whether it is."""
        yield "is_empty", not input.list


class ReverseListOrderInput(BlockInput):
    """A list."""

    input_list: Items = pin(description="The list.")


class ReverseListOrderOutput(BlockOutput):
    """The list, backwards."""

    reversed_list: Items = pin(description="The list, last item first.")


class ReverseListOrder(Block[ReverseListOrderInput]):
    """A list backwards."""

    id = "422cb708-3109-4277-bfe3-bc2ae5812777"
    name = "ReverseListOrder"
    description = "Turns a list round, last item first."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = ReverseListOrderInput
    Output = ReverseListOrderOutput
    examples = (Example({"input_list": [1, 2, 3]}, [("reversed_list", [3, 2, 1])]),)

    async def run(self, input: ReverseListOrderInput, ctx: Context) -> Outputs:
        """Yield it backwards."""
        yield "reversed_list", input.input_list[::-1]
