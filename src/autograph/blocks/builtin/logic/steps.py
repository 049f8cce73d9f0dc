"""Going through items one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
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
    is_list,
    is_object,
    pin,
)

Items = list[Json]
Entries = dict[str, Json]
_MAX_ITEMS: Final = 10_000
_MAX_TEXT: Final = 1_000_000


class StepThroughItemsInput(BlockInput):
    """What to go through; all three in turn."""

    items: Items = pin(default_factory=Items, description="A list to go through.", advanced=False)
    items_object: Entries = pin(
        default_factory=Entries, description="An object to go through.", advanced=False
    )
    items_str: str = pin("", description="A list or an object as JSON text.", advanced=False)


class StepThroughItemsOutput(BlockOutput):
    """One item at a time."""

    item: Json = pin(description="The item.")
    key: Json = pin(description="Its number from 0, or its key.")


class StepThroughItems(Block[StepThroughItemsInput]):
    """One item at a time."""

    id = "f66a3543-28d3-4ab5-8945-9b336371e2ce"
    name = "StepThroughItems"
    description = (
        "Gives out the items of a list or an object one by one, so that what follows runs for each."
    )
    categories = (Category.LOGIC,)
    effect = Effect.PURE
    aliases = ("loop", "for each", "iterate")
    Input = StepThroughItemsInput
    Output = StepThroughItemsOutput
    examples = (
        Example({"items": ["a", "b"]}, [("item", "a"), ("key", 0), ("item", "b"), ("key", 1)]),
        Example({"items_str": '{"k": 1}'}, [("item", 1), ("key", "k")]),
        Example({"items_str": "[1,"}, error="not JSON"),
    )

    async def run(self, input: StepThroughItemsInput, ctx: Context) -> Outputs:
        """Yield every item, and its key after it.

        Raises:
            BlockError: There are too many, or the text is not JSON.
        """
        parsed = _parse(input.items_str)
        given: list[Json] = [input.items, input.items_object, parsed]
        count = sum(len(one) for one in given)
        if count > _MAX_ITEMS:
            raise BlockError(f"There are {count} items; at most {_MAX_ITEMS} are gone through.")
        for collection in given:
            for key, item in _entries(collection):
                yield "item", item
                yield "key", key


def _entries(collection: Json) -> Iterator[tuple[Json, Json]]:
    if is_object(collection):
        yield from Entries(collection).items()
    else:
        yield from enumerate(collection)


def _parse(text: str) -> Json:
    if not text:
        return []
    if len(text) > _MAX_TEXT:
        raise BlockError(f"The text has {len(text)} characters; at most {_MAX_TEXT} are read.")
    try:
        parsed: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BlockError(f"The text is not JSON: {error}.") from error
    if not (is_list(parsed) or is_object(parsed) or isinstance(parsed, str)):
        raise BlockError(f"The text holds {parsed!r}, which has no items.")
    return parsed
