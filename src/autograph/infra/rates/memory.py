"""Rates counted in this process: the generic cell rate algorithm (GCRA), one moment for each key.

The moment is when the bucket would be full again (the "theoretical arrival time" of ITU-T I.371): each
turn moves it on by one step, and a turn is due once it is no further off than the burst allows.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from time import monotonic
from typing import Final

from autograph.infra.rates.ports import Permit, Rate

_KEPT: Final = 100_000
"""Keys that are remembered; the ones that were used longest ago are full again by then."""


class MemoryRateLimiter:
    """Implements `RateLimiter`."""

    def __init__(self) -> None:
        """Begin with every bucket full."""
        self._full_at: OrderedDict[str, float] = OrderedDict()

    async def take(self, key: str, rate: Rate) -> Permit:
        """Do it now, if the rate allows it."""
        now, step = monotonic(), rate.per.total_seconds() / rate.count
        full_at = max(self._full_at.get(key, now), now)
        wait = full_at - now - step * (rate.burst - 1)
        if wait > 0:
            return Permit(allowed=False, remaining=0, wait=timedelta(seconds=wait))
        self._keep(key, full_at + step)
        left = rate.burst - (full_at + step - now) / step
        return Permit(allowed=True, remaining=max(0, int(left + 1e-9)), wait=timedelta(0))

    async def reserve(self, key: str, rate: Rate) -> timedelta:
        """Take the next turn, whenever it is; return how long it is off. Callers wait at the same time."""
        now, step = monotonic(), rate.per.total_seconds() / rate.count
        full_at = max(self._full_at.get(key, now), now)
        self._keep(key, full_at + step)
        return timedelta(seconds=max(0.0, full_at - now - step * (rate.burst - 1)))

    async def close(self) -> None:
        """Nothing to let go of."""

    def _keep(self, key: str, full_at: float) -> None:
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > _KEPT:
            self._full_at.popitem(last=False)
