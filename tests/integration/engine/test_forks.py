"""Forks and the outside world: what is kept is not done, and not charged, again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Context,
    Cost,
    Effect,
    Json,
    Outputs,
    pin,
)
from autograph.bootstrap import Platform, Process, platform
from autograph.features.runs.errors import RunNotFound
from autograph.graph.model import Graph, Node
from autograph.graph.portable import write_agent
from autograph.infra.ids import new_id
from autograph.infra.settings import Settings
from tests.agents import graph, node


class MailInput(BlockInput):
    value: Json = pin(None, description="What to mail.")


class MailOutput(BlockOutput):
    out: Json = pin(description="What was mailed.")


class Mail(Block[MailInput]):
    """Takes effect outside."""

    id = "mail"
    name = "Mail"
    description = "For tests."
    effect = Effect.EFFECT
    costs = (Cost(5),)
    Input = MailInput
    Output = MailOutput
    sent: list[tuple[str, str]] = []  # noqa: RUF012 - what tests look at
    is_down = False

    async def run(self, input: MailInput, ctx: Context) -> Outputs:
        if self.is_down and ctx.node_id == "second":
            raise BlockError("The post office is closed.")
        self.sent.append((ctx.node_id, ctx.idempotency_key))
        yield "out", input.value


@pytest.fixture
async def up(
    database_url: str, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Platform]:
    made = Catalog([*catalog, Mail])
    monkeypatch.setattr(Mail, "is_down", False)
    Mail.sent.clear()
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    async with platform(settings, process=Process.UP, load=lambda: made) as made_up:
        yield made_up


def two_mails(catalog: Catalog) -> Graph:
    return graph(
        [
            Node("first", "mail", {"value": 1}),
            Node("second", "mail", {}),
            node(catalog, "out", "AgentOutput", name="o"),
        ],
        "first.out -> second.value",
        "second.out -> out.value",
    )


async def ended(up: Platform, run_id: UUID) -> Any:
    assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))
    return await up.runs.get(up.owner, run_id)


async def charged(up: Platform, run_id: UUID) -> dict[str, int]:
    async with up.database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT node_id, credits FROM charges WHERE run_id = $1", run_id
        )
    return {row["node_id"]: row["credits"] for row in rows}


async def begin(up: Platform, catalog: Catalog) -> UUID:
    saved = await up.agents.create(up.owner, write_agent(two_mails(catalog)))
    return await up.runs.start(up.owner, saved.id, {})


async def test_only_what_is_done_again_takes_effect_and_is_charged(
    up: Platform, catalog: Catalog
) -> None:
    run_id = await begin(up, catalog)
    await ended(up, run_id)
    assert (await up.forks.plan(up.owner, run_id, 2)).credits_before == 5

    forked = await up.forks.fork(up.owner, run_id, 2)

    assert (await ended(up, forked)).result.outputs == {"o": [1]}
    assert [name for name, _ in Mail.sent] == ["first", "second", "second"]
    assert len({key for _, key in Mail.sent}) == 3  # another run, another key
    assert await charged(up, run_id) == {"first": 5, "second": 5}
    assert await charged(up, forked) == {"second": 5}


@pytest.mark.seed("D8-19")
async def test_a_retry_does_what_failed_and_succeeds(
    up: Platform, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mail, "is_down", True)
    run_id = await begin(up, catalog)
    assert (await ended(up, run_id)).row.status == "failed"
    monkeypatch.setattr(Mail, "is_down", False)

    retried = await up.forks.retry(up.owner, run_id)

    found = await ended(up, retried)
    assert (found.row.status, found.result.outputs) == ("completed", {"o": [1]})
    assert [name for name, _ in Mail.sent] == ["first", "second"]
    assert await charged(up, retried) == {"second": 5}


async def test_a_fork_of_a_fork_keeps_what_both_kept(up: Platform, catalog: Catalog) -> None:
    run_id = await begin(up, catalog)
    await ended(up, run_id)
    first = await up.forks.fork(up.owner, run_id, 2)
    await ended(up, first)

    second = await up.forks.fork(up.owner, first, 3)

    assert (await ended(up, second)).result.outputs == {"o": [1]}
    assert [name for name, _ in Mail.sent] == ["first", "second", "second"]


async def test_a_fork_goes_on_without_the_run_it_came_from(up: Platform, catalog: Catalog) -> None:
    run_id = await begin(up, catalog)
    await ended(up, run_id)
    forked = await up.forks.fork(up.owner, run_id, 2)
    await up.runs.delete(up.owner, run_id)
    assert (await ended(up, forked)).result.outputs == {"o": [1]}


async def test_somebody_elses_run_is_not_found(up: Platform, catalog: Catalog) -> None:
    run_id = await begin(up, catalog)
    await ended(up, run_id)
    stranger = replace(up.owner, user_id=new_id())
    for attempt in (
        up.forks.fork(stranger, run_id, 1),
        up.forks.retry(stranger, run_id),
        up.forks.again(stranger, run_id),
    ):
        with pytest.raises(RunNotFound):
            await attempt
