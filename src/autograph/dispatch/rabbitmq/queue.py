"""A job queue in RabbitMQ, for clusters: a durable quorum queue per lane, confirmed publishing.

    publish ─▶ autograph.runs.high │ .normal │ .low ─▶ receive        a message is a run id, as text
                        └─ no run id, or came back too often ─▶ autograph.runs.dead

The broker carries wake-ups and nothing else (`JobQueue`), so it may be away: `publish` says so at once,
`receive` waits until it is back. Import this module late: it needs the extra `cluster`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import PublishError

from autograph.dispatch.ports import NORMAL
from autograph.dispatch.rabbitmq.broker import BROKEN, RETRY_AFTER, Broker, away, disconnect
from autograph.dispatch.rabbitmq.consumer import Consumer
from autograph.infra.errors import OperationalError

PREFIX: Final = "autograph.runs"
_BATCH: Final = 100
_CONFIRM_SECONDS: Final = 2.0
"""How long a broker that is there may take to confirm a batch."""
_UNASKED_SECONDS: Final = 1.0
"""When nobody asked for so long, what is unread goes back to the broker: a worker that is full keeps no work
from others, and never meets the broker's consumer timeout."""


class RabbitQueue:
    """Implements `JobQueue`.

    Lanes are as exact as prefetching is: what is here is handed out of higher lanes first.
    """

    def __init__(self, urls: Sequence[str], *, prefix: str = PREFIX, prefetch: int = 50) -> None:
        """Prepare; the first call connects.

        Args:
            urls: The broker's nodes, `amqp://user:password@host:port/vhost`; whichever answers is used.
            prefix: What names of queues begin with.
            prefetch: Ids of each lane that may wait in this process, unacknowledged; at least 1.
        """
        self._broker = Broker(urls, prefix)
        self._prefetch = prefetch
        self._connecting = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._is_lost = False
        self._channels: dict[str, AbstractChannel] = {}
        self._consumer: Consumer | None = None
        self._asking = 0
        self._unasked: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def publish(self, run_ids: Sequence[UUID], *, priority: int = NORMAL) -> None:
        """Say that runs are queued; return when a majority of the broker's nodes has written it down.

        Raises:
            OperationalError: The broker does not answer. Some of the runs may be known to it.
        """
        lane = self._broker.lanes[priority]
        for start in range(0, len(run_ids), _BATCH):
            await self._publish(run_ids[start : start + _BATCH], lane)

    async def receive(self, limit: int) -> Sequence[UUID]:
        """Wait until there are runs to claim; return at most `limit`, of higher lanes first, oldest first.

        Waits on while the broker is away. An id comes twice when the broker missed its acknowledgement.
        """
        if self._unasked is not None:
            self._unasked.cancel()
        if self._consumer is None:
            self._consumer = Consumer(self._broker, self._prefetch)
        self._asking += 1
        try:
            return await self._consumer.take(limit)
        finally:
            self._asking -= 1
            if not self._asking:
                loop = asyncio.get_running_loop()
                self._unasked = loop.call_later(_UNASKED_SECONDS, self._let_go)

    async def close(self) -> None:
        """Disconnect; what nobody received goes back to the broker."""
        if self._unasked is not None:
            self._unasked.cancel()
        self._let_go()
        await asyncio.gather(*self._closing)
        await self._disconnect()

    async def _publish(self, run_ids: Sequence[UUID], lane: str) -> None:
        try:
            channel = await self._open_channel(lane)
            async with asyncio.timeout(_CONFIRM_SECONDS):
                await asyncio.gather(
                    *[
                        channel.default_exchange.publish(_message(run_id), lane)
                        for run_id in run_ids
                    ]
                )
        except PublishError as error:
            # The lane is gone: somebody deleted it. The next connection declares it again.
            await self._disconnect()
            raise OperationalError(away(error), retry_after=RETRY_AFTER) from error
        except BROKEN as error:
            # A channel that met the loss of a queue's leader refuses that lane for good (seen on 3.10).
            self._drop_channel(lane)
            raise OperationalError(away(error), retry_after=RETRY_AFTER) from error

    async def _open_channel(self, lane: str) -> AbstractChannel:
        """Return a channel for one lane: one that is stuck must not stop the others."""
        async with self._connecting:
            if self._connection is None or self._is_lost:
                await self._disconnect()
                connection = self._connection = await self._broker.connect()
                connection.close_callbacks.add(self._lose)
                self._is_lost = False
            channel = self._channels.get(lane)
            if channel is None or channel.is_closed:
                async with asyncio.timeout(_CONFIRM_SECONDS):
                    channel = await self._connection.channel(on_return_raises=True)
                self._channels[lane] = channel
            return channel

    def _drop_channel(self, lane: str) -> None:
        channel = self._channels.pop(lane, None)
        if channel is not None and not channel.is_closed:
            self._in_the_background(_close(channel))

    def _lose(self, *_: object) -> None:
        self._is_lost = True

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._channels.clear()
        if connection is not None:
            await disconnect(connection)

    def _let_go(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            self._in_the_background(consumer.close())

    def _in_the_background(self, closing: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _close(channel: AbstractChannel) -> None:
    with suppress(*BROKEN):
        async with asyncio.timeout(_CONFIRM_SECONDS):
            await channel.close()


def _message(run_id: UUID) -> aio_pika.Message:
    return aio_pika.Message(str(run_id).encode(), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
