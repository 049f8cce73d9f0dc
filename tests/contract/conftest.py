"""Servers that adapters are tried on: each started once, when the first test asks for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from autograph.infra.redis import RedisLink
from tests.servers import rabbitmq_server, redis_server


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture(scope="session")
def rabbitmq_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with rabbitmq_server(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server.url


@pytest.fixture
async def redis_link(redis_url: str) -> AsyncIterator[RedisLink]:
    link = RedisLink(redis_url)
    yield link
    await link.close()


@pytest.fixture
async def other_redis_link(redis_url: str) -> AsyncIterator[RedisLink]:
    """Another process's."""
    link = RedisLink(redis_url)
    yield link
    await link.close()
