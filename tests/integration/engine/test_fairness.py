"""Nobody waits because somebody else queued much."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from autograph import __version__
from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import Block, BlockInput, BlockOutput, Context, Effect, Outputs, Rate, pin
from autograph.bootstrap import Platform, Process, platform
from autograph.engine.events import FORMAT
from autograph.engine.ports import Turn
from autograph.features.accounts.models import Principal
from autograph.graph.portable import write_agent
from autograph.infra.ids import new_id
from autograph.infra.json import decode
from autograph.infra.settings import Settings
from tests.agents import chain, graph, node
from tests.processes import carrying


class CallInput(BlockInput):
    key: str = pin("key", description="Whose rate.")


class CallOutput(BlockOutput):
    at: float = pin(description="When it was its turn.")


class Call(Block[CallInput]):
    """Calls a provider that takes ten calls a second, after three at once."""

    id = "call"
    name = "Call"
    description = "For tests."
    effect = Effect.READ
    Input = CallInput
    Output = CallOutput

    async def run(self, input: CallInput, ctx: Context) -> Outputs:
        await ctx.throttle(input.key, Rate(10, timedelta(seconds=1), 3))
        yield "at", monotonic()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url,
        data_dir=tmp_path,
        worker_slots=20,
        drain_time=timedelta(seconds=0.1),
    )


@pytest.fixture
async def up(settings: Settings, catalog: Catalog) -> AsyncIterator[Platform]:
    made = Catalog([*catalog, Call])
    async with platform(settings, process=Process.UP, load=lambda: made) as made_up:
        yield made_up


async def other(up: Platform, *, weight: int = 1) -> Principal:
    """Another person."""
    user_id = new_id()
    async with up.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO users (id, name, weight) VALUES ($1, $2, $3)",
            user_id,
            f"Person {user_id}",
            weight,
        )
    return replace(up.owner, user_id=user_id, name="Other")


@pytest.mark.seed("D5-S16")
async def test_a_run_does_not_wait_for_the_500_of_somebody_else(
    up: Platform, catalog: Catalog
) -> None:
    slow = graph([node(catalog, "wait", "CountdownTimer", seconds=1)])
    many = await up.agents.create(up.owner, write_agent(slow))
    for _ in range(500):
        await up.runs.start(up.owner, many.id, {})
    person = await other(up)
    own = await up.agents.create(person, write_agent(chain(catalog, 2)))

    begun = monotonic()
    run_id = await up.runs.start(person, own.id, {})
    assert await up.runs.wait(person, run_id, at_most=timedelta(seconds=20))

    assert monotonic() - begun < 2
    async with up.database.acquire() as connection:
        left = await connection.fetchval("SELECT count(*) FROM runs WHERE status = 'queued'")
    assert left > 400


async def test_a_person_of_three_times_the_weight_gets_three_times_the_turns(
    settings: Settings, catalog: Catalog
) -> None:
    async with platform(settings, process=Process.API) as api:
        light = await other(api)
        heavy = await other(api, weight=3)
        for person in (light, heavy):
            saved = await api.agents.create(person, write_agent(chain(catalog, 1)))
            for _ in range(20):
                await api.runs.start(person, saved.id, {})

        taken = await api.journal.take(Turn(worker=1, room=12, share=20))

    turns = Counter(claim.run.owner_id for claim in taken.claims)
    assert turns == {light.user_id: 3, heavy.user_id: 9}


async def test_a_run_of_a_newer_format_waits_for_a_worker_that_reads_it(
    settings: Settings, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = FORMAT + 7
    async with platform(settings, process=Process.API) as api:
        saved = await api.agents.create(api.owner, write_agent(chain(catalog, 2)))
        run_id = await api.runs.start(api.owner, saved.id, {})
        async with api.database.acquire() as connection:
            await connection.execute("UPDATE runs SET format = $2 WHERE id = $1", run_id, newer)

        older = carrying(
            "worker",
            tmp_path,
            AUTOGRAPH_DATABASE_URL=str(settings.database_url),
            AUTOGRAPH_LOG_FORMAT="json",
        )
        with older:
            async with asyncio.timeout(20):
                while not (told := refusals(tmp_path)):
                    await asyncio.sleep(0.05)
            (line,) = told
            assert (line["journal_format"], line["this_worker_reads"]) == (newer, FORMAT)
            assert line["version"] == __version__
            assert (await api.runs.get(api.owner, run_id)).row.status == "queued"

            monkeypatch.setattr("autograph.engine.journal.postgres.FORMAT", newer)
            async with platform(settings, process=Process.UP) as up:
                assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))
            assert (await api.runs.get(api.owner, run_id)).row.status == "completed"


def refusals(folder: Path) -> list[dict[str, Any]]:
    """The whole lines of a worker's log that tell of runs refused."""
    (log,) = folder.glob("worker-*.log")
    lines = log.read_text().rpartition("\n")[0].splitlines()
    return [decode(line) for line in lines if "refused runs" in line]


async def test_a_rate_is_kept_over_runs_and_holds_up_nobody_else(
    up: Platform, catalog: Catalog
) -> None:
    calls = Catalog([*catalog, Call])
    made = graph(
        [
            *(node(calls, f"a{number}", "Call", key="slow") for number in range(8)),
            node(calls, "b", "Call", key="other"),
            *(node(calls, f"o{number}", "AgentOutput", name="slow") for number in range(8)),
            node(calls, "p", "AgentOutput", name="other"),
        ],
        *(f"a{number}.at -> o{number}.value" for number in range(8)),
        "b.at -> p.value",
    )
    saved = await up.agents.create(up.owner, write_agent(made))
    begun = monotonic()
    runs = [await up.runs.start(up.owner, saved.id, {}) for _ in range(2)]
    async with asyncio.timeout(20):
        for run_id in runs:
            assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))

    found = [(await up.runs.get(up.owner, run_id)).result.outputs for run_id in runs]
    slow = sorted(at - begun for outputs in found for at in outputs["slow"])
    # 16 calls in all: three at once, and then one each tenth of a second, whoever asks.
    assert slow[3 + 12] >= 1.25
    others = [at - begun for outputs in found for at in outputs["other"]]
    assert max(others) < slow[8]
