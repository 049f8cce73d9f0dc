"""What a process does again and again beside its work: it tidies up, and tells people what happened."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import structlog

from autograph.bootstrap.dispatch import ended
from autograph.infra.errors import OperationalError

_log = structlog.stdlib.get_logger(__name__)


def begin(
    stack: AsyncExitStack,
    chore: str,
    work: Callable[[], Awaitable[object]],
    *,
    every: timedelta,
    at_once: bool = True,
) -> None:
    """Do some work again and again until the process ends, in a task of its own: what is slow holds up no other.

    Args:
        stack: Ends it.
        chore: What it is called in the log.
        work: Is done. That it fails is logged, and it is done again all the same.
        every: From one end to the next begin; a fifth more or less, so that processes do not keep step.
        at_once: The first time is now; otherwise after that long.
    """
    task = asyncio.create_task(_for_ever(chore, work, every, at_once=at_once), name=chore)
    stack.push_async_callback(ended, task)


async def _for_ever(
    chore: str, work: Callable[[], Awaitable[object]], every: timedelta, *, at_once: bool
) -> None:
    if not at_once:
        await _wait(every)
    while True:
        try:
            await work()
        except OperationalError as error:
            _log.warning("a chore is left undone", chore=chore, error=error.message)
        except Exception:  # noqa: BLE001 - a border: what cannot be done now must not end the process
            _log.exception("a chore failed", chore=chore)
        await _wait(every)


async def _wait(every: timedelta) -> None:
    await asyncio.sleep(every.total_seconds() * random.uniform(0.8, 1.2))
