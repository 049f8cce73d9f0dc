"""Family 14: every way that starts a block charges it, and no way charges it twice.

Charges are rows keyed by node run. Balances, floors, refunds and what a payment provider sends need the
ledger of credits, which does not exist yet: nothing of it is tried here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
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
    Outputs,
    pin,
)
from autograph.bootstrap import Platform, Process, platform
from autograph.engine.journal import sql
from autograph.graph.model import Node, Policy, Retry
from autograph.graph.portable import write_agent
from autograph.infra.settings import Settings
from tests.agents import graph

pytestmark = pytest.mark.timeout(60)


class PaidInput(BlockInput):
    say: str = pin("", description="What to do.")


class PaidOutput(BlockOutput):
    out: str = pin(description="What was said.")


class Paid(Block[PaidInput]):
    """Costs seven credits."""

    id = "paid"
    name = "Paid"
    description = "For tests."
    effect = Effect.EFFECT
    costs = (Cost(7),)
    Input = PaidInput
    Output = PaidOutput

    async def run(self, input: PaidInput, ctx: Context) -> Outputs:
        if input.say == "fail" or (input.say == "fail once" and ctx.attempt == 1):
            raise BlockError("no")
        yield "out", input.say


@pytest.fixture
async def up(database_url: str, tmp_path: Path, catalog: Catalog) -> AsyncIterator[Platform]:
    found = Settings(database_url=database_url, data_dir=tmp_path)
    async with platform(found, process=Process.UP, load=lambda: Catalog([*catalog, Paid])) as made:
        yield made


def paid(node_id: str, say: str = "", **policy: Any) -> Node:
    return Node(node_id, "paid", {"say": say}, policy=Policy(**policy))


async def run(up: Platform, *nodes: Node) -> UUID:
    saved = await up.agents.create(up.owner, write_agent(graph(nodes)))
    return await over(up, await up.runs.start(up.owner, saved.id, {}))


async def over(up: Platform, run_id: UUID) -> UUID:
    assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))
    return run_id


async def charges(up: Platform, run_id: UUID) -> list[int]:
    async with up.database.acquire() as connection:
        rows = await connection.fetch("SELECT credits FROM charges WHERE run_id = $1", run_id)
    return [row[0] for row in rows]


async def test_every_node_run_is_charged_once(up: Platform) -> None:
    assert await charges(up, await run(up, paid("a"), paid("b"))) == [7, 7]


async def test_what_failed_is_not_charged_and_what_was_tried_again_is_once(up: Platform) -> None:
    retried = paid("a", "fail once", retry=Retry(max=2, backoff=timedelta(0)))

    assert await charges(up, await run(up, retried, paid("b", "fail"))) == [7]


async def test_going_on_from_a_run_charges_what_is_done_again(up: Platform) -> None:
    first = await run(up, paid("a"), paid("b"))

    forked = await over(up, await up.forks.fork(up.owner, first, 1))
    again = await over(up, await up.forks.again(up.owner, first))

    assert await charges(up, forked) == [7]
    assert await charges(up, again) == [7, 7]
    assert await charges(up, first) == [7, 7]


async def test_one_node_run_charged_by_twenty_at_once_is_charged_once(up: Platform) -> None:
    run_id = await run(up, paid("a", "fail"))

    async def charge(credits: int) -> None:
        async with up.database.acquire() as connection:
            await connection.execute(
                sql.CHARGE, [run_id], [1], [up.owner.user_id], ["a"], ["paid"], [credits]
            )

    await asyncio.gather(*(charge(5) for _ in range(20)))

    assert await charges(up, run_id) == [5]


async def test_runs_at_once_are_charged_each_for_itself(up: Platform) -> None:
    saved = await up.agents.create(up.owner, write_agent(graph([paid("a")])))

    async def once() -> list[int]:
        return await charges(up, await over(up, await up.runs.start(up.owner, saved.id, {})))

    assert await asyncio.gather(*(once() for _ in range(20))) == [[7]] * 20


async def test_nothing_can_be_given_back_by_a_negative_charge(up: Platform) -> None:
    run_id = await run(up, paid("a", "fail"))
    async with up.database.acquire() as connection:
        with pytest.raises(Exception, match="credits"):
            await connection.execute(
                sql.CHARGE, [run_id], [1], [up.owner.user_id], ["a"], ["paid"], [-5]
            )
