"""The tokens of another issuer (Supabase mode): a shared secret or published keys; the first call makes the account."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from autograph.features.accounts.models import Role
from tests.security.people import HERE, Town, town

ISSUER = "https://project.supabase.test/auth/v1"
SECRET = "a shared secret of more than thirty-two characters"
pytestmark = pytest.mark.timeout(120)


def claims(**changes: Any) -> dict[str, Any]:
    """Return what a Supabase access token says."""
    now = int(datetime.now(UTC).timestamp())
    return {
        "iss": ISSUER,
        "aud": "authenticated",
        "sub": "5f1d7a0e-0000-4000-8000-000000000001",
        "role": "authenticated",
        "email": "Ada@Example.com",
        "user_metadata": {"name": "Ada"},
        "session_id": "5f1d7a0e-0000-4000-8000-0000000000aa",
        "iat": now,
        "exp": now + 600,
        **changes,
    }


class Publisher:
    """Publishes keys (JWKS), and counts how often they are fetched."""

    def __init__(self) -> None:
        self.keys: list[ECKey | RSAKey] = []
        self.fetched = 0
        self.url = ""

    async def answer(self, _: web.Request) -> web.Response:
        self.fetched += 1
        return web.Response(
            text=json.dumps(KeySet(list(self.keys)).as_dict(private=False)),
            content_type="application/json",
        )

    def sign(self, key: ECKey | RSAKey, alg: str, **changes: Any) -> str:
        return jwt.encode({"alg": alg, "kid": key.kid}, claims(**changes), key, algorithms=[alg])


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    made = Publisher()
    app = web.Application()
    app.router.add_get("/keys", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    yield made
    await runner.cleanup()


@pytest.fixture
async def by_secret(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(database_url, tmp_path, jwt_issuer=ISSUER, jwt_secret=SECRET) as made:
        await made.set_up()
        yield made


@pytest.fixture
async def by_keys(database_url: str, tmp_path: Path, publisher: Publisher) -> AsyncIterator[Town]:
    async with town(database_url, tmp_path, jwt_issuer=ISSUER, jwks_url=publisher.url) as made:
        await made.set_up()
        yield made


def signed(secret: str = SECRET, alg: str = "HS256", **changes: Any) -> str:
    return jwt.encode({"alg": alg}, claims(**changes), OctKey.import_key(secret), algorithms=[alg])


@pytest.mark.seed("D7-P05", "D7-S07")
async def test_twenty_first_calls_at_once_make_one_account(by_secret: Town) -> None:
    token = signed()

    async def call() -> dict[str, Any]:
        async with by_secret.client(token) as http:
            return dict((await http.get("/api/v1/account")).json())

    answers = await asyncio.gather(*(call() for _ in range(20)))

    assert len({one["id"] for one in answers}) == 1
    assert (answers[0]["email"], answers[0]["name"], answers[0]["roles"]) == (
        "ada@example.com",
        "Ada",
        ["user"],
    )
    page = await by_secret.platform.accounts.administration.list_page()
    assert len(page.accounts) == 2


@pytest.mark.parametrize(
    "token",
    [
        signed("another secret of more than thirty-two characters"),
        signed(alg="HS512"),
        signed(iss="https://evil.example"),
        signed(aud="anon"),
        signed(exp=1),
        signed(sub=""),
    ],
    ids=["secret", "algorithm", "issuer", "audience", "ended", "nobody"],
)
async def test_what_the_issuer_has_not_signed_is_401(by_secret: Town, token: str) -> None:
    async with by_secret.client(token) as http:
        assert (await http.get("/api/v1/account")).status_code == 401


async def test_an_address_that_somebody_has_is_not_taken_over(by_secret: Town) -> None:
    token = signed(email="owner@example.com", user_metadata={"email_verified": True})
    async with by_secret.client(token) as http:
        found = (await http.get("/api/v1/account")).json()
    assert found["email"] is None
    assert found["id"] != str(by_secret.platform.owner.user_id)
    assert found["roles"] == ["user"]


@pytest.mark.parametrize(
    ("said", "is_verified"),
    [
        ({"email_verified": True}, True),
        ({"email_verified": False}, False),
        ({}, False),
        # People write their own metadata.
        ({"user_metadata": {"email_verified": True}}, False),
    ],
    ids=str,
)
async def test_an_address_is_confirmed_where_the_issuer_says_so(
    by_secret: Town, said: dict[str, Any], is_verified: bool
) -> None:
    async with by_secret.client(signed(**said)) as http:
        found = (await http.get("/api/v1/account")).json()
    assert (found["email"], found["is_verified"]) == ("ada@example.com", is_verified)


async def test_roles_are_ours_and_not_the_tokens(by_secret: Town) -> None:
    token = signed(role="admin", app_metadata={"role": "admin"})
    async with by_secret.client(token) as http:
        assert (await http.get("/api/admin/users")).status_code == 403
        me = (await http.get("/api/v1/account")).json()
        accounts = by_secret.platform.accounts
        await accounts.administration.set_roles(
            by_secret.platform.owner, UUID(me["id"]), [Role.ADMIN], HERE
        )
        async with asyncio.timeout(5):
            while (await http.get("/api/admin/users")).status_code == 403:
                await asyncio.sleep(0.02)


async def test_suspension_counts_for_them_too(by_secret: Town) -> None:
    async with by_secret.client(signed()) as http:
        me = (await http.get("/api/v1/account")).json()
        await by_secret.platform.accounts.administration.suspend(
            by_secret.platform.owner, UUID(me["id"]), "Spam", HERE
        )
        async with asyncio.timeout(5):
            while (await http.get("/api/v1/account")).status_code == 200:
                await asyncio.sleep(0.02)
        assert (await http.get("/api/v1/account")).json()["details"] == {"reason": "Spam"}


@pytest.mark.seed("D7-P05", "D1-21")
@pytest.mark.parametrize("alg", ["ES256", "RS256"])
async def test_published_keys_count(by_keys: Town, publisher: Publisher, alg: str) -> None:
    key = _new_key(alg, "first")
    publisher.keys.append(key)
    async with by_keys.client(publisher.sign(key, alg)) as http:
        for _ in range(5):
            assert (await http.get("/api/v1/account")).json()["email"] == "ada@example.com"
    assert publisher.fetched == 1


async def test_keys_that_were_not_published_do_not(by_keys: Town, publisher: Publisher) -> None:
    ours, theirs = _new_key("ES256", "ours"), _new_key("ES256", "ours")
    publisher.keys.append(ours)
    public = json.dumps(ours.as_dict(private=False))
    confused = jwt.encode(
        {"alg": "HS256", "kid": "ours"}, claims(), OctKey.import_key(public), algorithms=["HS256"]
    )
    for token in (publisher.sign(theirs, "ES256"), confused):
        async with by_keys.client(token) as http:
            assert (await http.get("/api/v1/account")).status_code == 401


async def test_unknown_keys_do_not_have_the_issuer_asked_for_each(
    by_keys: Town, publisher: Publisher
) -> None:
    publisher.keys.append(_new_key("ES256", "known"))
    for number in range(10):
        token = publisher.sign(_new_key("ES256", f"unknown-{number}"), "ES256")
        async with by_keys.client(token) as http:
            assert (await http.get("/api/v1/account")).status_code == 401
    assert publisher.fetched == 1


def _new_key(alg: str, kid: str) -> Any:
    if alg == "RS256":
        return RSAKey.generate_key(2048, {"kid": kid})
    return ECKey.generate_key("P-256", {"kid": kid})
