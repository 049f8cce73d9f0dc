"""Family 5, per person and per agent: who may ask which hosts, and what they asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from autograph.blocks.catalog import Catalog
from autograph.engine.ports import GraphRef, RunRef
from autograph.features.runs.adapters.ways_out import WaysOut
from autograph.features.runs.repository import EgressRepository
from autograph.graph.portable import write_agent
from autograph.infra.clock import SystemClock
from autograph.infra.egress.dial import CheckedDialer
from autograph.infra.egress.late import LateClient
from autograph.infra.egress.ports import EgressRefused, Rules, Unreachable
from autograph.infra.ids import new_id
from tests.agents import graph, node
from tests.security.people import HERE, OWNER, PASSWORD, Town, town


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server that answers with what it was sent."""

    async def echo(request: web.Request) -> web.Response:
        return web.json_response({"heard": await request.text()})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", echo)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.fixture
async def inside(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A platform whose agents may ask this machine."""
    async with town(database_url, tmp_path, egress_inside=("127.0.0.0/8", "::1/128")) as made:
        await made.set_up()
        yield made


async def asks(here: Town, token: str, catalog: Catalog, url: str) -> tuple[str, Any]:
    """Save an agent that asks a URL; return its id and how its run ended."""
    made = graph(
        [
            node(catalog, "ask", "SendWebRequest", url=url, body={"n": 1}),
            node(catalog, "out", "AgentOutput", name="said"),
        ],
        "ask.response -> out.value",
    )
    async with here.client(token) as http:
        saved = await http.post("/api/v1/graphs", json=write_agent(made))
        assert saved.status_code == 201, saved.text
        graph_id = str(saved.json()["id"])
    return graph_id, await run(here, token, graph_id)


async def run(here: Town, token: str, graph_id: str) -> Any:
    async with here.client(token) as http:
        ended = await http.post(
            f"/api/v1/graphs/{graph_id}/execute", params={"wait": 20}, json={"inputs": {}}
        )
    assert ended.status_code == 200, ended.text
    return ended.json()


async def test_an_agent_asks_the_hosts_of_its_settings_alone(
    inside: Town, catalog: Catalog, port: int
) -> None:
    token = await inside.person("Ada")
    url = f"http://127.0.0.1:{port}/"
    graph_id, ended = await asks(inside, token, catalog, url)
    assert ended["outputs"]["said"] == [{"heard": '{"n": 1}'}]

    async with inside.client(token) as http:
        changed = await http.patch(
            f"/api/v1/graphs/{graph_id}/settings", json={"egress_hosts": ["API.example.com"]}
        )
        assert changed.json()["egress_hosts"] == ["api.example.com"]

    async with asyncio.timeout(15):
        while (failed := await run(inside, token, graph_id))["status"] == "completed":
            await asyncio.sleep(0.1)
    assert failed["status"] == "failed"
    assert "127.0.0.1 is not among the hosts that the settings of this agent" in str(failed)
    assert "api.example.com" in str(failed)
    other, ended = await asks(inside, token, catalog, url)
    assert ended["status"] == "completed"
    assert other != graph_id


async def test_an_agent_that_is_called_asks_what_its_caller_may_alone(
    inside: Town, catalog: Catalog, port: int
) -> None:
    token = await inside.person("Ada")
    inner_id, ended = await asks(inside, token, catalog, f"http://127.0.0.1:{port}/")
    assert ended["status"] == "completed"
    made = graph(
        [
            node(
                catalog,
                "agent",
                "AgentExecutor",
                graph_id=inner_id,
                graph_version=1,
                input_schema={"type": "object", "properties": {}},
                output_schema={"type": "object", "properties": {"said": {}}},
            ),
            node(catalog, "out", "AgentOutput", name="said"),
        ],
        "agent.said -> out.value",
    )
    async with inside.client(token) as http:
        saved = await http.post("/api/v1/graphs", json=write_agent(made))
        assert saved.status_code == 201, saved.text
        outer_id = str(saved.json()["id"])
    assert (await run(inside, token, outer_id))["outputs"]["said"] == [{"heard": '{"n": 1}'}]

    async with inside.client(token) as http:
        await http.patch(
            f"/api/v1/graphs/{outer_id}/settings", json={"egress_hosts": ["api.example.com"]}
        )
    async with asyncio.timeout(15):
        while (failed := await run(inside, token, outer_id))["status"] == "completed":
            await asyncio.sleep(0.1)
    assert "or of one that called it" in str(failed)
    assert (await run(inside, token, inner_id))["status"] == "completed"


async def test_a_person_asks_the_hosts_that_an_administrator_sets(
    inside: Town, catalog: Catalog, port: int
) -> None:
    owner = (await inside.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)).access
    ada = await inside.person("Ada")
    async with inside.client(ada) as http:
        me = (await http.get("/api/v1/account")).json()
        assert me["egress_hosts"] is None
    async with inside.client(owner) as http:
        path = f"/api/admin/users/{me['id']}/limits"
        assert (await http.patch(path, json={"egress_hosts": ["no host"]})).status_code == 422
        changed = await http.patch(path, json={"egress_hosts": ["localhost"]})
        assert changed.json()["egress_hosts"] == ["localhost"]
        audit = (await http.get("/api/admin/audit")).json()
    noted = next(one for one in audit["entries"] if one["action"] == "user.limits_changed")
    assert noted["after"] == {"egress_hosts": ["localhost"]}

    _, failed = await asks(inside, ada, catalog, f"http://127.0.0.1:{port}/")
    assert "hosts that your account lets be asked" in str(failed)
    _, ended = await asks(inside, ada, catalog, f"http://localhost:{port}/")
    assert ended["status"] == "completed"
    bob = await inside.person("Bob")
    _, ended = await asks(inside, bob, catalog, f"http://127.0.0.1:{port}/")
    assert ended["status"] == "completed"


async def test_what_was_asked_is_metered_and_shown_to_whose_it_is(
    inside: Town, catalog: Catalog, port: int
) -> None:
    ada, bob = await inside.person("Ada"), await inside.person("Bob")
    graph_id, _ = await asks(inside, ada, catalog, f"http://127.0.0.1:{port}/")
    await run(inside, ada, graph_id)
    await asks(inside, ada, catalog, "http://localhost:1/")

    async with inside.client(ada) as http, asyncio.timeout(20):
        while len(days := (await http.get("/api/v1/egress")).json()["days"]) < 2:
            await asyncio.sleep(0.1)
    by_host = {one["host"]: one for one in days}
    assert by_host["127.0.0.1"]["requests"] == 2
    assert by_host["127.0.0.1"]["failures"] == 0
    assert by_host["127.0.0.1"]["sent_bytes"] == 2 * len('{"n": 1}')
    assert by_host["127.0.0.1"]["received_bytes"] > 2 * len('{"n": 1}')
    assert by_host["localhost"]["failures"] == by_host["localhost"]["requests"] >= 1
    async with inside.client(bob) as http:
        assert (await http.get("/api/v1/egress")).json() == {"days": []}


async def test_mail_servers_and_databases_are_reached_by_the_same_lists(
    inside: Town, port: int
) -> None:
    owner = (await inside.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)).access
    ada = await inside.person("Ada")
    async with inside.client(ada) as http:
        me = (await http.get("/api/v1/account")).json()
    async with inside.client(owner) as http:
        path = f"/api/admin/users/{me['id']}/limits"
        await http.patch(path, json={"egress_hosts": ["localhost"]})
    rules = Rules((ip_network("127.0.0.0/8"), ip_network("::1/128")))
    egress = EgressRepository(inside.platform.database)
    ways = WaysOut(LateClient(rules), CheckedDialer(rules), rules, egress, SystemClock())
    dialer = ways.dialer_of(RunRef(new_id(), UUID(me["id"]), GraphRef(new_id(), 1)))

    (await dialer.connect("localhost", port)).close()
    assert await dialer.address("localhost", port) in {"127.0.0.1", "::1"}
    for refused in (dialer.connect("127.0.0.1", port), dialer.address("127.0.0.1", port)):
        with pytest.raises(EgressRefused, match="your account lets be asked"):
            await refused
    with pytest.raises(Unreachable):
        await dialer.connect("localhost", 1)
    await ways.close()

    async with inside.client(ada) as http:
        days = (await http.get("/api/v1/egress")).json()["days"]
    assert [(one["host"], one["requests"], one["failures"]) for one in days] == [
        ("localhost", 3, 1)
    ]
