"""Keeping, noting, showing and counting values."""

from __future__ import annotations

from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockKind,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    Format,
    Json,
    Outputs,
    is_list,
    is_object,
    pin,
)


class StoreValueInput(BlockInput):
    """A value to hold on to."""

    input: Json = pin(description="The value that arrives.")
    data: Json = pin(
        None, description="A value typed in here; given out instead unless it is empty."
    )


class StoreValueOutput(BlockOutput):
    """The value held."""

    output: Json = pin(description="The value, for every node that needs it again and again.")


class StoreValue(Block[StoreValueInput]):
    """A value that stays."""

    id = "1ff065e9-88e8-4358-9d82-8dc91f622ba9"
    name = "StoreValue"
    description = "Holds on to a value and gives it to every later step, as often as they need it."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    static_output = True
    Input = StoreValueInput
    Output = StoreValueOutput
    examples = (
        Example({"input": "hello"}, [("output", "hello")]),
        Example({"input": "i", "data": "typed"}, [("output", "typed")]),
        Example(
            {"input": "i", "data": []}, [("output", "i")], title="An empty typed value is not used"
        ),
    )

    async def run(self, input: StoreValueInput, ctx: Context) -> Outputs:
        """Yield the value."""
        yield "output", input.data or input.input


class NoteInput(BlockInput):
    """What to remember."""

    text: str = pin(description="What to remember.", format=Format.LONG_TEXT)


class NoteOutput(BlockOutput):
    """The note again."""

    output: str = pin(description="The text of the note.")


class Note(Block[NoteInput]):
    """A note on the canvas."""

    id = "cc10ff7b-7753-4ff2-9af6-9399b1a7eddc"
    name = "Note"
    description = "A note on the canvas, for people. It never runs."
    categories = (Category.BASIC,)
    kind = BlockKind.NOTE
    effect = Effect.PURE
    Input = NoteInput
    Output = NoteOutput
    examples = (
        Example({"text": "Ask for the key first."}, [("output", "Ask for the key first.")]),
    )

    async def run(self, input: NoteInput, ctx: Context) -> Outputs:
        """Yield the text."""
        yield "output", input.text


class PrintToConsoleInput(BlockInput):
    """What to write down."""

    text: Json = pin(description="What to write into the run's log.")


class PrintToConsoleOutput(BlockOutput):
    """What was written."""

    output: Json = pin(description="The same value.")
    status: str = pin(description="Always `printed`.")


class PrintToConsole(Block[PrintToConsoleInput]):
    """A line in the run's log."""

    id = "f3b1c1b2-4c4f-4f0d-8d2f-4c4f0d8d2f4c"
    name = "PrintToConsole"
    description = "Writes a value into the run's log, for looking into an agent while building it."
    categories = (Category.BASIC,)
    effect = Effect.READ
    is_sensitive = True
    Input = PrintToConsoleInput
    Output = PrintToConsoleOutput
    examples = (Example({"text": {"a": 1}}, [("output", {"a": 1}), ("status", "printed")]),)

    async def run(self, input: PrintToConsoleInput, ctx: Context) -> Outputs:
        """Log the value and yield it."""
        ctx.log("printed", value=input.text)
        yield "output", input.text
        yield "status", "printed"


class CountItemsInput(BlockInput):
    """What to count."""

    collection: Json = pin(description="A list, an object or a text.")


class CountItemsOutput(BlockOutput):
    """How many."""

    count: int = pin(
        description="Items, entries or characters; -1 where there is nothing to count."
    )


class CountItems(Block[CountItemsInput]):
    """How many items something has."""

    id = "3c9c2f42-b0c3-435f-ba35-05f7a25c772a"
    name = "CountItems"
    description = (
        "Counts the items of a list, the entries of an object or the characters of a text."
    )
    categories = (Category.LOGIC,)
    effect = Effect.PURE
    Input = CountItemsInput
    Output = CountItemsOutput
    examples = (
        Example({"collection": [1, 2, 3]}, [("count", 3)]),
        Example({"collection": 7}, [("count", -1)], title="A number has no items"),
    )

    async def run(self, input: CountItemsInput, ctx: Context) -> Outputs:
        """Yield the count."""
        collection = input.collection
        if is_list(collection) or is_object(collection):
            yield "count", len(collection)
        else:
            yield "count", len(collection) if isinstance(collection, str) else -1
