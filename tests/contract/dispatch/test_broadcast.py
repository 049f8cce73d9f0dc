"""What every broadcast promises, tried on each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import UUID

import pytest

from autograph.dispatch.memory.broadcast import MAX_WAITING, MemoryBroadcast
from autograph.dispatch.memory.partials import MAX_WAITING as MAX_PIECES
from autograph.dispatch.ports import Broadcast, RunNews, RunPartial
from autograph.dispatch.postgres import broadcast as postgres_broadcast
from autograph.dispatch.postgres.broadcast import PostgresBroadcast
from autograph.dispatch.postgres.listener import Listener
from autograph.dispatch.redis.broadcast import RedisBroadcast
from autograph.infra.database import Database
from autograph.infra.ids import new_id
from autograph.infra.redis import RedisLink
from tests.servers import free_port


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
            channels = {
                postgres_broadcast.CHANNEL: one.hear,
                postgres_broadcast.PARTIALS: one.hear_partials,
            }
            listener = Listener(database, channels)
            await listener.start()
            stack.push_async_callback(listener.close)
        yield list(made)
        for one in made:
            await one.close()


@pytest.fixture
async def redis_broadcasts(
    redis_link: RedisLink, other_redis_link: RedisLink
) -> AsyncIterator[list[Broadcast]]:
    """Two processes."""
    channel = f"test:{new_id().hex}"
    made = [RedisBroadcast(link, channel=channel) for link in (redis_link, other_redis_link)]
    for one in made:
        await one.start()
    yield list(made)
    for one in made:
        await one.close()


@pytest.fixture(params=["memory", "postgres", "redis"])
def broadcasts(request: pytest.FixtureRequest) -> list[Broadcast]:
    found: list[Broadcast] = request.getfixturevalue(f"{request.param}_broadcasts")
    return found


async def first(news: AsyncIterator[RunNews | None]) -> RunNews | None:
    async with asyncio.timeout(2):
        return await anext(news)


class TestBroadcast:
    @pytest.mark.seed("D10-10")
    async def test_news_reach_listeners_here_and_in_other_processes(
        self, broadcasts: list[Broadcast]
    ) -> None:
        news = RunNews(new_id(), new_id(), 41, is_over=True)
        async with broadcasts[0].subscribe() as here, broadcasts[1].subscribe() as there:
            broadcasts[0].publish([news])

            assert await first(here) == news
            assert await first(there) == news

    async def test_news_are_heard_once(self, broadcasts: list[Broadcast]) -> None:
        run, other = new_id(), new_id()
        async with broadcasts[0].subscribe() as here, broadcasts[1].subscribe() as there:
            broadcasts[0].publish([RunNews(run, None, 1)])
            await first(there)
            await asyncio.sleep(0.1)
            broadcasts[0].publish([RunNews(other, None, 1)])

            assert [(await first(here)), (await first(here))] == [
                RunNews(run, None, 1),
                RunNews(other, None, 1),
            ]

    async def test_here_they_arrive_at_once(self, broadcasts: list[Broadcast]) -> None:
        news = RunNews(new_id(), None, 1)
        async with broadcasts[0].subscribe() as here:
            broadcasts[0].publish([news])

            async with asyncio.timeout(0.01):
                assert await anext(here) == news

    async def test_a_listener_that_stopped_waiting_waits_again_and_hears_what_comes(
        self, broadcasts: list[Broadcast]
    ) -> None:
        news = RunNews(new_id(), None, 1)
        async with broadcasts[0].subscribe() as here:
            for _ in range(2):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await anext(here)
            broadcasts[0].publish([news])

            assert await first(here) == news

    @pytest.mark.seed("D10-12")
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
        async with broadcasts[0].subscribe():
            pass

        broadcasts[0].publish([RunNews(new_id(), None, 1)])


def piece(run: UUID, text: str, offset: int = 0) -> RunPartial:
    return RunPartial(run, 1, "think", "response", offset, text)


async def shown(broadcast: Broadcast, pieces: AsyncIterator[RunPartial], run: UUID) -> RunPartial:
    """Show pieces until one comes: another process first has to hear that somebody watches."""
    heard = asyncio.ensure_future(anext(pieces))  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        while not heard.done():
            broadcast.show(piece(run, "Hi"))
            await asyncio.wait({heard}, timeout=0.05)
    return heard.result()


class TestPartials:
    async def test_pieces_reach_who_watches_here_and_in_other_processes(
        self, broadcasts: list[Broadcast]
    ) -> None:
        run = new_id()
        async with broadcasts[0].watch(run) as here, broadcasts[1].watch(run) as there:
            broadcasts[0].show(piece(run, "Hé"))

            async with asyncio.timeout(2):
                assert await anext(here) == piece(run, "Hé")
            assert (await shown(broadcasts[0], there, run)).text in {"Hé", "Hi"}

    async def test_pieces_of_other_runs_do_not(self, broadcasts: list[Broadcast]) -> None:
        run, other = new_id(), new_id()
        async with broadcasts[0].watch(run) as pieces, broadcasts[0].watch(other):
            broadcasts[0].show(piece(other, "not for you"))
            broadcasts[0].show(piece(run, "for you"))

            async with asyncio.timeout(2):
                assert (await anext(pieces)).text == "for you"

    @pytest.mark.seed("D10-12")
    async def test_who_is_slow_misses_the_oldest_and_holds_up_nobody(
        self, broadcasts: list[Broadcast]
    ) -> None:
        run = new_id()
        async with broadcasts[0].watch(run) as pieces:
            for number in range(MAX_PIECES + 5):
                broadcasts[0].show(piece(run, "x", number))

            async with asyncio.timeout(2):
                assert (await anext(pieces)).offset == 5

    async def test_where_nobody_watches_nothing_is_sent(self, broadcasts: list[Broadcast]) -> None:
        run = new_id()
        broadcasts[0].show(piece(run, "lost"))
        async with broadcasts[0].watch(run) as pieces:
            broadcasts[0].show(piece(run, "seen"))

            async with asyncio.timeout(2):
                assert (await anext(pieces)).text == "seen"


class TestBetweenProcesses:
    """What is promised of those that reach other processes."""

    @pytest.fixture(params=["postgres", "redis"])
    def broadcasts(self, request: pytest.FixtureRequest) -> list[Broadcast]:
        found: list[Broadcast] = request.getfixturevalue(f"{request.param}_broadcasts")
        return found

    async def test_others_are_told_the_newest_of_what_comes_together(
        self, broadcasts: list[Broadcast]
    ) -> None:
        run = new_id()
        async with broadcasts[1].subscribe() as there:
            for seq in range(50):
                broadcasts[0].publish([RunNews(run, None, seq)])

            assert await first(there) == RunNews(run, None, 49)

    async def test_too_much_at_once_is_a_gap(self, broadcasts: list[Broadcast]) -> None:
        async with broadcasts[1].subscribe() as there:
            broadcasts[0].publish([RunNews(new_id(), None, 1) for _ in range(1_001)])

            assert await first(there) is None


class TestRedisBroadcast:
    """What is promised of Redis beyond the port."""

    async def test_without_redis_news_go_on_in_the_process(self) -> None:
        link = RedisLink(f"redis://127.0.0.1:{free_port()}/0")
        broadcast = RedisBroadcast(link)
        async with asyncio.timeout(2):
            await broadcast.start()
        news = RunNews(new_id(), None, 1)

        async with broadcast.subscribe() as here:
            broadcast.publish([news])
            assert await first(here) == news

        await broadcast.close()
        await link.close()

    async def test_after_a_lost_connection_some_may_be_missing(
        self, redis_broadcasts: list[Broadcast], redis_link: RedisLink
    ) -> None:
        news = RunNews(new_id(), None, 1)
        async with redis_broadcasts[1].subscribe() as there:
            await redis_link.client.client_kill_filter(_type="pubsub")

            assert await first(there) is None
            redis_broadcasts[0].publish([news])
            assert await first(there) == news

    async def test_what_could_not_be_sent_is_a_gap_later(
        self, redis_broadcasts: list[Broadcast], redis_link: RedisLink
    ) -> None:
        async with redis_broadcasts[1].subscribe() as there:
            usable, redis_link.client = redis_link.client, _Broken()  # type: ignore[assignment]
            redis_broadcasts[0].publish([RunNews(new_id(), None, 1)])
            await asyncio.sleep(0.1)
            redis_link.client = usable
            await asyncio.sleep(0.5)
            redis_broadcasts[0].publish([RunNews(new_id(), None, 2)])

            assert await first(there) is None

    async def test_what_nobody_understands_is_a_gap(
        self, redis_link: RedisLink, redis_url: str
    ) -> None:
        channel = f"test:{new_id().hex}"
        broadcast = RedisBroadcast(redis_link, channel=channel)
        await broadcast.start()

        async with broadcast.subscribe() as here:
            for payload in (b"\xff", b"[1]", b'["other", [["no id"]]]'):
                await redis_link.client.publish(channel, payload)
                assert await first(here) is None

        await broadcast.close()


class _Broken:
    async def publish(self, *_: object) -> None:
        raise ConnectionError
