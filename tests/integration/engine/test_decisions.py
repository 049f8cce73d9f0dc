"""Answers to questions through their service: whose they are, and what fits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import Block, BlockInput, BlockOutput, Context, Effect, Outputs, pin
from autograph.bootstrap import Platform, Process, platform
from autograph.engine.state import RunStatus
from autograph.engine.waits import Answer, Choice
from autograph.features.agents.models import GraphSettings
from autograph.features.runs.errors import AnswerInvalid, ReviewAnswered, ReviewNotFound
from autograph.features.runs.models import Review, Run
from autograph.graph.model import Json
from autograph.graph.portable import write_agent
from autograph.infra.ids import new_id
from autograph.infra.settings import Settings
from tests.agents import graph, node


class PayInput(BlockInput):
    amount: int = pin(description="How much.")


class PayOutput(BlockOutput):
    paid: int = pin(description="How much it was.")


class Pay(Block[PayInput]):
    """Takes effect outside."""

    id = "pay"
    name = "Pay"
    description = "For tests."
    effect = Effect.EFFECT
    is_sensitive = True
    Input = PayInput
    Output = PayOutput

    async def run(self, input: PayInput, ctx: Context) -> Outputs:
        yield "paid", input.amount


@pytest.fixture
async def up(database_url: str, tmp_path: Path, catalog: Catalog) -> AsyncIterator[Platform]:
    made = Catalog([*catalog, Pay])
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    async with platform(settings, process=Process.UP, load=lambda: made) as made_up:
        yield made_up


@pytest.fixture
async def review(up: Platform, catalog: Catalog) -> Review:
    """May 3 be paid?"""
    made = graph(
        [
            node(Catalog([*catalog, Pay]), "pay", "Pay", amount=3),
            node(catalog, "out", "AgentOutput", name="paid"),
        ],
        "pay.paid -> out.value",
    )
    saved = await up.agents.create(up.owner, write_agent(made))
    await up.agents.set_settings(up.owner, saved.id, GraphSettings(sensitive_action_safe_mode=True))
    run_id = await up.runs.start(up.owner, saved.id, {})
    async with asyncio.timeout(10):
        while not (rows := (await up.reviews.list_page(up.owner, run_id=run_id)).rows):
            await asyncio.sleep(0.02)
    return rows[0]


async def ended(up: Platform, review: Review) -> Run:
    async with asyncio.timeout(10):
        while not (run := await up.runs.get(up.owner, review.run_id)).row.status.is_terminal:
            await asyncio.sleep(0.02)
    return run


async def test_it_is_nobody_elses(up: Platform, review: Review) -> None:
    stranger = replace(up.owner, user_id=new_id())

    assert (await up.reviews.list_page(stranger)).rows == []
    with pytest.raises(ReviewNotFound):
        await up.reviews.get(stranger, review.id)
    with pytest.raises(ReviewNotFound):
        await up.reviews.decide(stranger, review.id, Answer(Choice.APPROVE))

    assert (await up.reviews.get(up.owner, review.id)).status == "waiting"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"amount": "much"}, "data.amount"),
        ({"amount": 1, "to": "Bob"}, "data.to"),
        ([1], "data"),
    ],
)
async def test_inputs_that_do_not_fit_are_named_and_nothing_is_done(
    up: Platform, review: Review, data: Json, field: str
) -> None:
    with pytest.raises(AnswerInvalid) as refused:
        await up.reviews.decide(up.owner, review.id, Answer(Choice.APPROVE, data=data))

    assert list(refused.value.details["errors"]) == [field]
    assert (await up.reviews.get(up.owner, review.id)).status == "waiting"


async def test_inputs_are_coerced_as_they_are_on_a_link(up: Platform, review: Review) -> None:
    await up.reviews.decide(up.owner, review.id, Answer(Choice.APPROVE, data={"amount": "4"}))

    over = await ended(up, review)

    assert (over.row.status, over.result.outputs) == (RunStatus.COMPLETED, {"paid": [4]})


async def test_of_many_answers_at_once_one_counts_and_the_others_are_told_it(
    up: Platform, review: Review
) -> None:
    people = [replace(up.owner, name=f"Person {number}") for number in range(8)]
    told = await asyncio.gather(
        *(
            up.reviews.decide(person, review.id, Answer(Choice.APPROVE, message=person.name))
            for person in people
        ),
        return_exceptions=True,
    )

    (first,) = [one for one in told if isinstance(one, Review)]
    refused = [one for one in told if isinstance(one, ReviewAnswered)]
    assert len(refused) == 7
    assert all(one.details["first"] == first.answer for one in refused)
    assert first.answered_at is not None
    assert all(one.details["answered_at"] == first.answered_at.isoformat() for one in refused)
    assert (await ended(up, review)).result.outputs == {"paid": [3]}
