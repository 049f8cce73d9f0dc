"""Making, changing and looking into dictionaries. No block changes the one it is given."""

from __future__ import annotations

import json

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


class UpdatedDictionaryOutput(BlockOutput):
    """The dictionary, changed."""

    updated_dictionary: Entries = pin(description="The dictionary, changed.")


class AddToDictionaryInput(BlockInput):
    """A dictionary and what to add to it."""

    dictionary: Entries = pin(
        default_factory=Entries, description="The dictionary to add to.", advanced=False
    )
    key: str = pin("", description="The key of one entry.", advanced=False)
    value: Json = pin(None, description="Its value.", advanced=False)
    entries: Entries = pin(
        default_factory=Entries, description="Several entries to add; they win over the single one."
    )


class AddToDictionary(Block[AddToDictionaryInput]):
    """Add entries to a dictionary."""

    id = "31d1064e-7446-4693-a7d4-65e5ca1180d1"
    name = "AddToDictionary"
    description = (
        "Adds one entry or several to a dictionary; what stood under the same key is replaced."
    )
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = AddToDictionaryInput
    Output = UpdatedDictionaryOutput
    examples = (
        Example(
            {"dictionary": {"a": 1}, "key": "b", "value": 2},
            [("updated_dictionary", {"a": 1, "b": 2})],
        ),
    )

    async def run(self, input: AddToDictionaryInput, ctx: Context) -> Outputs:
        """Yield the larger dictionary."""
        single = {input.key: input.value} if input.key and input.value is not None else {}
        yield "updated_dictionary", {**input.dictionary, **single, **input.entries}


class RemoveFromDictionaryInput(BlockInput):
    """A dictionary and the key to take out."""

    dictionary: Entries = pin(description="The dictionary to take from.")
    key: str | int = pin(description="The key of the entry to take out.")
    return_value: bool = pin(default=False, description="Give out the value taken, too.")


class RemoveFromDictionaryOutput(UpdatedDictionaryOutput):
    """The dictionary, and what was taken."""

    removed_value: Json = pin(description="The value taken out, when asked for.")


class RemoveFromDictionary(Block[RemoveFromDictionaryInput]):
    """Take an entry out of a dictionary."""

    id = "46afe2ea-c613-43f8-95ff-6692c3ef6876"
    name = "RemoveFromDictionary"
    description = "Takes an entry out of a dictionary."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = RemoveFromDictionaryInput
    Output = RemoveFromDictionaryOutput
    examples = (
        Example({"dictionary": {"a": 1, "b": 2}, "key": "a"}, [("updated_dictionary", {"b": 2})]),
        Example({"dictionary": {"a": 1}, "key": "z"}, error="no key 'z'"),
    )

    async def run(self, input: RemoveFromDictionaryInput, ctx: Context) -> Outputs:
        """Yield the smaller dictionary."""
        key = _present(input.dictionary, input.key)
        yield (
            "updated_dictionary",
            {name: value for name, value in input.dictionary.items() if name != key},
        )
        if input.return_value:
            yield "removed_value", input.dictionary[key]


def _present(entries: Entries, key: str | int) -> str:
    name = str(key)
    if name not in entries:
        raise BlockError(f"The dictionary has no key {name!r}.")
    return name


class ReplaceDictionaryValueInput(BlockInput):
    """A dictionary, a key and its new value."""

    dictionary: Entries = pin(description="The dictionary.")
    key: str | int = pin(description="The key of the entry.")
    value: Json = pin(description="Its new value.")


class ReplaceDictionaryValueOutput(UpdatedDictionaryOutput):
    """The dictionary, and the old value."""

    old_value: Json = pin(description="What stood there before.")


class ReplaceDictionaryValue(Block[ReplaceDictionaryValueInput]):
    """Change the value of an entry."""

    id = "27e31876-18b6-44f3-ab97-f6226d8b3889"
    name = "ReplaceDictionaryValue"
    description = "Changes the value of an entry that a dictionary has."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = ReplaceDictionaryValueInput
    Output = ReplaceDictionaryValueOutput
    examples = (
        Example(
            {"dictionary": {"a": 1}, "key": "a", "value": 2},
            [("updated_dictionary", {"a": 2}), ("old_value", 1)],
        ),
        Example({"dictionary": {}, "key": "a", "value": 2}, error="no key 'a'"),
    )

    async def run(self, input: ReplaceDictionaryValueInput, ctx: Context) -> Outputs:
        """Yield the dictionary and the old value."""
        key = _present(input.dictionary, input.key)
        yield "updated_dictionary", {**input.dictionary, key: input.value}
        yield "old_value", input.dictionary[key]


class CreateDictionaryInput(BlockInput):
    """Entries."""

    values: Entries = pin(description="The entries.")


class CreateDictionaryOutput(BlockOutput):
    """The dictionary."""

    dictionary: Entries = pin(description="The dictionary.")


class CreateDictionary(Block[CreateDictionaryInput]):
    """Make a dictionary."""

    id = "b924ddf4-de4f-4b56-9a85-358930dcbc91"
    name = "CreateDictionary"
    description = "Makes a dictionary of values that arrive by their keys."
    categories = (Category.DATA,)
    effect = Effect.PURE
    Input = CreateDictionaryInput
    Output = CreateDictionaryOutput
    examples = (Example({"values": {"name": "Ada"}}, [("dictionary", {"name": "Ada"})]),)

    async def run(self, input: CreateDictionaryInput, ctx: Context) -> Outputs:
        """Yield the dictionary."""
        yield "dictionary", dict(input.values)


class DictionaryIsEmptyInput(BlockInput):
    """A dictionary."""

    dictionary: Entries = pin(description="The dictionary.")


class DictionaryIsEmptyOutput(BlockOutput):
    """Whether there is nothing in it."""

    is_empty: bool = pin(description="Whether there is nothing in it.")


class DictionaryIsEmpty(Block[DictionaryIsEmptyInput]):
    """Whether a dictionary is empty."""

    id = "a3cf3f64-6bb9-4cc6-9900-608a0b3359b0"
    name = "DictionaryIsEmpty"
    description = "Tells whether a dictionary has no entries."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = DictionaryIsEmptyInput
    Output = DictionaryIsEmptyOutput
    examples = (Example({"dictionary": {"a": 1}}, [("is_empty", False)]),)

    async def run(self, input: DictionaryIsEmptyInput, ctx: Context) -> Outputs:
        """Yield whether it is."""
        yield "is_empty", not input.dictionary


class FindInDictionaryInput(BlockInput):
    """Where to look, and for what."""

    input: Json = pin(description="A dictionary, a list, or either as JSON text.")
    key: str | int = pin(
        description="The key; for a list its place, or the key to collect from all its items."
    )


class FindInDictionaryOutput(BlockOutput):
    """What was found."""

    output: Json = pin(description="What stands under the key.")
    missing: Json = pin(description="Comes instead when there is nothing: what was looked into.")


class FindInDictionary(Block[FindInDictionaryInput]):
    """Look something up."""

    id = "0e50422c-6dee-4145-83d6-3a5a392f65de"
    name = "FindInDictionary"
    description = "Looks up what stands under a key, or goes the other way when there is nothing."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = FindInDictionaryInput
    Output = FindInDictionaryOutput
    examples = (
        Example({"input": {"a": 1}, "key": "a"}, [("output", 1)]),
        Example({"input": {"a": 1}, "key": "b"}, [("missing", {"a": 1})]),
        Example({"input": [{"a": 1}, {"b": 2}, {"a": 3}], "key": "a"}, [("output", [1, 3])]),
    )

    async def run(self, input: FindInDictionaryInput, ctx: Context) -> Outputs:
        """Yield what was found, or what was looked into."""
        place, key = _parsed(input.input), input.key
        if is_object(place) and key in place:
            yield "output", Entries(place)[str(key)]
        elif is_list(place) and isinstance(key, int) and 0 <= key < len(Items(place)):
            yield "output", Items(place)[key]
        elif is_list(place) and isinstance(key, str):
            yield (
                "output",
                [Entries(one)[key] for one in Items(place) if is_object(one) and key in one],
            )
        else:
            yield "missing", place


def _parsed(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


class FindInListInput(BlockInput):
    """A list and what to look for."""

    list: Items = pin(description="The list.")
    value: Json = pin(description="What to look for.")


class FindInListOutput(BlockOutput):
    """Where it stands."""

    index: int = pin(description="Its place, from 0; comes only when it is there.")
    found: bool = pin(description="Whether it is there.")
    not_found_value: Json = pin(description="Comes only when it is not: what was looked for.")


class FindInList(Block[FindInListInput]):
    """Where something stands in a list."""

    id = "5e2c6d0a-1e37-489f-b1d0-8e1812b23333"
    name = "FindInList"
    description = "Tells at which place of a list a value stands first, or that it does not."
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = FindInListInput
    Output = FindInListOutput
    examples = (
        Example({"list": ["a", "b"], "value": "b"}, [("index", 1), ("found", True)]),
        Example({"list": ["a"], "value": "z"}, [("found", False), ("not_found_value", "z")]),
    )

    async def run(self, input: FindInListInput, ctx: Context) -> Outputs:
        """Yield where it stands."""
        if input.value in input.list:
            yield "index", input.list.index(input.value)
            yield "found", True
        else:
            yield "found", False
            yield "not_found_value", input.value
