"""Picks what moves work and news between processes: PostgreSQL alone, or RabbitMQ and Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from autograph.bootstrap.process import Process
from autograph.dispatch.ports import Broadcast, JobQueue
from autograph.dispatch.postgres import broadcast as postgres_broadcast
from autograph.dispatch.postgres import queue as postgres_queue
from autograph.dispatch.postgres.broadcast import PostgresBroadcast
from autograph.dispatch.postgres.outbox import Outbox
from autograph.dispatch.postgres.queue import PostgresQueue
from autograph.infra.cache.ports import Cache
from autograph.infra.database import Database
from autograph.infra.rates.memory import MemoryRateLimiter
from autograph.infra.rates.ports import RateLimiter
from autograph.infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What moves work and news between processes.

    Attributes:
        channels: What to call for every NOTIFY, by its channel.
    """

    queue: JobQueue
    broadcast: Broadcast
    turns: RateLimiter
    cache: Cache | None
    channels: dict[str, Callable[[str | None], None]]


async def make_dispatch(
    settings: Settings, database: Database, stack: AsyncExitStack, process: Process
) -> Dispatch:
    """Choose the adapters that settings name, and start them."""
    channels: dict[str, Callable[[str | None], None]] = {}
    queue: JobQueue
    if settings.queue_url is None or not process.takes_work:
        queue = postgres = PostgresQueue(database)
        channels[postgres_queue.CHANNEL] = postgres.wake
    else:
        from autograph.dispatch.rabbitmq.queue import RabbitQueue  # noqa: PLC0415 - an extra

        queue = RabbitQueue(settings.queue_url.split(","))
        if process.relays:
            outbox = Outbox(database, queue)
            channels[postgres_queue.CHANNEL] = outbox.wake
            stack.push_async_callback(ended, asyncio.create_task(outbox.relay(), name="outbox"))
    stack.push_async_callback(queue.close)
    broadcast: Broadcast
    turns: RateLimiter = MemoryRateLimiter()
    cache: Cache | None = None
    if settings.redis_url is None:
        broadcast = news = PostgresBroadcast(database)
        channels[postgres_broadcast.CHANNEL] = news.hear
        channels[postgres_broadcast.PARTIALS] = news.hear_partials
    else:
        from autograph.dispatch.redis.broadcast import RedisBroadcast  # noqa: PLC0415 - an extra
        from autograph.infra.cache.redis import RedisCache  # noqa: PLC0415 - an extra
        from autograph.infra.rates.redis import RedisRateLimiter  # noqa: PLC0415 - an extra
        from autograph.infra.redis import RedisLink  # noqa: PLC0415 - an extra

        link = RedisLink(settings.redis_url)
        stack.push_async_callback(link.close)
        broadcast = redis = RedisBroadcast(link)
        await redis.start()
        turns = RedisRateLimiter(link)
        cache = RedisCache(link)
    stack.push_async_callback(broadcast.close)
    return Dispatch(queue, broadcast, turns, cache, channels)


async def ended(task: asyncio.Task[None]) -> None:
    """End a task that goes on for ever."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
