"""Servers of a cluster are killed in the middle of work; what was promised is kept, and all comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from uuid import UUID

import pytest

from autograph.dispatch.rabbitmq.queue import RabbitQueue
from autograph.infra.errors import OperationalError
from autograph.infra.ids import new_id
from tests.servers import RabbitMq, rabbitmq_cluster, rabbitmq_server

PREFIX = "test.runs"


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    with rabbitmq_server(tmp_path_factory.mktemp("rabbitmq")) as server:
        asyncio.run(_publish_once(server))
        # Of a queue that is younger than this, RabbitMQ 3.10 forgets the name when it is killed.
        time.sleep(5.5)
        yield server


async def _publish_once(server: RabbitMq) -> None:
    queue = RabbitQueue([server.url], prefix=PREFIX)
    await queue.publish([new_id()])
    await queue.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RabbitMq]]:
    with rabbitmq_cluster(tmp_path_factory.mktemp("cluster"), nodes=3) as nodes:
        yield nodes


class Traffic:
    """One process publishes without end, another receives; both go on whatever happens."""

    def __init__(self, publisher: RabbitQueue, receiver: RabbitQueue) -> None:
        self.confirmed: list[UUID] = []
        self.received: set[UUID] = set()
        self.refused_count = 0
        self._queues = (publisher, receiver)
        self._tasks = [asyncio.create_task(self._publish()), asyncio.create_task(self._receive())]

    async def _publish(self) -> None:
        while True:
            runs = [new_id() for _ in range(5)]
            try:
                await self._queues[0].publish(runs)
            except OperationalError:
                self.refused_count += 1
                await asyncio.sleep(0.05)
            else:
                self.confirmed += runs

    async def _receive(self) -> None:
        while True:
            self.received.update(await self._queues[1].receive(50))

    async def flows(self, count: int = 200) -> None:
        """Return when so many more were confirmed and received."""
        confirmed, received = len(self.confirmed) + count, len(self.received) + count
        async with asyncio.timeout(30):
            while len(self.confirmed) < confirmed or len(self.received) < received:
                self._check()
                await asyncio.sleep(0.02)

    async def ends(self) -> None:
        """Stop publishing; return when all that was confirmed was received."""
        self._tasks[0].cancel()
        async with asyncio.timeout(20):
            while set(self.confirmed) - self.received:
                self._check()
                await asyncio.sleep(0.02)

    def _check(self) -> None:
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for queue in self._queues:
            await queue.close()


@pytest.fixture
async def queues(rabbitmq: RabbitMq) -> AsyncIterator[tuple[RabbitQueue, RabbitQueue]]:
    made = RabbitQueue([rabbitmq.url], prefix=PREFIX), RabbitQueue([rabbitmq.url], prefix=PREFIX)
    await made[0].publish([new_id()])
    await made[1].receive(100)
    yield made
    for queue in made:
        await queue.close()


class TestBrokerKilled:
    async def test_every_confirmed_message_is_received(
        self, rabbitmq: RabbitMq, queues: tuple[RabbitQueue, RabbitQueue]
    ) -> None:
        traffic = Traffic(*queues)
        await traffic.flows()

        await asyncio.to_thread(rabbitmq.kill)
        await asyncio.sleep(0.2)
        assert traffic.refused_count
        await asyncio.to_thread(rabbitmq.start)

        await traffic.flows()
        await traffic.ends()
        await traffic.close()

    async def test_publishing_is_refused_at_once_and_receiving_waits(
        self, rabbitmq: RabbitMq, queues: tuple[RabbitQueue, RabbitQueue]
    ) -> None:
        publisher, receiver = queues
        first, second = new_id(), new_id()
        await publisher.publish([first])
        assert await receiver.receive(1) == [first]
        waiting = asyncio.create_task(receiver.receive(1))

        await asyncio.to_thread(rabbitmq.kill)
        async with asyncio.timeout(1.5):
            with pytest.raises(OperationalError, match="broker"):
                await publisher.publish([second])
        assert not waiting.done()
        await asyncio.to_thread(rabbitmq.start)

        await publisher.publish([second])
        async with asyncio.timeout(5):
            assert second in {*await waiting, *(await _next(receiver))}


async def _next(queue: RabbitQueue) -> list[UUID]:
    """Receive what is there now."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            return list(await queue.receive(10))
    return []


class TestNodeLost:
    @pytest.mark.timeout(120)
    async def test_the_queue_goes_on_without_its_leader(self, cluster: list[RabbitMq]) -> None:
        urls = [node.url for node in cluster]
        prefix = f"test.{new_id().hex}"
        publisher = RabbitQueue(urls, prefix=prefix)
        # The receiver is connected to another node than the one that goes.
        receiver = RabbitQueue([*urls[1:], urls[0]], prefix=prefix)
        traffic = Traffic(publisher, receiver)
        await traffic.flows()
        leaders = await asyncio.to_thread(cluster[1].ctl, "list_queues", "name", "leader")
        assert f"{prefix}.normal\t{cluster[0].name}" in leaders

        await asyncio.to_thread(cluster[0].kill)
        await traffic.flows()

        await asyncio.to_thread(cluster[0].start)
        await traffic.flows()
        await traffic.ends()
        await traffic.close()
