"""Nobody waits because somebody else queued much."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import Block, BlockInput, BlockOutput, Context, Effect, Outputs, Rate, pin
from autograph.bootstrap import Platform, Process, platform
from autograph.features.accounts.models import Principal
from autograph.graph.portable import write_agent
from autograph.infra.ids import new_id
from autograph.infra.settings import Settings
from tests.agents import chain, graph, node


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
async def up(
    database_url: str, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Platform]:
    made = Catalog([*catalog, Call])
    monkeypatch.setattr("autograph.bootstrap.load_catalog", lambda: made)
    settings = Settings(
        database_url=database_url,
        data_dir=tmp_path,
        worker_slots=20,
        drain_time=timedelta(seconds=0.1),
    )
    async with platform(settings, process=Process.UP) as made_up:
        yield made_up


async def other(up: Platform) -> Principal:
    """Another person."""
    user_id = new_id()
    async with up.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO users (id, name) VALUES ($1, $2)", user_id, f"Person {user_id}"
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
