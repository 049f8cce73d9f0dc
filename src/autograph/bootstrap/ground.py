"""What the features of a process stand on."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from autograph.infra.cache.ports import Cache
from autograph.infra.clock import Clock
from autograph.infra.crypto import Keys
from autograph.infra.database import Database
from autograph.infra.egress.ports import Http
from autograph.infra.rates.ports import RateLimiter
from autograph.infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Ground:
    """Handed whole to whatever puts a feature together.

    Attributes:
        ring: Encrypts what is secret.
        http: The way out, by the installation's own rules.
        rates: Counts, over all processes where they share a Redis.
        cache: What all processes share; None where each has its own.
        stack: Closes what has to be closed at the end.
    """

    settings: Settings
    database: Database
    ring: Keys
    http: Http
    rates: RateLimiter
    cache: Cache | None
    clock: Clock
    stack: AsyncExitStack
