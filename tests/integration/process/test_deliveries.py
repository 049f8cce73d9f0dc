"""A process is killed with deliveries that nobody has started runs for: each is started once, by the next one."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.processes import as_json, command, up
from tests.security.listening import listening_graph

pytestmark = pytest.mark.timeout(180)
COUNT = 40


def test_what_was_taken_is_started_once_although_the_process_is_killed(
    tmp_path: Path, catalog: Catalog
) -> None:
    with up(tmp_path) as first:
        graph_id = first.save(write_agent(listening_graph(catalog)))
        preset = as_json(
            command(
                "presets",
                "create",
                graph_id,
                "--name",
                "Hook",
                "--trigger",
                "{}",
                "--inputs",
                '{"word": "w"}',
                "--json",
                data_dir=tmp_path,
            )
        )
        path = httpx2.URL(preset["webhook"]["url"]).path
        for number in range(COUNT):
            assert first.http.post(path, json={"n": number}).status_code == 200
        first.kill()

    with up(tmp_path) as second:
        while True:
            page = second.http.get("/api/v1/deliveries", params={"limit": 200}).json()
            starts = [one["starts"][0] for one in page["deliveries"]]
            if all(one["status"] == "started" for one in starts):
                break
        assert len({one["run_id"] for one in starts}) == COUNT
        runs = second.http.get("/api/v1/runs", params={"limit": 500}).json()["runs"]
        assert {one["id"] for one in runs} == {one["run_id"] for one in starts}

        came = set[int]()
        for run_id in (one["run_id"] for one in starts):
            while (run := second.http.get(f"/api/v1/runs/{run_id}").json())[
                "status"
            ] != "completed":
                assert run["status"] in {"queued", "running"}, run
            came.add(run["outputs"]["came"][0]["n"])
        assert came == set(range(COUNT))

    listed = as_json(command("deliveries", "list", "--json", data_dir=tmp_path))
    shown = command("webhooks", "list", data_dir=tmp_path).stdout
    assert listed[0]["starts"][0]["status"] == "started"
    assert ("generic_webhook" in shown, "active" in shown) == (True, True)
    tried = command(
        "presets", "run", preset["id"], "--payload", '{"by": "hand"}', data_dir=tmp_path
    )
    assert (tried.returncode, '{"by": "hand"}' in tried.stdout) == (0, True), tried.stderr
    again = as_json(command("deliveries", "replay", listed[0]["id"], "--json", data_dir=tmp_path))
    assert again["replay_of"] == listed[0]["id"]
