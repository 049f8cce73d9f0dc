"""Turning a value into another type because a person said so."""

from __future__ import annotations

import json
import math
from enum import StrEnum

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


class TargetType(StrEnum):
    """What a value can be turned into."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"
    DICTIONARY = "dictionary"


class UniversalTypeConverterInput(BlockInput):
    """A value and what it should become."""

    value: Json = pin(description="The value.")
    type: TargetType = pin(description="What it should become.")


class UniversalTypeConverterOutput(BlockOutput):
    """The value, turned."""

    value: Json = pin(description="The value as the type asked for.")


class UniversalTypeConverter(Block[UniversalTypeConverterInput]):
    """One type into another."""

    id = "95d1b990-ce13-4d88-9737-ba5c2070c97b"
    name = "UniversalTypeConverter"
    description = (
        "Turns a value into text, a number, true or false, a list or a dictionary. "
        "Text without a number becomes 0, text other than true and 1 becomes false."
    )
    categories = (Category.BASIC,)
    effect = Effect.PURE
    Input = UniversalTypeConverterInput
    Output = UniversalTypeConverterOutput
    examples = (
        Example({"value": "12.5", "type": "number"}, [("value", 12.5)]),
        Example({"value": [1, 2], "type": "string"}, [("value", "[1, 2]")]),
        Example({"value": ["a"], "type": "dictionary"}, [("value", {"0": "a"})]),
        Example({"value": "1e999", "type": "number"}, error="no finite number"),
    )

    async def run(self, input: UniversalTypeConverterInput, ctx: Context) -> Outputs:
        """Yield the value as the type asked for.

        Raises:
            BlockError: A number was asked for, and it would not be finite.
        """
        value = input.value
        match input.type:
            case TargetType.STRING:
                yield (
                    "value",
                    value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
                )
            case TargetType.NUMBER:
                yield "value", _number(value)
            case TargetType.BOOLEAN:
                yield (
                    "value",
                    value.strip().lower() in {"true", "1"}
                    if isinstance(value, str)
                    else bool(value),
                )
            case TargetType.LIST:
                yield "value", _items(value)
            case TargetType.DICTIONARY:
                yield "value", _entries(value)


def _number(value: Json) -> float:
    if is_list(value) or is_object(value):
        return float(len(Items(value)))
    try:
        number = float(value)
    except ValueError:
        return 0.0
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise BlockError(f"The value {value!r} is no finite number.")
    return number


def _parsed(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=str)
    except (ValueError, RecursionError):
        return value


def _items(value: Json) -> Json:
    if is_list(value):
        return Items(value)
    if is_object(value):
        return [[key, one] for key, one in Entries(value).items()]
    parsed = _parsed(value)
    return Items(parsed) if is_list(parsed) else [value]


def _entries(value: Json) -> Json:
    if is_list(value):
        return {str(index): one for index, one in enumerate(Items(value))}
    parsed = _parsed(value)
    return Entries(parsed) if is_object(parsed) else {"value": parsed}
