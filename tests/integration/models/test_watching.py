"""Texts while they are made: by the socket of a platform that is up, for who watches that run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.modelservers import ModelServer
from tests.processes import Up, up

pytestmark = pytest.mark.timeout(60)
WORDS = ("One ", "two ", "three ", "four.")


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as made:
        yield made


def slowly(server: ModelServer) -> None:
    chunks = [{"choices": [{"delta": {"content": one}}]} for one in WORDS]
    chunks.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    pieces = [f"data: {json.dumps(one)}\n\n".encode() for one in chunks]
    server.sends(*pieces, pause=0.3)


def agent(catalog: Catalog) -> dict[str, Any]:
    made = graph(
        [
            node(catalog, "wait", "CountdownTimer", seconds=1, input_message="Count."),
            node(catalog, "write", "AITextGenerator", model="gpt-4o"),
            node(catalog, "out", "AgentOutput", name="said"),
        ],
        "wait.output_message -> write.prompt",
        "write.response -> out.value",
    )
    return write_agent(made)


def watched(running: Up, run_id: str) -> Any:
    return connect(running.url.replace("http", "ws") + "/ws", proxy=None)


async def test_who_watches_a_run_sees_its_texts_grow_and_then_the_whole(
    tmp_path: Path, catalog: Catalog, server: ModelServer
) -> None:
    slowly(server)
    settings = {
        "AUTOGRAPH_EGRESS_INSIDE": '["127.0.0.0/8"]',
        "AUTOGRAPH_MODEL_KEYS": '{"openai": "sk-ours"}',
        "AUTOGRAPH_MODEL_URLS": json.dumps({"openai": server.url}),
    }
    with up(tmp_path, **settings) as running:
        saved = await asyncio.to_thread(running.save, agent(catalog))
        run_id = (await asyncio.to_thread(running.execute, saved))["id"]
        heard: list[dict[str, Any]] = []
        async with watched(running, run_id) as client, asyncio.timeout(30):
            await client.send(json.dumps({"type": "subscribe", "run": run_id, "since": 0}))
            while not heard or heard[-1]["type"] != "end":
                heard.append(json.loads(await client.recv()))

    partials = [one for one in heard if one["type"] == "partial"]
    assert len(partials) >= 3
    assert "".join(WORDS).startswith("".join(one["text"] for one in partials))
    offset = 0
    for one in partials:
        assert (one["node"], one["pin"], one["offset"]) == ("write", "response", offset)
        offset += len(one["text"])
    outputs = [
        one["body"]["outputs"]
        for one in heard
        if one["type"] == "event"
        and one["kind"] == "node.completed"
        and one["body"].get("node") == "write"
    ]
    said = [one["body"] for one in heard if one["type"] == "event"]
    assert "".join(WORDS) in json.dumps(outputs or said)
    assert not any("partial" in one.get("kind", "") for one in heard)
