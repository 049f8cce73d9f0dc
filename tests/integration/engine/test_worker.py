"""Runs on a real database, from their start to their end: nested, cancelled, timed out, tried again, limited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Context,
    Effect,
    Json,
    Outputs,
    pin,
)
from autograph.bootstrap import Platform, Process, platform
from autograph.engine.journal.postgres import PostgresJournal
from autograph.engine.ports import RunWrite, Taken, Turn
from autograph.engine.state import RunStatus
from autograph.features.runs.models import Run
from autograph.graph.model import Graph, Node, OnError, Policy, Retry
from autograph.graph.portable import write_agent
from autograph.infra.settings import Settings
from tests.agents import chain, graph, node

pytestmark = pytest.mark.timeout(60)


class ProbeInput(BlockInput):
    value: Json = pin(None, description="Passed on.")
    say: str = pin("", description="What to do.")


class ProbeOutput(BlockOutput):
    out: Json = pin(description="Passed on.")


class Probe(Block[ProbeInput]):
    """Does what the test says, and notes that it was called."""

    id = "probe"
    name = "Probe"
    description = "For tests."
    effect = Effect.EFFECT
    Input = ProbeInput
    Output = ProbeOutput
    calls: list[tuple[str, int]] = []  # noqa: RUF012 - what tests look at
    gate: asyncio.Event | None = None

    async def run(self, input: ProbeInput, ctx: Context) -> Outputs:
        self.calls.append((ctx.idempotency_key, ctx.attempt))
        if input.say == "fail once" and ctx.attempt == 1:
            yield "out", "dropped"
            raise BlockError("not yet")
        if input.say == "hang":
            yield "out", "before"
            await asyncio.Event().wait()
        if input.say == "crash":
            raise ZeroDivisionError("oh")
        if input.say == "nan":
            yield "out", [float("nan")]
        if input.say == "undeclared":
            yield "nowhere", 1
        yield "out", input.value


@pytest.fixture(autouse=True)
def _probe() -> None:
    Probe.calls.clear()


@pytest.fixture
def start(database_url: str, tmp_path: Path, catalog: Catalog) -> Callable[..., object]:
    def made(*, takes_work: bool = True, **settings: object) -> object:
        settings.setdefault("drain_time", timedelta(seconds=0.1))
        found = Settings(database_url=database_url, data_dir=tmp_path, **settings)  # type: ignore[arg-type]
        process = Process.UP if takes_work else Process.COMMAND
        return platform(found, process=process, load=lambda: Catalog([*catalog, Probe]))

    return made


@pytest.fixture
async def up(start: Callable[..., object]) -> AsyncIterator[Platform]:
    async with start() as made:  # type: ignore[attr-defined]
        yield made


async def run(up: Platform, made: Graph, **inputs: object) -> Run:
    saved = await up.agents.create(up.owner, write_agent(made))
    run_id = await up.runs.start(up.owner, saved.id, inputs)
    assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))
    return await up.runs.get(up.owner, run_id)


def probe(node_id: str, policy: Policy | None = None, **constants: object) -> Node:
    return Node(node_id, "probe", constants, policy=policy or Policy())


class TestOrdinaryRuns:
    async def test_a_chain_runs_to_its_end(self, up: Platform, catalog: Catalog) -> None:
        ended = await run(up, chain(catalog, 10))

        assert (ended.row.status, ended.result.outputs) == (RunStatus.COMPLETED, {"sum": [10.0]})
        assert ended.result.stats["node_runs"] == 11

    @pytest.mark.seed("D5-S18")
    async def test_events_are_numbered_without_gaps(self, up: Platform, catalog: Catalog) -> None:
        ended = await run(up, chain(catalog, 3))
        events = await up.runs.events(up.owner, ended.row.id)

        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert [event.kind for event in events] == [
            "run.started",
            *["node.completed"] * 4,
            "run.completed",
        ]

    @pytest.mark.seed("D8-08")
    async def test_a_fan_out_joins_again_in_order(self, up: Platform, catalog: Catalog) -> None:
        made = graph(
            [
                node(catalog, "items", "StepThroughItems", items=list(range(20))),
                probe("work"),
                node(catalog, "out", "AgentOutput", name="o"),
            ],
            "items.item -> work.value",
            "work.out -> out.value",
        )

        assert (await run(up, made)).result.outputs == {"o": list(range(20))}

    async def test_a_large_value_goes_through_and_comes_back(
        self, up: Platform, catalog: Catalog
    ) -> None:
        made = graph(
            [
                node(catalog, "in", "AgentInput", name="x"),
                probe("p"),
                node(catalog, "out", "AgentOutput", name="o"),
            ],
            "in.result -> p.value",
            "p.out -> out.value",
        )
        large = "x" * 200_000
        ended = await run(up, made, x=large)

        assert (ended.inputs, ended.result.outputs) == ({"x": large}, {"o": [large]})

    @pytest.mark.seed("D5-P09")
    async def test_the_worker_is_noted_while_it_holds_the_run(self, up: Platform) -> None:
        saved = await up.agents.create(up.owner, write_agent(graph([probe("p", say="hang")])))
        run_id = await up.runs.start(up.owner, saved.id, {})

        assert (await up.runs.get(up.owner, run_id)).row.worker == up.worker.id

    @pytest.mark.seed("D1-E25", "D3-E16")
    async def test_before_an_effect_starts_everything_it_depends_on_is_committed(
        self, up: Platform, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[list[str]] = []

        async def look(self: Probe, input: ProbeInput, ctx: Context) -> Outputs:
            async with up.database.acquire() as connection:
                rows = await connection.fetch(
                    "SELECT kind FROM run_events WHERE run_id = $1 ORDER BY seq", ctx.run_id
                )
            seen.append([row["kind"] for row in rows])
            yield "out", input.value

        monkeypatch.setattr(Probe, "run", look)
        made = graph([node(catalog, "a", "StoreValue", input=1), probe("p")], "a.output -> p.value")
        await run(up, made)

        assert seen == [["run.started", "node.completed", "node.started"]]

    @pytest.mark.seed("D1-16")
    async def test_ten_thousand_nodes_run_to_their_end(
        self, up: Platform, catalog: Catalog
    ) -> None:
        ended = await run(up, chain(catalog, 9_999))

        assert (ended.row.status, ended.result.outputs) == (RunStatus.COMPLETED, {"sum": [9_999.0]})

    async def test_a_pure_chain_and_its_acceptance_are_one_commit(
        self, up: Platform, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        commits: list[int] = []
        write = PostgresJournal.write

        async def counted(self: PostgresJournal, writes: Sequence[RunWrite]) -> set[UUID]:
            commits.append(len(writes))
            return await write(self, writes)

        monkeypatch.setattr(PostgresJournal, "write", counted)
        await run(up, chain(catalog, 3))

        assert commits == [1]


class TestFailures:
    @pytest.mark.seed("D8-16")
    @pytest.mark.parametrize(
        ("say", "code", "message"),
        [
            ("crash", "block.crashed", "ZeroDivisionError: oh"),
            ("nan", "block.bad_output", "no JSON form"),
            ("undeclared", "block.bad_output", "'nowhere', which it does not declare"),
        ],
    )
    async def test_a_block_that_misbehaves_fails_its_node(
        self, up: Platform, say: str, code: str, message: str
    ) -> None:
        ended = await run(up, graph([probe("p", say=say)]))

        assert ended.row.status is RunStatus.FAILED
        assert ended.result.errors[0]["code"] == code
        assert message in str(ended.result.errors[0]["message"])

    @pytest.mark.seed("D8-16")
    async def test_a_value_that_does_not_fit_names_pin_value_and_type(
        self, up: Platform, catalog: Catalog
    ) -> None:
        made = graph(
            [probe("p", value="abc"), node(catalog, "sum", "Calculator", operation="Add", b=1)],
            "p.out -> sum.a",
        )
        ended = await run(up, made)

        assert ended.result.error == {
            "code": "block.bad_input",
            "message": 'a: expected a number, got "abc"',
        }

    @pytest.mark.seed("D1-16", "D3-13", "D8-06", "D8-16")
    async def test_a_timeout_fails_the_node_and_what_it_yielded_stands(
        self, up: Platform, catalog: Catalog
    ) -> None:
        policy = Policy(timeout=timedelta(milliseconds=50), on_error=OnError.IGNORE)
        made = graph(
            [probe("p", policy, say="hang"), node(catalog, "out", "AgentOutput", name="o")],
            "p.out -> out.value",
        )
        ended = await run(up, made)

        assert (ended.row.status, ended.result.outputs) == (RunStatus.COMPLETED, {"o": ["before"]})
        assert ended.result.errors[0]["code"] == "node.timeout"

    @pytest.mark.seed("D1-16", "D3-13", "D8-06")
    async def test_a_retry_drops_what_the_failed_attempt_yielded(
        self, up: Platform, catalog: Catalog
    ) -> None:
        policy = Policy(retry=Retry(max=2, backoff=timedelta(milliseconds=1)))
        made = graph(
            [
                probe("p", policy, say="fail once", value=7),
                node(catalog, "out", "AgentOutput", name="o"),
            ],
            "p.out -> out.value",
        )
        ended = await run(up, made)

        assert (ended.row.status, ended.result.outputs) == (RunStatus.COMPLETED, {"o": [7]})
        keys = {key for key, _ in Probe.calls}
        assert (len(keys), [attempt for _, attempt in Probe.calls]) == (1, [1, 2])

    @pytest.mark.seed("D8-16")
    async def test_a_circle_is_stopped_by_the_limit_which_names_its_setting(
        self, start: Callable[..., object], catalog: Catalog
    ) -> None:
        made = graph(
            [
                node(catalog, "begin", "StoreValue", input=1),
                node(catalog, "again", "AddToList", entry=1),
            ],
            "begin.output -> again.list_$_0",
            "again.updated_list_$_0 -> again.list_$_0",
        )
        async with start(max_node_runs=50) as up:  # type: ignore[attr-defined]
            ended = await run(up, made)

        assert ended.row.status is RunStatus.FAILED
        assert ended.result.error == {
            "code": "run.limit",
            "message": "The run needed more than 50 node runs (limit: AUTOGRAPH_MAX_NODE_RUNS).",
        }


def nested(catalog: Catalog, inner: Graph) -> Graph:
    """An agent that runs `inner` and gives out what it gives."""
    schema = {"type": "object", "properties": {"x": {}}}
    return graph(
        [
            node(catalog, "in", "AgentInput", name="x"),
            node(
                catalog,
                "agent",
                "AgentExecutor",
                graph_id=inner.id,
                graph_version=1,
                input_schema=schema,
                output_schema={"type": "object", "properties": {"o": {}}},
            ),
            node(catalog, "out", "AgentOutput", name="o"),
        ],
        "in.result -> agent.x",
        "agent.o -> out.value",
        id="outer",
        sub_graphs=(inner,),
    )


class TestAgentsInsideAgents:
    def inner(self, catalog: Catalog, *steps: Node) -> Graph:
        return graph(
            [
                node(catalog, "in", "AgentInput", name="x"),
                *steps,
                node(catalog, "out", "AgentOutput", name="o"),
            ],
            "in.result -> p.value",
            "p.out -> out.value",
            id="inner",
        )

    async def test_a_nested_agent_gives_its_outputs_to_the_node_that_runs_it(
        self, up: Platform, catalog: Catalog
    ) -> None:
        ended = await run(up, nested(catalog, self.inner(catalog, probe("p"))), x=5)

        assert (ended.row.status, ended.result.outputs) == (RunStatus.COMPLETED, {"o": [5]})

    async def test_its_failure_is_the_nodes_failure(self, up: Platform, catalog: Catalog) -> None:
        ended = await run(up, nested(catalog, self.inner(catalog, probe("p", say="crash"))), x=5)

        assert ended.result.error == {
            "code": "agent.failed",
            "message": "The agent failed: ZeroDivisionError: oh",
        }

    async def test_it_works_where_nobody_takes_from_the_queue(
        self, start: Callable[..., object], catalog: Catalog
    ) -> None:
        async with start(takes_work=False) as up:  # type: ignore[attr-defined]
            ended = await run(up, nested(catalog, self.inner(catalog, probe("p"))), x=5)

        assert ended.result.outputs == {"o": [5]}

    async def test_a_waiting_parent_holds_no_worker_and_cancelling_it_cancels_the_child(
        self, up: Platform, catalog: Catalog
    ) -> None:
        made = nested(catalog, self.inner(catalog, probe("p", say="hang")))
        saved = await up.agents.create(up.owner, write_agent(made))
        run_id = await up.runs.start(up.owner, saved.id, {"x": 1})
        await _until(lambda: _has_status(up, run_id, RunStatus.WAITING))
        assert (await up.runs.get(up.owner, run_id)).row.worker is None

        await up.runs.cancel(up.owner, run_id)

        assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=10))
        async with up.database.acquire() as connection:
            await _until(lambda: _all_cancelled(connection))


class TestCancelling:
    @pytest.mark.seed("D1-16")
    async def test_a_run_that_hangs_is_cancelled(self, up: Platform) -> None:
        saved = await up.agents.create(up.owner, write_agent(graph([probe("p", say="hang")])))
        run_id = await up.runs.start(up.owner, saved.id, {})
        await up.runs.cancel(up.owner, run_id)

        assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=2))
        ended = await up.runs.get(up.owner, run_id)
        assert (ended.row.status, ended.result.error) == (
            RunStatus.CANCELLED,
            {"code": "run.cancelled", "message": "Owner cancelled it."},
        )

    async def test_a_queued_run_is_cancelled_when_a_worker_comes(
        self, start: Callable[..., object], catalog: Catalog
    ) -> None:
        async with start(takes_work=False, worker_slots=1) as up:  # type: ignore[attr-defined]
            hanging = await up.agents.create(up.owner, write_agent(graph([probe("p", say="hang")])))
            await up.runs.start(up.owner, hanging.id, {})
            queued = await up.runs.start(up.owner, hanging.id, {})
            assert await _has_status(up, queued, RunStatus.QUEUED)
            await up.runs.cancel(up.owner, queued)

            async with start() as other:  # type: ignore[attr-defined]
                assert await other.runs.wait(other.owner, queued, at_most=timedelta(seconds=10))
                assert await _has_status(other, queued, RunStatus.CANCELLED)


class TestTwoProcesses:
    async def test_runs_beyond_the_slots_queue_and_are_taken_by_another_worker(
        self, start: Callable[..., object], catalog: Catalog
    ) -> None:
        async with start(takes_work=False, worker_slots=1) as first:  # type: ignore[attr-defined]
            hanging = await first.agents.create(
                first.owner, write_agent(graph([probe("p", say="hang")]))
            )
            await first.runs.start(first.owner, hanging.id, {})
            saved = await first.agents.create(first.owner, write_agent(chain(catalog, 3)))
            waiting = [await first.runs.start(first.owner, saved.id, {}) for _ in range(5)]

            async with start() as second:  # type: ignore[attr-defined]
                for run_id in waiting:
                    assert await second.runs.wait(
                        second.owner, run_id, at_most=timedelta(seconds=10)
                    )

    @pytest.mark.seed("D5-S15")
    async def test_a_fault_while_looking_at_the_queue_does_not_end_the_looking(
        self, start: Callable[..., object], catalog: Catalog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        take, faults = PostgresJournal.take, ["once"]

        async def faulty(self: PostgresJournal, turn: Turn) -> Taken:
            if faults:
                raise ZeroDivisionError(faults.pop())
            return await take(self, turn)

        monkeypatch.setattr(PostgresJournal, "take", faulty)
        async with start(max_graph_runs=5) as up:  # type: ignore[attr-defined]
            found = await run(
                up, chain(catalog, 2)
            )  # queued: with a limit on graphs none begins at once
        assert not faults
        assert found.row.status is RunStatus.COMPLETED

    @pytest.mark.seed("D5-P07")
    async def test_what_was_accepted_without_a_worker_runs_when_one_comes(
        self, start: Callable[..., object], catalog: Catalog
    ) -> None:
        async with start(takes_work=False, worker_slots=1) as first:  # type: ignore[attr-defined]
            hanging = await first.agents.create(
                first.owner, write_agent(graph([probe("p", say="hang")]))
            )
            await first.runs.start(first.owner, hanging.id, {})
            saved = await first.agents.create(first.owner, write_agent(chain(catalog, 3)))
            run_id = await first.runs.start(first.owner, saved.id, {})
            async with first.database.acquire() as connection:
                await connection.execute("DELETE FROM jobs")  # the wake-up is lost

        async with start() as second:  # type: ignore[attr-defined]
            assert await second.runs.wait(second.owner, run_id, at_most=timedelta(seconds=20))


async def _until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not await holds():  # type: ignore[misc]
            await asyncio.sleep(0.01)


async def _has_status(up: Platform, run_id: object, status: RunStatus) -> bool:
    return (await up.runs.get(up.owner, run_id)).row.status is status  # type: ignore[arg-type]


async def _all_cancelled(connection: object) -> bool:
    left = await connection.fetchval("SELECT count(*) FROM runs WHERE status <> 'cancelled'")  # type: ignore[attr-defined]
    return left == 0
