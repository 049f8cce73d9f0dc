"""A cache in the process: bounded, the least recently used goes first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from autograph.infra.cache.flight import Flight
from autograph.infra.json import Json, decode, encode

MAX_ENTRIES: Final = 10_000
MAX_BYTES: Final = 32 * 1024 * 1024


class MemoryCache:
    """Implements `Cache`."""

    def __init__(
        self,
        *,
        max_entries: int = MAX_ENTRIES,
        max_bytes: int = MAX_BYTES,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin empty.

        Args:
            max_entries: Values kept at most.
            max_bytes: Size of all values' JSON together at most, in bytes; a larger one is not kept.
            now: Seconds since whenever.
        """
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._now = now
        self._kept: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._size_bytes = 0
        self._making: Flight[bytes] = Flight()

    async def get(self, key: str) -> Json | None:
        """Return the value, or None when there is none."""
        text = self._read(key)
        return None if text is None else decode(text)

    async def set(self, key: str, value: Json, *, ttl: timedelta) -> None:
        """Keep a value for at most `ttl`."""
        text = encode(value)
        self._making.leave(key)
        self._write(key, text, ttl)

    async def delete(self, key: str) -> None:
        """Forget a value."""
        self._making.leave(key)
        self._forget(key)

    async def remember(self, key: str, ttl: timedelta, make: Callable[[], Awaitable[Json]]) -> Json:
        """Return the value; make and keep it when there is none."""
        text = self._read(key)
        if text is not None:
            return decode(text)

        async def call(is_left: Callable[[], bool]) -> bytes:
            made = encode(await make())
            if not is_left():
                self._write(key, made, ttl)
            return made

        return decode(await self._making.join(key, call))

    def _read(self, key: str) -> bytes | None:
        found = self._kept.get(key)
        if found is None:
            return None
        text, until = found
        if self._now() >= until:
            self._forget(key)
            return None
        self._kept.move_to_end(key)
        return text

    def _write(self, key: str, text: bytes, ttl: timedelta) -> None:
        self._forget(key)
        self._kept[key] = text, self._now() + ttl.total_seconds()
        self._size_bytes += len(text)
        while len(self._kept) > self._max_entries or self._size_bytes > self._max_bytes:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: str) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._size_bytes -= len(found[0])
