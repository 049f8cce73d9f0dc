"""Dry runs: what would touch the world is simulated, and each node run says by what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import (
    ApiKeySecret,
    Block,
    BlockInput,
    BlockOutput,
    Context,
    CredentialRef,
    Effect,
    Example,
    HttpRequest,
    Json,
    Outputs,
    credential_pin,
    pin,
)
from autograph.bootstrap import Platform, Process, platform
from autograph.engine.state import RunStatus
from autograph.features.runs.errors import RunNotFound
from autograph.features.runs.models import DryRun, NodeResult, Order, Run
from autograph.graph.model import Graph, Node
from autograph.graph.portable import write_agent
from autograph.graph.samples import sample
from autograph.graph.spec import BlockKind, BlockSpec
from autograph.infra.settings import Settings
from tests.agents import graph, node
from tests.security.people import HERE

pytestmark = pytest.mark.timeout(60)


class SenderInput(BlockInput):
    to: str = pin(description="To whom.")
    credentials: CredentialRef = credential_pin(
        "anywhere", kinds=["api_key"], description="As whom."
    )


class SenderOutput(BlockOutput):
    receipt: dict[str, Json] = pin(description="What came of it.")
    failed: str = pin(description="Who was not reached.")


class Sender(Block[SenderInput]):
    """Sends something, which can never be taken back."""

    id = "sender"
    name = "Sender"
    description = "Sends a letter."
    effect = Effect.EFFECT
    Input = SenderInput
    Output = SenderOutput
    examples = (
        Example({"to": "Ada"}, [("receipt", {"id": 7})]),
        Example({"to": ""}, error="Nobody"),
    )
    sent: list[str] = []  # noqa: RUF012 - what tests look at

    async def run(self, input: SenderInput, ctx: Context) -> Outputs:
        self.sent.append(input.to)
        yield "receipt", {"id": len(self.sent), "to": input.to}


class Liar(Block[BlockInput]):
    """Says that it is pure, and is not."""

    id = "liar"
    name = "Liar"
    description = "For tests."
    effect = Effect.PURE
    Input = BlockInput
    Output = SenderOutput

    async def run(self, input: BlockInput, ctx: Context) -> Outputs:
        await ctx.http.send(HttpRequest("GET", "http://127.0.0.1:1/"))
        yield "failed", "nobody"


@pytest.fixture(autouse=True)
def _nothing_sent() -> None:
    Sender.sent.clear()


@pytest.fixture
async def up(database_url: str, tmp_path: Path, catalog: Catalog) -> AsyncIterator[Platform]:
    settings = Settings(
        database_url=database_url, data_dir=tmp_path, drain_time=timedelta(seconds=0.1)
    )
    blocks = Catalog([*catalog, Sender, Liar])
    async with platform(settings, process=Process.UP, load=lambda: blocks) as made:
        yield made


async def saved(up: Platform, made: Graph) -> UUID:
    return (await up.agents.create(up.owner, write_agent(made))).id


async def dry(
    up: Platform, graph_id: UUID, by: DryRun | None = None, **inputs: Json
) -> tuple[Run, dict[str, NodeResult]]:
    order = Order(graph_id, inputs, dry_run=by or DryRun())
    run_id = await up.runs.start_order(up.owner, order)
    assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))
    page = await up.runs.node_results(up.owner, run_id, limit=1_000)
    return await up.runs.get(up.owner, run_id), {one.node: one for one in page.rows}


def letter(catalog: Catalog, wanted: str = "id") -> Graph:
    return graph(
        [
            node(catalog, "who", "AgentShortTextInput", name="who"),
            node(catalog, "greet", "FillTextTemplate", format="Dear {{ who }}", values={}),
            Node("send", "sender", {}),
            node(catalog, "o", "AgentOutput", name="o"),
        ],
        "who.result -> greet.values_#_who",
        "greet.output -> send.to",
        f"send.receipt_#_{wanted} -> o.value",
    )


async def really(up: Platform, graph_id: UUID, who: str) -> UUID:
    """Run it as if it were real, with a credential."""
    kept = await up.integrations.credentials.add(
        up.owner, "anywhere", "api_key", ApiKeySecret("key-of-mine"), HERE
    )
    (name,) = [need.name for need in (await up.runs.needs(up.owner, graph_id))[1]]
    order = Order(graph_id, {"who": who}, credentials={name: str(kept.id)})
    run_id = await up.runs.start_order(up.owner, order)
    assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))
    return run_id


@pytest.mark.seed("D3-E11")
async def test_nothing_is_sent_and_each_node_run_says_what_it_is(
    up: Platform, catalog: Catalog
) -> None:
    run, nodes = await dry(up, await saved(up, letter(catalog)), who="Ada")

    assert Sender.sent == []
    assert (run.row.status, run.result.outputs) == (RunStatus.COMPLETED, {"o": [7]})
    assert {name: one.simulated for name, one in nodes.items()} == {
        "who": None,
        "greet": None,
        "send": "sample",
        "o": None,
    }
    assert nodes["send"].inputs == {"to": "Dear Ada"}, "what is pure really ran"
    assert run.result.stats["simulated"] == 1


async def test_a_sample_has_the_parts_that_links_need(up: Platform, catalog: Catalog) -> None:
    run, _ = await dry(up, await saved(up, letter(catalog, "number")), who="Ada")

    assert run.result.outputs == {"o": ["sample number"]}


async def test_an_earlier_run_is_better_than_a_sample(up: Platform, catalog: Catalog) -> None:
    graph_id = await saved(up, letter(catalog, "to"))
    first = await really(up, graph_id, "Ada")
    await dry(up, graph_id, who="Bob")
    same, exact = await dry(up, graph_id, who="Ada")
    other, similar = await dry(up, graph_id, who="Bob")
    named, _ = await dry(up, graph_id, DryRun(recording=first), who="Ada")

    assert Sender.sent == ["Dear Ada"]
    assert (exact["send"].simulated, same.result.outputs) == ("recording", {"o": ["Dear Ada"]})
    assert (similar["send"].simulated, other.result.outputs) == (
        "similar_recording",
        {"o": ["Dear Ada"]},
    )
    assert named.result.outputs == same.result.outputs


async def test_a_run_of_another_agent_is_none_to_simulate_by(
    up: Platform, catalog: Catalog
) -> None:
    graph_id, other = await saved(up, letter(catalog)), await saved(up, letter(catalog))
    run, _ = await dry(up, other, who="Ada")

    with pytest.raises(RunNotFound, match="another agent"):
        await dry(up, graph_id, DryRun(recording=run.row.id), who="Ada")


async def test_a_model_stands_in_where_a_schema_says_too_little(
    up: Platform, catalog: Catalog
) -> None:
    run, nodes = await dry(
        up, await saved(up, letter(catalog, "to")), DryRun(model="demo"), who="Ada"
    )

    assert nodes["send"].simulated == "model"
    assert Sender.sent == []
    (said,) = run.result.outputs["o"]
    assert isinstance(said, str)


async def test_a_model_that_does_not_exist_is_a_failure(up: Platform, catalog: Catalog) -> None:
    run, nodes = await dry(
        up, await saved(up, letter(catalog)), DryRun(model="no such model"), who="Ada"
    )

    assert run.row.status is RunStatus.FAILED
    assert (nodes["send"].error or {})["code"] == "simulation.failed"


async def test_agents_inside_are_simulated_too(up: Platform, catalog: Catalog) -> None:
    inner = Graph("inner", "Inner", nodes=letter(catalog).nodes, links=letter(catalog).links)
    schema = {"type": "object", "properties": {"who": {"type": "string"}}}
    outer = graph(
        [
            node(
                catalog,
                "a",
                "AgentExecutor",
                graph_id="inner",
                graph_version=1,
                inputs={"who": "Ada"},
                input_schema=schema,
                output_schema={"type": "object", "properties": {"o": {}}},
            ),
            node(catalog, "out", "AgentOutput", name="o"),
        ],
        "a.o -> out.value",
        id="outer",
        sub_graphs=(inner,),
    )

    run, _ = await dry(up, await saved(up, outer))

    assert (Sender.sent, run.result.outputs) == ([], {"o": [7]})


async def test_a_fork_of_a_dry_run_is_dry(up: Platform, catalog: Catalog) -> None:
    run, nodes = await dry(up, await saved(up, letter(catalog)), who="Ada")
    forked = await up.forks.fork(up.owner, run.row.id, nodes["send"].node_run)
    assert await up.runs.wait(up.owner, forked, at_most=timedelta(seconds=20))

    assert Sender.sent == []
    assert (await up.runs.get(up.owner, forked)).result.outputs == {"o": [7]}


async def test_a_block_that_says_it_is_pure_is_held_to_it(up: Platform, catalog: Catalog) -> None:
    graph_id = await saved(up, graph([Node("liar", "liar", {})]))
    run, _ = await dry(up, graph_id)

    assert run.row.status is RunStatus.FAILED
    assert "says that it is pure" in str(run.result.error)


async def test_every_block_has_a_sample_of_what_it_gives_out(
    up: Platform, catalog: Catalog
) -> None:
    """Each block that is not pure, with samples for what it needs: a dry run of it comes to a good end."""
    blocks = [
        one
        for one in catalog
        if one.effect is not Effect.PURE and one.kind in {BlockKind.STANDARD, BlockKind.AI}
    ]
    nodes = [Node(one.id, one.id, _needed(one.spec())) for one in blocks]
    wrong = up.agents.check(graph(nodes)).errors()
    kept = [one for one in nodes if one.id not in wrong]
    assert len(kept) > 0.9 * len(nodes), wrong
    graph_id = await saved(up, graph(kept))

    run, found = await dry(up, graph_id)

    assert run.row.status is RunStatus.COMPLETED, run.result.error
    assert {one.simulated for one in found.values()} == {"sample"}
    assert [one.block for one in found.values() if not one.outputs] == []


def _needed(spec: BlockSpec) -> dict[str, Json]:
    return {
        name: sample(spec.input_pins[name], name)
        for name in spec.input_schema.get("required", ())
        if name not in spec.credential_fields
    }
