"""What every rate limiter promises, tried on each of them."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from autograph.infra.ids import new_id
from autograph.infra.rates.memory import MemoryRateLimiter
from autograph.infra.rates.ports import Permit, Rate, RateLimiter
from autograph.infra.rates.redis import RedisRateLimiter
from autograph.infra.redis import RedisLink
from tests.servers import free_port

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def memory_limiters() -> list[RateLimiter]:
    one = MemoryRateLimiter()
    return [one, one]


@pytest.fixture
def redis_limiters(redis_link: RedisLink, other_redis_link: RedisLink) -> list[RateLimiter]:
    """Two processes' views of one limiter."""
    prefix = f"test:{new_id().hex}:"
    return [RedisRateLimiter(link, prefix=prefix) for link in (redis_link, other_redis_link)]


@pytest.fixture(params=["memory", "redis"])
def limiters(request: pytest.FixtureRequest) -> list[RateLimiter]:
    found: list[RateLimiter] = request.getfixturevalue(f"{request.param}_limiters")
    return found


class TestTake:
    @pytest.mark.seed("D1-22")
    async def test_so_many_pass_at_once_and_no_more(self, limiters: list[RateLimiter]) -> None:
        permits = await asyncio.gather(
            *[
                limiters[number % 2].take("key", per=MINUTE, limit=7, burst=5)
                for number in range(20)
            ]
        )

        assert sum(permit.allowed for permit in permits) == 5
        assert sorted(permit.remaining for permit in permits if permit.allowed) == [0, 1, 2, 3, 4]

    async def test_who_is_refused_is_told_how_long_to_wait(
        self, limiters: list[RateLimiter]
    ) -> None:
        first = await limiters[0].take("key", per=MINUTE, limit=60, burst=1)
        second = await limiters[1].take("key", per=MINUTE, limit=60, burst=1)

        assert (first.allowed, first.remaining) == (True, 0)
        assert first.wait == pytest.approx(SECOND, abs=timedelta(milliseconds=50))
        assert not second.allowed
        assert timedelta(seconds=0.5) < second.wait <= SECOND

    async def test_who_is_refused_costs_nothing(self, limiters: list[RateLimiter]) -> None:
        for _ in range(50):
            permit = await limiters[0].take("key", per=SECOND, limit=10, burst=1)
        await asyncio.sleep(permit.wait.total_seconds() + 0.01)

        assert (await limiters[0].take("key", per=SECOND, limit=10, burst=1)).allowed

    async def test_over_time_the_limit_passes_and_no_more(
        self, limiters: list[RateLimiter]
    ) -> None:
        passed, began = 0, time.monotonic()
        while (elapsed := time.monotonic() - began) < 0.6:
            permit = await limiters[0].take("key", per=SECOND, limit=50, burst=3)
            passed += permit.allowed
            await asyncio.sleep(0.001)

        # A busy machine may look too late, and then fewer pass; never more.
        assert 3 < passed <= 3 + elapsed * 50 + 1

    async def test_a_rest_gives_no_more_than_the_burst(self, limiters: list[RateLimiter]) -> None:
        await limiters[0].take("key", per=SECOND, limit=100, burst=2)
        await asyncio.sleep(0.1)

        permits = [await limiters[0].take("key", per=MINUTE, limit=1, burst=2) for _ in range(3)]
        assert [permit.allowed for permit in permits] == [True, True, False]

    async def test_keys_know_nothing_of_each_other(self, limiters: list[RateLimiter]) -> None:
        for key in ("a", "b", "ä ö"):
            assert (await limiters[0].take(key, per=MINUTE, limit=1, burst=1)).allowed


class TestReserve:
    async def test_places_come_one_after_the_other_and_all_wait_together(
        self, limiters: list[RateLimiter]
    ) -> None:
        rate = Rate(limit=60, per=MINUTE)

        waits = await asyncio.gather(
            *[limiters[number % 2].reserve("key", rate) for number in range(10)]
        )

        for number, wait in enumerate(sorted(waits)):
            assert wait.total_seconds() == pytest.approx(number, abs=0.2)

    async def test_after_a_rest_some_need_not_wait(self, limiters: list[RateLimiter]) -> None:
        rate = Rate(limit=1, per=MINUTE, burst=3)

        waits = [await limiters[0].reserve("key", rate) for _ in range(4)]

        assert waits[:3] == [timedelta(0)] * 3
        assert waits[3].total_seconds() == pytest.approx(60, abs=0.5)

    async def test_a_place_comes_free_with_time(self, limiters: list[RateLimiter]) -> None:
        rate = Rate(limit=20, per=SECOND)
        await limiters[0].reserve("key", rate)
        await asyncio.sleep(0.06)

        assert await limiters[1].reserve("key", rate) == timedelta(0)


class TestMemoryRateLimiter:
    async def test_keys_at_rest_are_forgotten_first(self) -> None:
        clock = [0.0]
        limiter = MemoryRateLimiter(now=lambda: clock[0], max_keys=2)
        await limiter.take("rests", per=SECOND, limit=1, burst=1)
        clock[0] = 2.0
        await limiter.take("busy", per=MINUTE, limit=1, burst=1)
        await limiter.take("also busy", per=MINUTE, limit=1, burst=1)

        assert not (await limiter.take("busy", per=MINUTE, limit=1, burst=1)).allowed

    async def test_however_many_keys_come_few_are_kept(self) -> None:
        limiter = MemoryRateLimiter(max_keys=10)
        for number in range(100):
            await limiter.take(str(number), per=MINUTE, limit=1, burst=1)

        assert not (await limiter.take("99", per=MINUTE, limit=1, burst=1)).allowed
        assert (await limiter.take("0", per=MINUTE, limit=1, burst=1)).allowed


class TestWithoutRedis:
    @pytest.mark.seed("D1-22")
    async def test_each_process_counts_for_itself_and_says_so_once(self) -> None:
        link = RedisLink(f"redis://127.0.0.1:{free_port()}/0")
        limiter = RedisRateLimiter(link)

        with capture_logs() as logs:
            permits = [await limiter.take("key", per=MINUTE, limit=1, burst=2) for _ in range(3)]
            await asyncio.sleep(0.6)
            await limiter.reserve("other", Rate(limit=1, per=MINUTE))

        assert [permit.allowed for permit in permits] == [True, True, False]
        assert permits[2] == Permit(allowed=False, wait=permits[2].wait, remaining=0)
        assert [log["log_level"] for log in logs] == ["warning"]
        await link.close()
