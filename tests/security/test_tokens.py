"""Family 10: tokens that are forged, ended, revoked, stolen or used twice; and what a log-in gives away."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pyotp
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from autograph.features.accounts.models import Role
from autograph.features.accounts.models.sessions import REUSE_GRACE
from autograph.infra.keys import read_keys
from tests.security.people import HERE, OWNER, PASSWORD, Town, town

pytestmark = pytest.mark.timeout(120)


def forged(town_dir: Path, key: bytes | None = None, alg: str = "HS256", **claims: Any) -> str:
    """Return a token that says what it likes, signed by the installation's own key or by another one."""
    ring = read_keys(town_dir / "keys.json")
    assert ring is not None
    secret = key or ring.derived("access tokens")[ring.current]
    return jwt.encode({"alg": alg, "kid": ring.current}, claims, OctKey.import_key(secret))


class TestAccessTokens:
    @pytest.fixture
    def claims(self, tmp_path: Path, settled: Town) -> dict[str, Any]:
        """What the owner's own token says."""
        now = int(datetime.now(UTC).timestamp())
        return {
            "iss": "autograph",
            "aud": "authenticated",
            "sub": str(settled.platform.owner.user_id),
            "iat": now,
            "exp": now + 600,
        }

    @pytest.mark.seed("D7-S05", "D7-S06")
    @pytest.mark.parametrize(
        "change",
        [
            {"exp": 1},
            {"exp": None},
            {"exp": "tomorrow"},
            {"aud": "somebody else"},
            {"aud": None},
            {"aud": {"a": 1}},
            {"iss": "https://evil.example"},
            {"sub": None},
            {"sub": ""},
            {"sub": 7},
            {"sub": ["a"]},
            {"nbf": 4_000_000_000},
            {"session_id": None},
            {"session_id": "none"},
            {"session_id": "01900000-0000-7000-8000-0000000000ff"},
            {"email": 5},
        ],
        ids=str,
    )
    async def test_claims_that_are_wrong_are_401(
        self, settled: Town, tmp_path: Path, claims: dict[str, Any], change: dict[str, Any]
    ) -> None:
        session = await self._session(settled)
        said = {**claims, "session_id": session, **change}
        token = forged(
            tmp_path, **{name: value for name, value in said.items() if value is not None}
        )
        async with settled.client(token) as http:
            answer = await http.get("/api/v1/account")
        assert (answer.status_code, answer.json()["code"]) == (401, "auth.token_invalid")

    async def test_the_same_claims_unchanged_are_good(
        self, settled: Town, tmp_path: Path, claims: dict[str, Any]
    ) -> None:
        token = forged(tmp_path, **claims, session_id=await self._session(settled))
        async with settled.client(token) as http:
            assert (await http.get("/api/v1/account")).status_code == 200

    @pytest.mark.seed("D7-S05")
    async def test_signatures_that_are_wrong_are_401(
        self, settled: Town, tmp_path: Path, claims: dict[str, Any]
    ) -> None:
        session = await self._session(settled)
        good = forged(tmp_path, **claims, session_id=session)
        header, payload, signature = good.split(".")
        none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
        other = (
            base64.urlsafe_b64encode(
                json.dumps({**claims, "session_id": session, "sub": "1"}).encode()
            )
            .decode()
            .rstrip("=")
        )
        wrong = [
            f"{none}.{payload}.",
            f"{none}.{payload}.{signature}",
            f"{header}.{other}.{signature}",
            f"{header}.{payload}.{signature[:-4]}AAAA",
            f"{header}.{payload}.",
            f"{header}.{payload}",
            forged(tmp_path, b"k" * 32, **claims, session_id=session),
            "",
            ".",
            "..",
            "a.b.c",
            "\x00",
            "é.é.é",
            "x" * 20_000,
        ]
        async with settled.client() as http:
            for token in wrong:
                headers = {b"authorization": f"Bearer {token}".encode("latin-1")}
                answer = await http.get("/api/v1/account", headers=headers)
                assert answer.status_code in {401, 403, 413}, token[:40]
                assert answer.json()["code"] != "bug"

    async def test_a_token_in_the_address_is_not_looked_at(self, settled: Town) -> None:
        token = await settled.person("Ada")
        async with settled.client() as http:
            for name in ("token", "access_token", "api_key"):
                answer = await http.get("/api/v1/account", params={name: token})
                assert answer.status_code == 401

    async def _session(self, settled: Town) -> str:
        tokens = await settled.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)
        return str(tokens.session_id)


class TestSessions:
    @pytest.mark.seed("D7-S05")
    async def test_log_out_ends_the_session_on_the_server(self, settled: Town) -> None:
        token = await settled.person("Ada")
        async with settled.client(token) as http:
            assert (await http.get("/api/v1/account")).status_code == 200
            assert (await http.post("/api/v1/auth/logout")).status_code == 204
            answer = await until_401(http)
        assert answer.json()["message"] == "The session has ended. Log in again."

    @pytest.mark.seed("D1-21")
    async def test_a_refresh_token_that_comes_twice_ends_its_family(self, settled: Town) -> None:
        async with settled.client() as http:
            first = (await http.post("/api/v1/auth/login", json=owner(delivery="token"))).json()
            second = await refreshed(http, first["refresh_token"])
            third = await refreshed(http, second["refresh_token"])
            await make_old(settled)

            stolen = await http.post(
                "/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]}
            )
            owners = await http.post(
                "/api/v1/auth/refresh", json={"refresh_token": third["refresh_token"]}
            )

        assert (stolen.status_code, owners.status_code) == (401, 401)
        async with settled.client(third["access_token"]) as http:
            await until_401(http)
        noted = await settled.platform.accounts.audit.list_page(action="session.stolen")
        assert len(noted.entries) == 1

    async def test_two_tabs_may_refresh_at_the_same_moment(self, settled: Town) -> None:
        async with settled.client() as http:
            first = (await http.post("/api/v1/auth/login", json=owner(delivery="token"))).json()
            answers = await asyncio.gather(
                *(refreshed(http, first["refresh_token"]) for _ in range(5))
            )
        for one in answers:
            async with settled.client(one["access_token"]) as http:
                assert (await http.get("/api/v1/account")).status_code == 200

    @pytest.mark.seed("D7-S09")
    async def test_signing_out_everywhere_leaves_nobody_in(self, settled: Town) -> None:
        tokens = [await settled.person("Ada")]
        for _ in range(2):
            again = await settled.platform.accounts.login.log_in("ada@example.com", PASSWORD, HERE)
            tokens.append(again.access)
        async with settled.client(tokens[0]) as http:
            ended = (await http.delete("/api/v1/auth/sessions", params={"but_this": "true"})).json()
            assert ended == {"sessions": 2}
            assert (await http.get("/api/v1/account")).status_code == 200
            assert (await http.delete("/api/v1/auth/sessions")).json() == {"sessions": 1}
        for token in tokens:
            async with settled.client(token) as http:
                await until_401(http)

    @pytest.mark.seed("D3-11", "D7-S08")
    async def test_suspension_ends_sessions_at_once_and_says_why(self, settled: Town) -> None:
        token = await settled.person("Ada")
        owner_tokens = await settled.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)
        async with settled.client(token) as http, settled.client(owner_tokens.access) as admin:
            me = (await http.get("/api/v1/account")).json()
            done = await admin.post(f"/api/admin/users/{me['id']}/suspend", json={"reason": "Spam"})
            assert done.json()["status"] == "suspended"
            async with asyncio.timeout(5):
                while (await http.get("/api/v1/account")).status_code == 200:
                    await asyncio.sleep(0.02)
            refused = await http.post(
                "/api/v1/auth/login", json={"email": "ada@example.com", "password": PASSWORD}
            )
        assert (refused.status_code, refused.json()["details"]) == (403, {"reason": "Spam"})

    @pytest.mark.seed("D3-11", "D7-S09")
    async def test_suspension_ends_sessions_in_every_process_within_five_seconds(
        self, settled: Town, database_url: str, tmp_path: Path
    ) -> None:
        token = await settled.person("Ada")
        async with (
            town(database_url, tmp_path) as other,
            settled.client(token) as here,
            other.client(token) as there,
        ):
            me = (await here.get("/api/v1/account")).json()
            # Both remember her now.
            assert (await there.get("/api/v1/account")).status_code == 200
            began = time.monotonic()
            await settled.platform.accounts.administration.suspend(
                settled.platform.owner, UUID(me["id"]), "Spam", HERE
            )
            async with asyncio.timeout(5):
                while (await there.get("/api/v1/account")).status_code == 200:
                    await asyncio.sleep(0.02)
            assert time.monotonic() - began < 5
            async with asyncio.timeout(5):
                while (await here.get("/api/v1/account")).status_code == 200:
                    await asyncio.sleep(0.02)

    async def test_suspension_counts_also_where_the_news_of_it_does_not_arrive(
        self, settled: Town, database_url: str, tmp_path: Path
    ) -> None:
        token = await settled.person("Ada")
        async with town(database_url, tmp_path) as other, other.client(token) as there:
            me = (await there.get("/api/v1/account")).json()
            async with settled.platform.database.acquire() as connection:
                # Nobody is told: as if the message had been lost.
                await connection.execute(
                    "UPDATE users SET status = 'suspended' WHERE id = $1", UUID(me["id"])
                )
            began = time.monotonic()
            while (await there.get("/api/v1/account")).status_code == 200:
                assert time.monotonic() - began < 10
                await asyncio.sleep(0.05)

    @pytest.mark.seed("D7-S18")
    async def test_a_change_of_roles_counts_within_a_second(self, settled: Town) -> None:
        token = await settled.person("Ada")
        async with settled.client(token) as http:
            me = (await http.get("/api/v1/account")).json()
            assert (await http.get("/api/admin/users")).status_code == 403
            await settled.platform.accounts.administration.set_roles(
                settled.platform.owner, UUID(me["id"]), [Role.USER, Role.SUPPORT], HERE
            )
            async with asyncio.timeout(1):
                while (await http.get("/api/admin/users")).status_code == 403:
                    await asyncio.sleep(0.02)

    @pytest.mark.seed("D7-S09")
    async def test_the_second_request_asks_the_database_nothing_about_who_it_is(
        self, settled: Town
    ) -> None:
        token = await settled.person("Ada")
        async with settled.client(token) as http:
            await http.get("/api/v1/auth")
            await http.get("/api/v1/blocks")
            before = await queries(settled)
            for _ in range(20):
                assert (await http.get("/api/v1/blocks")).status_code == 200
            assert await queries(settled) == before


class TestLogIn:
    @pytest.mark.seed("D7-S01")
    async def test_nobody_learns_who_has_an_account(self, settled: Town) -> None:
        async with settled.client() as http:
            wrong = await http.post("/api/v1/auth/login", json=owner(password="not it, surely"))
            nobody = await http.post("/api/v1/auth/login", json=owner(email="no@example.com"))
            signed_up = [
                await http.post(
                    "/api/v1/auth/sign-up",
                    json={"email": email, "password": PASSWORD, "name": "New"},
                )
                for email in (OWNER, "new@example.com")
            ]
            links = [
                await http.post(f"/api/v1/auth/{what}", json={"email": email})
                for what in ("link", "reset")
                for email in (OWNER, "no@example.com")
            ]
        assert without_id(wrong) == without_id(nobody)
        assert wrong.status_code == 401
        assert {one.status_code for one in signed_up} == {202}
        assert without_id(signed_up[0]) == without_id(signed_up[1])
        assert {(one.status_code, one.text) for one in links} == {(202, "null")}

    @pytest.mark.seed("D7-S01")
    async def test_after_many_tries_an_address_is_left_alone(self, open_town: Town) -> None:
        for email in (OWNER, "no@example.com"):
            async with open_town.client() as http:
                codes = [
                    (await http.post("/api/v1/auth/login", json=owner(email=email, password="x")))
                    for _ in range(11)
                ]
            assert [one.status_code for one in codes] == [401] * 10 + [429]
            assert codes[-1].json()["code"] == "auth.too_many_tries"
            assert int(codes[-1].headers["retry-after"]) > 0

    async def test_a_mailed_link_is_good_once(self, settled: Town, tmp_path: Path) -> None:
        async with settled.client() as http:
            await http.post("/api/v1/auth/reset", json={"email": OWNER})
            token = mailed(tmp_path)
            body = {"token": token, "password": "another long sentence"}
            first = await http.post("/api/v1/auth/reset/use", json=body)
            again = await http.post("/api/v1/auth/reset/use", json=body)
            odd = [
                await http.post("/api/v1/auth/reset/use", json={**body, "token": one})
                for one in ("", "null", "undefined", token[:-1], token.upper())
            ]
            old = await http.post("/api/v1/auth/login", json=owner())
            new = await http.post(
                "/api/v1/auth/login", json=owner(password="another long sentence")
            )
        assert (first.status_code, again.status_code) == (204, 422)
        assert {one.status_code for one in odd} == {422}
        assert (old.status_code, new.status_code) == (401, 200)

    async def test_a_password_that_is_chosen_by_a_mailed_link_confirms_the_address(
        self, settled: Town, tmp_path: Path
    ) -> None:
        await settled.person("Ada")
        async with settled.client() as http:
            await http.post("/api/v1/auth/reset", json={"email": "ada@example.com"})
            new = "another long sentence"
            await http.post(
                "/api/v1/auth/reset/use", json={"token": mailed(tmp_path), "password": new}
            )
            login = owner(email="ada@example.com", password=new)
            await http.post("/api/v1/auth/login", json=login)
            assert (await http.get("/api/v1/account")).json()["is_verified"] is True

    async def test_a_link_logs_in_and_confirms_the_address(
        self, settled: Town, tmp_path: Path
    ) -> None:
        await settled.person("Ada")
        async with settled.client() as http:
            await http.post("/api/v1/auth/link", json={"email": "ada@example.com"})
            used = await http.post(
                "/api/v1/auth/link/use", json={"token": mailed(tmp_path), "delivery": "token"}
            )
        async with settled.client(used.json()["access_token"]) as http:
            assert (await http.get("/api/v1/account")).json()["is_verified"] is True

    @pytest.mark.parametrize(
        "password", ["short", "aaaaaaaaaaaa", "password123", "olga", "owner@example.com"]
    )
    async def test_a_password_that_would_be_guessed_is_refused(
        self, fresh: Town, password: str
    ) -> None:
        async with fresh.client() as http:
            answer = await http.post(
                "/api/v1/auth/set-up", json={"email": OWNER, "password": password, "name": "Olga"}
            )
        assert (answer.status_code, answer.json()["code"]) == (422, "auth.password_weak")
        assert password not in answer.json()["message"]

    async def test_a_second_factor_is_asked_for_and_good_once(self, settled: Town) -> None:
        token = await settled.person("Ada")
        login = {"email": "ada@example.com", "password": PASSWORD}
        async with settled.client(token) as http:
            secret = (await http.post("/api/v1/account/totp")).json()["secret"]
            app = pyotp.TOTP(secret)
            wrong = await http.post("/api/v1/account/totp/confirm", json={"code": "000000"})
            on = await http.post("/api/v1/account/totp/confirm", json={"code": app.now()})
            missing = await http.post("/api/v1/auth/login", json=login)
            used = await http.post("/api/v1/auth/login", json={**login, "code": app.now()})
            later = app.at(datetime.now(UTC) + timedelta(seconds=30))
            right = await http.post("/api/v1/auth/login", json={**login, "code": later})
        assert (wrong.status_code, on.status_code) == (401, 204)
        assert (missing.status_code, missing.json()["code"]) == (401, "auth.totp_required")
        assert (used.status_code, right.status_code) == (401, 200)

    @pytest.mark.seed("D3-18", "D7-P06")
    async def test_no_secret_of_anybody_is_kept_as_it_is(
        self, settled: Town, tmp_path: Path
    ) -> None:
        token = await settled.person("Ada")
        async with settled.client(token) as http:
            totp = (await http.post("/api/v1/account/totp")).json()["secret"]
            key = (
                await http.post("/api/v1/api-keys", json={"name": "k", "scopes": ["IDENTITY"]})
            ).json()["key"]
            await http.post("/api/v1/auth/reset", json={"email": "ada@example.com"})
            logged_in = await http.post(
                "/api/v1/auth/login",
                json={"email": "ada@example.com", "password": PASSWORD, "delivery": "token"},
            )
        link = mailed(tmp_path)
        kept = await dump(settled)
        raw = base64.b32decode(totp)
        for secret in (PASSWORD, totp, key, link, logged_in.json()["refresh_token"]):
            assert secret not in kept
        assert raw.hex() not in kept


class TestApiKeys:
    async def test_a_key_reaches_as_far_as_its_scopes(self, settled: Town) -> None:
        token = await settled.person("Ada")
        key = await self._key(settled, token, ["READ_GRAPH"])
        async with settled.client(key) as http:
            assert (await http.get("/api/v1/graphs")).status_code == 200
            refused = await http.post("/api/v1/graphs", json={})
            assert (refused.status_code, refused.json()["code"]) == (403, "auth.forbidden")
            assert refused.json()["details"] == {
                "permission": "agents.write",
                "scopes": ["WRITE_GRAPH", "WRITE_LIBRARY"],
            }
            assert (await http.get("/api/v1/api-keys")).status_code == 403
        async with settled.client(headers={"X-API-Key": key}) as http:
            assert (await http.get("/api/v1/graphs")).status_code == 200

    async def test_a_key_that_was_revoked_or_has_ended_is_401(self, settled: Town) -> None:
        token = await settled.person("Ada")
        soon = datetime.now(UTC) + timedelta(seconds=1)
        ending = await self._key(settled, token, ["IDENTITY"], expires_at=soon.isoformat())
        revoked = await self._key(settled, token, ["IDENTITY"])
        async with settled.client(token) as http:
            (first, _) = (await http.get("/api/v1/api-keys")).json()
            async with settled.client(revoked) as other:
                assert (await other.get("/api/v1/account")).status_code == 200
                used = (await http.get(f"/api/v1/api-keys/{first['id']}")).json()
                assert used["last_used_at"] is not None
                await http.delete(f"/api/v1/api-keys/{first['id']}")
                await until_401(other)
        async with settled.client(ending) as http:
            await until_401(http)

    async def test_a_key_has_a_rate_of_its_own(self, settled: Town) -> None:
        token = await settled.person("Ada")
        key = await self._key(settled, token, ["IDENTITY"], rate=8)
        async with settled.client(key) as http:
            answers = [await http.get("/api/v1/account") for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert answers[0].headers["ratelimit-limit"] == "8"
        assert answers[0].headers["ratelimit-remaining"] == "1"
        assert answers[2].json()["details"]["limit"] == 8

    async def _key(self, settled: Town, token: str, scopes: list[str], **more: Any) -> str:
        async with settled.client(token) as http:
            body = {"name": "k", "scopes": scopes, **more}
            answer = await http.post("/api/v1/api-keys", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["key"])


def owner(**changes: Any) -> dict[str, Any]:
    return {"email": OWNER, "password": PASSWORD, **changes}


async def refreshed(http: httpx2.AsyncClient, token: str) -> dict[str, Any]:
    answer = await http.post("/api/v1/auth/refresh", json={"refresh_token": token})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def until_401(http: httpx2.AsyncClient) -> httpx2.Response:
    async with asyncio.timeout(5):
        while (answer := await http.get("/api/v1/account")).status_code != 401:
            await asyncio.sleep(0.02)
    return answer


def without_id(answer: httpx2.Response) -> dict[str, Any]:
    body = answer.json() or {}
    return {name: value for name, value in body.items() if name != "request_id"}


def mailed(folder: Path) -> str:
    """Return the token in the newest mail."""
    newest = max((folder / "mail").glob("*.eml"))
    text = newest.read_text().replace("=\n", "").replace("=3D", "=")
    return text.split("#token=")[1].split()[0]


async def make_old(settled: Town) -> None:
    """Let the time go by in which a refresh token may come twice."""
    async with settled.platform.database.acquire() as connection:
        await connection.execute(
            "UPDATE refresh_tokens SET used_at = used_at - $1::interval", REUSE_GRACE
        )


async def queries(settled: Town) -> int:
    """Return how often the tables of accounts were read by now."""
    async with settled.platform.database.acquire() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        return int(
            await connection.fetchval(
                "SELECT sum(seq_scan + coalesce(idx_scan, 0)) FROM pg_stat_user_tables "
                "WHERE relname IN ('users', 'sessions', 'api_keys', 'identities')"
            )
        )


async def dump(settled: Town) -> str:
    """Return everything in the database as text."""
    async with settled.platform.database.acquire() as connection:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        rows = [
            str(await connection.fetch(f'SELECT t::text FROM "{table["tablename"]}" t'))
            for table in tables
        ]
    return "\n".join(rows)
