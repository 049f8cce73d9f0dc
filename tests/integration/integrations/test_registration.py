"""Webhooks are registered at providers and removed there: against a fake that speaks GitHub's protocol."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from autograph.blocks.catalog import Catalog
from autograph.blocks.packs.provider import OWN
from autograph.blocks.sdk.credentials import ApiKeySecret
from autograph.graph.portable import write_agent
from autograph.infra.database import Database
from tests.security.listening import become_of, listening_graph, outputs_of
from tests.security.people import HERE, Town, town

KEY = "ghp_canary"
ACCESS = "github_api_key-oauth2_credentials"


@dataclass
class FakeGithub:
    """Keeps webhooks of repositories, as GitHub's API does.

    Attributes:
        hooks: What is registered, by id.
        fails: Statuses that the next requests are answered with.
    """

    hooks: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    fails: list[int] = field(default_factory=list[int])
    asked: list[str] = field(default_factory=list[str])
    url: str = ""

    def answer(self, method: str, path: str, key: str | None, body: Any) -> tuple[int, Any]:
        self.asked.append(f"{method} {path.split('?')[0]}")
        if self.fails:
            return self.fails.pop(0), {"message": "Down for a moment"}
        if key != f"Bearer {KEY}":
            return 401, {"message": "Bad credentials"}
        found = re.fullmatch(r"/repos/ada/engine/hooks(?:/(\d+))?(/pings)?(?:\?.*)?", path)
        if found is None:
            return 404, {"message": "Not Found"}
        hook_id = int(found[1] or 0)
        if method == "GET":
            shown = [
                {**one, "config": {"url": one["config"]["url"]}} for one in self.hooks.values()
            ]
            return 200, shown
        if found[2]:
            return 204, None
        if method == "POST":
            hook_id = max(self.hooks, default=0) + 1
            self.hooks[hook_id] = {**body, "id": hook_id}
            return 201, self.hooks[hook_id]
        if hook_id not in self.hooks:
            return 404, {"message": "Not Found"}
        if method == "DELETE":
            del self.hooks[hook_id]
            return 204, None
        self.hooks[hook_id] |= body
        return 200, self.hooks[hook_id]

    def deliver(
        self, event: str, payload: Any, delivery: str = "d-1"
    ) -> tuple[str, dict[str, str], bytes]:
        """Return where GitHub sends, the headers and the body."""
        (hook,) = self.hooks.values()
        body = json.dumps(payload).encode()
        mac = hmac.new(hook["config"]["secret"].encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": f"sha256={mac}",
            "Content-Type": "application/json",
        }
        return httpx2.URL(hook["config"]["url"]).path, headers, body


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    fake = FakeGithub()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            status, said = fake.answer(
                self.command, self.path, self.headers.get("authorization"), body
            )
            text = b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = _do  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
async def made(database_url: str, tmp_path: Path, github: FakeGithub) -> AsyncIterator[Town]:
    """A platform whose GitHub is the fake."""
    providers = tmp_path / "providers"
    providers.mkdir()
    text = (OWN / "github.toml").read_text().replace('https://api.github.com"', f'{github.url}"')
    (providers / "github.toml").write_text(text)
    async with town(
        database_url,
        tmp_path,
        provider_dir=providers,
        public_url="https://autograph.test",
        egress_inside=("127.0.0.0/8",),
    ) as running:
        await running.set_up()
        yield running


@dataclass
class Ada:
    """Somebody with a credential and an agent that listens to GitHub."""

    http: httpx2.AsyncClient
    town: Town
    credential: str
    graph_id: str

    async def listen(self, *events: str, repo: str = "ada/engine") -> httpx2.Response:
        return await self.http.post(
            "/api/v1/presets",
            json={
                "name": "Issues",
                "graph_id": self.graph_id,
                "credentials": {ACCESS: self.credential},
                "inputs": {"word": "w"},
                "trigger": {"config": {"repo": repo, "events": dict.fromkeys(events, True)}},
            },
        )

    async def webhook(self, preset: dict[str, Any]) -> dict[str, Any]:
        found = await self.http.get(f"/api/v1/webhooks/{preset['webhook']['id']}")
        return dict(found.json())


@pytest.fixture
async def ada(made: Town, catalog: Catalog) -> Ada:
    http = made.client(await made.person("Ada"))
    me = (await http.get("/api/v1/account")).json()
    principal = await made.platform.accounts.authentication.by_id(me["id"])
    credential = await made.platform.integrations.credentials.add(
        principal, "github", "Ada's", ApiKeySecret(KEY), HERE
    )
    document = write_agent(listening_graph(catalog, "GithubIssuesTrigger"))
    saved = await http.post("/api/v1/graphs", json=document)
    assert saved.status_code == 201, saved.text
    return Ada(http, made, str(credential.id), saved.json()["id"])


@pytest.mark.seed("D3-14")
class TestRegistration:
    async def test_it_is_registered_with_the_provider_and_what_comes_starts_a_run(
        self, ada: Ada, github: FakeGithub
    ) -> None:
        answer = await ada.listen("opened")
        assert answer.status_code == 201, answer.text
        preset = answer.json()
        assert (preset["webhook"]["state"], preset["webhook"]["message"]) == ("active", None)
        (hook,) = github.hooks.values()
        assert hook["events"] == ["issues"]
        assert hook["config"]["url"] == preset["webhook"]["url"]
        assert len(hook["config"]["secret"]) == 64

        path, headers, body = github.deliver("issues", {"action": "opened", "issue": {"number": 3}})
        async with ada.town.client() as outside:
            sent = await outside.post(path, content=body, headers=headers)
        assert sent.status_code == 200, sent.text
        found = await become_of(ada.http, sent.headers["x-autograph-delivery"])
        assert (found["event"], found["known_by"]) == ("issues.opened", "d-1")
        outputs = await outputs_of(ada.http, found["starts"][0]["run_id"])
        assert outputs == {"came": [{"action": "opened", "issue": {"number": 3}}], "said": ["w"]}

    async def test_events_that_were_not_chosen_are_ignored_and_pings_are_no_deliveries(
        self, ada: Ada, github: FakeGithub
    ) -> None:
        preset = (await ada.listen("opened")).json()
        async with ada.town.client() as outside:
            path, headers, body = github.deliver("issues", {"action": "closed"})
            sent = await outside.post(path, content=body, headers=headers)
            path, headers, body = github.deliver("ping", {"zen": "Speak like a human."}, "d-2")
            assert (await outside.post(path, content=body, headers=headers)).status_code == 200
        found = await become_of(ada.http, sent.headers["x-autograph-delivery"])
        assert found["starts"][0]["status"] == "ignored"
        assert "does not listen to issues.closed" in found["starts"][0]["message"]
        assert len((await ada.http.get("/api/v1/deliveries")).json()["deliveries"]) == 1
        assert (await ada.webhook(preset))["last_ping_at"]

    async def test_triggers_of_one_repository_share_it_and_the_last_one_takes_it_along(
        self, ada: Ada, github: FakeGithub
    ) -> None:
        first = (await ada.listen("opened")).json()
        second = (await ada.listen("closed")).json()
        assert first["webhook"]["id"] == second["webhook"]["id"]
        assert len(github.hooks) == 1
        assert (await ada.webhook(first))["events"] == ["issues.closed", "issues.opened"]

        assert (await ada.http.delete(f"/api/v1/presets/{first['id']}")).status_code == 204
        assert len(github.hooks) == 1
        assert (await ada.http.delete(f"/api/v1/presets/{second['id']}")).status_code == 204
        assert github.hooks == {}
        assert (await ada.http.get("/api/v1/webhooks")).json() == []

    async def test_switched_off_it_is_removed_and_switched_on_it_is_back(
        self, ada: Ada, github: FakeGithub
    ) -> None:
        path = f"/api/v1/presets/{(await ada.listen('opened')).json()['id']}"
        off = (await ada.http.patch(path, json={"is_active": False})).json()
        assert (github.hooks, off["webhook"]["state"]) == ({}, "waiting")
        on = (await ada.http.patch(path, json={"is_active": True})).json()
        assert (len(github.hooks), on["webhook"]["state"]) == (1, "active")

    async def test_a_refusal_leaves_nothing_behind_and_has_the_providers_words(
        self, ada: Ada, github: FakeGithub
    ) -> None:
        refused = await ada.listen("opened", repo="ada/none")
        assert (refused.status_code, refused.json()["code"]) == (422, "webhook.refused")
        assert "Not Found" in refused.json()["message"]
        assert KEY not in refused.text
        assert (await ada.http.get("/api/v1/presets")).json()["presets"] == []
        assert (await ada.http.get("/api/v1/webhooks")).json() == []
        assert github.hooks == {}

    async def test_a_provider_that_is_down_is_asked_again(
        self, ada: Ada, github: FakeGithub, database: Database
    ) -> None:
        github.fails = [503]
        preset = (await ada.listen("opened")).json()
        assert preset["webhook"]["state"] == "failed"
        assert "Down for a moment" in preset["webhook"]["message"]
        assert preset["webhook"]["due_at"]
        await _is_due(database)
        await ada.town.platform.integrations.webhooks.tend()
        assert (await ada.webhook(preset))["state"] == "active"
        assert len(github.hooks) == 1

    async def test_what_was_registered_before_a_process_died_is_taken_over(
        self, ada: Ada, github: FakeGithub, database: Database
    ) -> None:
        preset = (await ada.listen("opened")).json()
        async with database.acquire() as connection:
            await connection.execute(
                "UPDATE webhooks SET hook_id = NULL, state = 'pending', due_at = now()"
            )
        await ada.town.platform.integrations.webhooks.tend()
        assert (await ada.webhook(preset))["state"] == "active"
        assert list(github.hooks) == [1]

    async def test_active_is_what_the_provider_says(
        self, ada: Ada, github: FakeGithub, database: Database
    ) -> None:
        preset = (await ada.listen("opened")).json()
        github.hooks.clear()  # somebody has deleted it there
        await _is_due(database)
        await ada.town.platform.integrations.webhooks.tend()
        assert len(github.hooks) == 1
        assert (await ada.webhook(preset))["state"] == "active"
        github.hooks.clear()
        github.fails = [403]
        await _is_due(database)
        await ada.town.platform.integrations.webhooks.tend()
        shown = await ada.webhook(preset)
        assert (shown["state"], "Down for a moment" in shown["message"]) == ("failed", True)

    async def test_an_account_that_goes_takes_its_webhooks_along(
        self, ada: Ada, github: FakeGithub
    ) -> None:
        await ada.listen("opened")
        me = (await ada.http.get("/api/v1/account")).json()
        await ada.town.platform.accounts.people.erase(me["id"], ada.town.platform.owner, HERE)
        assert github.hooks == {}


async def _is_due(database: Database) -> None:
    async with database.acquire() as connection:
        await connection.execute("UPDATE webhooks SET due_at = now()")
