"""Everything an installation knows goes into another database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from autograph.blocks.catalog import Catalog
from autograph.bootstrap import Process, platform
from autograph.graph.portable import write_agent
from autograph.infra.copying import TargetNotEmpty, copy
from autograph.infra.database import Database
from autograph.infra.ids import new_id
from autograph.infra.settings import Settings
from tests.agents import graph, node


@pytest.fixture
async def empty(database_url: str) -> AsyncIterator[Database]:
    """Another database, without a schema."""
    name = f"test_{new_id().hex}"
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"CREATE DATABASE {name}")
    head, _, tail = database_url.partition("@/")
    yield Database(f"{head}@/{name}?{tail.partition('?')[2]}")
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


async def test_a_run_that_waits_goes_on_in_the_other_database(
    database_url: str, empty: Database, tmp_path: Path, catalog: Catalog
) -> None:
    made = graph(
        [
            node(catalog, "ask", "HumanInTheLoop", data=1, name="Sure?"),
            node(catalog, "out", "AgentOutput", name="o"),
        ],
        "ask.approved_data -> out.value",
    )
    async with platform(
        Settings(database_url=database_url, data_dir=tmp_path), process=Process.UP
    ) as here:
        saved = await here.agents.create(here.owner, write_agent(made))
        run_id = await here.runs.start(here.owner, saved.id, {})
        while (await here.runs.get(here.owner, run_id)).row.status != "waiting":
            pass

    assert await copy(Database(database_url), empty) > 5

    async with platform(
        Settings(database_url=empty.dsn, data_dir=tmp_path), process=Process.UP
    ) as there:
        connection = await asyncpg.connect(empty.dsn)
        wait_id = await connection.fetchval("SELECT id FROM waits")
        await connection.close()
        assert await there.journal.answer(wait_id, {"decision": "approve"})
        await there.runs.cancel(there.owner, await there.runs.start(there.owner, saved.id, {}))
        found = await there.runs.wait(there.owner, run_id, at_most=timedelta(seconds=20))
        assert found
        assert (await there.runs.get(there.owner, run_id)).result.outputs == {"o": [1]}


async def test_a_database_that_is_in_use_is_left_alone(
    database_url: str, empty: Database, tmp_path: Path
) -> None:
    async with platform(Settings(database_url=empty.dsn, data_dir=tmp_path)) as there:
        owner = there.owner
    with pytest.raises(TargetNotEmpty, match="createdb"):
        await copy(Database(database_url), empty)
    async with platform(Settings(database_url=empty.dsn, data_dir=tmp_path)) as there:
        assert there.owner == owner
