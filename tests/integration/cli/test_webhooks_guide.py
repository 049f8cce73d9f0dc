"""The guide to webhooks, as it is printed: every command in it, against a platform that is up."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from autograph.blocks.catalog import Catalog
from autograph.cli.main import app
from autograph.graph.portable import write_agent
from tests.processes import Up, up
from tests.security.listening import listening_graph

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "webhooks.md").read_text()
pytestmark = pytest.mark.timeout(240)


def printed(begins: str) -> list[str]:
    """Return a command of the guide, in a block or between backticks."""
    begins = begins.replace(" ", r"\s+")  # it may go on in the next line
    found = [
        one.replace("\n", " ") for one in re.findall(rf"{begins}[^`\n]*(?:\n[^`\n]+(?=`))?", GUIDE)
    ]
    assert len(found) == 1, found
    return shlex.split(found[0])


def said(arguments: list[str], data_dir: Path, **filled: str) -> str:
    """Run a command of the guide with its placeholders filled in; return what it says."""
    own = [filled.get(one.strip("<>"), one) for one in arguments[1:]]
    done = CliRunner().invoke(app, [*own, "--data-dir", str(data_dir)])
    assert done.exit_code == 0, done.output
    return done.output


def came(running: Up, count: int) -> list[dict[str, Any]]:
    """Wait until so many deliveries have started their runs."""
    found: list[Any] = []
    until = monotonic() + 60
    while monotonic() < until:
        found = running.http.get("/api/v1/deliveries").json()["deliveries"]
        if len(found) == count and all(one["starts"][0]["run_id"] for one in found):
            return list(found)
        sleep(0.1)
    raise AssertionError(found)


def test_the_guide_runs_as_it_is_printed(tmp_path: Path, catalog: Catalog) -> None:
    with up(tmp_path) as running:
        graph = running.save(write_agent(listening_graph(catalog)))
        create = printed("autograph presets create")
        assert create[3:5] == ["<graph", "id>"]
        told = said([*create[:3], graph, *create[5:]], tmp_path)
        (webhook,) = running.http.get("/api/v1/webhooks").json()
        (preset,) = running.http.get("/api/v1/presets").json()["presets"]
        curl = printed("curl -X POST")
        address = urlsplit(next(one for one in told.split() if one.startswith("http")))
        assert curl[3:] == [
            "<address>",
            "-H",
            "content-type: application/json",
            "-d",
            '{"order": 7}',
        ]
        sent = running.http.post(
            address.path, content=curl[7], headers={"content-type": "application/json"}
        )
        assert sent.status_code == 200
        (first,) = came(running, 1)
        run = running.http.get(f"/api/v1/runs/{first['starts'][0]['run_id']}", params={"wait": 30})

        assert run.json()["outputs"] == {"came": [{"order": 7}], "said": ["hello"]}
        assert webhook["id"][:12] in said(printed("autograph webhooks list"), tmp_path)
        assert first["id"][:12] in said(printed("autograph deliveries list"), tmp_path)
        assert said(printed("autograph webhooks secret"), tmp_path, id=webhook["id"]).strip()
        assert said(printed("autograph webhooks check"), tmp_path, id=webhook["id"])
        said(printed("autograph deliveries replay"), tmp_path, id=first["id"])
        assert len(came(running, 2)) == 2
        shown = said(printed("autograph presets run"), tmp_path, id=preset["id"])
        assert "order" in shown
        assert "7" in shown
