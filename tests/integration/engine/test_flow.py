"""Every way that values take through an agent, as people see it: what goes in, and what comes out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockOutput,
    Context,
    Effect,
    Json,
    Outputs,
    pin,
)
from autograph.bootstrap import Platform, Process, platform
from autograph.engine.executor import Executor
from autograph.engine.state import RunStatus
from autograph.features.agents.repository import GraphRepository
from autograph.features.runs.models import Run
from autograph.graph.model import Graph, Node, OnError, Policy
from autograph.graph.portable import write_agent
from autograph.infra.settings import Settings
from tests.agents import graph, node

pytestmark = pytest.mark.timeout(120)
IGNORED = Policy(on_error=OnError.IGNORE)
_ENDS = {"node.completed", "node.failed"}


class GateInput(BlockInput):
    value: Json = pin(None, description="Given out before the gate opens.")


class GateOutput(BlockOutput):
    out: Json = pin(description="The value, and after it the word open.")


class Gate(Block[GateInput]):
    """Gives out its value, and ends only when somebody opens the gate."""

    id = "gate"
    name = "Gate"
    description = "For tests."
    effect = Effect.EFFECT
    Input = GateInput
    Output = GateOutput
    is_open: asyncio.Event

    async def run(self, input: GateInput, ctx: Context) -> Outputs:
        yield "out", input.value
        await self.is_open.wait()
        yield "out", "open"


@pytest.fixture
async def up(database_url: str, tmp_path: Path, catalog: Catalog) -> AsyncIterator[Platform]:
    Gate.is_open = asyncio.Event()
    settings = Settings(
        database_url=database_url, data_dir=tmp_path, drain_time=timedelta(seconds=0.1)
    )
    blocks = Catalog([*catalog, Gate])
    async with platform(settings, process=Process.UP, load=lambda: blocks) as made:
        yield made


async def begin(up: Platform, made: Graph, **inputs: Json) -> tuple[UUID, UUID]:
    """Save an agent and start it; return its id and the run's."""
    saved = await up.agents.create(up.owner, write_agent(made))
    return saved.id, await up.runs.start(up.owner, saved.id, inputs)


async def ended(up: Platform, run_id: UUID) -> Run:
    assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=60))
    return await up.runs.get(up.owner, run_id)


async def run(up: Platform, made: Graph, **inputs: Json) -> Run:
    return await ended(up, (await begin(up, made, **inputs))[1])


def out(catalog: Catalog, name: str = "o") -> Node:
    return node(catalog, name, "AgentOutput", name=name)


def add(catalog: Catalog, node_id: str, policy: Policy | None = None, **constants: Any) -> Node:
    return node(catalog, node_id, "Calculator", policy, operation="Add", **constants)


def fan_out(catalog: Catalog) -> Graph:
    """One value goes three ways."""
    steps = [add(catalog, f"a{number}", b=number) for number in range(3)]
    return graph(
        [add(catalog, "one", a=1, b=0), *steps, *(out(catalog, f"o{n}") for n in range(3))],
        *(f"one.result -> a{number}.a" for number in range(3)),
        *(f"a{number}.result -> o{number}.value" for number in range(3)),
    )


def fan_in(catalog: Catalog) -> Graph:
    """Two values meet."""
    return graph(
        [
            add(catalog, "l", a=1, b=1),
            add(catalog, "r", a=2, b=2),
            add(catalog, "both"),
            out(catalog),
        ],
        "l.result -> both.a",
        "r.result -> both.b",
        "both.result -> o.value",
    )


def loop(catalog: Catalog) -> Graph:
    """One is added until there are five."""
    return graph(
        [
            node(catalog, "begin", "StoreValue", input=0),
            add(catalog, "more", b=1),
            node(catalog, "is_enough", "Condition", operator=">=", value2=5),
            out(catalog),
        ],
        "begin.output -> more.a",
        "more.result -> is_enough.value1",
        "more.result -> is_enough.no_value",
        "is_enough.no_output -> more.a",
        "is_enough.yes_output -> o.value",
    )


def static_link(catalog: Catalog) -> Graph:
    """A value stays for every item that comes."""
    return graph(
        [
            node(catalog, "hundred", "StoreValue", input=100),
            node(catalog, "items", "StepThroughItems", items=[1, 2, 3]),
            add(catalog, "sum"),
            out(catalog),
        ],
        "hundred.output => sum.a",
        "items.item -> sum.b",
        "sum.result -> o.value",
    )


def conditional(catalog: Catalog) -> Graph:
    """One of two ways is taken."""
    return graph(
        [
            node(catalog, "x", "AgentNumberInput", name="x"),
            node(
                catalog,
                "if",
                "Condition",
                operator=">",
                value2=10,
                yes_value="large",
                no_value="small",
            ),
            out(catalog, "yes"),
            out(catalog, "no"),
        ],
        "x.result -> if.value1",
        "if.yes_output -> yes.value",
        "if.no_output -> no.value",
    )


def error_branch(catalog: Catalog) -> Graph:
    """What fails goes on by its own pin."""
    return graph(
        [
            node(catalog, "divide", "Calculator", operation="Divide", a=1, b=0),
            out(catalog, "result"),
            out(catalog, "problem"),
        ],
        "divide.result -> result.value",
        "divide.error -> problem.value",
    )


def nested(catalog: Catalog, levels: int) -> Graph:
    """Agents inside agents, each adding one to what the one inside gives."""
    made = graph(
        [node(catalog, "x", "AgentNumberInput", name="x"), add(catalog, "plus", b=1), out(catalog)],
        "x.result -> plus.a",
        "plus.result -> o.value",
        id="level0",
    )
    inside: tuple[Graph, ...] = ()
    for level in range(1, levels):
        inside = (*inside, replace(made, sub_graphs=()))
        runs_it = node(
            catalog,
            "agent",
            "AgentExecutor",
            graph_id=made.id,
            graph_version=1,
            input_schema={"type": "object", "properties": {"x": {"type": "integer"}}},
            output_schema={"type": "object", "properties": {"o": {}}},
        )
        made = graph(
            [
                node(catalog, "x", "AgentNumberInput", name="x"),
                runs_it,
                add(catalog, "plus", b=1),
                out(catalog),
            ],
            "x.result -> agent.x",
            "agent.o -> plus.a",
            "plus.result -> o.value",
            id=f"level{level}",
            sub_graphs=inside,
        )
    return made


GOLDEN: Sequence[tuple[Any, dict[str, Json], dict[str, Json]]] = [
    (fan_out, {}, {"o0": [1], "o1": [2], "o2": [3]}),
    (fan_in, {}, {"o": [6]}),
    (loop, {}, {"o": [5]}),
    (static_link, {}, {"o": [101, 102, 103]}),
    (conditional, {"x": 11}, {"yes": ["large"]}),
    (conditional, {"x": 10}, {"no": ["small"]}),
    (error_branch, {}, {"problem": ["Divide of 1 and 0 has no finite result."]}),
    (lambda catalog: nested(catalog, 4), {"x": 10}, {"o": [14]}),
]


@pytest.mark.seed("D3-12")
@pytest.mark.parametrize(("shape", "inputs", "outputs"), GOLDEN)
async def test_what_goes_in_comes_out_as_it_always_did(
    up: Platform, catalog: Catalog, shape: Any, inputs: dict[str, Json], outputs: dict[str, Json]
) -> None:
    found = await run(up, shape(catalog), **inputs)

    assert found.row.status is RunStatus.COMPLETED, found.result
    assert found.result.outputs == outputs


@pytest.mark.seed("D3-13", "D8-06")
async def test_what_a_block_gives_out_goes_on_before_it_ends(
    up: Platform, catalog: Catalog
) -> None:
    made = graph(
        [Node("gate", "gate", {"value": 7}), add(catalog, "after", IGNORED, b=1), out(catalog)],
        "gate.out -> after.a",
        "after.result -> o.value",
    )
    _, run_id = await begin(up, made)

    async with asyncio.timeout(30):
        while "after" not in str(kinds := await journal(up, run_id)):
            await asyncio.sleep(0.02)
    assert ("node.completed", "gate") not in kinds
    assert (await up.runs.get(up.owner, run_id)).row.status is RunStatus.RUNNING
    Gate.is_open.set()

    assert (await ended(up, run_id)).result.outputs == {"o": [8]}


async def journal(up: Platform, run_id: UUID) -> list[tuple[str, str]]:
    """The kinds of a run's events, and the nodes they are of."""
    return [
        (row.kind, str(row.body.get("node", ""))) for row in await up.runs.events(up.owner, run_id)
    ]


@pytest.mark.seed("D8-04")
async def test_a_run_runs_what_was_saved_when_it_began(up: Platform, catalog: Catalog) -> None:
    def made(by: int) -> Graph:
        return graph(
            [Node("gate", "gate", {"value": 1}), add(catalog, "plus", IGNORED, b=by), out(catalog)],
            "gate.out -> plus.a",
            "plus.result -> o.value",
            name=f"Adds {by}",
        )

    graph_id, run_id = await begin(up, made(1))
    async with asyncio.timeout(30):
        while not await journal(up, run_id):
            await asyncio.sleep(0.02)
    await up.agents.update(up.owner, graph_id, write_agent(made(1_000)))
    Gate.is_open.set()
    found = await ended(up, run_id)

    assert (found.row.graph_version, found.result.outputs) == (1, {"o": [2]})


@pytest.mark.seed("D5-S21")
async def test_what_a_run_took_is_what_its_node_runs_took(up: Platform, catalog: Catalog) -> None:
    made = graph(
        [
            node(catalog, "items", "StepThroughItems", items=[1, 2, 0]),
            node(
                catalog,
                "divide",
                "Calculator",
                IGNORED,
                operation="Divide",
                a=6,
            ),
            out(catalog),
        ],
        "items.item -> divide.b",
        "divide.result -> o.value",
    )
    found = await run(up, made)
    rows = [row for row in await up.runs.events(up.owner, found.row.id) if row.kind in _ENDS]

    assert found.row.status is RunStatus.COMPLETED, (
        "its policy says that a failure is to be ignored"
    )
    assert found.result.stats["node_runs"] == len(rows) == 1 + 3 + 2
    assert found.result.stats["node_errors"] == sum(row.kind == "node.failed" for row in rows) == 1
    took = sum(row.body.get("duration_ms", 0) for row in rows)
    assert found.result.stats["node_ms"] == pytest.approx(took, abs=0.01)


@pytest.mark.seed("D3-E15")
async def test_a_version_is_read_once_however_often_it_runs(
    up: Platform, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[UUID, int]] = []
    document = GraphRepository.document

    async def noted(self: GraphRepository, graph_id: UUID, version: int) -> Graph:
        read.append((graph_id, version))
        return await document(self, graph_id, version)

    monkeypatch.setattr(GraphRepository, "document", noted)
    saved = await up.agents.create(up.owner, write_agent(fan_in(catalog)))
    for _ in range(3):
        await ended(up, await up.runs.start(up.owner, saved.id, {}))
    await up.agents.update(up.owner, saved.id, write_agent(fan_out(catalog)))
    await ended(up, await up.runs.start(up.owner, saved.id, {}))

    assert read == [(saved.id, 1), (saved.id, 2)]


@pytest.mark.seed("D3-E12")
async def test_a_block_run_by_hand_takes_the_way_of_a_node(
    up: Platform, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    outcome = Executor._outcome

    async def noted(self: Executor, one: Any, *more: Any) -> Any:
        taken.append(one.node.id)
        return await outcome(self, one, *more)

    monkeypatch.setattr(Executor, "_outcome", noted)
    Gate.is_open.set()
    by_hand = await up.blocks.run(up.owner, "gate", {"value": 1})
    in_a_run = await run(
        up, graph([Node("g", "gate", {"value": 1}), out(catalog)], "g.out -> o.value")
    )

    assert by_hand.outputs == {"out": [1, "open"]}
    assert in_a_run.result.outputs == {"o": [1, "open"]}
    assert taken[:2] == ["block", "g"]
