"""Agents that people share, run end to end on the scripted model and recorded providers, without a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograph.blocks.catalog import Catalog
from autograph.bootstrap.offline import play
from autograph.engine.cassette import Cassette, read_cassette
from autograph.engine.state import RunStatus
from autograph.graph.model import Graph
from autograph.graph.portable import read_agent
from autograph.graph.validate import validate

CASSETTES = Path(__file__).parents[2] / "fixtures" / "cassettes"
AGENTS = {
    "domain-name-finder": "agent_b6f6f0d3-49f4-4e3b-8155-ffe9141b32c0.json",
    "linkedin-post-generator": "agent_eafa21d3-bf14-4f63-a97f-a5ee41df83b3.json",
    "smart-meeting-prep": "agent_415b7352-0dc6-4214-9d87-0ad3751b711d.json",
    "youtube-to-blog": "agent_e437cc95-e671-489d-b915-76561fba8c7f.json",
}
OUTPUTS = {
    "linkedin-post-generator": {"Blog Post": ["Leaves first, then water."]},
    "smart-meeting-prep": {
        "Meeting Prep Report Text": ["Meet Bob Stone, who builds bridges."],
        "Email Status": ["sent"],
    },
    "youtube-to-blog": {
        "Title": ["On tea"],
        "Blog Post": ["It takes hot water."],
        "Target Keywords": ["tea, water"],
    },
}


def agent_of(name: str, shared: Path) -> Graph:
    return read_agent((shared / "fixtures" / "agents" / AGENTS[name]).read_bytes())


def cassette_of(name: str) -> Cassette:
    return read_cassette((CASSETTES / f"{name}.cassette.json").read_bytes())


@pytest.mark.parametrize("name", AGENTS)
async def test_it_runs_to_its_end(name: str, shared: Path, catalog: Catalog) -> None:
    graph = agent_of(name, shared)
    assert validate(graph, catalog.specs()).unknown_blocks == ()

    played = await play(cassette_of(name), graph, catalog)

    assert played.problems == []
    assert played.result.status is RunStatus.COMPLETED
    if name in OUTPUTS:
        assert played.result.outputs == OUTPUTS[name]
    else:
        (found,) = played.result.outputs["Domain Suggestions"]
        assert found.index("teapotter.com") < found.index("steepwell.com")
        assert "leafpot.com" not in found


@pytest.mark.parametrize("name", AGENTS)
async def test_it_fails_where_a_provider_was_not_recorded(
    name: str, shared: Path, catalog: Catalog
) -> None:
    """The test above would notice: without its first exchange no agent comes to the same end."""
    graph, cassette = agent_of(name, shared), cassette_of(name)
    less = Cassette(
        cassette.inputs, cassette.outputs, exchanges=cassette.exchanges[1:], script=cassette.script
    )

    played = await play(less, graph, catalog)

    assert any("Not in the recording" in one for one in played.problems)
