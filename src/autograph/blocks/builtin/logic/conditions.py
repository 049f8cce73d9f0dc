"""Choosing a way by comparing two values."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from enum import StrEnum
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
    pin,
)


class Operator(StrEnum):
    """How to compare."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    GREATER = ">"
    LESS = "<"
    GREATER_OR_EQUAL = ">="
    LESS_OR_EQUAL = "<="


_OPERATORS: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.GREATER: operator.gt,
    Operator.LESS: operator.lt,
    Operator.GREATER_OR_EQUAL: operator.ge,
    Operator.LESS_OR_EQUAL: operator.le,
}


class ConditionInput(BlockInput):
    """Two values and how to compare them."""

    value1: Json = pin(description="The value on the left.")
    operator: Operator = pin(description="How to compare.")
    value2: Json = pin(description="The value on the right.")
    yes_value: Json = pin(
        None, description="Given out when it holds; the left value where nothing is said."
    )
    no_value: Json = pin(
        None, description="Given out when it does not; the right value where nothing is said."
    )


class ConditionOutput(BlockOutput):
    """Which way it goes."""

    result: bool = pin(description="Whether it holds.")
    yes_output: Json = pin(description="Comes only when it holds.")
    no_output: Json = pin(description="Comes only when it does not hold.")


class Condition(Block[ConditionInput]):
    """A fork in the road."""

    id = "715696a0-e1da-45c8-b209-c2fa9c3b0be6"
    name = "Condition"
    description = "Compares two values and goes one way or the other. Texts that are numbers compare as numbers."
    categories = (Category.LOGIC,)
    effect = Effect.PURE
    Input = ConditionInput
    Output = ConditionOutput
    examples = (
        Example(
            {"value1": 10, "operator": ">", "value2": 5, "yes_value": "large", "no_value": "small"},
            [("result", True), ("yes_output", "large")],
        ),
        Example(
            {"value1": "9", "operator": ">", "value2": "10"},
            [("result", False), ("no_output", 10.0)],
        ),
        Example({"value1": "abc", "operator": "<", "value2": 3}, error="cannot be compared"),
    )

    async def run(self, input: ConditionInput, ctx: Context) -> Outputs:
        """Yield which way it goes.

        Raises:
            BlockError: The values have no order.
        """
        left, right = _as_number(input.value1), _as_number(input.value2)
        try:
            result = bool(_OPERATORS[input.operator](left, right))
        except TypeError as error:
            raise BlockError(
                f"{input.value1!r} and {input.value2!r} cannot be compared by {input.operator}."
            ) from error
        yield "result", result
        if result:
            yield "yes_output", left if input.yes_value is None else input.yes_value
        else:
            yield "no_output", right if input.no_value is None else input.no_value


def _as_number(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    text = value.strip()
    try:
        number = float(text)
    except ValueError:
        return text
    return number if number - number == 0 else text


class IfInputMatchesInput(BlockInput):
    """A value and what it should be."""

    input: Json = pin(description="The value that arrives.")
    value: Json = pin(description="What it should be.")
    yes_value: Json = pin(None, description="Given out when it is.")
    no_value: Json = pin(None, description="Given out when it is not.")


class IfInputMatchesOutput(BlockOutput):
    """Which way it goes."""

    result: bool = pin(description="Whether it matches.")
    yes_output: Json = pin(description="Comes only when it matches.")
    no_output: Json = pin(description="Comes only when it does not match.")


class IfInputMatches(Block[IfInputMatchesInput]):
    """A fork by equality."""

    id = "6dbbc4b3-ca6c-42b6-b508-da52d23e13f2"
    name = "IfInputMatches"
    description = (
        "Goes one way when a value is the expected one, else the other. 10 matches the text 10."
    )
    categories = (Category.LOGIC,)
    effect = Effect.PURE
    Input = IfInputMatchesInput
    Output = IfInputMatchesOutput
    examples = (
        Example(
            {"input": "10", "value": 10, "yes_value": "y"}, [("result", True), ("yes_output", "y")]
        ),
        Example(
            {"input": 0, "value": "abc", "no_value": "n"}, [("result", False), ("no_output", "n")]
        ),
    )

    async def run(self, input: IfInputMatchesInput, ctx: Context) -> Outputs:
        """Yield which way it goes."""
        if _matches(input.input, input.value):
            yield "result", True
            yield "yes_output", input.yes_value
        else:
            yield "result", False
            yield "no_output", input.no_value


def _matches(found: Json, expected: Json) -> bool:
    if found == expected:
        return isinstance(found, bool) == isinstance(expected, bool)
    if isinstance(found, str) == isinstance(expected, str):
        return False
    text, other = (found, expected) if isinstance(found, str) else (expected, found)
    if isinstance(other, bool):
        return text.strip().lower() == str(other).lower()
    return isinstance(other, (int, float)) and _as_number(text) == other
