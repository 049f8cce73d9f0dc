"""The port of caches. Every adapter passes one contract suite."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from autograph.infra.json import Json


class Cache(Protocol):
    """Keeps JSON values for a while; may forget any of them at any moment. Never fails.

    Keys are texts, `noun:id`; a cache that is shared by several installations has a namespace for each.
    A value read is the reader's own: changing it changes nothing here.
    """

    async def get(self, key: str) -> Json | None:
        """Return the value, or None when there is none (or it is null)."""
        ...

    async def set(self, key: str, value: Json, *, ttl: timedelta) -> None:
        """Keep a value for at most `ttl`.

        Raises:
            NotJson: The value has no JSON form.
        """
        ...

    async def delete(self, key: str) -> None:
        """Forget a value; also one that `remember` is making just now is not kept."""
        ...

    async def remember(self, key: str, ttl: timedelta, make: Callable[[], Awaitable[Json]]) -> Json:
        """Return the value; make and keep it when there is none.

        However many ask at the same time, one makes it and the others wait for it. What `make` raises is
        raised to all who wait, and nothing is kept.

        Args:
            key: What it is called.
            ttl: How long it is kept at most.
            make: Called when there is no value; null is a value.

        Raises:
            NotJson: The value has no JSON form.
        """
        ...
