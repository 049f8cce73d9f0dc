"""Clocks and timers, by a clock that stands still."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from autograph.blocks.builtin.time.clock import (
    GetCurrentDate,
    GetCurrentDateAndTime,
    GetCurrentTime,
)
from autograph.blocks.builtin.time.timer import CountdownTimer
from autograph.blocks.sdk import Block, BlockError
from autograph.blocks.sdk.testing import FakeContext, run_block

CLOCKS = [GetCurrentDate, GetCurrentTime, GetCurrentDateAndTime]


@pytest.mark.parametrize(
    ("block", "written", "text"),
    [
        (GetCurrentDate, None, "2026-01-02"),
        (GetCurrentTime, None, "03:04:05"),
        (GetCurrentDateAndTime, None, "2026-01-02 03:04:05"),
        (GetCurrentDateAndTime, {"discriminator": "iso8601"}, "2026-01-02T03:04:05+00:00"),
        (
            GetCurrentDateAndTime,
            {"discriminator": "iso8601", "timezone": "Asia/Tokyo"},
            "2026-01-02T12:04:05+09:00",
        ),
        (GetCurrentTime, {"discriminator": "strftime", "format": "%H h"}, "03 h"),
        (
            GetCurrentTime,
            {"discriminator": "strftime", "format": "%H", "use_user_timezone": True},
            "04",
        ),
    ],
)
async def test_tells_the_moment(
    block: type[Block[Any]], written: dict[str, Any] | None, text: str
) -> None:
    given = {"trigger": "go", "format_type": written}

    [(_, value)] = await run_block(block, given, FakeContext(timezone="Europe/Oslo"))

    assert value == text


@pytest.mark.parametrize(("offset", "text"), [(1, "2026-01-01"), ("-30", "2026-02-01")])
async def test_tells_a_date_some_days_away(offset: Any, text: str) -> None:
    assert await run_block(GetCurrentDate, {"trigger": "x", "offset": offset}) == [("date", text)]


@pytest.mark.parametrize("block", CLOCKS)
@pytest.mark.parametrize("zone", ["No/Where", "", "../../etc/passwd", "Europe", "\0"])
async def test_a_zone_that_is_none_is_named(block: type[Block[Any]], zone: str) -> None:
    with pytest.raises(BlockError, match="There is no time zone"):
        await run_block(block, {"trigger": "go", "format_type": {"timezone": zone}})


class TestCountdownTimer:
    async def test_waits_as_long_and_as_often_as_asked(self) -> None:
        ctx = FakeContext()

        outputs = await run_block(
            CountdownTimer, {"minutes": "2", "seconds": 5, "repeat": 2, "input_message": [1]}, ctx
        )

        assert outputs == [("output_message", [1])] * 2
        assert ctx.slept == [timedelta(minutes=2, seconds=5)] * 2

    @pytest.mark.parametrize(
        ("given", "why"),
        [
            ({"seconds": "soon"}, "whole number"),
            ({"seconds": -1}, "seconds"),
            ({"days": 36_501}, "more than a century"),
            ({"days": 10**9}, "more than a century"),
            ({"repeat": 0}, "repeat"),
            ({"repeat": 10_001}, "repeat"),
        ],
    )
    async def test_refuses(self, given: dict[str, Any], why: str) -> None:
        with pytest.raises(BlockError, match=why):
            await run_block(CountdownTimer, given)
