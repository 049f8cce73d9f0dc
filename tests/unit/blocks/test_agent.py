"""What an agent asks for and what it gives."""

from __future__ import annotations

from typing import Any

import pytest

from autograph.blocks.builtin.agent.inputs import (
    AgentDropdownInput,
    AgentGoogleDriveFileInput,
    AgentInput,
    AgentNumberInput,
    AgentShortTextInput,
    AgentTableInput,
    AgentToggleInput,
)
from autograph.blocks.builtin.agent.outputs import AgentOutput
from autograph.blocks.catalog import load_catalog
from autograph.blocks.sdk import Block, BlockKind
from autograph.blocks.sdk.testing import run_block

INPUTS = [block for block in load_catalog() if block.kind is BlockKind.INPUT]


@pytest.mark.parametrize(
    ("block", "given", "outputs"),
    [
        (AgentInput, {"value": 0}, [("result", 0)]),
        (AgentInput, {"value": ""}, [("result", "")]),
        (AgentInput, {"value": None}, []),
        (AgentShortTextInput, {}, []),
        (AgentNumberInput, {"value": 0}, [("result", 0)]),
        (AgentToggleInput, {}, [("result", False)]),
        (AgentTableInput, {"value": None}, [("result", [])]),
        (AgentDropdownInput, {"value": "z", "options": ["a"]}, [("result", "z")]),
        (AgentDropdownInput, {"value": "a", "placeholder_values": ["a"]}, [("result", "a")]),
        (
            AgentGoogleDriveFileInput,
            {"value": {"id": "f", "_credentials_id": "c"}},
            [("result", {"id": "f", "_credentials_id": "c"})],
        ),
    ],
)
async def test_gives_out_its_value_and_nothing_without_one(
    block: type[Block[Any]], given: dict[str, Any], outputs: list[tuple[str, Any]]
) -> None:
    assert await run_block(block, {"name": "input", **given}) == outputs


@pytest.mark.parametrize("block", INPUTS)
def test_links_from_an_input_stay(block: type[Block[Any]]) -> None:
    assert block.static_output


class TestAgentOutput:
    async def test_gives_out_the_value_and_its_name(self) -> None:
        outputs = await run_block(AgentOutput, {"name": "o", "value": [1]})

        assert outputs == [("output", [1]), ("name", "o")]

    async def test_without_a_value_gives_out_nothing_under_its_name(self) -> None:
        assert await run_block(AgentOutput, {"name": "o"}) == [("output", None), ("name", "o")]

    async def test_writes_the_value_by_a_template(self) -> None:
        given = {"name": "o", "value": {"a": "<"}, "format": "{{ o.a }}", "escape_html": True}

        assert await run_block(AgentOutput, given) == [("output", "&lt;")]

    @pytest.mark.parametrize("template", ["{% if %}", "{% set a = 'x' * 10**9 %}"])
    async def test_loses_no_value_to_a_wrong_template(self, template: str) -> None:
        given = {"name": "o", "value": 5, "format": template}

        [(pin, text)] = await run_block(AgentOutput, given)

        assert pin == "output"
        assert text.startswith("Error: ")
        assert text.endswith(", 5")
