"""Files in values: a reference, a data URI and an address are one and the same to a block."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.security.people import Town, town

CSV = b"name,age\nAda,36\n"


@pytest.fixture
async def elsewhere() -> AsyncIterator[str]:
    """A server with a file on it."""

    async def give(request: web.Request) -> web.Response:
        if request.path == "/none":
            raise web.HTTPNotFound
        size = int(request.query.get("size", 0))
        return web.Response(body=b"x" * size if size else CSV, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{name}", give)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def place(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    settings: dict[str, Any] = {"egress_inside": ["127.0.0.0/8"], "max_file_bytes": 1_000_000}
    async with town(database_url, tmp_path, **settings) as made:
        await made.set_up()
        yield made


async def run(http: Any, catalog: Catalog, file: str) -> dict[str, Any]:
    made = graph(
        [
            node(catalog, "in", "AgentFileInput", name="table"),
            node(catalog, "keep", "FileStore"),
            node(catalog, "read", "ReadSpreadsheet"),
            node(catalog, "rows", "AgentOutput", name="rows"),
            node(catalog, "file", "AgentOutput", name="file"),
        ],
        "in.result -> keep.file_in",
        "keep.file_out -> read.file_input",
        "keep.file_out -> file.value",
        "read.rows -> rows.value",
    )
    graph_id = (await http.post("/api/v1/graphs", json=write_agent(made))).json()["id"]
    answer = await http.post(
        f"/api/v1/graphs/{graph_id}/execute", json={"inputs": {"table": file}}, params={"wait": 30}
    )
    found: dict[str, Any] = answer.json()
    return found


async def test_every_way_to_name_a_file_leads_to_the_same(
    place: Town, catalog: Catalog, elsewhere: str
) -> None:
    async with place.client(await place.person("Ada")) as http:
        mine = (await http.post("/api/v1/files", files={"file": ("t.csv", CSV)})).json()
        data = "data:text/csv;base64," + base64.b64encode(CSV).decode()
        for file in (mine["reference"], data, f"{elsewhere}/table.csv"):
            ended = await run(http, catalog, file)
            assert ended["status"] == "completed", ended
            assert ended["outputs"]["rows"] == [[{"name": "Ada", "age": "36"}]]
            [reference] = ended["outputs"]["file"]
            info = (await http.get(f"/api/v1/files/{reference.removeprefix('file://')}")).json()
            is_new = reference != mine["reference"]
            assert (info["run_id"] == ended["id"], info["expires_at"] is not None) == (
                is_new,
                is_new,
            )
        assert "text/html" not in (await http.get("/api/v1/files")).text


async def test_what_is_no_file_of_theirs_fails_the_node_and_says_why(
    place: Town, catalog: Catalog, elsewhere: str
) -> None:
    async with place.client(await place.person("Bob")) as http:
        bobs = (await http.post("/api/v1/files", files={"file": ("t.csv", CSV)})).json()
    cases = {
        bobs["reference"]: "There is no file",
        "file:///etc/passwd": "names no file",
        "/etc/passwd": "names no file",
        "ftp://example.com/a": "names no file",
        "data:;base64,%%%": "not Base64",
        f"{elsewhere}/none": "answered 404",
        f"{elsewhere}/big?size=2000000": "larger than",
    }
    async with place.client(await place.person("Ada")) as http:
        for file, why in cases.items():
            ended = await run(http, catalog, file)
            assert why in str(ended["errors"]), (file, ended["errors"])
        assert (await http.get("/api/v1/files")).json()["files"] == []
