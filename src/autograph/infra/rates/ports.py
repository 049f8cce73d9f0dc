"""How often something may be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something may be done: `count` times in every `per`, `burst` of them at once."""

    count: int
    per: timedelta
    burst: int = 1


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether something may be done now.

    Attributes:
        remaining: How often more, at once.
        wait: How long until the next one, when it is not allowed.
    """

    allowed: bool
    remaining: int
    wait: timedelta


class RateLimiter(Protocol):
    """Counts what is done under a key. A token bucket: nobody holds anything while they wait."""

    async def take(self, key: str, rate: Rate) -> Permit:
        """Do it now, if the rate allows it."""
        ...

    async def reserve(self, key: str, rate: Rate) -> timedelta:
        """Take the next turn, whenever it is; return how long it is off. Callers wait at the same time."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
