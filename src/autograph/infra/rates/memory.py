"""Rates counted in the process."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from autograph.infra.rates.ports import Permit, Rate

MAX_KEYS: Final = 100_000
_ROUNDING: Final = 1e-6
"""Seconds by which sums of fractions may be off."""


class MemoryRateLimiter:
    """Implements `RateLimiter` by GCRA: of each key it keeps one number, the time its next place is due."""

    def __init__(
        self, *, now: Callable[[], float] = time.monotonic, max_keys: int = MAX_KEYS
    ) -> None:
        """Begin with no key.

        Args:
            now: Seconds since whenever.
            max_keys: Over it, keys at rest are forgotten, then those that were made first.
        """
        self._now = now
        self._max_keys = max_keys
        self._due: dict[str, float] = {}

    async def take(self, key: str, *, per: timedelta, limit: int, burst: int) -> Permit:
        """Let one pass, or refuse it."""
        rate = Rate(limit, per, burst)
        now, interval = self._now(), rate.interval
        due = max(self._due.get(key, now), now)
        wait = due + interval * (1 - burst) - now
        if wait > _ROUNDING:
            return Permit(allowed=False, wait=timedelta(seconds=wait), remaining=0)
        self._keep(key, due + interval, now)
        room = burst - (due + interval - now) / interval
        remaining = int(room + _ROUNDING)
        wait = 0.0 if remaining else max(0.0, (1 - room) * interval)
        return Permit(allowed=True, wait=timedelta(seconds=wait), remaining=remaining)

    async def reserve(self, key: str, rate: Rate) -> timedelta:
        """Take the next place and return how long to wait for it."""
        now = self._now()
        due = max(self._due.get(key, now), now)
        self._keep(key, due + rate.interval, now)
        return timedelta(seconds=max(0.0, due + rate.interval * (1 - rate.burst) - now))

    def _keep(self, key: str, due: float, now: float) -> None:
        self._due[key] = due
        if len(self._due) > self._max_keys:
            self._due = {key: due for key, due in self._due.items() if due > now}
            while len(self._due) > self._max_keys:
                del self._due[next(iter(self._due))]
