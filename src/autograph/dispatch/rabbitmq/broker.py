"""Which broker, and what is in it: connects to whichever node answers, and declares the queues.

Tried on RabbitMQ 3.10 only; production should run 4.x. What is used here both have: quorum queues,
`x-delivery-limit` (which 4.x sets to 20 by itself), a dead letter exchange, `x-max-length`, confirms, a
prefetch count per consumer. Not used, because 3.10 lacks them: two priorities inside one quorum queue (4.0)
and a consumer timeout per queue (3.12).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractQueue
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from autograph.dispatch.ports import HIGH, LOW, NORMAL
from autograph.infra.errors import OperationalError

BROKEN: Final = (*CONNECTION_EXCEPTIONS, TimeoutError)
"""What aio-pika raises when the broker is away, or has closed a channel."""
# It writes an error, with its trace, for every try; we say once that the broker is away.
logging.getLogger("aiormq").setLevel(logging.CRITICAL)

RETRY_AFTER: Final = timedelta(seconds=1)

_LANES: Final = {HIGH: "high", NORMAL: "normal", LOW: "low"}
_DELIVERY_LIMIT: Final = 20
"""Times a message may come back before it is set aside."""
_MAX_DEAD: Final = 10_000
"""Messages set aside that are kept; the oldest go first."""
_CONNECT_SECONDS: Final = 1.0
_DECLARE_SECONDS: Final = 3.0
_HEARTBEAT_SECONDS: Final = 10
"""A broker that has been silent for two of these is taken for dead."""


class Broker:
    """A RabbitMQ, of one node or several.

    Attributes:
        lanes: The name of each lane's queue, highest lane first.
        dead: The name of the queue of messages that were set aside.
    """

    def __init__(self, urls: Sequence[str], prefix: str) -> None:
        """Name the nodes, `amqp://user:password@host:port/vhost`, and what names of queues begin with."""
        self._urls = deque(urls)
        self.lanes = {lane: f"{prefix}.{name}" for lane, name in _LANES.items()}
        self.dead = f"{prefix}.dead"

    async def connect(self) -> AbstractConnection:
        """Return a connection to a node that answers, with all queues declared.

        Raises:
            OperationalError: No node answers; takes at most a second or so for each.
        """
        failures: list[Exception] = []
        for _ in range(len(self._urls)):
            try:
                connection = await aio_pika.connect(
                    self._urls[0], timeout=_CONNECT_SECONDS, heartbeat=_HEARTBEAT_SECONDS
                )
            except BROKEN as error:
                failures.append(error)
            else:
                try:
                    async with asyncio.timeout(_DECLARE_SECONDS):
                        await self._declare_all(connection)
                except BROKEN as error:
                    failures.append(error)
                    await disconnect(connection)
                except BaseException:
                    await disconnect(connection)
                    raise
                else:
                    return connection
            self._urls.rotate(-1)
        raise OperationalError(away(failures[-1]), retry_after=RETRY_AFTER) from failures[-1]

    async def declare(self, channel: AbstractChannel, lane: int) -> AbstractQueue:
        """Return a lane's queue, made if need be."""
        return await channel.declare_queue(
            self.lanes[lane],
            durable=True,
            arguments={
                "x-queue-type": "quorum",
                "x-delivery-limit": _DELIVERY_LIMIT,
                "x-dead-letter-exchange": self.dead,
            },
        )

    async def _declare_all(self, connection: AbstractConnection) -> None:
        async with connection.channel() as channel:
            exchange = await channel.declare_exchange(self.dead, "fanout", durable=True)
            dead = await channel.declare_queue(
                self.dead,
                durable=True,
                arguments={"x-queue-type": "quorum", "x-max-length": _MAX_DEAD},
            )
            await dead.bind(exchange)
            for lane in self.lanes:
                await self.declare(channel, lane)


async def disconnect(connection: AbstractConnection) -> None:
    """Close a connection, whatever state it is in; the broker takes back what was not acknowledged."""
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            await connection.close()
    except BROKEN:
        return


def away(error: BaseException) -> str:
    """Say in one sentence that the broker failed, and how."""
    reason = str(error) or type(error).__name__
    return f"The message broker does not answer ({reason}). It is tried again by itself."
