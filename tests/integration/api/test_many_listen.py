"""Five hundred people listen to their runs, and each hears of their own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from autograph.api.ws import socket
from autograph.blocks.catalog import Catalog
from autograph.bootstrap import Process, platform
from autograph.features.accounts.models import Principal
from autograph.graph.portable import write_agent
from autograph.infra.ids import new_id
from autograph.infra.settings import Settings
from tests.agents import chain

PEOPLE = 500


@pytest.mark.seed("D10-11")
@pytest.mark.timeout(240)
async def test_each_of_five_hundred_hears_of_their_own_run_alone(
    database_url: str, tmp_path: Path, catalog: Catalog
) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    async with platform(settings, process=Process.UP) as up:
        people = [
            Principal(new_id(), f"Person {number}", roles=up.owner.roles)
            for number in range(PEOPLE)
        ]
        async with up.database.acquire() as connection:
            await connection.executemany(
                "INSERT INTO users (id, name) VALUES ($1, $2)",
                [(one.user_id, one.name) for one in people],
            )
        clients = [socket._Client(cast("Any", None), cast("Any", up), one) for one in people]
        for client in clients:
            await client._handle({"type": "subscribe", "graph": "*"})
            assert client._waiting.get_nowait()["type"] == "subscribed"
        await asyncio.sleep(0)  # they listen from now on

        own: list[str] = []
        for person in people:
            saved = await up.agents.create(person, write_agent(chain(catalog, 1)))
            own.append(str(await up.runs.start(person, saved.id, {})))
        heard = [await ended(client) for client in clients]
        for client in clients:
            for task in client._subscriptions.values():
                task.cancel()

    assert heard == [{one} for one in own]


async def ended(client: socket._Client) -> set[str]:
    """The runs that a client was told of, up to the end of one and whatever else has come by then."""
    found: set[str] = set()
    is_over = False
    async with asyncio.timeout(120):
        while not is_over or not client._waiting.empty():
            message = cast("Any", await client._waiting.get())
            assert message["type"] == "run"
            found.add(message["run"]["id"])
            is_over |= message["run"]["status"] == "completed"
    return found
