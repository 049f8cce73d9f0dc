"""Arithmetic on two numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
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
    Outputs,
    pin,
)


class Operation(StrEnum):
    """What to do with the two numbers."""

    ADD = "Add"
    SUBTRACT = "Subtract"
    MULTIPLY = "Multiply"
    DIVIDE = "Divide"
    POWER = "Power"


_OPERATIONS: Final[Mapping[Operation, Callable[[float, float], float]]] = {
    Operation.ADD: lambda a, b: a + b,
    Operation.SUBTRACT: lambda a, b: a - b,
    Operation.MULTIPLY: lambda a, b: a * b,
    Operation.DIVIDE: lambda a, b: a / b,
    Operation.POWER: math.pow,
}


class CalculatorInput(BlockInput):
    """Two numbers and what to do with them."""

    operation: Operation = pin(description="What to do with the two numbers.")
    a: float = pin(description="The first number.")
    b: float = pin(description="The second number.")
    round_result: bool = pin(default=False, description="Round to the nearest whole number.")


class CalculatorOutput(BlockOutput):
    """The result."""

    result: float = pin(description="The number that came out.")


class Calculator(Block[CalculatorInput]):
    """Arithmetic on two numbers."""

    id = "b1ab9b19-67a6-406d-abf5-2dba76d00c79"
    name = "Calculator"
    description = "Adds, subtracts, multiplies, divides or raises to a power. Fails where there is no finite result."
    categories = (Category.LOGIC,)
    effect = Effect.PURE
    Input = CalculatorInput
    Output = CalculatorOutput
    examples = (
        Example({"operation": "Add", "a": 2, "b": 40}, [("result", 42.0)]),
        Example(
            {"operation": "Divide", "a": 7, "b": 2, "round_result": True},
            [("result", 4)],
            title="Half to even",
        ),
        Example({"operation": "Divide", "a": 1, "b": 0}, error="no finite result"),
    )

    async def run(self, input: CalculatorInput, ctx: Context) -> Outputs:
        """Yield the result.

        Raises:
            BlockError: There is no finite, real result.
        """
        try:
            result = _OPERATIONS[input.operation](input.a, input.b)
        except (ZeroDivisionError, OverflowError, ValueError):
            result = math.nan
        if not math.isfinite(result):
            raise BlockError(
                f"{input.operation} of {input.a:g} and {input.b:g} has no finite result.",
                code="calculator.no_result",
            )
        yield "result", round(result) if input.round_result else result
