"""Numbers as Rome wrote them."""

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
    Outputs,
    pin,
)

_LARGEST: Final = 3_999
_NUMERALS: Final = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)


class ToRomanNumeralInput(BlockInput):
    """A number."""

    number: int = pin(description="A whole number from 1 to 3999.")


class ToRomanNumeralOutput(BlockOutput):
    """Its numeral."""

    numeral: str = pin(description="The number as Rome wrote it.")


class ToRomanNumeral(Block[ToRomanNumeralInput]):
    """A number as Rome wrote it."""

    id = "4f758a3d-204e-4ed0-a636-1c0425dc34e9"
    name = "ToRomanNumeral"
    description = "Writes a number as a Roman numeral. Rome had no zero, and nothing beyond 3999."
    categories = (Category.TEXT,)
    effect = Effect.PURE
    Input = ToRomanNumeralInput
    Output = ToRomanNumeralOutput
    examples = (
        Example({"number": 2026}, [("numeral", "MMXXVI")]),
        Example({"number": 0}, error="no Roman numeral for 0"),
    )

    async def run(self, input: ToRomanNumeralInput, ctx: Context) -> Outputs:
        """Yield the numeral.

        Raises:
            BlockError: Rome could not write the number.
        """
        left = input.number
        if not 1 <= left <= _LARGEST:
            raise BlockError(
                f"There is no Roman numeral for {left}; give a number from 1 to {_LARGEST}.",
                code="words.no_numeral",
            )
        numeral = ""
        for value, letters in _NUMERALS:
            count, left = divmod(left, value)
            numeral += letters * count
        yield "numeral", numeral
