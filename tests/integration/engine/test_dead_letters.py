"""Runs over which workers die are set aside, and a person decides."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from autograph.blocks.catalog import Catalog
from autograph.bootstrap import Platform, Process, platform
from autograph.bootstrap.doors import serve
from autograph.engine.events import NodeCompleted, NodeStarted
from autograph.engine.journal.codec import encode_event
from autograph.engine.ports import RunWrite, Turn
from autograph.features.runs.errors import DeadLetterDecided, DeadLetterNotFound
from autograph.features.runs.models import NodeRunRef
from autograph.graph.portable import write_agent
from autograph.infra.ids import new_id
from autograph.infra.settings import Settings
from tests.agents import chain
from tests.processes import as_json, command


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, data_dir=tmp_path, max_crashes=2)


@pytest.fixture
async def poison(settings: Settings, catalog: Catalog) -> UUID:
    """A queued run over which two workers have died."""
    async with platform(settings, process=Process.API) as api:
        saved = await api.agents.create(api.owner, write_agent(chain(catalog, 2)))
        run_id = await api.runs.start(api.owner, saved.id, {})
        for _ in range(2):
            (claim,) = (await api.journal.take(Turn(worker=1, room=1, share=1))).claims
            await api.journal.give_back([claim], crashed=True)
    return run_id


@pytest.fixture
async def up(settings: Settings, poison: UUID) -> AsyncIterator[Platform]:
    """A platform that has set the poison aside."""
    async with platform(settings, process=Process.UP) as made:
        async with asyncio.timeout(10):
            while not (await made.dead_letters.list_page(made.owner)).rows:
                await asyncio.sleep(0.02)
        yield made


async def test_it_is_told_why_a_run_was_set_aside(up: Platform, poison: UUID) -> None:
    (letter,) = (await up.dead_letters.list_page(up.owner)).rows
    assert (letter.run_id, letter.code, letter.crashes) == (poison, "run.poison", 2)
    assert "AUTOGRAPH_MAX_CRASHES" in letter.message
    assert (await up.runs.get(up.owner, poison)).row.status == "waiting"


async def test_it_is_told_what_had_begun(settings: Settings, catalog: Catalog) -> None:
    async with platform(settings, process=Process.API) as api:
        saved = await api.agents.create(api.owner, write_agent(chain(catalog, 2)))
        run_id = await api.runs.start(api.owner, saved.id, {})
        (claim,) = (await api.journal.take(Turn(worker=1, room=1, share=1))).claims
        begun = RunWrite(claim.run, claim.epoch)
        events = [NodeStarted(1, "n0"), NodeStarted(2, "n1"), NodeCompleted(1, "n0")]
        begun.entries.extend((seq, encode_event(one)) for seq, one in enumerate(events, 2))
        await api.journal.write([begun])
        assert await api.journal.bury(
            claim, inbox_count=claim.inbox_count, code="run.poison", message="Workers died."
        )

        letter = await api.dead_letters.get(api.owner, run_id)
        (listed,) = (await api.dead_letters.list_page(api.owner)).rows

    assert letter.in_flight == listed.in_flight == [NodeRunRef(2, "n1")]


async def test_by_command(settings: Settings, poison: UUID, tmp_path: Path) -> None:
    async with platform(settings, process=Process.UP) as up:
        async with asyncio.timeout(10):
            while not (await up.dead_letters.list_page(up.owner)).rows:
                await asyncio.sleep(0.02)

    def told(*arguments: str) -> subprocess.CompletedProcess[str]:
        url = str(settings.database_url)
        return command("dead-letters", *arguments, data_dir=tmp_path, AUTOGRAPH_DATABASE_URL=url)

    (listed,) = as_json(told("list", "--json"))
    assert (listed["run_id"], listed["crashes"]) == (str(poison), 2)
    assert "set aside, 2 workers lost" in told("show", str(poison)).stdout
    assert told("redrive", str(poison)).stdout == f"Run {poison} is queued again.\n"
    again = told("discard", str(poison))
    assert (again.returncode, "was redriven before" in again.stderr) == (2, True)


async def test_over_http(up: Platform, poison: UUID) -> None:
    transport = httpx2.ASGITransport(serve(up))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        (listed,) = (await http.get("/api/v1/dead-letters")).json()["dead_letters"]
        shown = (await http.get(f"/api/v1/dead-letters/{poison}")).json()
        assert (listed["run_id"], listed["crashes"], listed["decision"]) == (str(poison), 2, None)
        assert listed == shown

        discarded = await http.delete(f"/api/v1/dead-letters/{poison}", params={"reason": "Old"})
        assert (discarded.status_code, discarded.json()["run_id"]) == (202, str(poison))
        async with asyncio.timeout(10):
            while (await up.runs.get(up.owner, poison)).row.status != "failed":
                await asyncio.sleep(0.02)

        again = await http.post(f"/api/v1/dead-letters/{poison}/redrive")
        assert (again.status_code, again.json()["details"]["decision"]) == (409, "discarded")
        never = await http.post(f"/api/v1/dead-letters/{new_id()}/redrive")
        assert (never.status_code, never.json()["code"]) == (404, "dead_letter.not_found")


async def test_it_is_nobody_elses(up: Platform, poison: UUID) -> None:
    stranger = replace(up.owner, user_id=new_id())
    assert (await up.dead_letters.list_page(stranger)).rows == []
    for door in (up.dead_letters.get, up.dead_letters.redrive, up.dead_letters.discard):
        with pytest.raises(DeadLetterNotFound):
            await door(stranger, poison)
    assert (await up.dead_letters.get(up.owner, poison)).decision is None


async def test_a_run_that_is_redriven_goes_on(up: Platform, poison: UUID) -> None:
    assert (await up.dead_letters.redrive(up.owner, poison)).decision == "redriven"

    async with asyncio.timeout(10):
        while (await up.runs.get(up.owner, poison)).row.status != "completed":
            await asyncio.sleep(0.02)
    assert (await up.dead_letters.list_page(up.owner)).rows == []
    (decided,) = (await up.dead_letters.list_page(up.owner, is_open=False)).rows
    assert decided.decision == "redriven"
    with pytest.raises(DeadLetterDecided, match="redriven before"):
        await up.dead_letters.redrive(up.owner, poison)


async def test_a_run_that_is_discarded_fails_with_the_reason(up: Platform, poison: UUID) -> None:
    await up.dead_letters.discard(up.owner, poison, reason="Not worth it")

    async with asyncio.timeout(10):
        while (run := await up.runs.get(up.owner, poison)).row.status != "failed":
            await asyncio.sleep(0.02)
    assert run.result.error is not None
    assert run.result.error["code"] == "run.poison"
    assert "Not worth it" in str(run.result.error["message"])
    with pytest.raises(DeadLetterDecided, match="discarded before"):
        await up.dead_letters.discard(up.owner, poison)


async def test_a_run_that_was_never_set_aside_is_not_found(up: Platform) -> None:
    with pytest.raises(DeadLetterNotFound):
        await up.dead_letters.redrive(up.owner, new_id())
