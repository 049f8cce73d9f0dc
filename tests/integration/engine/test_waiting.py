"""Runs that wait: for time, for people, for calls, for a person's word on what a dead worker did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
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
    CostKind,
    Effect,
    Json,
    Outputs,
    pin,
)
from autograph.bootstrap import Platform, Process, platform
from autograph.engine.state import RunStatus
from autograph.engine.waits import Answer, Choice
from autograph.features.agents.models import GraphSettings
from autograph.features.runs.models import Run
from autograph.graph.model import Graph, OutcomeUnknown, Policy, Retry, ReviewPolicy
from autograph.graph.portable import write_agent
from autograph.infra.settings import Settings
from tests.agents import graph, node


class SendInput(BlockInput):
    value: Json = pin(None, description="What to send.")
    say: str = pin("", description="What to do.")


class SendOutput(BlockOutput):
    sent: Json = pin(description="What was sent.")


class Send(Block[SendInput]):
    """Takes effect outside: `calls` is the outside."""

    id = "send"
    name = "Send"
    description = "For tests."
    effect = Effect.EFFECT
    is_sensitive = True
    costs = (Cost(3), Cost(10, CostKind.TOKENS, divisor=1000))
    Input = SendInput
    Output = SendOutput
    calls: list[tuple[str, Json]] = []  # noqa: RUF012 - what tests look at

    async def run(self, input: SendInput, ctx: Context) -> Outputs:
        if input.say == "fail once" and ctx.attempt == 1:
            raise BlockError("not yet")
        self.calls.append((ctx.idempotency_key, input.value))
        ctx.used(CostKind.TOKENS, 150)
        if input.say == "hang":
            await asyncio.Event().wait()
        yield "sent", input.value


class WatchInput(BlockInput):
    rounds: int = pin(description="How often to look.")


class WatchOutput(BlockOutput):
    seen: int = pin(description="What was seen.")


class Watch(Block[WatchInput]):
    """Looks at something that moves on: `looks` counts how often it was looked at."""

    id = "watch"
    name = "Watch"
    description = "For tests."
    effect = Effect.READ
    Input = WatchInput
    Output = WatchOutput
    looks: list[int] = []  # noqa: RUF012 - what tests look at

    async def run(self, input: WatchInput, ctx: Context) -> Outputs:
        done = ctx.kept["done"] if ctx.kept else 0
        while True:
            self.looks.append(done)
            for _ in range(done + 1):
                yield "seen", len(self.looks)
            done += 1
            if done == input.rounds:
                return
            await ctx.sleep(timedelta(seconds=1.1), keep={"done": done})


Start = Callable[..., AbstractAsyncContextManager[Platform]]


@pytest.fixture(autouse=True)
def _send() -> None:
    Send.calls.clear()
    Watch.looks.clear()


@pytest.fixture
def start(database_url: str, tmp_path: Path, catalog: Catalog) -> Start:
    def made(**settings: Any) -> AbstractAsyncContextManager[Platform]:
        settings = {"drain_time": timedelta(seconds=0.1), **settings}
        found = Settings(database_url=database_url, data_dir=tmp_path, **settings)
        return platform(found, process=Process.UP, load=lambda: Catalog([*catalog, Send, Watch]))

    return made


@pytest.fixture
async def up(start: Start) -> AsyncIterator[Platform]:
    async with start() as made:
        yield made


async def begin(up: Platform, made: Graph, settings: GraphSettings | None = None) -> UUID:
    saved = await up.agents.create(up.owner, write_agent(made))
    if settings is not None:
        await up.agents.set_settings(up.owner, saved.id, settings)
    return await up.runs.start(up.owner, saved.id, {})


async def until(up: Platform, run_id: UUID, *statuses: RunStatus) -> Run:
    async with asyncio.timeout(10):
        while (run := await up.runs.get(up.owner, run_id)).row.status not in statuses:
            await asyncio.sleep(0.02)
    return run


async def waiting(up: Platform, run_id: UUID) -> Run:
    return await until(up, run_id, RunStatus.WAITING)


async def ended(up: Platform, run_id: UUID) -> Run:
    return await until(up, run_id, RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED)


async def question(up: Platform, run_id: UUID) -> Any:
    async with up.database.acquire() as connection:
        return await connection.fetchrow(
            "SELECT * FROM waits WHERE run_id = $1 AND status = 'waiting'", run_id
        )


async def decide(up: Platform, run_id: UUID, answer: Answer) -> bool:
    found = await question(up, run_id)
    return await up.journal.answer(found["id"], answer.as_json())


async def kinds(up: Platform, run_id: UUID) -> list[str]:
    return [event.kind for event in await up.runs.events(up.owner, run_id)]


def review(catalog: Catalog, policy: Policy | None = None, *, editable: bool = True) -> Graph:
    return graph(
        [
            node(
                catalog, "ask", "HumanInTheLoop", policy, data=[1], name="Is it?", editable=editable
            ),
            node(catalog, "yes", "AgentOutput", name="yes"),
            node(catalog, "no", "AgentOutput", name="no"),
            node(catalog, "why", "AgentOutput", name="why"),
        ],
        "ask.approved_data -> yes.value",
        "ask.rejected_data -> no.value",
        "ask.review_message -> why.value",
    )


def send(catalog: Catalog, policy: Policy | None = None, **constants: Any) -> Graph:
    sender = node(Catalog([*catalog, Send]), "send", "Send", policy, value="hi", **constants)
    return graph([sender, node(catalog, "out", "AgentOutput", name="o")], "send.sent -> out.value")


class TestReviews:
    async def test_a_review_holds_no_worker_and_an_approval_goes_on(
        self, up: Platform, catalog: Catalog
    ) -> None:
        run_id = await begin(up, review(catalog))
        waits = await waiting(up, run_id)
        assert (waits.row.worker, up.worker.active) == (None, 0)

        assert await decide(up, run_id, Answer(Choice.APPROVE))

        assert (await ended(up, run_id)).result.outputs == {"yes": [[1]]}

    async def test_what_a_person_changed_and_wrote_is_given_out(
        self, up: Platform, catalog: Catalog
    ) -> None:
        run_id = await begin(up, review(catalog))
        await waiting(up, run_id)
        await decide(up, run_id, Answer(Choice.APPROVE, data=[2], message="better"))

        assert (await ended(up, run_id)).result.outputs == {"yes": [[2]], "why": ["better"]}

    async def test_what_may_not_be_edited_stays(self, up: Platform, catalog: Catalog) -> None:
        run_id = await begin(up, review(catalog, editable=False))
        await waiting(up, run_id)
        await decide(up, run_id, Answer(Choice.APPROVE, data=[2]))

        assert (await ended(up, run_id)).result.outputs == {"yes": [[1]]}

    async def test_a_rejection_leaves_by_its_own_pin(self, up: Platform, catalog: Catalog) -> None:
        run_id = await begin(up, review(catalog))
        await waiting(up, run_id)
        await decide(up, run_id, Answer(Choice.REJECT))

        assert (await ended(up, run_id)).result.outputs == {"no": [[1]]}

    async def test_a_run_waits_through_a_restart(self, start: Start, catalog: Catalog) -> None:
        async with start() as first:
            run_id = await begin(first, review(catalog))
            await waiting(first, run_id)
        async with start() as second:
            await decide(second, run_id, Answer(Choice.APPROVE))
            assert (await ended(second, run_id)).result.outputs == {"yes": [[1]]}

    @pytest.mark.parametrize(("approves", "output"), [(True, "yes"), (False, "no")])
    async def test_the_deadline_decides_what_nobody_decided(
        self, up: Platform, catalog: Catalog, approves: bool, output: str
    ) -> None:
        policy = Policy(review=ReviewPolicy(timedelta(seconds=1.2), approves=approves))
        run_id = await begin(up, review(catalog, policy))

        over = await ended(up, run_id)

        assert over.result.outputs == {output: [[1]], "why": ["Nobody answered in time."]}
        assert await question(up, run_id) is None

    async def test_where_nobody_is_asked_a_review_approves_at_once(
        self, up: Platform, catalog: Catalog
    ) -> None:
        settings = GraphSettings(human_in_the_loop_safe_mode=False)
        run_id = await begin(up, review(catalog), settings)

        assert (await ended(up, run_id)).result.outputs == {"yes": [[1]]}
        assert "node.waiting" not in await kinds(up, run_id)

    async def test_a_trusted_node_asks_once_in_a_run(self, up: Platform, catalog: Catalog) -> None:
        made = graph(
            [
                node(catalog, "items", "StepThroughItems", items=[1, 2, 3]),
                node(catalog, "ask", "HumanInTheLoop", name="Is it?"),
                node(catalog, "yes", "AgentOutput", name="yes"),
            ],
            "items.item -> ask.data",
            "ask.approved_data -> yes.value",
        )
        run_id = await begin(up, made)
        await waiting(up, run_id)
        async with up.database.acquire() as connection:
            asked = await connection.fetch("SELECT id FROM waits WHERE run_id = $1", run_id)
        trust = Answer(Choice.APPROVE, auto_approve=True).as_json()
        assert await up.journal.answer(asked[0]["id"], trust)

        over = await ended(up, run_id)

        assert (len(asked), sorted(over.result.outputs["yes"])) == (3, [1, 2, 3])

    async def test_a_cancelled_run_closes_its_questions(
        self, up: Platform, catalog: Catalog
    ) -> None:
        run_id = await begin(up, review(catalog))
        await waiting(up, run_id)
        await up.runs.cancel(up.owner, run_id)

        assert (await ended(up, run_id)).row.status is RunStatus.CANCELLED
        assert await question(up, run_id) is None


class TestSensitiveActions:
    ASKS = GraphSettings(sensitive_action_safe_mode=True)

    async def test_a_person_sees_the_inputs_first_and_may_change_them(
        self, up: Platform, catalog: Catalog
    ) -> None:
        run_id = await begin(up, send(catalog), self.ASKS)
        await waiting(up, run_id)
        asked = await question(up, run_id)
        assert (asked["kind"], Send.calls) == ("action", [])
        await decide(up, run_id, Answer(Choice.APPROVE, data={"value": "hello"}))

        over = await ended(up, run_id)

        assert (over.result.outputs, len(Send.calls)) == ({"o": ["hello"]}, 1)

    async def test_what_is_not_approved_fails_and_is_not_done(
        self, up: Platform, catalog: Catalog
    ) -> None:
        run_id = await begin(up, send(catalog), self.ASKS)
        await waiting(up, run_id)
        await decide(up, run_id, Answer(Choice.REJECT, message="too early"))

        over = await ended(up, run_id)

        assert over.row.status is RunStatus.FAILED
        assert over.result.errors[0]["code"] == "review.rejected"
        assert "too early" in str(over.result.errors[0]["message"])
        assert Send.calls == []

    async def test_nobody_is_asked_where_the_settings_do_not_say_so(
        self, up: Platform, catalog: Catalog
    ) -> None:
        run_id = await begin(up, send(catalog))

        assert (await ended(up, run_id)).result.outputs == {"o": ["hi"]}


class TestTimers:
    def countdown(self, catalog: Catalog, **constants: Any) -> Graph:
        return graph(
            [
                node(catalog, "wait", "CountdownTimer", input_message="x", **constants),
                node(catalog, "out", "AgentOutput", name="o"),
            ],
            "wait.output_message -> out.value",
        )

    async def test_a_long_wait_holds_no_worker_and_ends_in_time(
        self, up: Platform, catalog: Catalog
    ) -> None:
        run_id = await begin(up, self.countdown(catalog, seconds=2, repeat=2))
        await waiting(up, run_id)
        assert up.worker.active == 0

        over = await ended(up, run_id)

        assert over.result.outputs == {"o": ["x", "x"]}
        assert over.row.ended_at is not None
        assert over.row.started_at is not None
        took = (over.row.ended_at - over.row.started_at).total_seconds()
        assert (
            took >= 3.8
        )  # it is noted as started when its first commit is, a little after it began
        assert (await kinds(up, run_id)).count("node.resumed") == 2

    async def test_a_wait_goes_on_in_another_process(self, start: Start, catalog: Catalog) -> None:
        async with start() as first:
            run_id = await begin(first, self.countdown(catalog, seconds=2))
            await waiting(first, run_id)
        async with start() as second:
            assert (await ended(second, run_id)).result.outputs == {"o": ["x"]}

    async def test_a_block_goes_on_from_what_it_kept(self, start: Start, catalog: Catalog) -> None:
        watch = node(Catalog([*catalog, Watch]), "watch", "Watch", rounds=3)
        made = graph(
            [watch, node(catalog, "out", "AgentOutput", name="o")], "watch.seen -> out.value"
        )
        async with start() as first:
            run_id = await begin(first, made)
            await waiting(first, run_id)
        async with start() as second:
            over = await ended(second, run_id)

        assert Watch.looks == [0, 1, 2]
        assert over.result.outputs == {"o": [1, 2, 2, 3, 3, 3]}

    async def test_the_delay_of_a_retry_holds_no_worker(
        self, up: Platform, catalog: Catalog
    ) -> None:
        policy = Policy(retry=Retry(max=1, backoff=timedelta(seconds=2)))
        run_id = await begin(up, send(catalog, policy, say="fail once"))
        waits = await waiting(up, run_id)
        assert waits.row.worker is None

        assert (await ended(up, run_id)).result.outputs == {"o": ["hi"]}


class TestAgentsInside:
    async def test_an_agent_inside_asks_what_the_agent_around_it_asks(
        self, up: Platform, catalog: Catalog
    ) -> None:
        inner = replace(send(catalog), id="inner")
        agent = node(
            catalog,
            "agent",
            "AgentExecutor",
            graph_id="inner",
            graph_version=1,
            input_schema={"type": "object", "properties": {}},
            output_schema={"type": "object", "properties": {"o": {}}},
        )
        out = node(catalog, "out", "AgentOutput", name="o")
        made = graph([agent, out], "agent.o -> out.value", id="outer", sub_graphs=(inner,))
        run_id = await begin(up, made, GraphSettings(sensitive_action_safe_mode=True))

        async with asyncio.timeout(10):
            while not (page := await up.reviews.list_page(up.owner)).rows:
                await asyncio.sleep(0.02)

        assert [review.kind for review in page.rows] == ["action"]
        assert page.rows[0].run_id != run_id
        assert Send.calls == []
        await up.reviews.decide(up.owner, page.rows[0].id, Answer(Choice.APPROVE))
        assert (await ended(up, run_id)).result.outputs == {"o": ["hi"]}


class TestCalls:
    async def test_a_call_from_outside_goes_on_with_what_it_brought(
        self, up: Platform, catalog: Catalog
    ) -> None:
        made = graph(
            [
                node(catalog, "call", "WaitForCall", name="Paid?"),
                node(catalog, "url", "AgentOutput", name="url"),
                node(catalog, "out", "AgentOutput", name="o"),
            ],
            "call.url -> url.value",
            "call.payload -> out.value",
        )
        run_id = await begin(up, made)
        await waiting(up, run_id)
        asked = await question(up, run_id)
        assert await up.journal.answer(asked["id"], {"body": {"paid": True}})

        over = await ended(up, run_id)

        assert over.result.outputs["o"] == [{"paid": True}]
        assert str(over.result.outputs["url"][0]).endswith(f"/api/v1/calls/{asked['token']}")

    async def test_a_call_that_never_comes_fails_at_its_deadline(
        self, up: Platform, catalog: Catalog
    ) -> None:
        policy = Policy(review=ReviewPolicy(timedelta(seconds=1.1)))
        run_id = await begin(up, graph([node(catalog, "call", "WaitForCall", policy)]))

        over = await ended(up, run_id)

        assert over.result.errors[0]["code"] == "wait.timed_out"


class TestOutcomeUnknown:
    async def lost(self, start: Start, made: Graph, *, is_attended: bool = True) -> UUID:
        """A run whose worker is cut off while its effect is on its way."""
        async with start() as first:
            saved = await first.agents.create(first.owner, write_agent(made))
            run_id = await first.runs.start(first.owner, saved.id, {}, is_attended=is_attended)
            async with asyncio.timeout(5):
                while not Send.calls:
                    await asyncio.sleep(0.01)
        return run_id

    @pytest.mark.parametrize(
        ("answer", "status", "outputs"),
        [
            (Answer(Choice.REJECT), RunStatus.FAILED, {}),
            (Answer(Choice.DONE, data={"sent": "hi"}), RunStatus.COMPLETED, {"o": ["hi"]}),
        ],
    )
    async def test_a_person_is_asked_and_their_word_stands(
        self,
        start: Start,
        catalog: Catalog,
        answer: Answer,
        status: RunStatus,
        outputs: dict[str, Json],
    ) -> None:
        run_id = await self.lost(start, send(catalog, say="hang"))
        async with start() as second:
            await waiting(second, run_id)
            assert (await question(second, run_id))["kind"] == "outcome"
            await decide(second, run_id, answer)
            over = await ended(second, run_id)

        assert (over.row.status, over.result.outputs, len(Send.calls)) == (status, outputs, 1)

    async def test_approved_it_runs_again_with_the_same_key(
        self, start: Start, catalog: Catalog
    ) -> None:
        made = send(catalog, Policy(timeout=timedelta(seconds=0.5)), say="hang")
        run_id = await self.lost(start, made)
        async with start() as second:
            await waiting(second, run_id)
            await decide(second, run_id, Answer(Choice.APPROVE))
            await ended(second, run_id)

        keys = [key for key, _ in Send.calls]
        assert (len(keys), len(set(keys))) == (2, 1)

    async def test_without_anybody_there_it_fails(self, start: Start, catalog: Catalog) -> None:
        run_id = await self.lost(start, send(catalog, say="hang"), is_attended=False)
        async with start() as second:
            over = await ended(second, run_id)

        assert over.result.errors[0]["code"] == "node.outcome_unknown"
        assert len(Send.calls) == 1

    async def test_a_policy_may_say_to_run_it_again(self, start: Start, catalog: Catalog) -> None:
        policy = Policy(
            outcome_unknown=OutcomeUnknown.RETRY,
            timeout=timedelta(seconds=0.5),
            retry=Retry(backoff=timedelta(0)),
        )
        run_id = await self.lost(start, send(catalog, policy, say="hang"))
        async with start() as second:
            await ended(second, run_id)

        keys = [key for key, _ in Send.calls]
        assert (len(keys), len(set(keys))) == (2, 1)


class TestCharges:
    async def test_a_node_run_is_charged_once_with_its_end(
        self, up: Platform, catalog: Catalog
    ) -> None:
        run_id = await begin(up, send(catalog))
        over = await ended(up, run_id)

        async with up.database.acquire() as connection:
            rows = await connection.fetch("SELECT * FROM charges WHERE run_id = $1", run_id)
        events = await up.runs.events(up.owner, over.row.id)
        journal = {
            event.body["node_run"]: event.body["credits"]
            for event in events
            if event.body.get("credits")
        }
        assert {row["node_run"]: row["credits"] for row in rows} == journal == {1: 5}


class TestDraining:
    async def test_a_worker_that_stops_lets_an_effect_end_and_hands_the_rest_on(
        self, start: Start, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow(self: Send, input: SendInput, ctx: Context) -> Outputs:
            self.calls.append((ctx.idempotency_key, input.value))
            begun.set()
            await go_on.wait()
            yield "sent", input.value

        monkeypatch.setattr(Send, "run", slow)
        async with start(drain_time=timedelta(seconds=10)) as first:
            run_id = await begin(first, send(catalog))
            await begun.wait()
            asyncio.get_running_loop().call_later(0.3, go_on.set)
        async with start() as second:
            over = await ended(second, run_id)

        assert (over.row.status, over.result.outputs) == (RunStatus.COMPLETED, {"o": ["hi"]})
        assert len(Send.calls) == 1
