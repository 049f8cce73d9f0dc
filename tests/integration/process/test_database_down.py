"""The database goes away: requests are told when to come again, and everything recovers by itself."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import chain, graph, node
from tests.processes import Up, up

pytestmark = pytest.mark.timeout(120)


def stop_database(data_dir: Path) -> None:
    os.kill(int((data_dir / "postgres" / "server.pid").read_text()), signal.SIGKILL)


@pytest.mark.seed("D8-16")
def test_requests_are_503_with_retry_after_and_then_served_again(
    tmp_path: Path, catalog: Catalog
) -> None:
    with up(tmp_path) as running:
        graph_id = running.save(write_agent(chain(catalog, 3)))
        stop_database(tmp_path)

        refused = running.http.get("/api/v1/runs")
        assert refused.status_code == 503, refused.text
        assert refused.json()["code"] == "database.unavailable"
        assert int(refused.headers["retry-after"]) >= 1

        until_ready(running)
        assert running.execute(graph_id, wait=20)["outputs"] == {"sum": [3.0]}


def test_a_run_in_flight_goes_on(tmp_path: Path, catalog: Catalog) -> None:
    made = graph(
        [
            node(catalog, "wait", "CountdownTimer", seconds=2),
            node(catalog, "out", "AgentOutput", name="said"),
        ],
        "wait.output_message -> out.value",
    )
    with up(tmp_path) as running:
        run_id = running.execute(running.save(write_agent(made)))["id"]
        stop_database(tmp_path)
        until_ready(running)

        while (run := seen(running, run_id))["status"] in {"queued", "running", "waiting"}:
            pass
        assert (run["status"], run["outputs"]) == ("completed", {"said": ["timer finished"]})


def seen(running: Up, run_id: str) -> dict[str, Any]:
    """Look at a run as any client would: what is told to come again comes again."""
    while (answer := running.http.get(f"/api/v1/runs/{run_id}")).status_code == 503:
        pass
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def until_ready(running: Up) -> None:
    while running.http.get("/health/ready").status_code != 200:
        pass
