"""Family 10, for sockets: who may open one, what of others they hear, and when it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from autograph.infra.keys import read_keys
from tests.agents import graph, node
from tests.processes import Up, up

pytestmark = pytest.mark.timeout(120)
PASSWORD = "a long enough sentence"
NOT_ADMITTED = 4401
TOO_MANY = 1013


class Place:
    """A platform with two people, and where it writes its log."""

    def __init__(self, served: Up, folder: Path) -> None:
        self.served = served
        self.folder = folder
        body = {"email": "olga@example.com", "password": PASSWORD, "name": "Olga"}
        assert served.http.post("/api/v1/auth/set-up", json=body).is_success
        served.http.cookies.clear()
        self.tokens = {"olga": self.log_in("olga"), "ada": self.sign_up("ada")}

    def sign_up(self, name: str) -> str:
        body = {"email": f"{name}@example.com", "password": PASSWORD, "name": name}
        assert self.served.http.post("/api/v1/auth/sign-up", json=body).is_success
        return self.log_in(name)

    def log_in(self, name: str) -> str:
        body = {"email": f"{name}@example.com", "password": PASSWORD, "delivery": "token"}
        return str(self.served.http.post("/api/v1/auth/login", json=body).json()["access_token"])

    def ask(self, name: str, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[name]}"}
        answer = self.served.http.request(method, path, headers=headers, **options)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def ended(self) -> str:
        """A token of Olga's own whose time is over."""
        ring = read_keys(self.folder / "keys.json")
        assert ring is not None
        key = OctKey.import_key(ring.derived("access tokens")[ring.current])
        said = jwt.decode(self.tokens["olga"], key).claims
        said["exp"] = int(datetime.now(UTC).timestamp()) - 1
        return jwt.encode({"alg": "HS256", "kid": ring.current}, said, key)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("up")
    with up(folder, AUTOGRAPH_RATE_AUTH="0", AUTOGRAPH_RATE_PUBLIC="0") as served:
        yield Place(served, folder)


@asynccontextmanager
async def opened(place: Place, query: str = "") -> AsyncIterator[ClientConnection]:
    async with connect(
        place.served.url.replace("http", "ws") + "/ws" + query, proxy=None
    ) as client:
        yield client


async def say(client: ClientConnection, **message: Any) -> None:
    await client.send(json.dumps(message))


async def heard(client: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(20):
        return dict(json.loads(await client.recv()))


async def closed(client: ClientConnection) -> int:
    """The code that the server ends a socket with."""
    async with asyncio.timeout(30):
        while True:
            try:
                await client.recv()
            except ConnectionClosed as ending:
                return ending.rcvd.code if ending.rcvd else 1006


class TestWhatOpensOneIsInspected:
    @pytest.mark.parametrize(
        ("headers", "query", "status", "rule"),
        [
            ({"User-Agent": "sqlmap/1.8"}, "", 403, "agent.scanner"),
            ({"X-Note": "${jndi:ldap://a}"}, "", 403, "header.template"),
            ({"X-HTTP-Method-Override": "DELETE"}, "", 403, "header.override"),
            ({}, "?q=${jndi:x}", 403, "query.template"),
            ({f"X-{number}": "1" for number in range(100)}, "", 413, None),
        ],
    )
    async def test_as_every_request_is(
        self, place: Place, headers: dict[str, str], query: str, status: int, rule: str | None
    ) -> None:
        url = place.served.url.replace("http", "ws") + "/ws" + query
        own = {"Authorization": f"Bearer {place.tokens['olga']}"}
        agent = headers.pop("User-Agent", None)
        with pytest.raises(InvalidStatus) as refused:
            async with connect(
                url, proxy=None, additional_headers={**own, **headers}, user_agent_header=agent
            ):
                pass
        answer = refused.value.response
        assert answer.status_code == status
        said = json.loads(answer.body)
        assert said["code"] == ("request.refused" if rule else "too_large")
        assert said["details"].get("rule") == rule

    async def test_addresses_that_may_not_ask_open_none(self, tmp_path: Path) -> None:
        with (
            up(tmp_path, AUTOGRAPH_IP_DENY='["127.0.0.0/8"]') as served,
            pytest.raises(InvalidStatus) as refused,
        ):
            await connect(served.url.replace("http", "ws") + "/ws", proxy=None)
        assert refused.value.response.status_code == 403
        assert json.loads(refused.value.response.body)["details"]["rule"] == "address.denied"

    async def test_a_message_that_is_too_long_ends_it(self, place: Place) -> None:
        async with opened(place) as client:
            await say(client, type="auth", token=place.tokens["olga"])
            assert (await heard(client))["type"] == "hello"
            await say(client, type="pong", pad="x" * 70_000)
            assert await closed(client) == 1009


class TestWhoMayOpenOne:
    @pytest.mark.seed("D10-02")
    async def test_what_is_no_token_and_one_that_has_ended(self, place: Place) -> None:
        for token in ("wrong", place.ended()):
            async with opened(place) as client:
                await say(client, type="auth", token=token)
                assert await closed(client) == NOT_ADMITTED

    @pytest.mark.seed("D10-02")
    async def test_a_token_that_is_revoked_ends_its_socket(self, place: Place) -> None:
        token = place.log_in("olga")
        async with opened(place) as client:
            await say(client, type="auth", token=token)
            assert (await heard(client))["type"] == "hello"
            headers = {"Authorization": f"Bearer {token}"}
            assert place.served.http.post("/api/v1/auth/logout", headers=headers).is_success
            assert await closed(client) == NOT_ADMITTED
        async with opened(place) as client:
            await say(client, type="auth", token=token)
            assert await closed(client) == NOT_ADMITTED

    @pytest.mark.seed("D10-03")
    async def test_one_person_s_sockets_are_counted_and_take_no_room_of_others(
        self, tmp_path: Path
    ) -> None:
        with up(tmp_path, AUTOGRAPH_MAX_USER_SOCKETS="2", AUTOGRAPH_RATE_AUTH="0") as served:
            here = Place(served, tmp_path)
            async with AsyncExitStack() as stack:
                for name, is_served in [("ada", True)] * 2 + [("ada", False), ("olga", True)]:
                    client = await stack.enter_async_context(opened(here))
                    await say(client, type="auth", token=here.tokens[name])
                    if is_served:
                        hello = await heard(client)
                        assert hello["type"] == "hello"
                        assert UUID(hello["connection"])
                        assert datetime.fromisoformat(hello["now"]).tzinfo is not None
                        assert hello["limits"]["sockets"] == 2
                    else:
                        assert await closed(client) == TOO_MANY

    @pytest.mark.seed("D10-15")
    @pytest.mark.parametrize("deed", ["log out", "log out everywhere", "suspend"])
    async def test_what_ends_a_log_in_ends_its_sockets_at_once_and_no_others(
        self, place: Place, deed: str
    ) -> None:
        name = deed.replace(" ", "-")
        place.tokens[name] = place.sign_up(name)
        async with AsyncExitStack() as stack:
            own, others = [], []
            for whose, sockets in ((name, own), (name, own), ("olga", others)):
                client = await stack.enter_async_context(opened(place))
                await say(client, type="auth", token=place.tokens[whose])
                assert (await heard(client))["type"] == "hello"
                await say(client, type="subscribe", graph="*")
                assert (await heard(client))["type"] == "subscribed"
                sockets.append(client)
            began = monotonic()
            if deed == "suspend":
                who = place.ask(name, "GET", "/api/v1/account")["id"]
                place.ask("olga", "POST", f"/api/admin/users/{who}/suspend", json={"reason": "?"})
            elif deed == "log out":
                place.ask(name, "POST", "/api/v1/auth/logout")
            else:
                place.ask(name, "DELETE", "/api/v1/auth/sessions")
            assert [await closed(client) for client in own] == [NOT_ADMITTED] * 2
            assert monotonic() - began < 2
            await say(others[0], type="subscribe", inbox="*")
            assert (await heard(others[0]))["type"] == "subscribed"

    @pytest.mark.seed("D10-02")
    async def test_a_token_in_the_address_is_not_looked_at(self, place: Place) -> None:
        async with opened(place, f"?token={place.tokens['olga']}") as client:
            await say(client, type="subscribe", graph="*")
            assert await closed(client) == NOT_ADMITTED


class TestWhatOthersDo:
    @pytest.fixture
    def asker(self, catalog: Catalog) -> dict[str, Any]:
        """An agent that is done in a moment."""
        made = graph(
            [
                node(catalog, "in", "AgentShortTextInput", name="who"),
                node(catalog, "out", "AgentOutput", name="said"),
            ],
            "in.result -> out.value",
        )
        return write_agent(made)

    @pytest.mark.seed("D10-04")
    async def test_the_run_and_the_agent_of_somebody_else_are_refused(
        self, place: Place, asker: dict[str, Any]
    ) -> None:
        graph_id = place.ask("olga", "POST", "/api/v1/graphs", json=asker)["id"]
        run = place.ask(
            "olga",
            "POST",
            f"/api/v1/graphs/{graph_id}/execute",
            json={"inputs": {"who": "Olga"}},
            params={"wait": 20},
        )
        async with opened(place) as client:
            await say(client, type="auth", token=place.tokens["ada"])
            assert (await heard(client))["type"] == "hello"
            for what in ({"run": run["id"]}, {"graph": graph_id}):
                await say(client, type="subscribe", **what)
                refused = await heard(client)
                assert (refused["type"], refused["code"].partition(".")[2]) == (
                    "error",
                    "not_found",
                )

    async def test_of_many_who_listen_each_hears_of_their_own_runs(
        self, place: Place, asker: dict[str, Any]
    ) -> None:
        names = ["olga", "ada", *(f"person{number}" for number in range(4))]
        for name in names[2:]:
            if name not in place.tokens:
                place.tokens[name] = place.sign_up(name)
        own: dict[str, str] = {}
        seen: dict[str, set[str]] = {name: set() for name in names}

        async def listen(name: str, ready: asyncio.Event) -> None:
            async with opened(place) as client:
                await say(client, type="auth", token=place.tokens[name])
                assert (await heard(client))["type"] == "hello"
                await say(client, type="subscribe", graph="*")
                assert (await heard(client))["type"] == "subscribed"
                ready.set()
                while True:
                    message = await heard(client)
                    if message["type"] == "run":
                        seen[name].add(message["run"]["id"])

        events = {name: asyncio.Event() for name in names}
        tasks = [asyncio.create_task(listen(name, events[name])) for name in names]
        await asyncio.gather(*(event.wait() for event in events.values()))
        for name in names:
            graph_id = place.ask(name, "POST", "/api/v1/graphs", json=asker)["id"]
            at = f"/api/v1/graphs/{graph_id}/execute"
            body = {"inputs": {"who": name}}
            own[name] = await asyncio.to_thread(
                lambda name=name, at=at, body=body: place.ask(name, "POST", at, json=body)["id"]
            )
        async with asyncio.timeout(30):
            while not all(seen.values()):
                await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert seen == {name: {own[name]} for name in names}


@pytest.mark.seed("D5-P01")
async def test_somebody_new_makes_an_agent_runs_it_and_hears_what_becomes_of_it(
    place: Place, catalog: Catalog
) -> None:
    """The whole life of an agent, by somebody whose account is a moment old."""
    place.tokens["newcomer"] = place.sign_up("newcomer")
    wait = node(catalog, "wait", "CountdownTimer", seconds=1, input_message="done")
    made = graph(
        [wait, node(catalog, "out", "AgentOutput", name="said")], "wait.output_message -> out.value"
    )

    saved = place.ask("newcomer", "POST", "/api/v1/graphs", json=write_agent(made))
    at = f"/api/v1/graphs/{saved['id']}/execute"
    begun = place.ask("newcomer", "POST", at, json={"inputs": {}})
    async with opened(place) as client:
        await say(client, type="auth", token=place.tokens["newcomer"])
        await say(client, type="subscribe", run=begun["id"])
        messages = [await heard(client)]
        while messages[-1]["type"] != "end":
            messages.append(await heard(client))
    run = place.ask("newcomer", "GET", f"/api/v1/runs/{begun['id']}")

    events = [one for one in messages if one["type"] == "event"]
    assert [one["seq"] for one in events] == list(range(1, len(events) + 1))
    assert (events[0]["kind"], events[-1]["kind"]) == ("run.started", "run.completed")
    assert (run["status"], run["outputs"]) == ("completed", {"said": ["done"]})
    assert [one["id"] for one in place.ask("newcomer", "GET", "/api/v1/runs")["runs"]] == [
        run["id"]
    ]
