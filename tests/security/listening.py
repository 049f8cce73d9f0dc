"""Agents that listen, for tests of what comes to them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2

from autograph.blocks.catalog import Catalog
from autograph.graph.model import Graph
from autograph.graph.portable import write_agent
from tests.agents import graph, node


def listening_graph(catalog: Catalog, block: str = "GenericWebhookTrigger", **config: Any) -> Graph:
    """An agent that gives out what came to its trigger, and a word of its own."""
    return graph(
        [
            node(catalog, "hook", block, **config),
            node(catalog, "word", "AgentInput", name="word", value="none"),
            node(catalog, "out", "AgentOutput", name="came"),
            node(catalog, "said", "AgentOutput", name="said"),
        ],
        "hook.payload -> out.value",
        "word.result -> said.value",
        name="Listener",
    )


async def make_listening(
    http: httpx2.AsyncClient,
    catalog: Catalog,
    *,
    block: str = "GenericWebhookTrigger",
    inputs: dict[str, Any] | None = None,
    **body: Any,
) -> dict[str, Any]:
    """Save an agent that listens, and a preset that does; return the preset."""
    saved = await http.post("/api/v1/graphs", json=write_agent(listening_graph(catalog, block)))
    assert saved.status_code == 201, saved.text
    made = await http.post(
        "/api/v1/presets",
        json={
            "name": "Hook",
            "graph_id": saved.json()["id"],
            "trigger": {},
            "inputs": inputs or {},
            **body,
        },
    )
    assert made.status_code == 201, made.text
    return dict(made.json())


def path_of(preset: dict[str, Any]) -> str:
    """Return the path that a preset's provider sends to."""
    return httpx2.URL(preset["webhook"]["url"]).path


async def become_of(http: httpx2.AsyncClient, delivery_id: str) -> dict[str, Any]:
    """Return a delivery once nothing of it waits any more."""
    while True:
        found = (await http.get(f"/api/v1/deliveries/{delivery_id}")).json()
        if not any(one["status"] == "stored" for one in found["starts"]):
            return dict(found)
        await asyncio.sleep(0)


async def outputs_of(http: httpx2.AsyncClient, run_id: str) -> dict[str, Any]:
    """Return what a run came to, once it is over."""
    while True:
        run = (await http.get(f"/api/v1/runs/{run_id}")).json()
        if run["status"] in {"completed", "failed", "cancelled"}:
            assert run["status"] == "completed", run
            return dict(run["outputs"])
        await asyncio.sleep(0)
