"""A cache that all processes share, in Redis. Import this module late: it needs the extra `cluster`."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from redis.asyncio import Redis

from autograph.infra.cache.flight import Flight
from autograph.infra.errors import OperationalError
from autograph.infra.ids import new_id
from autograph.infra.json import Json, decode, encode
from autograph.infra.redis import RedisLink

PREFIX: Final = "autograph:cache:"
_LOCK_SECONDS: Final = 10.0
"""How long a process may take to make a value before others make it, too."""
_LOOK_SECONDS: Final = 0.03

_KEEP_IF_MINE: Final = """
-- KEYS: value, lock · ARGV: our token, value, milliseconds. `delete` takes the lock, so nothing stale is kept.
if redis.call('GET', KEYS[2]) == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    redis.call('DEL', KEYS[2])
end
"""
_LET_GO_IF_MINE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


class RedisCache:
    """Implements `Cache`. While Redis is away there is no value, and `remember` makes one each time."""

    def __init__(self, link: RedisLink, *, prefix: str = PREFIX) -> None:
        """Keep values in `link`, under keys that begin with `prefix`."""
        self._link = link
        self._prefix = prefix
        self._making: Flight[bytes | str] = Flight()
        self._keep_if_mine = link.client.register_script(_KEEP_IF_MINE)
        self._let_go_if_mine = link.client.register_script(_LET_GO_IF_MINE)

    async def get(self, key: str) -> Json | None:
        """Return the value, or None when there is none."""
        text = await self._read(key)
        return None if text is None else decode(text)

    async def set(self, key: str, value: Json, *, ttl: timedelta) -> None:
        """Keep a value for at most `ttl`."""
        text = encode(value)
        self._making.leave(key)

        async def write(redis: Redis) -> None:
            async with redis.pipeline(transaction=True) as pipeline:
                pipeline.delete(self._lock(key))
                pipeline.set(self._prefix + key, text, px=_milliseconds(ttl))
                await pipeline.execute()

        with suppress(OperationalError):
            await self._link.ask(write)

    async def delete(self, key: str) -> None:
        """Forget a value."""
        self._making.leave(key)

        async def forget(redis: Redis) -> None:
            await redis.delete(self._prefix + key, self._lock(key))

        with suppress(OperationalError):
            await self._link.ask(forget)

    async def remember(self, key: str, ttl: timedelta, make: Callable[[], Awaitable[Json]]) -> Json:
        """Return the value; make and keep it when there is none."""
        text = await self._read(key)
        if text is None:
            text = await self._making.join(key, lambda _: self._make(key, ttl, make))
        return decode(text)

    async def _make(
        self, key: str, ttl: timedelta, make: Callable[[], Awaitable[Json]]
    ) -> bytes | str:
        token = new_id().hex
        try:
            found = await self._value_or_lock(key, token)
        except OperationalError:
            return encode(await make())
        if found is not None:
            return found
        try:
            made = encode(await make())
        except BaseException:
            with suppress(OperationalError):
                await self._link.ask(
                    lambda redis: self._let_go_if_mine(
                        keys=[self._lock(key)], args=[token], client=redis
                    )
                )
            raise
        with suppress(OperationalError):
            await self._link.ask(
                lambda redis: self._keep_if_mine(
                    keys=[self._prefix + key, self._lock(key)],
                    args=[token, made, _milliseconds(ttl)],
                    client=redis,
                )
            )
        return made

    async def _value_or_lock(self, key: str, token: str) -> bytes | str | None:
        """Return the value that another process makes, or None when it is ours to make.

        Raises:
            OperationalError: Redis is away.
        """

        async def lock(redis: Redis) -> bool:
            px = int(_LOCK_SECONDS * 1_000)
            return bool(await redis.set(self._lock(key), token, nx=True, px=px))

        async def read(redis: Redis) -> bytes | str | None:
            return await redis.get(self._prefix + key)

        while not await self._link.ask(lock):
            await asyncio.sleep(_LOOK_SECONDS)
            if (text := await self._link.ask(read)) is not None:
                return text
        return None

    async def _read(self, key: str) -> bytes | str | None:
        async def read(redis: Redis) -> bytes | str | None:
            return await redis.get(self._prefix + key)

        try:
            return await self._link.ask(read)
        except OperationalError:
            return None

    def _lock(self, key: str) -> str:
        return f"{self._prefix}{key}:making"


def _milliseconds(ttl: timedelta) -> int:
    return max(1, math.ceil(ttl.total_seconds() * 1_000))
