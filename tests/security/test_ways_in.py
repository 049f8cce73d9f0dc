"""Family 3: every way to show who one is, on every class of routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from autograph.features.accounts.models import Role
from tests.security.inventory import routes
from tests.security.people import OWNER, PASSWORD, Town, town
from tests.security.test_apps import registered

pytestmark = pytest.mark.timeout(120)
ISSUER = "https://project.supabase.test/auth/v1"
SECRET = "a shared secret of more than thirty-two characters"
CLASSES = {
    "public": "/health/live",
    "own": "/api/v1/account",
    "keys": "/api/v1/api-keys",
    "programs": "/external/v1/me",
    "admin": "/api/admin/users",
}
OPEN = {"public": 200}
EXPECTED = {
    "nothing": OPEN | {"own": 401, "keys": 401, "programs": 401, "admin": 401},
    "a wrong token": OPEN | {"own": 401, "keys": 401, "programs": 401, "admin": 401},
    "session": OPEN | {"own": 200, "keys": 200, "programs": 403, "admin": 403},
    "another issuer's token": OPEN | {"own": 200, "keys": 200, "programs": 403, "admin": 403},
    "API key": OPEN | {"own": 200, "keys": 403, "programs": 200, "admin": 403},
    "app": OPEN | {"own": 200, "keys": 403, "programs": 200, "admin": 403},
    "admin's session": OPEN | {"own": 200, "keys": 200, "programs": 403, "admin": 200},
    "admin's API key": OPEN | {"own": 200, "keys": 403, "programs": 200, "admin": 403},
}
"""What somebody is answered who shows this, on a route of that class."""


@pytest.fixture
async def place(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(database_url, tmp_path, jwt_issuer=ISSUER, jwt_secret=SECRET) as made:
        await made.set_up()
        yield made


def of_another_issuer() -> str:
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": ISSUER,
        "aud": "authenticated",
        "sub": "5f1d7a0e-0000-4000-8000-000000000001",
        "email": "bob@example.com",
        "iat": now,
        "exp": now + 600,
    }
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])


async def shown(place: Town) -> dict[str, str | None]:
    """One of each."""
    ada = await place.person("Ada")
    async with place.client() as http:
        body = {"email": OWNER, "password": PASSWORD, "delivery": "token"}
        admin = (await http.post("/api/v1/auth/login", json=body)).json()["access_token"]
    app = await registered(place, ada)
    return {
        "nothing": None,
        "a wrong token": "wrong",
        "session": ada,
        "another issuer's token": of_another_issuer(),
        "API key": await place.key(ada),
        "app": (await app.tokens(ada))["access_token"],
        "admin's session": admin,
        "admin's API key": await place.key(admin),
    }


@pytest.mark.seed("D3-05")
async def test_each_way_in_leads_where_the_table_says(place: Town) -> None:
    found: dict[str, dict[str, int]] = {}
    for way, token in (await shown(place)).items():
        async with place.client(token) as http:
            found[way] = {
                name: (await http.get(path)).status_code for name, path in CLASSES.items()
            }

    assert found == EXPECTED


@pytest.mark.seed("D1-14")
async def test_administrators_are_let_in_everywhere(settled: Town) -> None:
    nobody = "01900000-0000-7000-8000-0000000000ff"
    admin = await settled.person("Ada", [Role.USER, Role.ADMIN])
    async with settled.client(admin) as http:
        for route in routes():
            if not route.path.startswith("/api/admin/"):
                continue
            path = route.at(**dict.fromkeys(route.parameters, nobody))
            answer = await http.request(route.method, path, json={})
            # On nobody there is nothing to be done, and an empty body does not say what; but they may.
            expected = {200} if not route.parameters and route.method == "GET" else {404, 422}
            assert answer.status_code in expected, (str(route), answer.text)


@pytest.mark.seed("D4-19")
async def test_nobody_gives_themselves_a_role(settled: Town) -> None:
    for role in (Role.USER, Role.CREATOR, Role.REVIEWER, Role.SUPPORT):
        token = await settled.person(role.title(), [role])
        async with settled.client(token) as http:
            me = (await http.get("/api/v1/account")).json()
            asked = [
                await http.put(f"/api/admin/users/{me['id']}/roles", json={"roles": ["admin"]}),
                await http.patch("/api/v1/account", json={"roles": ["admin"]}),
            ]
            after = (await http.get("/api/v1/account")).json()
        assert asked[0].status_code == 403
        assert asked[1].status_code == 422
        assert after["roles"] == me["roles"] == [role.value]
