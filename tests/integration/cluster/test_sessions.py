"""Who asks is remembered in Redis, for a few seconds, by all processes; without Redis it is looked up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from redis.asyncio import Redis as Client

from autograph.features.accounts.models import Role
from tests.security.people import HERE, OWNER, PASSWORD, Town, town
from tests.servers import Redis, redis_server

pytestmark = pytest.mark.timeout(240)
MOST_MS = 4_000
"""What is remembered is never older than this, and a second in the process itself."""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    with redis_server(tmp_path / "redis") as server:
        yield server


@pytest.fixture
async def here(redis: Redis, database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(database_url, tmp_path, redis_url=redis.url) as made:
        await made.set_up()
        yield made


@pytest.fixture
async def there(here: Town, redis: Redis, database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """Another process's platform on the same database and Redis."""
    async with town(database_url, tmp_path, redis_url=redis.url) as made:
        yield made


async def lifetimes(redis: Redis, kind: str) -> dict[str, int]:
    """The keys of a kind that Redis has, and for how many milliseconds it still has them."""
    async with Client.from_url(redis.url) as client:
        keys = [key async for key in client.scan_iter(f"autograph:cache:{kind}:*")]
        return {key.decode().rpartition(":")[2]: await client.pttl(key) for key in keys}


async def until(http: httpx2.AsyncClient, path: str, status: int) -> None:
    while (await http.get(path)).status_code != status:
        await asyncio.sleep(0.02)


@pytest.mark.seed("D1-E20", "D7-P07", "D7-S19")
async def test_sessions_and_roles_are_kept_for_seconds_and_read_again(
    here: Town, redis: Redis
) -> None:
    token = (await here.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)).access
    assert await lifetimes(redis, "session") == {}
    async with here.client(token) as http:
        me = (await http.get("/api/v1/account")).json()
        sessions, accounts = await lifetimes(redis, "session"), await lifetimes(redis, "account")
        assert (len(sessions), list(accounts)) == (1, [me["id"]])
        assert all(0 < left <= MOST_MS for left in (*sessions.values(), *accounts.values()))

        async with asyncio.timeout(10):
            while await lifetimes(redis, "account"):
                await asyncio.sleep(0.05)
        await asyncio.sleep(MOST_MS / 1_000)  # nor is it kept in the process
        assert (await http.get("/api/admin/users")).status_code == 200
        assert list(await lifetimes(redis, "account")) == [me["id"]]


@pytest.mark.seed("D1-E20", "D7-S18")
async def test_what_is_taken_back_counts_at_once_in_every_process(here: Town, there: Town) -> None:
    ada = await here.person("Ada")
    async with here.client(ada) as mine, there.client(ada) as also_mine:
        me = (await mine.get("/api/v1/account")).json()
        assert (await also_mine.get("/api/admin/users")).status_code == 403
        for roles, status in (([Role.USER, Role.SUPPORT], 200), ([Role.USER], 403)):
            await here.platform.accounts.administration.set_roles(
                here.platform.owner, UUID(me["id"]), roles, HERE
            )
            async with asyncio.timeout(1):
                await until(also_mine, "/api/admin/users", status)
                await until(mine, "/api/admin/users", status)

        assert (await mine.post("/api/v1/auth/logout")).status_code == 204
        async with asyncio.timeout(1):
            await until(also_mine, "/api/v1/account", 401)


@pytest.mark.seed("D7-P07")
async def test_without_redis_people_are_looked_up(here: Town, redis: Redis) -> None:
    token = (await here.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)).access
    redis.kill()
    async with here.client(token) as http:
        assert (await http.get("/api/v1/account")).json()["email"] == OWNER
        redis.start()
        async with asyncio.timeout(30):
            while not await lifetimes(redis, "session"):
                assert (await http.get("/api/v1/account")).status_code == 200
                await asyncio.sleep(0.1)
