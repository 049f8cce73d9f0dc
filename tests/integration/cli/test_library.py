"""`autograph library …`: agents are put in order, copied, put away and taken back."""

from __future__ import annotations

import json
from pathlib import Path

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import chain
from tests.processes import as_json, command


def test_agents_are_put_in_order(tmp_path: Path, catalog: Catalog) -> None:
    data, file = tmp_path / "data", tmp_path / "agent.json"
    file.write_text(json.dumps(write_agent(chain(catalog, 2))), "utf-8")
    agent = as_json(command("graphs", "push", str(file), "--json", data_dir=data))["id"]

    folder = command(
        "library", "folders", "create", "Work", "--icon", "🧰", data_dir=data
    ).stdout.strip()
    assert command("library", "move", agent, "--to", folder, data_dir=data).returncode == 0
    assert command("library", "favorite", agent, data_dir=data).returncode == 0
    copy = as_json(command("library", "duplicate", agent, "--name", "Two", "--json", data_dir=data))
    assert (copy["name"], copy["folder_id"], copy["is_favorite"]) == ("Two", folder, False)
    [found] = as_json(command("library", "list", "--favorites", "--json", data_dir=data))
    assert (found["id"], found["folder_id"], found["runs"]) == (agent, folder, 0)
    [shown] = as_json(command("library", "folders", "list", "--json", data_dir=data))
    assert (shown["name"], shown["icon"], shown["agent_count"]) == ("Work", "🧰", 2)

    command("library", "archive", copy["id"], data_dir=data)
    archived = command("library", "list", "--shelf", "archived", "--json", data_dir=data)
    assert [one["id"] for one in as_json(archived)] == [copy["id"]]
    assert command("library", "delete", agent, data_dir=data).returncode == 0
    gone = command("library", "show", agent, data_dir=data)
    assert (gone.returncode, "There is no graph" in gone.stdout) == (2, True)
    back = command("library", "restore", agent, data_dir=data)
    assert (back.returncode, "is back" in back.stdout) == (0, True)

    assert command("library", "folders", "delete", folder, data_dir=data).returncode == 0
    assert as_json(command("library", "folders", "list", "--json", data_dir=data)) == []
    listed = command("library", "list", data_dir=data).stdout
    assert (agent in listed, "★" in listed) == (True, True)
