"""A scheduler process by itself: it runs nothing, and queues what is due."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from autograph.blocks.catalog import Catalog
from autograph.bootstrap import Process, platform
from autograph.engine.state import RunStatus
from autograph.engine.worker import TEND_EVERY
from autograph.graph.model import Graph, Policy, Retry
from autograph.graph.portable import write_agent
from autograph.infra.clock import SystemClock
from autograph.infra.database import Database
from autograph.infra.settings import Settings
from tests.agents import graph, node
from tests.processes import carrying

pytestmark = pytest.mark.timeout(240)
DELAY = timedelta(seconds=10)


def timer(catalog: Catalog) -> Graph:
    return graph([node(catalog, "wait", "CountdownTimer", seconds=int(DELAY.total_seconds()))])


def retry(catalog: Catalog) -> Graph:
    again = Policy(retry=Retry(max=1, backoff=DELAY))
    return graph([node(catalog, "bad", "Calculator", again, operation="Divide", a=1, b=0)])


@pytest.mark.seed("D1-E21")
@pytest.mark.parametrize("made", [timer, retry])
async def test_what_waits_for_its_time_is_queued_by_the_scheduler(
    database_url: str, database: Database, tmp_path: Path, catalog: Catalog, made: object
) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    async with platform(settings, process=Process.UP) as here:
        saved = await here.agents.create(here.owner, write_agent(made(catalog)))  # type: ignore[operator]
        begun = SystemClock().now()
        run_id = await here.runs.start(here.owner, saved.id, {})
        async with asyncio.timeout(20):
            while (await here.runs.get(here.owner, run_id)).row.status is not RunStatus.WAITING:
                await asyncio.sleep(0.02)

    async with database.acquire() as connection:
        with carrying("scheduler", tmp_path, AUTOGRAPH_DATABASE_URL=database_url):
            async with asyncio.timeout(60):
                while not (jobs := await connection.fetch("SELECT run_id FROM jobs")):
                    await asyncio.sleep(0.05)
        status = await connection.fetchval("SELECT status FROM runs WHERE id = $1", run_id)

    assert status == "queued"
    assert [one["run_id"] for one in jobs] == [run_id]
    # It is queued a little ahead, so that a worker has it when it is due.
    assert SystemClock().now() - begun >= DELAY - TEND_EVERY
