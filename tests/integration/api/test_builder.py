"""What the pages ask ends in the service that it belongs to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from autograph.blocks.catalog import Catalog
from autograph.features.agents.service import AgentService
from autograph.graph.portable import write_agent
from tests.agents import chain
from tests.security.people import town

BUILDER = Path(__file__).parents[3] / "web" / "src" / "features" / "builder" / "saving.tsx"


@pytest.mark.seed("D4-E01")
async def test_the_builder_loads_and_saves_by_the_agent_service(
    database_url: str, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []
    for name in ("create", "update", "get"):
        monkeypatch.setattr(AgentService, name, noting(used, name, getattr(AgentService, name)))
    asked = sorted(set(re.findall(r'"([A-Z]+ /api/v1/graphs[^"]*)"', BUILDER.read_text())))
    assert asked == [
        "GET /api/v1/graphs/{graph_id}",
        "POST /api/v1/graphs",
        "PUT /api/v1/graphs/{graph_id}",
    ]

    async with town(database_url, tmp_path) as made:
        graph_id, found = "", {}
        async with made.client(await made.person("Ada")) as http:
            for operation in ("POST /api/v1/graphs", asked[2], asked[0]):
                method, path = operation.split(" ")
                body = {"json": write_agent(chain(catalog, 2))} if method != "GET" else {}
                used.clear()
                answer = await http.request(method, path.replace("{graph_id}", graph_id), **body)
                assert answer.is_success, answer.text
                graph_id = answer.json()["id"]
                found[method] = list(used)

    assert found == {"POST": ["create"], "PUT": ["update"], "GET": ["get"]}


def noting(used: list[str], name: str, method: Any) -> Any:
    async def noted(self: AgentService, *given: Any, **more: Any) -> Any:
        used.append(name)
        return await method(self, *given, **more)

    return noted
