"""What every cache promises, tried on each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from autograph.infra.cache.memory import MemoryCache
from autograph.infra.cache.ports import Cache
from autograph.infra.cache.redis import RedisCache
from autograph.infra.ids import new_id
from autograph.infra.json import Json, NotJson
from autograph.infra.redis import RedisLink
from tests.servers import free_port

LONG = timedelta(minutes=1)
SHORT = timedelta(milliseconds=60)


@pytest.fixture
def memory_caches() -> list[Cache]:
    one = MemoryCache()
    return [one, one]


@pytest.fixture
def redis_caches(redis_link: RedisLink, other_redis_link: RedisLink) -> list[Cache]:
    """Two processes' views of one cache."""
    prefix = f"test:{new_id().hex}:"
    return [RedisCache(link, prefix=prefix) for link in (redis_link, other_redis_link)]


@pytest.fixture(params=["memory", "redis"])
def caches(request: pytest.FixtureRequest) -> list[Cache]:
    found: list[Cache] = request.getfixturevalue(f"{request.param}_caches")
    return found


class Maker:
    """Makes a value, slowly, and counts how often."""

    def __init__(self, value: Json = "made", error: Exception | None = None) -> None:
        self.count = 0
        self.value = value
        self.error = error

    async def __call__(self) -> Json:
        self.count += 1
        await asyncio.sleep(0.1)
        if self.error is not None:
            raise self.error
        return self.value


class TestValues:
    @pytest.mark.parametrize(
        "value", [0, "", False, [], {}, "é\0", {"a": [1, None, 2.5]}, 2**60], ids=repr
    )
    async def test_what_is_set_is_got(self, caches: list[Cache], value: Json) -> None:
        await caches[0].set("key", value, ttl=LONG)

        assert await caches[1].get("key") == value

    async def test_what_was_never_set_is_none(self, caches: list[Cache]) -> None:
        assert await caches[0].get("nothing") is None

    async def test_a_value_goes_when_its_time_is_over(self, caches: list[Cache]) -> None:
        await caches[0].set("key", 1, ttl=SHORT)
        await caches[0].set("other", 1, ttl=LONG)
        await asyncio.sleep(0.1)

        assert (await caches[1].get("key"), await caches[1].get("other")) == (None, 1)

    async def test_a_value_that_is_set_again_is_the_new_one(self, caches: list[Cache]) -> None:
        await caches[0].set("key", 1, ttl=SHORT)
        await caches[0].set("key", 2, ttl=LONG)
        await asyncio.sleep(0.1)

        assert await caches[1].get("key") == 2

    async def test_what_is_deleted_is_gone(self, caches: list[Cache]) -> None:
        await caches[0].set("key", 1, ttl=LONG)
        await caches[1].delete("key")
        await caches[1].delete("nothing")

        assert await caches[0].get("key") is None

    async def test_a_value_read_is_the_readers_own(self, caches: list[Cache]) -> None:
        value = {"list": [1]}
        await caches[0].set("key", value, ttl=LONG)
        value["list"].append(2)
        (await caches[0].get("key"))["list"].append(3)

        assert await caches[0].get("key") == {"list": [1]}

    async def test_what_is_no_json_is_refused(self, caches: list[Cache]) -> None:
        with pytest.raises(NotJson):
            await caches[0].set("key", {1, 2}, ttl=LONG)


class TestRemember:
    async def test_a_value_is_made_once_and_kept(self, caches: list[Cache]) -> None:
        make = Maker()

        assert [await cache.remember("key", LONG, make) for cache in caches] == ["made", "made"]
        assert await caches[0].get("key") == "made"
        assert make.count == 1

    async def test_however_many_ask_one_makes_it(self, caches: list[Cache]) -> None:
        make = Maker()

        asked = [cache.remember("key", LONG, make) for cache in caches for _ in range(20)]
        assert set(await asyncio.gather(*asked)) == {"made"}

        assert make.count == 1

    async def test_null_is_a_value(self, caches: list[Cache]) -> None:
        make = Maker(None)

        assert [await cache.remember("key", LONG, make) for cache in caches] == [None, None]
        assert make.count == 1

    async def test_what_raises_is_raised_to_all_and_not_kept(self, caches: list[Cache]) -> None:
        make = Maker(error=KeyError("no"))
        asked = [caches[0].remember("key", LONG, make) for _ in range(3)]

        assert [type(one) for one in await asyncio.gather(*asked, return_exceptions=True)] == [
            KeyError
        ] * 3
        assert make.count == 1
        async with asyncio.timeout(1):
            assert await caches[1].remember("key", LONG, Maker()) == "made"

    async def test_who_is_cancelled_leaves_it_to_the_others(self, caches: list[Cache]) -> None:
        make = Maker()
        first = asyncio.create_task(_remember(caches[0], make))
        await asyncio.sleep(0.03)
        second = asyncio.create_task(_remember(caches[0], make))
        await asyncio.sleep(0.03)
        first.cancel()

        assert await second == "made"
        assert make.count == 1

    async def test_what_is_deleted_while_it_is_made_is_not_kept(self, caches: list[Cache]) -> None:
        stale = asyncio.create_task(_remember(caches[0], Maker("stale")))
        await asyncio.sleep(0.05)

        await caches[1].delete("key")

        assert await stale == "stale"
        assert await caches[0].get("key") is None
        assert await caches[0].remember("key", LONG, Maker("fresh")) == "fresh"

    async def test_what_is_set_while_it_is_made_stays(self, caches: list[Cache]) -> None:
        stale = asyncio.create_task(_remember(caches[0], Maker("stale")))
        await asyncio.sleep(0.05)
        await caches[1].set("key", "fresh", ttl=LONG)
        await stale

        assert await caches[0].get("key") == "fresh"

    async def test_after_its_time_it_is_made_again(self, caches: list[Cache]) -> None:
        make = Maker()
        await caches[0].remember("key", SHORT, make)
        await asyncio.sleep(0.1)
        await caches[0].remember("key", SHORT, make)

        assert make.count == 2


async def _remember(cache: Cache, make: Callable[[], Awaitable[Json]]) -> Json:
    return await cache.remember("key", LONG, make)


class TestMemoryCache:
    async def test_over_its_number_the_least_recently_used_goes(self) -> None:
        cache = MemoryCache(max_entries=2)
        await cache.set("a", 1, ttl=LONG)
        await cache.set("b", 2, ttl=LONG)
        await cache.get("a")
        await cache.set("c", 3, ttl=LONG)

        assert [await cache.get(key) for key in "abc"] == [1, None, 3]

    async def test_over_its_size_too_and_what_is_larger_is_not_kept(self) -> None:
        cache = MemoryCache(max_bytes=20)
        await cache.set("a", "x" * 8, ttl=LONG)
        await cache.set("b", "x" * 8, ttl=LONG)
        await cache.set("c", "x" * 4, ttl=LONG)
        assert [await cache.get(key) is None for key in "abc"] == [True, False, False]

        await cache.set("d", "x" * 100, ttl=LONG)
        assert await cache.get("d") is None


class TestWithoutRedis:
    async def test_there_is_no_value_and_nothing_fails(self) -> None:
        link = RedisLink(f"redis://127.0.0.1:{free_port()}/0")
        cache = RedisCache(link)
        make = Maker()

        await cache.set("key", 1, ttl=LONG)
        await cache.delete("key")
        assert await cache.get("key") is None
        asked = [cache.remember("key", LONG, make) for _ in range(5)]
        assert await asyncio.gather(*asked) == ["made"] * 5

        assert make.count == 1
        await link.close()
