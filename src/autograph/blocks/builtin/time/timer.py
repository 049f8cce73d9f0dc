"""Waiting."""

from __future__ import annotations

from datetime import timedelta
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
    InputError,
    Json,
    Outputs,
    pin,
)

_MAX_REPEAT: Final = 10_000
_MAX_SECONDS: Final = 100 * 365 * 86_400


class CountdownTimerInput(BlockInput):
    """How long to wait, and what to say then."""

    input_message: Json = pin(
        "timer finished", description="What to give out when the time is over.", advanced=False
    )
    seconds: int | str = pin(0, description="Seconds to wait.", advanced=False)
    minutes: int | str = pin(0, description="Minutes to wait.", advanced=False)
    hours: int | str = pin(0, description="Hours to wait.", advanced=False)
    days: int | str = pin(0, description="Days to wait.", advanced=False)
    repeat: int = pin(1, description="How many times to wait and give out.", ge=1, le=_MAX_REPEAT)


class CountdownTimerOutput(BlockOutput):
    """The message, when the time is over."""

    output_message: Json = pin(description="The message; comes after every wait.")


class CountdownTimer(Block[CountdownTimerInput]):
    """Wait, then go on."""

    id = "d67a9c52-5e4e-11e2-bcfd-0800200c9a71"
    name = "CountdownTimer"
    description = "Waits for a time, then gives a message out, once or again and again."
    categories = (Category.TEXT,)
    effect = Effect.READ
    Input = CountdownTimerInput
    Output = CountdownTimerOutput
    examples = (
        Example(
            {"input_message": "go", "seconds": 1, "repeat": 2},
            [("output_message", "go"), ("output_message", "go")],
        ),
        Example({"seconds": "soon"}, error="seconds"),
    )

    async def run(self, input: CountdownTimerInput, ctx: Context) -> Outputs:
        """Wait and yield the message, as often as asked.

        Raises:
            BlockError: The wait is no number, or longer than a century.
        """
        seconds = (
            _whole("seconds", input.seconds)
            + _whole("minutes", input.minutes) * 60
            + _whole("hours", input.hours) * 3_600
            + _whole("days", input.days) * 86_400
        )
        if seconds > _MAX_SECONDS:
            raise BlockError(f"It would wait {seconds} seconds, which is more than a century.")
        wait = timedelta(seconds=seconds)
        for _ in range(input.repeat):
            await ctx.sleep(wait)
            yield "output_message", input.input_message


def _whole(name: str, value: int | str) -> int:
    try:
        number = int(value)
    except ValueError as error:
        raise InputError(name, f"expected a whole number, got {value!r}") from error
    if not 0 <= number <= 10**9:
        raise InputError(name, f"expected 0 to 1,000,000,000, got {number}")
    return number
