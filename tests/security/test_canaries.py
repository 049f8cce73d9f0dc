"""Family 9: secrets are planted wherever one can be kept, used in every way a block can, and searched for everywhere.

Agents succeed, fail, crash, log, wait, ask people, give secrets out, and are forked and asked about; then logs,
every column of every table, every answer and every export are read.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import io
import json
import re
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import pyotp
import pytest
import structlog
from aiohttp import web

from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import (
    ApiKeySecret,
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    CodeLanguage,
    Context,
    CredentialRef,
    Effect,
    HostScopedSecret,
    HttpRequest,
    Json,
    Message,
    ModelRequest,
    OAuth2Secret,
    Outputs,
    Scope,
    Secret,
    UserPasswordSecret,
    credential_pin,
    pin,
)
from autograph.bootstrap import Process, platform
from autograph.features.runs.models import Order
from autograph.graph.model import Node
from autograph.graph.portable import write_agent
from autograph.infra.json import encode
from autograph.infra.logging import configure_logging
from autograph.infra.settings import Settings
from tests.agents import graph
from tests.security.inventory import routes
from tests.security.listening import make_listening, path_of
from tests.security.people import HERE, OWNER, PASSWORD, Town

pytestmark = pytest.mark.timeout(120)

CANARY = "canary-7f3a9"
SECRETS: dict[str, Secret] = {
    "api_key": ApiKeySecret(f"{CANARY}-key"),
    "user_password": UserPasswordSecret("ada", f"{CANARY}-password"),
    "host_scoped": HostScopedSecret("example.com", {"X-Key": f"{CANARY}-header"}),
    "oauth2": OAuth2Secret(f"{CANARY}-access", f"{CANARY}-refresh"),
}
DEEDS = ("succeed", "large", "fail", "yield error", "crash", "log", "wait", "review", "call")
BASIC = base64.b64encode(f"ada:{CANARY}-password".encode()).decode()


class LeakyInput(BlockInput):
    credentials: CredentialRef = credential_pin(
        "anywhere", kinds=sorted(SECRETS), description="What is given away."
    )
    deed: str = pin(description="How.")


class LeakyOutput(BlockOutput):
    out: Json = pin(description="Everything.")


class Leaky(Block[LeakyInput]):
    """Gives away what it was told in confidence, by every way there is."""

    id = "leaky"
    name = "Leaky"
    description = "For tests."
    effect = Effect.READ
    Input = LeakyInput
    Output = LeakyOutput

    async def run(self, input: LeakyInput, ctx: Context) -> Outputs:
        secret = await ctx.credential(input.credentials)
        told = " and ".join(_told(secret))
        yield "out", {"text": told, told: [[told]]}
        match input.deed:
            case "large":
                yield "out", [told] * 5_000
            case "fail":
                raise BlockError(f"The provider said: {told}")
            case "yield error":
                yield "error", told
            case "crash":
                raise ZeroDivisionError(told)
            case "log":
                ctx.log(told, plain=told, deep={"a": [told]})
            case "wait":
                await ctx.sleep(timedelta(seconds=1.2))
            case "review":
                await ctx.review({"shown": told}, title=told)
            case "call":
                await ctx.call(title=told).body()
            case _:
                pass


class Telltale(Block[LeakyInput]):
    """Sends what it was told in confidence, in every way there is, and is told it again."""

    id = "telltale"
    name = "Telltale"
    description = "For tests."
    effect = Effect.IDEMPOTENT
    Input = LeakyInput
    Output = LeakyOutput

    async def run(self, input: LeakyInput, ctx: Context) -> Outputs:
        told = " and ".join(_told(await ctx.credential(input.credentials)))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        ways = (
            HttpRequest(
                "GET", f"{input.deed}/{quote(told, safe='')}", {"X-Told": told}, {"q": told}
            ),
            HttpRequest(
                "POST", input.deed, {"Content-Type": "application/json"}, body=encode([told])
            ),
            HttpRequest("POST", input.deed, form, body=urlencode({"told": told}).encode()),
            HttpRequest("POST", input.deed, body=b"\xff" + told.encode()),
        )
        for request in ways:
            yield "out", (await ctx.http.send(request)).text
        asked = ModelRequest("demo", [Message.user(told)])
        yield "out", (await ctx.models.ask(asked, None)).text
        await ctx.store.set(told, "kept", scope=Scope.AGENT)
        yield "out", await ctx.store.get(told, scope=Scope.AGENT)
        kept = await ctx.files.write("told.bin", b"\xff" + told.encode())
        yield "out", len(await ctx.files.read(kept))
        yield "out", (await ctx.sandbox.run(f"print({told!r})", CodeLanguage.PYTHON)).stdout
        raise BlockError(told)


@asynccontextmanager
async def _echo() -> AsyncIterator[str]:
    """A provider that says back all it is told, and hands out a secret of its own."""

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        said = f"{request.path_qs} {request.path} {dict(request.headers)} ".encode() + body
        made = web.Response(body=said, headers={"X-Echo": request.headers.get("X-Told", "")})
        made.set_cookie("session", f"{CANARY}-cookie")
        return made

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/x"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("kind", SECRETS)
async def test_no_secret_is_in_a_recording(leaky: Town, log: io.StringIO, kind: str) -> None:
    up = leaky.platform
    kept = await up.integrations.credentials.add(up.owner, "anywhere", kind, SECRETS[kind], HERE)
    async with _echo() as url:
        constants = {"credentials": kept.as_reference(), "deed": url}
        made = graph([Node("t", "telltale", constants)])
        saved = await up.agents.create(up.owner, write_agent(made))
        run_id = await up.runs.start_order(up.owner, Order(saved.id, {}, is_recorded=True))
        assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=30))

    cassette = await up.cassettes.cassette(up.owner, run_id)
    shown = json.dumps(cassette.as_json(), ensure_ascii=False)
    inside = [base64.b64decode(one) for one in re.findall(r'"base64": "([^"]*)"', shown)]
    assert {one["kind"] for one in cassette.exchanges} == {
        *("http", "model", "stored", "written", "file", "code"),
    }
    assert "•••" in shown
    assert any("•••".encode() in one for one in inside)
    found = {"cassette": shown, "bytes": repr(inside), "database": await _without_stored(leaky)}
    for where, text in found.items():
        for secret in (CANARY, BASIC):
            assert secret not in text, f"{where}: …{_around(text, secret)}…"


async def _without_stored(town: Town) -> str:
    """Return the database without what the block itself has put into the person's own store."""
    async with town.platform.database.acquire() as connection:
        assert await connection.execute("DELETE FROM stored_values") == "DELETE 1"
    return await _dump(town)


def _told(secret: Secret) -> list[str]:
    match secret:
        case ApiKeySecret():
            return [secret.api_key]
        case UserPasswordSecret():
            return [secret.password, secret.headers()["Authorization"]]
        case HostScopedSecret():
            return list(secret.values.values())
        case _:
            return [secret.access_token, secret.refresh_token or ""]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a server's log would hold."""
    written = io.StringIO()
    before = structlog.get_config()
    configure_logging("debug", "json")
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(written), cache_logger_on_first_use=False
    )
    yield written
    structlog.configure(**before)


@pytest.fixture
async def leaky(
    database_url: str, tmp_path: Path, catalog: Catalog, log: io.StringIO
) -> AsyncIterator[Town]:
    made = Settings(database_url=database_url, data_dir=tmp_path, egress_inside=("127.0.0.0/8",))
    async with platform(
        made, process=Process.UP, load=lambda: Catalog([*catalog, Leaky, Telltale])
    ) as running:
        yield Town(running)


@pytest.mark.seed("D1-20", "D3-18", "D7-P06")
async def test_no_secret_is_anywhere(leaky: Town, log: io.StringIO) -> None:
    token = await leaky.set_up()
    ids = await _run_everything(leaky)
    found = {
        "log": log.getvalue().replace("\\u2022", "•"),
        "database": await _dump(leaky),
        "answers": await _answers(leaky, token, ids),
    }

    assert "•••" in found["log"], "nothing was redacted: the blocks did not run"
    assert "•••" in found["database"]
    assert "•••" in found["answers"]
    for where, text in found.items():
        for secret in (CANARY, BASIC):
            assert secret not in text, f"{where}: …{_around(text, secret)}…"


async def test_what_the_platform_itself_gives_out_is_nowhere_in_the_clear(
    leaky: Town, log: io.StringIO, catalog: Catalog
) -> None:
    """Keys, tokens, secrets of authenticators, of apps and of webhooks: each is shown once, used, and searched for."""
    token = await leaky.set_up()
    signs = f"{CANARY}-signs"
    async with leaky.client(token) as http, leaky.client() as outside:
        key = (
            await http.post("/api/v1/api-keys", json={"name": "k", "scopes": ["IDENTITY"]})
        ).json()["key"]
        app = {
            "name": "An app",
            "redirect_uris": ["https://app.example.com/back"],
            "scopes": ["IDENTITY"],
        }
        client_secret = (await http.post("/api/v1/apps", json=app)).json()["client_secret"]
        totp = (await http.post("/api/v1/account/totp")).json()["secret"]
        code = pyotp.TOTP(totp).now()
        assert (
            await http.post("/api/v1/account/totp/confirm", json={"code": code})
        ).status_code == 204
        preset = await make_listening(
            http, catalog, trigger={"sender": "github", "secret": signs}, inputs={"word": "hi"}
        )
        path = path_of(preset)
        logged_in = await outside.post(
            "/api/v1/auth/login",
            json={
                "email": OWNER,
                "password": PASSWORD,
                "delivery": "token",
                "code": pyotp.TOTP(totp).at(datetime.now(UTC) + timedelta(seconds=30)),
            },
        )
        assert logged_in.status_code == 200, logged_in.text
        body = json.dumps({"key": "of theirs"}).encode()
        mac = hmac.new(signs.encode(), body, hashlib.sha256).hexdigest()
        sent = await outside.post(
            path,
            content=body,
            headers={"X-Hub-Signature-256": f"sha256={mac}", "X-GitHub-Event": "x"},
        )
        refused = [
            await outside.post(path, content=body, headers={"Authorization": f"Bearer {key}"}),
            await outside.get("/api/v1/runs", headers={"X-API-Key": f"{key}x"}),
            await outside.get("/external/v1/me", headers={"X-API-Key": key}),
            await outside.post(
                "/api/v1/auth/login", json={"email": OWNER, "password": f"{CANARY}-wrong"}
            ),
        ]
        assert sent.status_code == 200, sent.text
        assert refused[0].status_code == 401
        exported = (await http.get("/api/v1/account/export")).content
        ids = {"webhook_id": [preset["webhook"]["id"]], "preset_id": [preset["id"]]}
    tokens = [logged_in.json()["access_token"], logged_in.json()["refresh_token"], token]
    secrets = [key, client_secret, totp, signs, PASSWORD, f"{CANARY}-wrong", *tokens]
    places = {
        "log": log.getvalue(),
        "database": await _dump(leaky),
        "answers": await _answers(leaky, token, ids),
        "refusals": "".join(one.text + json.dumps(dict(one.headers)) for one in refused),
        "export": exported.decode("latin-1"),
    }

    assert all(len(one) >= 16 for one in secrets if one != signs)
    assert all(places.values())
    for where, text in places.items():
        for secret in secrets:
            assert secret not in text, f"{where}: …{_around(text, secret)}…"
    address = path.rsplit("/", 1)[1]
    for where in ("log", "database", "refusals"):  # whoever it belongs to may read it
        assert address not in places[where], f"{where}: …{_around(places[where], address)}…"
    assert base64.b32decode(totp).decode("latin-1") not in places["database"]


@pytest.mark.parametrize("encoding", ["•••"])
async def test_the_search_would_find_one(leaky: Town, encoding: str) -> None:
    """A search that finds nothing proves nothing: this one finds what is put there."""
    async with leaky.platform.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO payloads (digest, encoding, value) VALUES ('00', 'zlib', $1)",
            zlib.compress(f'"{CANARY} {encoding}"'.encode()),
        )
    assert CANARY in await _dump(leaky)


async def _run_everything(town: Town) -> dict[str, list[str]]:
    up, ids = town.platform, {"graph_id": [], "run_id": [], "review_id": []}
    for kind, secret in SECRETS.items():
        kept = await up.integrations.credentials.add(up.owner, "anywhere", kind, secret, HERE)
        nodes = [
            Node(deed, "leaky", {"credentials": kept.as_reference(), "deed": deed})
            for deed in DEEDS
        ]
        saved = await up.agents.create(up.owner, write_agent(graph(nodes, name=kind)))
        ids["graph_id"].append(str(saved.id))
        run_id = await up.runs.start(up.owner, saved.id, {})
        ids["run_id"].append(str(run_id))
        await _until_it_waits(town, run_id)
        forked = await up.forks.fork(up.owner, run_id, 1)
        ids["run_id"].append(str(forked))
        await _until_it_waits(town, forked)
    page = await up.reviews.list_page(up.owner, limit=200)
    ids["review_id"] = [str(one.id) for one in page.rows]
    assert ids["review_id"]
    return ids


async def _until_it_waits(town: Town, run_id: UUID) -> None:
    """Wait until everything but what waits for somebody is done."""
    up = town.platform
    async with asyncio.timeout(30):
        while True:
            run = await up.runs.get(up.owner, run_id)
            if {one.kind for one in run.waits_for} == {"review", "call"}:
                return
            await asyncio.sleep(0.05)


async def _dump(town: Town) -> str:
    """Return every column of every table as text, what is compressed unpacked."""
    lines: list[str] = []
    async with town.platform.database.acquire() as connection:
        tables = await connection.fetch(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        for table in tables:
            for row in await connection.fetch(f'SELECT * FROM "{table[0]}"'):
                lines.extend(_text(value) for value in row.values())
    return "\n".join(lines)


def _text(value: Any) -> str:
    if not isinstance(value, bytes):
        return str(value)
    try:
        return zlib.decompress(value).decode()
    except (zlib.error, UnicodeDecodeError):
        return value.decode("latin-1")


async def _answers(town: Town, token: str, ids: dict[str, list[str]]) -> str:
    """Return what every route that reads tells, of everything there is."""
    told: list[str] = []
    async with town.client(token) as http:
        for route in routes():
            if route.method != "GET" or len(route.parameters) > 1:
                continue
            for value in ids.get(route.parameters[0], [""]) if route.parameters else [""]:
                answer = await http.get(route.at(**dict.fromkeys(route.parameters, value)))
                told.append(answer.text + json.dumps(dict(answer.headers)))
    return "\n".join(told)


def _around(text: str, secret: str) -> str:
    at = text.index(secret)
    return text[max(0, at - 200) : at + 60]
