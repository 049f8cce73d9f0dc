"""A cache near, before a cache far: what is near costs nothing, what is far is shared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from autograph.infra.cache.memory import MemoryCache
from autograph.infra.cache.ports import Cache
from autograph.infra.json import Json

_NEAR_SHARE: Final = 0.4
"""Part of a value's time that it spends near, after it was read from far: the two add up to the whole."""


class LayeredCache:
    """Implements `Cache`. A value is never older than its time, in whichever layer."""

    def __init__(self, far: Cache | None = None) -> None:
        """Keep values in the process, and in `far`, if there is one."""
        self._near = MemoryCache()
        self._far = far

    async def get(self, key: str) -> Json | None:
        """Return the value, or None when there is none."""
        found = await self._near.get(key)
        return found if found is not None or self._far is None else await self._far.get(key)

    async def set(self, key: str, value: Json, *, ttl: timedelta) -> None:
        """Keep a value for at most `ttl`."""
        if self._far is not None:
            await self._far.set(key, value, ttl=ttl * (1 - _NEAR_SHARE))
            ttl *= _NEAR_SHARE
        await self._near.set(key, value, ttl=ttl)

    async def delete(self, key: str) -> None:
        """Forget a value, near and far."""
        await self._near.delete(key)
        if self._far is not None:
            await self._far.delete(key)
            # Somebody may have read it from far while it was there.
            await self._near.delete(key)

    def forget_near(self) -> None:
        """Forget everything that is near: news of changes may have been missed."""
        self._near = MemoryCache()

    async def remember(self, key: str, ttl: timedelta, make: Callable[[], Awaitable[Json]]) -> Json:
        """Return the value; make and keep it when there is none."""
        far = self._far
        if far is None:
            return await self._near.remember(key, ttl, make)
        return await self._near.remember(
            key, ttl * _NEAR_SHARE, lambda: far.remember(key, ttl * (1 - _NEAR_SHARE), make)
        )
