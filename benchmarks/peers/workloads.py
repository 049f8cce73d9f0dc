"""What is measured, the same for everybody.

chain    ten steps in a row, each adds one
fan      one step, a hundred beside each other that add one, one that sums them up
waiting  a thousand runs at once, each of one step that asks a server which answers after two seconds

Every system stores every step the way it does by default, so that a run survives the death of its process as
far as that system promises. Every result is checked. A system's adapter is a script that is run with the
system's own Python; it is told where the servers are, and prints one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

CHAIN = 10
FAN = 100
CHAIN_RESULT = 10
FAN_RESULT = 200
WAITING = 1_000
ALONE = 15
"""Runs one after the other, for the time of one."""
SECONDS = 5.0
"""How long runs are kept going side by side, for the rate."""
LIMIT = 100.0
"""Seconds after which a workload counts as not done."""

Run = Callable[[], Awaitable[int]]


@dataclass
class Found:
    """What was measured, or why it was not.

    Attributes:
        alone_ms: Median time of one run alone, in milliseconds.
        rate: Runs a second, side by side.
        seconds: From the first request to the last end.
    """

    alone_ms: float | None = None
    rate: float | None = None
    seconds: float | None = None
    failure: str | None = None


@dataclass(frozen=True)
class Servers:
    """Where everything is."""

    postgres: str
    rabbitmq: str
    redis: str
    slow: int


def servers() -> Servers:
    """Read them from the command line."""
    parser = argparse.ArgumentParser()
    for name in ("postgres", "rabbitmq", "redis"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--slow", type=int, required=True)
    return Servers(**vars(parser.parse_args()))


async def rates(run: Run, expected: int, *, side_by_side: int) -> Found:
    """Measure a run alone, then many side by side."""
    try:
        async with asyncio.timeout(LIMIT):
            for _ in range(2):
                await _checked(run, expected)
            alone: list[float] = []
            for _ in range(ALONE):
                begun = time.perf_counter()
                await _checked(run, expected)
                alone.append(time.perf_counter() - begun)
                if sum(alone) > SECONDS * 2:
                    break
            return Found(statistics.median(alone) * 1000, await _rate(run, expected, side_by_side))
    except Exception as error:
        return Found(failure=f"{type(error).__name__}: {error}"[:300])


async def _rate(run: Run, expected: int, side_by_side: int) -> float:
    done = 0
    begun = time.perf_counter()

    async def keep_going() -> None:
        nonlocal done
        while time.perf_counter() - begun < SECONDS:
            await _checked(run, expected)
            done += 1

    await asyncio.gather(*[keep_going() for _ in range(side_by_side)])
    return done / (time.perf_counter() - begun)


async def waiting(run: Run, expected: int = 1) -> Found:
    """Measure how long a thousand take that wait at once."""
    try:
        async with asyncio.timeout(LIMIT):
            await _checked(run, expected)
            begun = time.perf_counter()
            await asyncio.gather(*[_checked(run, expected) for _ in range(WAITING)])
            return Found(seconds=time.perf_counter() - begun)
    except Exception as error:
        return Found(failure=f"{type(error).__name__}: {error}"[:300])


async def _checked(run: Run, expected: int) -> None:
    found = await run()
    if found != expected:
        raise ValueError(f"{expected} was expected, {found!r} came")


def tell(version: str, settings: str, **found: Found) -> None:
    """Print what was measured, and end: whatever still runs is not waited for."""
    line = {
        "version": version,
        "settings": settings,
        **{name: asdict(one) for name, one in found.items()},
    }
    print(json.dumps(line), flush=True)
    sys.stdout.flush()
    os._exit(0)
