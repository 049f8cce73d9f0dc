"""An agent with several triggers: a preset chooses which of them listens, and what comes starts that one alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.processes import as_json, command, up
from tests.security.listening import become_of, listening_graph, outputs_of, path_of
from tests.security.people import Town, town

pytestmark = pytest.mark.timeout(240)


def two_doors(catalog: Catalog, second: str = "GenericWebhookTrigger") -> dict[str, Any]:
    """An agent that either of two triggers starts."""
    return write_agent(
        graph(
            [
                node(catalog, "front", "GenericWebhookTrigger"),
                node(catalog, "back", second),
                node(catalog, "front_out", "AgentOutput", name="by_front"),
                node(catalog, "back_out", "AgentOutput", name="by_back"),
                node(catalog, "both", "AgentOutput", name="by_any"),
            ],
            "front.payload -> front_out.value",
            "front.payload -> both.value",
            "back.payload -> back_out.value",
            "back.payload -> both.value",
            name="Two doors",
        )
    )


@pytest.fixture
async def settled(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(database_url, tmp_path) as made:
        yield made


@pytest.fixture
async def http(settled: Town) -> AsyncIterator[httpx2.AsyncClient]:
    async with settled.client(await settled.person("Ada")) as client:
        yield client


async def _saved(http: httpx2.AsyncClient, document: dict[str, Any]) -> str:
    answer = await http.post("/api/v1/graphs", json=document)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _preset(http: httpx2.AsyncClient, graph_id: str, **trigger: Any) -> httpx2.Response:
    return await http.post(
        "/api/v1/presets", json={"name": "Door", "graph_id": graph_id, "trigger": trigger}
    )


async def _nodes(http: httpx2.AsyncClient, run_id: str) -> set[str]:
    found = (await http.get(f"/api/v1/runs/{run_id}/node-runs")).json()
    return {one["node"] for one in found["node_runs"]}


async def test_without_a_choice_it_is_refused_with_those_that_there_are(
    http: httpx2.AsyncClient, catalog: Catalog
) -> None:
    graph_id = await _saved(http, two_doors(catalog))
    told = (await http.get(f"/api/v1/library/agents/{graph_id}/triggers")).json()
    assert [(one["node"], one["block"]) for one in told] == [
        ("front", "GenericWebhookTrigger"),
        ("back", "GenericWebhookTrigger"),
    ]

    for trigger in ({}, {"node": "side"}):
        answer = await _preset(http, graph_id, **trigger)
        assert (answer.status_code, answer.json()["code"]) == (422, "preset.invalid")
        assert answer.json()["details"]["triggers"] == ["front", "back"]
        assert "front (GenericWebhookTrigger)" in answer.json()["message"]
        assert "back" in answer.json()["details"]["errors"]["trigger"]["node"]
    assert (await http.get("/api/v1/presets")).json()["presets"] == []


async def test_what_comes_starts_the_chosen_trigger_alone(
    http: httpx2.AsyncClient, settled: Town, catalog: Catalog
) -> None:
    graph_id = await _saved(http, two_doors(catalog))
    doors = {one: (await _preset(http, graph_id, node=one)).json() for one in ("front", "back")}
    assert doors["back"]["trigger"]["node"] == "back"

    async with settled.client() as outside, asyncio.timeout(60):
        for door, other in (("front", "back"), ("back", "front")):
            sent = await outside.post(path_of(doors[door]), json={"at": door})
            came = await become_of(http, sent.headers["x-autograph-delivery"])
            (start,) = came["starts"]
            assert start["status"] == "started", came
            assert await outputs_of(http, start["run_id"]) == {
                f"by_{door}": [{"at": door}],
                "by_any": [{"at": door}],
            }
            assert await _nodes(http, start["run_id"]) == {door, f"{door}_out", "both"}, other


async def test_a_preset_may_listen_elsewhere_later_and_keeps_its_choice(
    http: httpx2.AsyncClient, settled: Town, catalog: Catalog
) -> None:
    graph_id = await _saved(http, two_doors(catalog))
    made = (await _preset(http, graph_id, node="front")).json()
    path = f"/api/v1/presets/{made['id']}"
    renamed = (await http.patch(path, json={"name": "Other"})).json()
    assert (renamed["trigger"]["node"], renamed["webhook"]["url"]) == (
        "front",
        made["webhook"]["url"],
    )
    moved = (await http.patch(path, json={"trigger": {"node": "back"}})).json()
    assert moved["trigger"]["node"] == "back"

    async with settled.client() as outside, asyncio.timeout(60):
        sent = await outside.post(path_of(moved), json={"n": 1})
        (start,) = (await become_of(http, sent.headers["x-autograph-delivery"]))["starts"]
        assert set(await outputs_of(http, start["run_id"])) == {"by_back", "by_any"}


async def test_one_trigger_needs_no_choice_and_may_be_named(
    http: httpx2.AsyncClient, catalog: Catalog
) -> None:
    graph_id = await _saved(http, write_agent(listening_graph(catalog)))
    inputs = {"name": "Hook", "graph_id": graph_id, "inputs": {"word": "w"}}
    for trigger, code in (({}, 201), ({"node": "hook"}, 201), ({"node": "word"}, 422)):
        answer = await http.post("/api/v1/presets", json={**inputs, "trigger": trigger})
        assert answer.status_code == code, answer.text


async def test_the_other_trigger_asks_for_no_credential(
    http: httpx2.AsyncClient, catalog: Catalog
) -> None:
    graph_id = await _saved(http, two_doors(catalog, second="GithubIssuesTrigger"))
    path = f"/api/v1/graphs/{graph_id}/execute"

    async with asyncio.timeout(60):
        run = await http.post(path, json={"payload": {"n": 1}, "trigger": "front"})
        assert run.status_code == 202, run.text
        outputs = await outputs_of(http, run.json()["id"])
    assert outputs == {"by_front": [{"n": 1}], "by_any": [{"n": 1}]}
    refused = await http.post(path, json={"payload": {"n": 1}, "trigger": "back"})
    assert (refused.status_code, refused.json()["code"]) == (422, "run.credentials_missing")


@pytest.mark.parametrize("chosen", [{}, {"trigger": "side"}])
async def test_a_run_to_try_it_has_to_choose_too(
    http: httpx2.AsyncClient, catalog: Catalog, chosen: dict[str, str]
) -> None:
    graph_id = await _saved(http, two_doors(catalog))
    answer = await http.post(f"/api/v1/graphs/{graph_id}/execute", json={"payload": {}, **chosen})
    assert (answer.status_code, answer.json()["code"]) == (422, "run.needs_trigger")
    assert answer.json()["details"]["triggers"] == ["front", "back"]


def test_the_command_chooses_and_says_what_there_is(tmp_path: Path, catalog: Catalog) -> None:
    with up(tmp_path) as running:
        graph_id = running.save(two_doors(catalog))
        create = ("presets", "create", graph_id, "--name", "Door", "--trigger", "{}")
        refused = command(*create, data_dir=tmp_path)
        assert refused.returncode == 2
        assert "front (GenericWebhookTrigger), back (GenericWebhookTrigger)" in refused.stderr

        made = as_json(command(*create, "--node", "back", "--json", data_dir=tmp_path))
        ran = as_json(
            command(
                "presets", "run", made["id"], "--payload", '{"n": 1}', "--json", data_dir=tmp_path
            )
        )
    assert made["trigger_node"] == "back"
    assert ran["outputs"] == {"by_back": [{"n": 1}], "by_any": [{"n": 1}]}
