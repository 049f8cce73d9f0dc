"""Nodes that run as tools of a model: one path, in the journal, over restarts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
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
from autograph.engine.fork import fork, read
from autograph.engine.planner import compile_plan
from autograph.engine.state import RunStatus
from autograph.engine.waits import Answer, Choice
from autograph.features.agents.models import GraphSettings
from autograph.features.runs.models import Run
from autograph.graph.model import Graph
from autograph.graph.portable import write_agent
from autograph.infra.settings import Settings
from tests.agents import graph, node


class ForecastInput(BlockInput):
    city: str = pin(description="Where.")
    days: int = pin(1, description="For how long.")


class ForecastOutput(BlockOutput):
    weather: str = pin(description="What it will be like.")


class Forecast(Block[ForecastInput]):
    """A tool: `asked` is the outside, and `gate` holds it up."""

    id = "forecast"
    name = "Forecast"
    description = "Tells the weather of a city."
    effect = Effect.READ
    costs = (Cost(2),)
    Input = ForecastInput
    Output = ForecastOutput
    asked: list[tuple[str, int]] = []  # noqa: RUF012 - what tests look at
    gate = asyncio.Event()

    async def run(self, input: ForecastInput, ctx: Context) -> Outputs:
        self.asked.append((input.city, ctx.node_run))
        if input.city == "Nowhere":
            raise BlockError("There is no such city.")
        if input.city == "Slow":
            await self.gate.wait()
        yield "weather", f"rain in {input.city}"


class Guarded(Forecast):
    """The same, and a person may be asked before."""

    id = "guarded"
    name = "Guarded"
    is_sensitive = True


Start = Callable[..., AbstractAsyncContextManager[Platform]]


@pytest.fixture
def start(database_url: str, tmp_path: Path, catalog: Catalog) -> Start:
    Forecast.asked.clear()
    Forecast.gate = asyncio.Event()

    def made(**settings: Any) -> AbstractAsyncContextManager[Platform]:
        settings = {"drain_time": timedelta(seconds=0.1), **settings}
        found = Settings(database_url=database_url, data_dir=tmp_path, **settings)
        blocks = Catalog([*catalog, Forecast, Guarded])
        return platform(found, process=Process.UP, load=lambda: blocks)

    return made


@pytest.fixture
async def up(start: Start) -> AsyncIterator[Platform]:
    async with start() as made:
        yield made


def agent(up: Platform, *script: dict[str, Any], tool: str = "Forecast", **more: Any) -> Graph:
    """A model that follows a script, with one tool."""
    prompt = f"Plan my trip.\n\n```demo\n{json.dumps(script)}\n```"
    constants = {"prompt": prompt, "model": "demo", "agent_mode_max_iterations": -1, **more}
    return graph(
        [
            node(up.catalog, "think", "Orchestrator", **constants),
            node(up.catalog, "sky", tool),
            node(up.catalog, "out", "AgentOutput", name="said"),
            node(up.catalog, "seen", "AgentOutput", name="weather"),
        ],
        "think.tools -> sky.city",
        "think.finished -> out.value",
        "sky.weather -> seen.value",
    )


def calling(*cities: str, turn: int = 0, tool: str = "forecast") -> dict[str, Any]:
    return {"turn": turn, "call": [{"tool": tool, "arguments": {"city": one}} for one in cities]}


async def begin(up: Platform, made: Graph, settings: GraphSettings | None = None) -> UUID:
    saved = await up.agents.create(up.owner, write_agent(made))
    if settings is not None:
        await up.agents.set_settings(up.owner, saved.id, settings)
    return await up.runs.start(up.owner, saved.id, {})


async def ended(up: Platform, run_id: UUID) -> Run:
    assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))
    return await up.runs.get(up.owner, run_id)


class TestAgentMode:
    async def test_tools_run_until_there_is_an_answer(self, up: Platform) -> None:
        script = [calling("Oslo"), calling("Rome", turn=1), {"turn": 2, "reply": "Pack a coat."}]
        run = await ended(up, await begin(up, agent(up, *script)))

        assert run.row.status is RunStatus.COMPLETED
        assert run.result is not None
        assert run.result.outputs == {
            "said": ["Pack a coat."],
            "weather": ["rain in Oslo", "rain in Rome"],
        }
        assert [city for city, _ in Forecast.asked] == ["Oslo", "Rome"]

    async def test_several_calls_of_one_tool_are_several_node_runs(self, up: Platform) -> None:
        script = [calling("Oslo", "Rome", "Bern"), {"turn": 1, "reply": "Done."}]
        made = agent(up, *script, multiple_tool_calls=True)
        run = await ended(up, await begin(up, made))

        assert run.result is not None
        assert run.result.outputs["weather"] == ["rain in Oslo", "rain in Rome", "rain in Bern"]
        assert len({number for _, number in Forecast.asked}) == 3

    async def test_the_model_is_told_what_came_and_what_failed(self, up: Platform) -> None:
        made = agent(up, calling("Nowhere"))
        run = await ended(up, await begin(up, made))

        assert run.row.status is RunStatus.COMPLETED
        assert run.result is not None
        assert "There is no such city." in run.result.outputs["said"][0]
        assert run.result.errors[0]["handled"] is True

    async def test_rounds_are_bounded(self, up: Platform) -> None:
        script = [calling("Oslo", turn=turn) for turn in range(5)]
        made = agent(up, *script, agent_mode_max_iterations=2)
        run = await ended(up, await begin(up, made))

        assert run.row.status is RunStatus.COMPLETED
        assert len(Forecast.asked) == 2

    async def test_a_call_that_makes_no_sense_is_told_the_model_and_nothing_runs(
        self, up: Platform
    ) -> None:
        script = [calling("Oslo", tool="weather"), {"turn": 1, "reply": "I give up."}]
        run = await ended(up, await begin(up, agent(up, *script)))

        assert run.result is not None
        assert run.result.outputs == {"said": ["I give up."]}
        assert Forecast.asked == []

    async def test_every_tool_run_is_charged(self, up: Platform) -> None:
        script = [calling("Oslo"), calling("Rome", turn=1), {"turn": 2, "reply": "Done."}]
        run_id = await begin(up, agent(up, *script))
        await ended(up, run_id)

        async with up.database.acquire() as connection:
            paid = await connection.fetchval(
                "SELECT sum(credits) FROM charges WHERE run_id = $1", run_id
            )
        assert paid == 4

    async def test_a_person_is_asked_before_a_sensitive_tool(self, up: Platform) -> None:
        made = agent(
            up, calling("Oslo", tool="guarded"), {"turn": 1, "reply": "Ok."}, tool="Guarded"
        )
        run_id = await begin(up, made, GraphSettings(sensitive_action_safe_mode=True))
        async with asyncio.timeout(20):
            while not (found := await up.reviews.list_page(up.owner, run_id=run_id)).rows:
                await asyncio.sleep(0.02)
        assert Forecast.asked == []
        await up.reviews.decide(up.owner, found.rows[0].id, Answer(Choice.APPROVE))

        run = await ended(up, run_id)

        assert run.result is not None
        assert run.result.outputs["said"] == ["Ok."]
        assert [city for city, _ in Forecast.asked] == ["Oslo"]


class TestCrash:
    async def test_what_was_said_and_done_is_not_said_and_done_again(self, start: Start) -> None:
        script = [calling("Oslo"), calling("Slow", turn=1), {"turn": 2, "reply": "Done."}]
        async with start() as first:
            run_id = await begin(first, agent(first, *script))
            async with asyncio.timeout(20):
                while len(Forecast.asked) < 2:
                    await asyncio.sleep(0.02)
        # What went on for longer than the drain was cut off, as if the worker had died.
        Forecast.gate.set()
        async with start() as second:
            run = await ended(second, run_id)
            events = await second.runs.events(second.owner, run_id, limit=500)

        assert run.result is not None
        assert run.result.outputs["said"] == ["Done."]
        assert [city for city, _ in Forecast.asked] == ["Oslo", "Slow", "Slow"]
        rounds = [one for one in events if one.kind == "node.waiting"]
        assert [one.body["wait"] for one in rounds] == ["tools", "tools"]


class TestFork:
    async def test_a_fork_reuses_what_the_tools_brought(self, up: Platform) -> None:
        script = [calling("Oslo"), {"turn": 1, "reply": "Done."}]
        run_id = await begin(up, agent(up, *script))
        await ended(up, run_id)
        events = await up.journal.load(run_id)
        row = (await up.runs.get(up.owner, run_id)).row
        document = await up.agents.get(up.owner, row.graph_id)
        plan = compile_plan(document.graph, up.catalog.specs())

        history = read(plan, events)
        made = fork(history, plan, history.started, again=())

        assert not made.state.live
        assert made.state.outputs == {"said": ["Done."], "weather": ["rain in Oslo"]}


class TestSingleShot:
    async def test_calls_go_over_the_links_and_nowhere_else(self, up: Platform) -> None:
        made = agent(up, calling("Oslo"), agent_mode_max_iterations=0)
        run = await ended(up, await begin(up, made))

        assert run.result is not None
        assert run.result.outputs == {"weather": ["rain in Oslo"]}

    async def test_it_goes_round_by_its_own_links(self, up: Platform) -> None:
        script = [calling("Oslo"), {"turn": 1, "reply": "Pack a coat."}]
        made = agent(up, *script, agent_mode_max_iterations=0)
        back = graph(
            made.nodes,
            "think.tools -> sky.city",
            "think.finished -> out.value",
            "sky.weather -> seen.value",
            "think.conversations -> think.conversation_history",
            "sky.weather -> think.last_tool_output",
        )
        run = await ended(up, await begin(up, back))

        assert run.row.status is RunStatus.COMPLETED
        assert run.result is not None
        assert run.result.outputs == {"said": ["Pack a coat."], "weather": ["rain in Oslo"]}
