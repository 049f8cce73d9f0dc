"""Servers of a cluster are killed in the middle of work; what was promised is kept, and all comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from autograph.dispatch.ports import RunNews
from autograph.dispatch.rabbitmq.queue import RabbitQueue
from autograph.dispatch.redis.broadcast import RedisBroadcast
from autograph.infra.cache.redis import RedisCache
from autograph.infra.errors import OperationalError
from autograph.infra.ids import new_id
from autograph.infra.rates.redis import RedisRateLimiter
from autograph.infra.redis import RedisLink
from tests.servers import RabbitMq, Redis, rabbitmq_cluster, rabbitmq_server, redis_server

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
    @pytest.mark.seed("D2-22", "D2-23", "D2-24")
    @pytest.mark.timeout(120)
    async def test_the_queue_goes_on_without_its_leader(self, cluster: list[RabbitMq]) -> None:
        prefix = f"test.{new_id().hex}"
        first = RabbitQueue([node.url for node in cluster], prefix=prefix)
        await first.publish([new_id()])
        await first.close()
        queues = await asyncio.to_thread(cluster[0].ctl, "list_queues", "name", "leader")
        leader = next(node for node in cluster if f"{prefix}.normal\t{node.name}" in queues)
        others = [node.url for node in cluster if node is not leader]
        # The publisher loses its connection with the leader; the receiver's node stays.
        publisher = RabbitQueue([leader.url, *others], prefix=prefix)
        traffic = Traffic(publisher, RabbitQueue([*others, leader.url], prefix=prefix))
        await traffic.flows()

        await asyncio.to_thread(leader.kill)
        await traffic.flows()

        await asyncio.to_thread(leader.start)
        await traffic.flows()
        await traffic.ends()
        await traffic.close()


class TestRedisKilled:
    @pytest.fixture
    def redis(self, tmp_path: Path) -> Iterator[Redis]:
        with redis_server(tmp_path) as server:
            yield server

    @pytest.fixture
    async def links(self, redis: Redis) -> AsyncIterator[list[RedisLink]]:
        """Two processes."""
        made = [RedisLink(redis.url), RedisLink(redis.url)]
        yield made
        for link in made:
            await link.close()

    async def test_news_go_on_here_and_come_back_there(
        self, redis: Redis, links: list[RedisLink]
    ) -> None:
        mine, other = (RedisBroadcast(link) for link in links)
        for broadcast in (mine, other):
            await broadcast.start()
        async with mine.subscribe() as here, other.subscribe() as there, asyncio.timeout(20):
            redis.kill()
            lost = RunNews(new_id(), None, 1)
            mine.publish([lost])
            assert await anext(here) == lost
            await asyncio.sleep(0.1)

            redis.start()

            # Whatever was lost meanwhile: the other process is told to look, and hears what comes next.
            assert await anext(there) is None
            news = RunNews(new_id(), None, 2)
            heard: set[RunNews | None] = set()

            async def hear() -> None:
                async for one in there:
                    heard.add(one)
                    if one == news:
                        return

            hearing = asyncio.create_task(hear())
            while not hearing.done():
                mine.publish([news])
                await asyncio.sleep(0.1)
            assert heard <= {None, news}
        for broadcast in (mine, other):
            await broadcast.close()

    @pytest.mark.seed("D1-22")
    async def test_rates_are_counted_in_each_process_and_then_together_again(
        self, redis: Redis, links: list[RedisLink]
    ) -> None:
        limiters = [RedisRateLimiter(link) for link in links]

        async def passing(key: str) -> int:
            permits = [
                await limiter.take(key, per=timedelta(hours=1), limit=1, burst=2)
                for limiter in limiters
                for _ in range(3)
            ]
            return sum(permit.allowed for permit in permits)

        assert await passing("before") == 2
        redis.kill()
        assert await passing("meanwhile") == 4
        redis.start()
        async with asyncio.timeout(10):
            while await passing(f"after {new_id()}") != 2:
                await asyncio.sleep(0.1)
        # What was counted before the kill had been written down.
        assert await passing("before") == 0

    async def test_a_cache_is_without_values_and_then_has_them_again(
        self, redis: Redis, links: list[RedisLink]
    ) -> None:
        cache = RedisCache(links[0])
        minute = timedelta(minutes=1)

        async def make() -> str:
            return "made"

        await cache.set("key", 1, ttl=minute)
        redis.kill()
        assert await cache.get("key") is None
        assert await cache.remember("key", minute, make) == "made"
        redis.start()
        async with asyncio.timeout(10):
            while await cache.get("key") is None:
                await asyncio.sleep(0.05)
