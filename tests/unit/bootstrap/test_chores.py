"""What a process does again and again goes on, whatever becomes of it once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
import structlog

from autograph.bootstrap.chores import begin
from autograph.infra.errors import OperationalError

SOON = timedelta(milliseconds=5)


async def test_a_chore_is_done_again_and_again_and_ends_with_the_process() -> None:
    done: list[str] = []

    async def note() -> None:
        done.append("noted")

    async with AsyncExitStack() as stack:
        begin(stack, "note", note, every=SOON)
        async with asyncio.timeout(5):
            while len(done) < 5:
                await asyncio.sleep(0)
    at_the_end = len(done)
    await asyncio.sleep(0.05)
    assert len(done) == at_the_end
    assert not [one for one in asyncio.all_tasks() if one.get_name() == "note"]


async def test_one_that_fails_is_told_and_done_again_and_one_that_is_slow_holds_up_no_other() -> (
    None
):
    done: list[str] = []

    async def fail() -> None:
        done.append("failed")
        if len(done) % 2:
            raise OperationalError("The database is away.")
        raise ValueError("a fault of ours")

    async def hang() -> None:
        await asyncio.Event().wait()

    with structlog.testing.capture_logs() as lines:
        async with AsyncExitStack() as stack:
            begin(stack, "hang", hang, every=SOON)
            begin(stack, "fail", fail, every=SOON)
            async with asyncio.timeout(5):
                while len(done) < 4:
                    await asyncio.sleep(0)
    assert [(one["log_level"], one["event"], one["chore"]) for one in lines[:2]] == [
        ("warning", "a chore is left undone", "fail"),
        ("error", "a chore failed", "fail"),
    ]
    assert lines[0]["error"] == "The database is away."


async def test_one_that_has_time_is_not_done_at_once_and_processes_keep_no_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    done: list[int] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await real(0)

    async def note() -> None:
        done.append(len(slept))

    monkeypatch.setattr("autograph.bootstrap.chores.asyncio.sleep", sleep)
    async with AsyncExitStack() as stack:
        begin(stack, "note", note, every=timedelta(minutes=1), at_once=False)
        while len(done) < 50:
            await real(0)
    assert done[0] == 1
    assert all(48 <= seconds <= 72 for seconds in slept)
    assert len({round(seconds) for seconds in slept}) > 5
