"""The second sequence: an agent is made, run, and followed to its result, by bare HTTP and the socket.

    make   S02 … S10   the graph, its validation, its entry in the library, the answer
    run    S13 … S23   what does not fit, the id at once, the events in order, the result

`web/e2e/d5-sequence.test.ts` plays the same in a browser.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.processes import up

pytestmark = pytest.mark.timeout(120)


def _agent(catalog: Catalog) -> dict[str, Any]:
    """A number waits a second, and goes out."""
    nodes = [
        node(catalog, "in", "AgentNumberInput", name="amount"),
        node(catalog, "timer", "CountdownTimer", seconds=1),
        node(catalog, "out", "AgentOutput", name="sum"),
    ]
    links = ("in.result -> timer.input_message", "timer.output_message -> out.value")
    return write_agent(graph(nodes, *links))


async def _heard(url: str, run_id: str) -> list[dict[str, Any]]:
    """What the socket says of a run, from its first event to its end."""
    heard: list[dict[str, Any]] = []
    async with asyncio.timeout(20), connect(url, proxy=None) as client:
        await client.send(json.dumps({"type": "subscribe", "run": run_id, "since": 0}))
        while not heard or heard[-1]["type"] != "end":
            heard.append(json.loads(await client.recv()))
    return [one for one in heard if one["type"] in {"event", "end"}]


@pytest.mark.seed("D5-P03", "D5-S02", "D5-S10", "D5-S18", "D5-S22", "D5-S23")
async def test_an_agent_is_made_and_run_and_every_message_comes_in_its_turn(
    tmp_path: Path, catalog: Catalog
) -> None:
    with up(tmp_path) as served:
        paths = served.http.get("/api/openapi.json").json()["paths"]
        assert {"/api/v1/graphs", "/api/v1/graphs/{graph_id}/execute"} <= set(paths)

        broken = {
            **_agent(catalog),
            "links": [{"from": "in", "output": "none", "to": "no", "input": "x"}],
        }
        refused = served.http.post("/api/v1/graphs", json=broken)
        assert (refused.status_code, served.http.get("/api/v1/graphs").json()["graphs"]) == (
            422,
            [],
        )

        made = served.http.post("/api/v1/graphs", json=_agent(catalog))
        agent = made.json()
        assert (made.status_code, agent["version"]) == (201, 1)
        assert set(agent["input_schema"]["properties"]) == {"amount"}
        assert set(agent["output_schema"]["properties"]) == {"sum"}
        assert served.http.get(f"/api/v1/library/agents/{agent['id']}").status_code == 200

        execute = f"/api/v1/graphs/{agent['id']}/execute"
        misfit = served.http.post(execute, json={"inputs": {"amount": "many"}})
        assert (misfit.status_code, list(misfit.json()["details"]["errors"])) == (422, ["amount"])
        assert served.http.get("/api/v1/runs").json()["runs"] == []

        accepted = served.http.post(execute, json={"inputs": {"amount": 42}})
        run_id = accepted.json()["id"]
        assert (accepted.status_code, accepted.json()["ended_at"]) == (202, None)
        *events, end = await _heard(served.url.replace("http", "ws") + "/ws", run_id)
        assert [(one["kind"], one["body"].get("node")) for one in events] == [
            ("run.started", None),
            ("node.completed", "in"),
            ("node.started", "timer"),
            ("node.completed", "timer"),
            ("node.completed", "out"),
            ("run.completed", None),
        ]
        assert [one["seq"] for one in events] == [1, 2, 3, 4, 5, 6]
        assert {one["run"] for one in events} == {run_id}
        assert end == {"type": "end", "run": run_id, "status": "completed"}

        result = served.http.get(f"/api/v1/runs/{run_id}").json()
        assert (result["status"], result["outputs"]) == ("completed", {"sum": [42]})
