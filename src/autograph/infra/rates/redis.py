"""Rates counted over all processes, in Redis. Import this module late: it needs the extra `cluster`."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from redis.asyncio import Redis

from autograph.infra.errors import OperationalError
from autograph.infra.rates.memory import MemoryRateLimiter
from autograph.infra.rates.ports import Permit, Rate, RateLimiter
from autograph.infra.redis import RedisLink

PREFIX: Final = "autograph:rate:"

_GCRA: Final = """
-- KEYS: where the time is kept at which the key's next place is due, in microseconds of this server's clock
-- ARGV: microseconds from one to the next, how many at once, whether to wait (1) or to be refused (0)
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, burst, waits = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = due + interval * (1 - burst) - now
if wait > 1 and not waits then
    return {0, math.ceil(wait), 0}
end
due = due + interval
redis.call('SET', KEYS[1], string.format('%.3f', due), 'PX', math.ceil((due - now) / 1000) + 1)
if waits then
    return {1, math.max(0, math.ceil(wait)), 0}
end
local room = burst - (due - now) / interval
local remaining = math.floor(room + 0.000001)
if remaining > 0 then
    return {1, 0, remaining}
end
return {1, math.max(0, math.ceil((1 - room) * interval)), 0}
"""


class RedisRateLimiter:
    """Implements `RateLimiter` by GCRA in one atomic step, on the server's clock.

    While Redis is away each process counts for itself: limits then hold for each of them.
    """

    def __init__(
        self, link: RedisLink, *, prefix: str = PREFIX, fallback: RateLimiter | None = None
    ) -> None:
        """Count in `link`, under keys that begin with `prefix`; `fallback` counts while it is away."""
        self._link = link
        self._prefix = prefix
        self._fallback = fallback or MemoryRateLimiter()
        self._script = link.client.register_script(_GCRA)

    async def take(self, key: str, *, per: timedelta, limit: int, burst: int) -> Permit:
        """Let one pass, or refuse it."""
        try:
            allowed, wait, remaining = await self._gcra(key, Rate(limit, per, burst), waits=False)
        except OperationalError:
            return await self._fallback.take(key, per=per, limit=limit, burst=burst)
        return Permit(allowed=allowed == 1, wait=timedelta(microseconds=wait), remaining=remaining)

    async def reserve(self, key: str, rate: Rate) -> timedelta:
        """Take the next place and return how long to wait for it."""
        try:
            _, wait, _ = await self._gcra(key, rate, waits=True)
        except OperationalError:
            return await self._fallback.reserve(key, rate)
        return timedelta(microseconds=wait)

    async def _gcra(self, key: str, rate: Rate, *, waits: bool) -> tuple[int, int, int]:
        arguments = [f"{rate.interval * 1_000_000:.3f}", rate.burst, int(waits)]

        async def run(redis: Redis) -> tuple[int, int, int]:
            allowed, wait, remaining = await self._script(
                keys=[self._prefix + key], args=arguments, client=redis
            )
            return allowed, wait, remaining

        return await self._link.ask(run)
