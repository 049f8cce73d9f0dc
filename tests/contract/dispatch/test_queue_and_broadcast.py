"""What every job queue and every broadcast promises, tried on each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from autograph.dispatch.memory.broadcast import MAX_WAITING, MemoryBroadcast
from autograph.dispatch.memory.queue import MemoryQueue
from autograph.dispatch.ports import Broadcast, JobQueue, RunNews
from autograph.dispatch.postgres import broadcast as postgres_broadcast
from autograph.dispatch.postgres import queue as postgres_queue
from autograph.dispatch.postgres.broadcast import PostgresBroadcast
from autograph.dispatch.postgres.listener import Listener
from autograph.dispatch.postgres.queue import PostgresQueue
from autograph.infra.database import Database
from autograph.infra.ids import new_id


@pytest.fixture
def memory_queues() -> list[JobQueue]:
    one = MemoryQueue()
    return [one, one]


@pytest.fixture
async def postgres_queues(database: Database) -> AsyncIterator[list[JobQueue]]:
    """Two processes' views of one queue."""
    queues = [PostgresQueue(database), PostgresQueue(database)]
    async with AsyncExitStack() as stack:
        for queue in queues:
            listener = Listener(database, {postgres_queue.CHANNEL: queue.wake})
            await listener.start()
            stack.push_async_callback(listener.close)
        yield list(queues)


@pytest.fixture(params=["memory", "postgres"])
def queues(request: pytest.FixtureRequest) -> list[JobQueue]:
    found: list[JobQueue] = request.getfixturevalue(f"{request.param}_queues")
    return found


class TestQueue:
    async def test_what_is_published_is_received_oldest_first(self, queues: list[JobQueue]) -> None:
        runs = [new_id() for _ in range(5)]
        await queues[0].publish(runs)

        assert await queues[1].receive(2) == runs[:2]
        assert await queues[1].receive(10) == runs[2:]

    async def test_a_receiver_that_waits_is_woken(self, queues: list[JobQueue]) -> None:
        waiting = asyncio.create_task(queues[1].receive(1))
        run = new_id()
        await asyncio.sleep(0)
        await queues[0].publish([run])

        async with asyncio.timeout(2):
            assert await waiting == [run]

    async def test_no_run_goes_to_two_receivers(self, queues: list[JobQueue]) -> None:
        runs = [new_id() for _ in range(40)]
        received: list[object] = []

        async def take(queue: JobQueue) -> None:
            while len(received) < len(runs):
                received.extend(await queue.receive(3))

        takers = [asyncio.create_task(take(queue)) for queue in queues]
        await queues[0].publish(runs)
        async with asyncio.timeout(5):
            await asyncio.wait(takers, return_when=asyncio.FIRST_COMPLETED)
        for taker in takers:
            taker.cancel()
        await asyncio.gather(*takers, return_exceptions=True)

        assert sorted(received) == sorted(runs)


@pytest.fixture
def memory_broadcasts() -> list[Broadcast]:
    one = MemoryBroadcast()
    return [one, one]


@pytest.fixture
async def postgres_broadcasts(database: Database) -> AsyncIterator[list[Broadcast]]:
    """Two processes."""
    made = [PostgresBroadcast(database), PostgresBroadcast(database)]
    async with AsyncExitStack() as stack:
        for one in made:
            listener = Listener(database, {postgres_broadcast.CHANNEL: one.hear})
            await listener.start()
            stack.push_async_callback(listener.close)
        yield list(made)
        for one in made:
            await one.close()


@pytest.fixture(params=["memory", "postgres"])
def broadcasts(request: pytest.FixtureRequest) -> list[Broadcast]:
    found: list[Broadcast] = request.getfixturevalue(f"{request.param}_broadcasts")
    return found


async def first(news: AsyncIterator[RunNews | None]) -> RunNews | None:
    async with asyncio.timeout(2):
        return await anext(news)


class TestBroadcast:
    async def test_news_reach_listeners_here_and_in_other_processes(
        self, broadcasts: list[Broadcast]
    ) -> None:
        news = RunNews(new_id(), new_id(), 41, is_over=True)
        async with broadcasts[0].subscribe() as here, broadcasts[1].subscribe() as there:
            broadcasts[0].publish([news])

            assert await first(here) == news
            assert await first(there) == news

    async def test_a_listener_that_is_too_slow_is_told_that_it_missed_something(
        self, broadcasts: list[Broadcast]
    ) -> None:
        run = new_id()
        async with broadcasts[0].subscribe() as news:
            broadcasts[0].publish([RunNews(run, None, seq) for seq in range(MAX_WAITING + 5)])

            assert await first(news) is None
            assert await first(news) == RunNews(run, None, MAX_WAITING)

    async def test_after_the_subscription_nothing_is_kept(
        self, broadcasts: list[Broadcast]
    ) -> None:
        listen: Callable[[], object] = broadcasts[0].subscribe
        async with listen():  # type: ignore[attr-defined]
            pass

        broadcasts[0].publish([RunNews(new_id(), None, 1)])
