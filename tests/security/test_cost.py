"""What the gateway costs, and the price of a password to whoever stole its hash."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type
from starlette.routing import Match

from autograph.api.app import create_app
from autograph.api.gateway.index import RouteIndex
from autograph.features.accounts.adapters.argon2 import Argon2Hasher
from autograph.features.accounts.models import Scope
from autograph.infra.database import Database
from tests.security.inventory import routes
from tests.security.people import HERE, OWNER, PASSWORD, Town

ASKED: ContextVar[list[str] | None] = ContextVar("asked", default=None)
"""What a request has asked the database; the tasks it starts inherit the list."""


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Note every connection that is lent for a request."""
    for name in ("acquire", "begin", "connect"):
        monkeypatch.setattr(Database, name, _noting(name, getattr(Database, name)))


def _noting(name: str, lend: Callable[..., Any]) -> Callable[..., Any]:
    def noted(self: Database) -> Any:
        asked = ASKED.get()
        if asked is not None:
            asked.append(name)
        return lend(self)

    return noted


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("by", ["session", "key"])
async def test_who_asks_again_is_known_without_a_query(settled: Town, by: str) -> None:
    token = (await settled.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)).access
    path = "/api/v1/blocks/Calculator"
    if by == "key":
        token = await settled.key(token, Scope.READ_BLOCK)
        path = "/external/v1/blocks/Calculator"
    found: list[int] = []
    async with settled.client(token) as http:
        for _ in range(3):
            asked: list[str] = []
            ASKED.set(asked)
            assert (await http.get(path)).status_code == 200
            found.append(len(asked))
    assert found[0] > 0, "nothing is counted"
    assert found[1:] == [0, 0]


async def test_a_hash_costs_what_owasp_asks_for_at_least() -> None:
    hasher = Argon2Hasher()
    kept = extract_parameters(await hasher.hash(PASSWORD))

    # OWASP Password Storage Cheat Sheet: Argon2id, 19 MiB, 2 passes, 1 lane; or as much memory for fewer passes.
    assert kept.type is Type.ID
    assert kept.memory_cost >= 19 * 1024
    assert kept.time_cost >= 2
    assert kept.parallelism >= 1
    assert (kept.hash_len, kept.salt_len) >= (16, 16)


def test_the_index_finds_what_the_long_search_finds() -> None:
    router = create_app(None).router
    index = RouteIndex(router)
    for route in routes():
        path = route.at(**dict.fromkeys(route.parameters, "x1"))
        scope = {"type": "http", "path": path, "method": route.method, "headers": []}
        full = [one for one in router.routes if one.matches(scope)[0] is Match.FULL]
        found = [one for one in index.candidates(path) if one.matches(scope)[0] is Match.FULL]
        assert full, str(route)
        if "{" not in "/".join(route.path.split("/")[:4]):
            assert found[:1] == full[:1], str(route)
