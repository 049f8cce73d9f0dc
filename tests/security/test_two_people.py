"""Family 2: whatever somebody has, to everybody else it is as if it were not there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx2
import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.security.inventory import Route, routes
from tests.security.listening import make_listening
from tests.security.people import HERE, PASSWORD, Town

Ask = Callable[[Route, str], Awaitable[httpx2.Response]]
OF_SOMEBODY = [
    one
    for one in routes()
    if one.parameters
    and one.access.permission is not None
    and not one.path.startswith("/api/admin/")
    and one.parameters not in (["block_id"], ["provider"], ["provider_id"])
]
BODIES: dict[str, Any] = {
    "PUT graphs/{graph_id}": {"name": "Bob's now", "nodes": [], "links": []},
    "POST reviews/{review_id}": {"decision": "approve"},
    "POST runs/{run_id}/fork": {"from_node_run": 1},
    "PUT runs/{run_id}/feedback": {"verdict": "bad"},
    "PUT credentials/{credential_id}/secret": {"secret": {"type": "api_key", "api_key": "bobs"}},
    "PATCH credentials/{credential_id}": {"title": "Bob's now"},
    "PATCH library/folders/{folder_id}": {"name": "Bob's now"},
    "POST library/folders/{folder_id}/move": {"target_parent_id": None},
    "PATCH library/agents/{graph_id}": {"is_favorite": True},
}


def body_for(route: Route) -> Any:
    return BODIES.get(f"{route.method} {route.path.partition('/v1/')[2]}", {})


@asynccontextmanager
async def asking_as(town: Town, name: str) -> AsyncIterator[Ask]:
    """Somebody who asks every route: themselves, and by a key what only programs may ask."""
    token = await town.person(name)
    async with town.client(token) as own, town.client(await town.key(token)) as program:

        async def ask(route: Route, path: str) -> httpx2.Response:
            http = program if route.access.is_for_programs else own
            return await http.request(route.method, path, json=body_for(route))

        yield ask


@pytest.fixture
async def things(settled: Town, catalog: Catalog) -> dict[str, str]:
    """One of everything, all of it Ada's: a graph, a run that asks her, its review, a key, a session, an app, a link."""
    ada = await settled.person("Ada")
    made = graph(
        [
            node(catalog, "ask", "HumanInTheLoop", data={"post": "Hi"}, name="Post"),
            node(catalog, "out", "AgentOutput", name="out"),
        ],
        "ask.approved_data -> out.value",
    )
    async with settled.client(ada) as http:
        graph_id = (await http.post("/api/v1/graphs", json=write_agent(made))).json()["id"]
        await http.put(f"/api/v1/graphs/{graph_id}", json={**write_agent(made), "description": "2"})
        run = await http.post(f"/api/v1/graphs/{graph_id}/execute", json={}, params={"wait": 5})
        reviews: list[Any] = []
        while not reviews:
            reviews = (await http.get("/api/v1/reviews")).json()["reviews"]
        key = await http.post("/api/v1/api-keys", json={"name": "k", "scopes": ["IDENTITY"]})
        credential = await http.post(
            "/api/v1/credentials",
            json={
                "provider": "github",
                "title": "Ada's GitHub",
                "secret": {"type": "api_key", "api_key": "ghp_adas"},
            },
        )
        sessions = (await http.get("/api/v1/auth/sessions")).json()
        file = await http.post("/api/v1/files", files={"file": ("a.txt", b"Ada's")})
        preset = await make_listening(http, catalog)
        await http.post(httpx2.URL(preset["webhook"]["url"]).path, json={"hi": 1})
        came = (await http.get("/api/v1/deliveries")).json()["deliveries"]
        notifications: list[Any] = []
        while not notifications:
            told = (await http.get("/api/v1/notifications")).json()["notifications"]
            notifications = [one for one in told if one["kind"] == "review_waiting"]
        app = await http.post(
            "/api/v1/apps",
            json={
                "name": "Ada's app",
                "redirect_uris": ["https://app.example.com/back"],
                "scopes": ["IDENTITY"],
            },
        )
        folder = await http.post("/api/v1/library/folders", json={"name": "Ada's"})
        me = (await http.get("/api/v1/account")).json()
    async with settled.platform.database.acquire() as connection:
        identity = await connection.fetchval(
            "INSERT INTO identities (issuer, subject, user_id) VALUES ('https://id.example', 'ada', $1) RETURNING id",
            UUID(me["id"]),
        )
    return {
        "provider": "github",
        "graph_id": graph_id,
        "file_id": file.json()["id"],
        "run_id": run.json()["id"],
        "review_id": reviews[0]["id"],
        "key_id": key.json()["id"],
        "session_id": sessions[0]["id"],
        "preset_id": preset["id"],
        "webhook_id": preset["webhook"]["id"],
        "delivery_id": came[0]["id"],
        "credential_id": credential.json()["id"],
        "app_id": app.json()["id"],
        "folder_id": folder.json()["id"],
        "identity_id": str(identity),
        "notification_id": notifications[0]["id"],
        "version": "1",
        "old": "1",
        "new": "2",
    }


@pytest.mark.seed("D7-S12", "D1-E16")
async def test_every_route_on_every_thing_of_somebody_else_is_404(
    settled: Town, things: dict[str, str]
) -> None:
    async with asking_as(settled, "Bob") as ask:
        for route in OF_SOMEBODY:
            answer = await ask(route, route.at(**things))
            assert (str(route), answer.status_code) == (str(route), 404), answer.text
            assert UUID(answer.json()["request_id"])


async def test_and_nothing_has_changed(settled: Town, things: dict[str, str]) -> None:
    async with asking_as(settled, "Bob") as ask:
        for route in OF_SOMEBODY:
            await ask(route, route.at(**things))
    tokens = await settled.platform.accounts.login.log_in("ada@example.com", PASSWORD, HERE)
    async with settled.client(tokens.access) as http:
        assert (await http.get(f"/api/v1/graphs/{things['graph_id']}")).json()["version"] == 2
        assert (await http.get(f"/api/v1/runs/{things['run_id']}")).json()["status"] == "waiting"
        review = (await http.get(f"/api/v1/reviews/{things['review_id']}")).json()
        assert review["status"] == "waiting"
        key = (await http.get(f"/api/v1/api-keys/{things['key_id']}")).json()
        assert key["revoked_at"] is None
        credential = (await http.get(f"/api/v1/credentials/{things['credential_id']}")).json()
        assert credential["title"] == "Ada's GitHub"
        [folder] = (await http.get("/api/v1/library/folders")).json()
        assert folder["name"] == "Ada's"
        agent = (await http.get(f"/api/v1/library/agents/{things['graph_id']}")).json()
        assert agent["is_favorite"] is False
        told = (await http.get("/api/v1/notifications?status=unread")).json()["notifications"]
        assert things["notification_id"] in [one["id"] for one in told]
        assert len((await http.get("/api/v1/auth/sessions")).json()) == 2


async def test_lists_show_ones_own_alone(settled: Town, things: dict[str, str]) -> None:
    lists = [
        one
        for one in routes()
        if one.method == "GET"
        and not one.parameters
        and one.access.permission is not None
        and not one.path.startswith("/api/admin/")
    ]
    ids = [one for name, one in things.items() if name.endswith("_id")]
    async with asking_as(settled, "Bob") as ask:
        for route in lists:
            answer = await ask(route, route.path)
            assert answer.status_code == 200, str(route)
            shown = answer.text
            assert not [one for one in ids if one in shown], str(route)
    assert {str(one) for one in lists} >= {
        "GET /api/v1/graphs",
        "GET /api/v1/runs",
        "GET /api/v1/reviews",
        "GET /api/v1/api-keys",
        "GET /api/v1/auth/sessions",
        "GET /api/v1/presets",
        "GET /api/v1/library/agents",
        "GET /api/v1/library/folders",
        "GET /api/v1/webhooks",
        "GET /api/v1/deliveries",
        "GET /api/v1/notifications",
        "GET /api/v1/credentials",
        "GET /api/v1/files",
        "GET /external/v1/runs",
        "GET /external/v1/integrations/credentials",
        "GET /api/v1/auth/identities",
        "GET /api/v1/apps",
        "GET /api/v1/account/apps",
    }


async def test_without_anything_shown_every_route_is_401(settled: Town) -> None:
    async with settled.client() as http:
        for route in routes():
            if route.access.permission is None:
                continue
            answer = await http.request(route.method, _anything(route), json={})
            assert (str(route), answer.status_code) == (str(route), 401)
            assert answer.json()["code"] == "auth.required"
            assert answer.headers["www-authenticate"] == "Bearer"


def _anything(route: Route) -> str:
    some = "01900000-0000-7000-8000-0000000000ff"
    return route.at(**dict.fromkeys(route.parameters, some))
