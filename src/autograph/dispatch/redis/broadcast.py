"""News between processes by Redis; inside the process they arrive at once, without it.

Import this module late: it needs the extra `cluster`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Final, cast
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from autograph.dispatch.memory.broadcast import MemoryBroadcast
from autograph.dispatch.memory.partials import PartialRelay
from autograph.dispatch.ports import RunNews, RunPartial
from autograph.infra.errors import OperationalError
from autograph.infra.ids import new_id
from autograph.infra.json import NotJson, decode, encode
from autograph.infra.redis import AWAY, RedisLink

CHANNEL: Final = "autograph:news"
_GATHER_SECONDS: Final = 0.02
"""News of this long go out in one message."""
_MAX_PER_MESSAGE: Final = 1_000
_MAX_BYTES: Final = 65_536
_RETRY_SECONDS: Final = 0.25
_SILENCE_SECONDS: Final = 10.0
"""A connection that has been silent so long is asked whether it lives, and given so long to answer."""


class RedisBroadcast:
    """Implements `Broadcast`. While Redis is away, news inside the process go on."""

    def __init__(self, link: RedisLink, *, channel: str = CHANNEL) -> None:
        """Tell the other processes through `link`, on `channel`; `start` begins to hear them."""
        self._link = link
        self._channel = channel
        self._here = MemoryBroadcast()
        self._self = new_id().hex
        self._outgoing: dict[UUID, RunNews] = {}
        self._sender: asyncio.Task[None] | None = None
        self._has_lost_news = False
        self._listener: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        self._has_listened = False
        self._partials_channel = f"{channel}:partials"
        self._partials = PartialRelay(self._send_partials, max_bytes=_MAX_BYTES)

    def show(self, partial: RunPartial) -> None:
        """Show a piece of a text to who watches its run; never waits."""
        self._partials.show(partial)

    def watch(self, run_id: UUID) -> AbstractAsyncContextManager[AsyncIterator[RunPartial]]:
        """Watch the texts of a run until the context ends."""
        return self._partials.watch(run_id)

    async def start(self) -> None:
        """Begin to hear other processes; return once it does, or once it is known that Redis is away."""
        self._listener = asyncio.create_task(self._listen_forever(), name="redis broadcast")
        await self._tried.wait()

    def publish(self, news: Sequence[RunNews]) -> None:
        """Tell everybody; never waits."""
        self._here.publish(news)
        for one in news:
            self._outgoing[one.run_id] = one
        if self._outgoing and self._sender is None:
            self._sender = asyncio.create_task(self._send(), name="broadcast")

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[RunNews | None]]:
        """Listen until the context ends."""
        return self._here.subscribe()

    async def close(self) -> None:
        """Send what is left and stop. The link is closed by who made it."""
        await self._partials.close()
        if self._sender is not None:
            await asyncio.gather(self._sender, return_exceptions=True)
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def _send(self) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        news, self._outgoing, self._sender = list(self._outgoing.values()), {}, None
        # What is too much at once, or follows what could not be sent: the others are told to look.
        is_gap = self._has_lost_news or len(news) > _MAX_PER_MESSAGE
        payload = encode([self._self, None if is_gap else [_row(one) for one in news]])

        self._has_lost_news = not await self._published(self._channel, payload)

    async def _send_partials(self, payload: bytes) -> None:
        await self._published(self._partials_channel, payload)

    async def _published(self, channel: str, payload: bytes) -> bool:
        async def send(redis: Redis) -> None:
            await redis.publish(channel, payload)  # pyright: ignore[reportUnknownMemberType] - redis-py leaves **kwargs bare

        try:
            await self._link.ask(send)
        except OperationalError:
            return False
        return True

    async def _listen_forever(self) -> None:
        while True:
            with suppress(*AWAY):
                pubsub = self._link.client.pubsub()  # pyright: ignore[reportUnknownMemberType] - redis-py leaves **kwargs bare
                async with pubsub as subscription:
                    await subscription.subscribe(self._channel, self._partials_channel)
                    await self._listen(subscription)
            self._tried.set()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _listen(self, subscription: PubSub) -> None:
        """Return when the connection is dead."""
        is_asked = False
        while True:
            message = await _next(subscription)
            if message is None:
                if is_asked:
                    return
                await subscription.ping()  # pyright: ignore[reportUnknownMemberType] - redis-py leaves `message` bare
            is_asked = message is None
            if message is None:
                continue
            is_partial = message["channel"] == self._partials_channel.encode()
            if message["type"] == "subscribe":
                # Also after redis-py has connected again by itself.
                if is_partial:
                    continue
                if self._has_listened:
                    self._here.gap()
                self._has_listened = True
                self._tried.set()
            elif message["type"] == "message" and is_partial:
                self._partials.hear(message["data"])
            elif message["type"] == "message":
                self._hear(message["data"])

    def _hear(self, payload: bytes) -> None:
        try:
            sender, rows = decode(payload)
            if sender == self._self:
                return
            news = None if rows is None else [_news(row) for row in rows]
        except (NotJson, ValueError, TypeError):
            news = None  # of another release: it may mean anything
        if news is None:
            self._here.gap()
        else:
            self._here.publish(news)


async def _next(subscription: PubSub) -> dict[str, Any] | None:
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        # redis-py takes a cancellation for a lost connection when both come at once, and goes on.
        raise asyncio.CancelledError
    return cast("dict[str, Any] | None", await subscription.get_message(timeout=_SILENCE_SECONDS))


def _row(news: RunNews) -> list[Any]:
    return [str(news.run_id), str(news.owner_id or ""), news.seq, news.is_over]


def _news(row: Any) -> RunNews:
    run, owner, seq, over = row
    return RunNews(UUID(run), UUID(owner) if owner else None, seq, over)
