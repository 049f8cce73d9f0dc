"""`autograph runs share …` and `… feedback`, from the first word to the last."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.processes import as_json, command

pytestmark = pytest.mark.timeout(240)
NOBODYS = "01900000-0000-7000-8000-0000000000ff"


def test_a_run_is_shown_and_judged(tmp_path: Path, catalog: Catalog) -> None:
    data, file = tmp_path / "data", tmp_path / "agent.json"
    agent = graph([node(catalog, "out", "AgentOutput", name="out", value="lynx")], name="Lynx")
    file.write_text(json.dumps(write_agent(agent)))
    run = as_json(command("run", str(file), "--json", data_dir=data))["run_id"]

    shared = as_json(command("runs", "share", run, "--days", "2", "--json", data_dir=data))
    assert "/share/" in shared["share_url"]
    state = command("runs", "shared", run, data_dir=data).stdout
    assert state.rstrip().endswith(f"until {shared['expires_at'][:19]}.")
    assert command("runs", "unshare", run, data_dir=data).returncode == 0
    after = as_json(command("runs", "shared", run, "--json", data_dir=data))
    assert after == {"share": None}

    given = command("runs", "feedback", run, "bad", "--words", "Too short.", data_dir=data)
    assert given.stdout == "bad  Too short.\n"
    found = as_json(command("runs", "list", "--search", "LYNX", "--json", data_dir=data))
    assert [one["id"] for one in found] == [run]
    listed = as_json(command("graphs", "feedback", found[0]["graph_id"], "--json", data_dir=data))
    assert (listed["good"], listed["bad"], listed["feedback"][0]["run_id"]) == (0, 1, run)
    taken = as_json(command("runs", "feedback", run, "--forget", "--json", data_dir=data))
    assert taken == {"feedback": None}
    gone = command("runs", "delete", run, NOBODYS, "--json", data_dir=data)
    assert (gone.returncode, [one["error"] is None for one in json.loads(gone.stdout)]) == (
        2,
        [True, False],
    )
