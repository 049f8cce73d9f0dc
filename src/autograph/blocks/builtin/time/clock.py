"""What time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from autograph.blocks.sdk import (
    ANY,
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


class TimeFormat(BaseModel):
    """In which zone, and how it is written."""

    timezone: str = "UTC"
    use_user_timezone: bool = False


class DateTimeStrftime(TimeFormat):
    """Written by a pattern."""

    discriminator: Literal["strftime"] = "strftime"
    format: str = "%Y-%m-%d %H:%M:%S"


class DateStrftime(TimeFormat):
    """A date written by a pattern."""

    discriminator: Literal["strftime"] = "strftime"
    format: str = "%Y-%m-%d"


class TimeStrftime(TimeFormat):
    """A time of day written by a pattern."""

    discriminator: Literal["strftime"] = "strftime"
    format: str = "%H:%M:%S"


class Iso8601(TimeFormat):
    """Written as ISO 8601 has it."""

    discriminator: Literal["iso8601"]
    include_microseconds: bool = False


def _moment(ctx: Context, wanted: TimeFormat) -> datetime:
    name = ctx.timezone if wanted.use_user_timezone else wanted.timezone
    try:
        zone = ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BlockError(
            f"There is no time zone {name!r}. Use a name such as Europe/Oslo."
        ) from error
    return ctx.now().astimezone(zone)


def _written(
    moment: datetime, wanted: TimeFormat, iso: Callable[[datetime], str], pattern: str | None
) -> str:
    if pattern is None:
        whole = (
            moment
            if getattr(wanted, "include_microseconds", False)
            else moment.replace(microsecond=0)
        )
        return iso(whole)
    try:
        return moment.strftime(pattern)
    except ValueError as error:
        raise BlockError(f"The moment cannot be written as {pattern!r}: {error}.") from error


class TriggerInput(BlockInput):
    """Something that happened."""

    trigger: str = pin(description="Anything; the moment it arrives is the one that counts.")


class GetCurrentDateInput(TriggerInput):
    """Which date, and how it is written."""

    offset: int | str = pin(0, description="Days before today.")
    format_type: DateStrftime | Iso8601 = pin(
        default_factory=DateStrftime, description="How it is written."
    )


class GetCurrentDateOutput(BlockOutput):
    """The date."""

    date: str = pin(description="The date.")


class GetCurrentDate(Block[GetCurrentDateInput]):
    """Today."""

    id = "b29c1b50-5d0e-4d9f-8f9d-1b0e6fcbf0b1"
    name = "GetCurrentDate"
    description = "Gives out today's date, or that of some days before."
    categories = (Category.TEXT,)
    effect = Effect.READ
    Input = GetCurrentDateInput
    Output = GetCurrentDateOutput
    examples = (
        Example({"trigger": "go"}, [("date", ANY)]),
        Example({"trigger": "go", "offset": "many"}, error="whole number of days"),
    )

    async def run(self, input: GetCurrentDateInput, ctx: Context) -> Outputs:
        """Yield the date.

        Raises:
            BlockError: The offset is no number of days, or there is no such time zone.
        """
        wanted = input.format_type
        try:
            moment = _moment(ctx, wanted) - timedelta(days=int(input.offset))
        except (ValueError, OverflowError) as error:
            raise BlockError(
                f"The offset is a whole number of days, not {input.offset!r}."
            ) from error
        pattern = wanted.format if isinstance(wanted, DateStrftime) else None
        yield "date", _written(moment, wanted, lambda one: one.date().isoformat(), pattern)


class GetCurrentTimeInput(TriggerInput):
    """How it is written."""

    format_type: TimeStrftime | Iso8601 = pin(
        default_factory=TimeStrftime, description="How it is written."
    )


class GetCurrentTimeOutput(BlockOutput):
    """The time of day."""

    time: str = pin(description="The time of day.")


class GetCurrentTime(Block[GetCurrentTimeInput]):
    """Now, as a time of day."""

    id = "a892b8d9-3e4e-4e9c-9c1e-75f8efcf1bfa"
    name = "GetCurrentTime"
    description = "Gives out the time of day."
    categories = (Category.TEXT,)
    effect = Effect.READ
    Input = GetCurrentTimeInput
    Output = GetCurrentTimeOutput
    examples = (Example({"trigger": "go"}, [("time", ANY)]),)

    async def run(self, input: GetCurrentTimeInput, ctx: Context) -> Outputs:
        """Yield the time of day."""
        wanted = input.format_type
        pattern = wanted.format if isinstance(wanted, TimeStrftime) else None
        yield (
            "time",
            _written(_moment(ctx, wanted), wanted, lambda one: one.timetz().isoformat(), pattern),
        )


class GetCurrentDateAndTimeInput(TriggerInput):
    """How it is written."""

    format_type: DateTimeStrftime | Iso8601 = pin(
        default_factory=DateTimeStrftime, description="How it is written."
    )


class GetCurrentDateAndTimeOutput(BlockOutput):
    """The moment."""

    date_time: str = pin(description="The date and the time of day.")


class GetCurrentDateAndTime(Block[GetCurrentDateAndTimeInput]):
    """Now."""

    id = "716a67b3-6760-42e7-86dc-18645c6e00fc"
    name = "GetCurrentDateAndTime"
    description = "Gives out the date and the time of day."
    categories = (Category.TEXT,)
    effect = Effect.READ
    Input = GetCurrentDateAndTimeInput
    Output = GetCurrentDateAndTimeOutput
    examples = (Example({"trigger": "go"}, [("date_time", ANY)]),)

    async def run(self, input: GetCurrentDateAndTimeInput, ctx: Context) -> Outputs:
        """Yield the moment."""
        wanted = input.format_type
        pattern = wanted.format if isinstance(wanted, DateTimeStrftime) else None
        yield "date_time", _written(_moment(ctx, wanted), wanted, datetime.isoformat, pattern)
