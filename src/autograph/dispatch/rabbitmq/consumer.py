"""What comes out of the broker before anybody asked for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from autograph.dispatch.rabbitmq.broker import BROKEN, Broker, disconnect
from autograph.infra.errors import OperationalError

_log = structlog.stdlib.get_logger(__name__)

_RETRY_SECONDS: Final = 0.3
_SUBSCRIBE_SECONDS: Final = 2.0
_SETTLE_SECONDS: Final = 0.02
"""What waits in all lanes comes in during this time after consuming began; only then are lanes compared."""


class Consumer:
    """Prefetches from every lane, and comes back by itself when the broker was away."""

    def __init__(self, broker: Broker, prefetch: int) -> None:
        """Begin at once.

        Args:
            broker: Where the lanes are.
            prefetch: Messages of each lane that may wait here, unacknowledged.
        """
        self._broker = broker
        self._prefetch = prefetch
        self._unread: dict[int, deque[tuple[UUID, AbstractIncomingMessage]]] = {
            lane: deque() for lane in broker.lanes
        }
        self._tried: set[int] = set()
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._consume_forever(), name="rabbitmq consumer")

    async def take(self, limit: int) -> list[UUID]:
        """Wait for messages; acknowledge at most `limit` of them and return the ids in them."""
        while len(self._tried) < len(self._unread) or not any(self._unread.values()):
            self._changed.clear()
            await self._changed.wait()
        taken: list[tuple[UUID, AbstractIncomingMessage]] = []
        for lane in self._unread.values():
            while lane and len(taken) < limit:
                taken.append(lane.popleft())
        await asyncio.gather(*[_acknowledge(message) for _, message in taken])
        return [run_id for run_id, _ in taken]

    async def close(self) -> None:
        """Stop; the broker takes back what was not taken."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _consume_forever(self) -> None:
        is_away = False
        while True:
            try:
                connection = await self._broker.connect()
            except OperationalError as error:
                if not is_away:
                    _log.warning("the message broker is away", error=error.message)
                is_away = True
            else:
                is_away = False
                await self._consume(connection)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _consume(self, connection: AbstractConnection) -> None:
        """Return when the connection is lost."""
        lost = asyncio.Event()
        connection.close_callbacks.add(_setting(lost))
        lanes = [asyncio.create_task(self._follow(connection, lane)) for lane in self._unread]
        try:
            await lost.wait()
        finally:
            for task in lanes:
                task.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)
            self._tried.clear()
            await disconnect(connection)

    async def _follow(self, connection: AbstractConnection, lane: int) -> None:
        """Consume one lane, on a channel of its own: one that is stuck must not stop the others.

        A quorum queue without a leader leaves a consumer without an answer. On 3.10 that lasts for ever
        when the only node was killed within seconds after the queue was made; such a queue must be deleted
        by hand, and until then the runs in its lane are found without it.
        """
        while True:
            lost = asyncio.Event()
            try:
                async with asyncio.timeout(_SUBSCRIBE_SECONDS):
                    channel = await connection.channel(publisher_confirms=False)
                    channel.close_callbacks.add(_setting(lost))
                    underlay = await channel.get_underlay_channel()
                    # The broker cancels a consumer whose queue is gone.
                    underlay.on_consumer_cancel_callbacks.add(_setting(lost))
                    await channel.set_qos(prefetch_count=self._prefetch)
                    queue = await self._broker.declare(channel, lane)
                    await queue.consume(partial(self._arrive, lane))
            except BROKEN as error:
                _log.warning("a lane of the message broker is stuck", lane=lane, error=str(error))
                lost.set()
            await asyncio.sleep(_SETTLE_SECONDS)
            self._tried.add(lane)
            self._changed.set()
            await lost.wait()
            self._unread[lane].clear()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _arrive(self, lane: int, message: AbstractIncomingMessage) -> None:
        # Everything before the first `await` happens in the order of delivery.
        try:
            run_id = UUID(message.body.decode())
        except ValueError:
            _log.warning("a message that is no run id was set aside", size_bytes=message.body_size)
            with suppress(*BROKEN):
                await message.reject(requeue=False)
            return
        self._unread[lane].append((run_id, message))
        self._changed.set()


async def _acknowledge(message: AbstractIncomingMessage) -> None:
    # Without its channel a message is with the broker again, and will come once more: to no harm.
    with suppress(*BROKEN):
        await message.ack()


def _setting(event: asyncio.Event) -> Callable[..., None]:
    def call(*_: object) -> None:
        event.set()

    return call
