"""What a block gets of the world: a `Context`, handed to `run`. There is no other way out."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from autograph.blocks.sdk.fields import Json


class Scope(StrEnum):
    """Who shares a stored value."""

    AGENT = "within_agent"
    PERSON = "across_agents"


class KeyValueStore(Protocol):
    """A person's stored values. Keys are at most 512 characters; values are JSON."""

    async def get(self, key: str, *, scope: Scope) -> Json | None:
        """Return the value kept under `key`, None when there is none."""
        ...

    async def set(self, key: str, value: Json, *, scope: Scope) -> None:
        """Keep `value` under `key`, replacing what was there. Idempotent."""
        ...


class Context(Protocol):
    """One attempt of one node run, as its block sees it."""

    @property
    def run_id(self) -> UUID:
        """The run."""
        ...

    @property
    def graph_id(self) -> str:
        """The graph that runs."""
        ...

    @property
    def node_id(self) -> str:
        """The node."""
        ...

    @property
    def node_run(self) -> int:
        """Number of this node run in its run, from 1."""
        ...

    @property
    def attempt(self) -> int:
        """Number of this try, from 1."""
        ...

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of this node run, also after a crash; hand it to services that take one."""
        ...

    @property
    def timezone(self) -> str:
        """IANA name of the person's time zone, "UTC" when unknown."""
        ...

    @property
    def random(self) -> random.Random:
        """Seeded by the idempotency key, so that a repeated attempt draws the same numbers."""
        ...

    @property
    def store(self) -> KeyValueStore:
        """The person's stored values."""
        ...

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""
        ...

    async def sleep(self, duration: timedelta) -> None:
        """Wait; ends early when the run is cancelled."""
        ...

    def log(self, message: str, **facts: Json) -> None:
        """Add a line to the node run's log. Never put a secret into it."""
        ...
