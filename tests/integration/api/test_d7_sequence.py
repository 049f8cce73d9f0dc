"""The third sequence: log in, be known, be allowed or not; the spans come in the order of its messages.

    log-in           S01 … S03   a session and its tokens
    a call           S04 … S14   request, authenticate (verify, account), authorise, limit, inspect, handler
    an admin's call  S15 … S24   the same, with the decision before the handler, and written down
    a refused call   S25 … S27   it ends at the decision: no handler, 403

With our own accounts, and with another issuer's tokens (Supabase mode), whose log-in is not ours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from autograph.bootstrap.doors import serve
from autograph.features.accounts.models import Role
from tests.security.people import HERE, OWNER, PASSWORD, Town, town

pytestmark = pytest.mark.timeout(120)
ISSUER = "https://project.supabase.test/auth/v1"
SECRET = "a shared secret of more than thirty-two characters"
WAY = [
    "request",
    "gateway.authenticate",
    "gateway.authorise",
    "gateway.limit",
    "gateway.inspect",
    "handler",
]


@dataclass
class Recorder:
    """A tracer that notes when spans begin (`+`) and end (`-`)."""

    steps: list[str] = field(default_factory=list)

    @contextmanager
    def span(self, name: str, **attributes: Any) -> Iterator[None]:
        self.steps.append(f"+{name}")
        try:
            yield
        finally:
            self.steps.append(f"-{name}")

    def take(self) -> list[str]:
        found, self.steps = self.steps, []
        return found


def whole(way: list[str]) -> list[str]:
    """Return the steps of a request: each step ends before the next begins, and all within the request."""
    inner = [f"{sign}{name}" for name in way[1:] for sign in "+-"]
    return ["+request", *inner, "-request"]


@dataclass
class Scene:
    """A platform whose spans are kept, and the tokens of its owner and of somebody."""

    town: Town
    recorder: Recorder
    owner: str
    somebody: str


@pytest.fixture(params=["built-in", "supabase"])
async def scene(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path
) -> AsyncIterator[Scene]:
    theirs = {"jwt_issuer": ISSUER, "jwt_secret": SECRET} if request.param == "supabase" else {}
    async with town(database_url, tmp_path, **theirs) as made:
        await made.set_up()
        recorder = Recorder()
        made.app = serve(replace(made.platform, tracer=recorder))
        if theirs:
            yield await _theirs(made, recorder)
        else:
            yield await _ours(made, recorder)


async def _ours(made: Town, recorder: Recorder) -> Scene:
    """S01 to S03: they log in over the API, and are handed tokens."""
    await made.person("Ada")
    tokens: list[str] = []
    async with made.client() as http:
        for email in (OWNER, "ada@example.com"):
            body = {"email": email, "password": PASSWORD, "delivery": "token"}
            recorder.take()
            answer = await http.post("/api/v1/auth/login", json=body)
            assert recorder.take() == whole(WAY)
            assert answer.json()["token_type"] == "bearer"
            tokens.append(answer.json()["access_token"])
    return Scene(made, recorder, *tokens)


async def _theirs(made: Town, recorder: Recorder) -> Scene:
    """S01 to S03 happen at the issuer: what comes here are its tokens; the first makes the account (S07)."""
    owner, somebody = _signed("0001", "boss@example.com"), _signed("0002", "ada@example.com")
    async with made.client(owner) as http:
        me = (await http.get("/api/v1/account")).json()
    await made.platform.accounts.administration.set_roles(
        made.platform.owner, UUID(me["id"]), [Role.USER, Role.ADMIN], HERE
    )
    return Scene(made, recorder, owner, somebody)


def _signed(number: str, email: str) -> str:
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": ISSUER,
        "aud": "authenticated",
        "sub": f"5f1d7a0e-0000-4000-8000-00000000{number}",
        "email": email,
        "iat": now,
        "exp": now + 600,
    }
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])


@pytest.mark.seed("D7-S11", "D7-S12", "D7-S13", "D7-S16", "D7-S22", "D7-S24", "D7-S26", "D1-21")
async def test_the_sequence(scene: Scene) -> None:
    made, recorder = scene.town, scene.recorder

    async with made.client(scene.somebody) as http:
        recorder.take()
        mine = await http.get("/api/v1/account")
        assert recorder.take() == whole(WAY)
        assert (mine.status_code, mine.json()["email"]) == (200, "ada@example.com")
        assert mine.headers["ratelimit-remaining"]
        assert mine.headers["content-security-policy"]

        refused = await http.get("/api/admin/users")
        assert recorder.take() == whole(WAY[:3])
        assert (refused.status_code, refused.json()["code"]) == (403, "auth.forbidden")
        assert "@example.com" not in refused.text

    async with made.client(scene.owner) as http:
        me = (await http.get("/api/v1/account")).json()
        recorder.take()
        people = await http.get("/api/admin/users")
        assert recorder.take() == whole(WAY)
        assert {"ada@example.com", OWNER} <= {one["email"] for one in people.json()["users"]}
        assert people.headers["cache-control"] == "no-store"
        assert people.headers["x-request-id"]

    audit = made.platform.accounts.audit
    let_in = (await audit.list_page(action="admin.access")).entries[0]
    kept_out = (await audit.list_page(action="access.refused")).entries[0]
    assert (str(let_in.actor_id), let_in.request_id) == (me["id"], people.headers["x-request-id"])
    assert str(kept_out.actor_id) == mine.json()["id"]


@pytest.mark.seed("D1-07")
async def test_nobody_goes_no_further_than_the_first_step(scene: Scene) -> None:
    async with scene.town.client("not a token") as http:
        scene.recorder.take()
        answer = await http.get("/api/v1/account")
    assert scene.recorder.take() == whole(WAY[:2])
    assert answer.status_code == 401


@pytest.mark.seed("D7-S10", "D1-07", "D7-P08")
async def test_a_context_that_is_sent_from_outside_counts_for_nothing(scene: Scene) -> None:
    forged = {"X-User-Id": str(scene.town.platform.owner.user_id), "X-User-Role": "admin"}
    async with scene.town.client(scene.somebody, headers=forged) as http:
        assert (await http.get("/api/v1/account")).json()["email"] == "ada@example.com"
        assert (await http.get("/api/admin/users")).status_code == 403
