"""The port of rates. Every adapter passes one contract suite."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so long, evenly spread, with some at once.

    Attributes:
        limit: How many; at least 1.
        per: In how long.
        burst: How many may come at once after a rest; at least 1.
    """

    limit: int
    per: timedelta
    burst: int = 1

    @property
    def interval(self) -> float:
        """Seconds from one to the next."""
        return self.per.total_seconds() / self.limit


@dataclass(frozen=True, slots=True)
class Permit:
    """The answer to one who wants to go on.

    Attributes:
        allowed: Whether it may.
        wait: Time until the next one is allowed; zero when one is allowed now.
        remaining: How many more are allowed now.
    """

    allowed: bool
    wait: timedelta
    remaining: int


class RateLimiter(Protocol):
    """Counts how often things happen, by key. Keys are made by their first use and forgotten by themselves.

    Exact as long as what counts is there: an adapter that loses its server counts on in each process.
    """

    async def take(self, key: str, *, per: timedelta, limit: int, burst: int) -> Permit:
        """Let one pass, or refuse it; who is refused costs nothing. Never fails.

        Args:
            key: Who or what is counted.
            per: In how long `limit` may pass, evenly spread.
            limit: At least 1.
            burst: How many may pass at once after a rest; at least 1.
        """
        ...

    async def reserve(self, key: str, rate: Rate) -> timedelta:
        """Take the next place and return how long to wait for it. Never refuses, never fails.

        Callers that come together are given places one after the other and wait at the same time. A place
        is not given back.
        """
        ...
