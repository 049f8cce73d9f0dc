"""`autograph library …`: agents are put in order, copied, put away and taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import chain
from tests.processes import as_json, command, up

pytestmark = pytest.mark.timeout(240)


def test_agents_are_put_in_order(tmp_path: Path, catalog: Catalog) -> None:
    def library(*said: str) -> str:
        done = command("library", *said, data_dir=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    with up(tmp_path) as running:
        agent = running.save(write_agent(chain(catalog, 2)))
        folder = library("folders", "create", "Work", "--icon", "🧰")
        library("move", agent, "--to", folder)
        library("favorite", agent)
        library("duplicate", agent, "--name", "Two")
        listed = command("library", "list", "--sort", "name", "--json", data_dir=tmp_path)
        assert [(one["name"], one["folder_id"], one["is_favorite"]) for one in as_json(listed)] == [
            ("Chain of 2", folder, True),
            ("Two", folder, False),
        ]
        library("delete", agent)
        gone = command("library", "show", agent, data_dir=tmp_path)
        assert (gone.returncode, "There is no graph" in gone.stdout) == (2, True)
        assert "is back" in library("restore", agent)
        assert "🧰 Work" in library("folders", "list")
