"""What people say of runs, and finding and deleting runs, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.security.people import HERE, Town, town

NOBODYS = "01900000-0000-7000-8000-0000000000ff"


@dataclass
class Home:
    """Ada's agent that says again what it is told, and one that fails."""

    http: httpx2.AsyncClient
    echo: str
    broken: str

    async def run(self, graph_id: str, **inputs: Any) -> str:
        answer = await self.http.post(
            f"/api/v1/graphs/{graph_id}/execute", json={"inputs": inputs}, params={"wait": 30}
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def found(self, **query: str) -> list[str]:
        answer = await self.http.get("/api/v1/runs", params=query)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["runs"]]


@pytest.fixture
async def settled(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(database_url, tmp_path) as made:
        await made.set_up()
        yield made


@pytest.fixture
async def home(settled: Town, catalog: Catalog) -> AsyncIterator[Home]:
    echo = graph(
        [
            node(catalog, "in", "AgentShortTextInput", name="text"),
            node(catalog, "out", "AgentOutput", name="text"),
        ],
        "in.result -> out.value",
        name="Echo 100%",
    )
    broken = graph(
        [node(catalog, "c", "Calculator", operation="Divide", a=1, b=0)], name="Share of nothing"
    )
    async with settled.client(await settled.person("Ada")) as http:
        ids = [
            (await http.post("/api/v1/graphs", json=write_agent(one))).json()["id"]
            for one in (echo, broken)
        ]
        yield Home(http, *ids)


async def test_a_verdict_is_given_changed_and_taken_back(home: Home) -> None:
    path = f"/api/v1/runs/{await home.run(home.echo, text='hi')}/feedback"
    assert (await home.http.get(path)).json() == {"feedback": None}

    first = (await home.http.put(path, json={"verdict": "bad", "words": " Too short. "})).json()
    second = (await home.http.put(path, json={"verdict": "good"})).json()
    assert (first["verdict"], first["words"]) == ("bad", "Too short.")
    assert (second["verdict"], second["words"]) == ("good", "")
    assert (second["created_at"], second["updated_at"] > first["updated_at"]) == (
        first["created_at"],
        True,
    )
    assert (await home.http.get(path)).json() == {"feedback": second}

    assert (await home.http.delete(path)).status_code == 204
    assert (await home.http.delete(path)).status_code == 204
    assert (await home.http.get(path)).json() == {"feedback": None}


async def test_what_is_no_verdict_is_refused_at_the_field(home: Home) -> None:
    path = f"/api/v1/runs/{await home.run(home.echo, text='hi')}/feedback"
    for body, field in (({"verdict": "fine"}, "verdict"), ({}, "verdict")):
        answer = await home.http.put(path, json=body)
        assert (answer.status_code, field in answer.json()["details"]["errors"]) == (422, True)
    long = await home.http.put(path, json={"verdict": "good", "words": "x" * 10_001})
    nobodys = await home.http.put(f"/api/v1/runs/{NOBODYS}/feedback", json={"verdict": "good"})
    assert (long.status_code, nobodys.status_code) == (422, 404)


async def test_an_agent_shows_what_was_said_of_its_runs(home: Home) -> None:
    runs = [await home.run(home.echo, text=str(number)) for number in range(3)]
    for run, verdict in zip(runs, ("good", "bad", "good"), strict=True):
        said = {"verdict": verdict, "words": run}
        await home.http.put(f"/api/v1/runs/{run}/feedback", json=said)
    path = f"/api/v1/graphs/{home.echo}/feedback"

    page = (await home.http.get(path, params={"limit": 2})).json()
    rest = (await home.http.get(path, params={"limit": 2, "before": page["next_before"]})).json()
    bad = (await home.http.get(path, params={"verdict": "bad"})).json()
    assert [one["run_id"] for one in (*page["feedback"], *rest["feedback"])] == runs[::-1]
    assert ([one["run_id"] for one in bad["feedback"]], bad["good"], bad["bad"]) == (
        [runs[1]],
        2,
        1,
    )
    assert rest["next_before"] is None

    await home.http.delete(f"/api/v1/runs/{runs[1]}")
    assert (await home.http.get(path)).json()["bad"] == 0
    assert (await home.http.get(f"/api/v1/graphs/{NOBODYS}/feedback")).status_code == 404


async def test_what_was_said_is_in_the_export_of_the_account(home: Home, settled: Town) -> None:
    run = await home.run(home.echo, text="hi")
    await home.http.put(f"/api/v1/runs/{run}/feedback", json={"verdict": "bad", "words": "No."})
    me = await settled.platform.accounts.authentication.by_token(
        home.http.headers["authorization"].removeprefix("Bearer ")
    )
    export: Any = await settled.platform.accounts.people.export(me, HERE)
    assert [(one["run_id"], one["words"]) for one in export["feedback"]] == [(run, "No.")]


async def test_runs_are_found_by_what_they_gave_and_who_they_are(home: Home) -> None:
    lynx = await home.run(home.echo, text="A lynx in the 100 woods")
    quote = await home.run(home.echo, text='She said "50%_off"')
    failed = await home.run(home.broken)

    assert await home.found(search="LYNX") == [lynx]
    assert await home.found(search="100%") == [quote, lynx]  # the agent's name
    assert await home.found(search="%_off") == [quote]
    assert await home.found(search="no finite result") == [failed]
    assert await home.found(search="of nothing") == [failed]
    assert await home.found(search=f" {lynx} ") == [lynx]
    assert await home.found(search="outputs") == []
    assert await home.found(search="lynx", status="failed") == []
    assert await home.found(graph_id=home.echo) == [quote, lynx]


async def test_runs_are_found_by_when_they_were(home: Home) -> None:
    first = await home.run(home.echo, text="1")
    second = await home.run(home.echo, text="2")
    began = (await home.http.get(f"/api/v1/runs/{second}")).json()["queued_at"]

    assert await home.found(since=began) == [second]
    assert await home.found(until=began) == [first]
    naive = await home.http.get("/api/v1/runs", params={"since": "2026-01-01T00:00:00"})
    assert naive.status_code == 422


async def test_several_runs_are_deleted_each_for_itself(home: Home, catalog: Catalog) -> None:
    asks = graph([node(catalog, "r", "HumanInTheLoop", data=1, name="Post")], name="Asks")
    graph_id = (await home.http.post("/api/v1/graphs", json=write_agent(asks))).json()["id"]
    going = (await home.http.post(f"/api/v1/graphs/{graph_id}/execute", json={})).json()["id"]
    over = [await home.run(home.echo, text=str(number)) for number in range(2)]

    answer = await home.http.post(
        "/api/v1/runs/delete", json={"ids": [*over, over[0], going, NOBODYS]}
    )
    assert [(one["id"], one["status"]) for one in answer.json()] == [
        (over[0], 204),
        (over[1], 204),
        (going, 409),
        (NOBODYS, 404),
    ]
    assert answer.json()[2]["error"]["code"] == "run.is_going"
    assert await home.found() == [going]
    for ids in ([], [NOBODYS] * 101):
        assert (await home.http.post("/api/v1/runs/delete", json={"ids": ids})).status_code == 422


async def test_the_log_of_one_node_run_is_asked_for_alone(home: Home) -> None:
    run = await home.run(home.echo, text="hi")
    everything = (await home.http.get(f"/api/v1/runs/{run}/events")).json()
    second = (await home.http.get(f"/api/v1/runs/{run}/events", params={"node_run": 2})).json()

    assert second == [one for one in everything if one["body"].get("node_run") == 2]
    assert second
