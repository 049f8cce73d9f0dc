"""Family 2: whatever somebody has, to everybody else it is as if it were not there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.security.inventory import Route, routes
from tests.security.people import HERE, PASSWORD, Town

OF_SOMEBODY = [
    one
    for one in routes()
    if one.parameters
    and one.access.permission is not None
    and not one.path.startswith("/api/admin/")
    and one.parameters != ["block_id"]
]
BODIES: dict[str, Any] = {
    "PUT /api/v1/graphs/{graph_id}": {"name": "Bob's now", "nodes": [], "links": []},
    "POST /api/v1/reviews/{review_id}": {"decision": "approve"},
    "POST /api/v1/runs/{run_id}/fork": {"from_node_run": 1},
}


def body_for(route: Route) -> Any:
    return BODIES.get(str(route), {})


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
        sessions = (await http.get("/api/v1/auth/sessions")).json()
        app = await http.post(
            "/api/v1/apps",
            json={
                "name": "Ada's app",
                "redirect_uris": ["https://app.example.com/back"],
                "scopes": ["IDENTITY"],
            },
        )
        me = (await http.get("/api/v1/account")).json()
    async with settled.platform.database.acquire() as connection:
        identity = await connection.fetchval(
            "INSERT INTO identities (issuer, subject, user_id) VALUES ('https://id.example', 'ada', $1) RETURNING id",
            UUID(me["id"]),
        )
    return {
        "graph_id": graph_id,
        "run_id": run.json()["id"],
        "review_id": reviews[0]["id"],
        "key_id": key.json()["id"],
        "session_id": sessions[0]["id"],
        "app_id": app.json()["id"],
        "identity_id": str(identity),
        "version": "1",
        "old": "1",
        "new": "2",
    }


@pytest.mark.seed("D7-S12")
async def test_every_route_on_every_thing_of_somebody_else_is_404(
    settled: Town, things: dict[str, str]
) -> None:
    bob = await settled.person("Bob")
    async with settled.client(bob) as http:
        for route in OF_SOMEBODY:
            answer = await http.request(route.method, route.at(**things), json=body_for(route))
            assert (str(route), answer.status_code) == (str(route), 404), answer.text
            assert UUID(answer.json()["request_id"])


async def test_and_nothing_has_changed(settled: Town, things: dict[str, str]) -> None:
    bob = await settled.person("Bob")
    async with settled.client(bob) as http:
        for route in OF_SOMEBODY:
            await http.request(route.method, route.at(**things), json=body_for(route))
    tokens = await settled.platform.accounts.login.log_in("ada@example.com", PASSWORD, HERE)
    async with settled.client(tokens.access) as http:
        assert (await http.get(f"/api/v1/graphs/{things['graph_id']}")).json()["version"] == 2
        assert (await http.get(f"/api/v1/runs/{things['run_id']}")).json()["status"] == "waiting"
        review = (await http.get(f"/api/v1/reviews/{things['review_id']}")).json()
        assert review["status"] == "waiting"
        key = (await http.get(f"/api/v1/api-keys/{things['key_id']}")).json()
        assert key["revoked_at"] is None
        assert len((await http.get("/api/v1/auth/sessions")).json()) == 2


async def test_lists_show_ones_own_alone(settled: Town, things: dict[str, str]) -> None:
    bob = await settled.person("Bob")
    lists = [
        one
        for one in routes()
        if one.method == "GET"
        and not one.parameters
        and one.access.permission is not None
        and not one.path.startswith("/api/admin/")
    ]
    async with settled.client(bob) as http:
        for route in lists:
            answer = await http.get(route.path)
            assert answer.status_code == 200, str(route)
            shown = answer.text
            ids = [
                things[name]
                for name in (
                    *("graph_id", "run_id", "review_id", "key_id", "session_id"),
                    *("app_id", "identity_id"),
                )
            ]
            assert not [one for one in ids if one in shown], str(route)
    assert {str(one) for one in lists} >= {
        "GET /api/v1/graphs",
        "GET /api/v1/runs",
        "GET /api/v1/reviews",
        "GET /api/v1/api-keys",
        "GET /api/v1/auth/sessions",
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
