"""Blocks that ask models, with a scripted one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from autograph.blocks.builtin.ai.asking import fitted
from autograph.blocks.builtin.ai.orchestrator import Orchestrator
from autograph.blocks.builtin.ai.structured import AIListGenerator, AIStructuredResponseGenerator
from autograph.blocks.builtin.ai.summary import AITextSummarizer, chunks
from autograph.blocks.builtin.ai.text import AITextGenerator
from autograph.blocks.models.shelf import ModelShelf
from autograph.blocks.sdk import BlockError, Message, OfferedTool, ToolRound, count_tokens
from autograph.blocks.sdk.testing import FakeContext, FakeTools, ToolsWanted, run_block

FORECAST = OfferedTool(
    "sky",
    "forecast",
    "Tells the weather.",
    {"city": "city"},
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


def scripted(*rules: dict[str, Any], **more: Any) -> FakeContext:
    return FakeContext(shelf=ModelShelf(only_demo=True, script=rules), **more)


class TestText:
    async def test_the_text_is_shown_while_it_is_made(self) -> None:
        ctx = scripted({"reply": "One two."})
        outputs = await run_block(AITextGenerator, {"prompt": "Count."}, ctx)

        assert outputs[0] == ("response", "One two.")
        assert ctx.shown == [("response", "One "), ("response", "two.")]

    async def test_nothing_is_no_answer(self) -> None:
        with pytest.raises(BlockError, match="answered nothing"):
            await run_block(AITextGenerator, {"prompt": "Count."}, scripted({"reply": " "}))


class TestShape:
    async def test_an_answer_that_lacks_a_key_is_asked_for_again(self) -> None:
        ctx = scripted(
            {"when": "cannot be used", "reply": {"title": "T", "text": "x"}},
            {"reply": {"title": "T"}},
        )
        given = {"prompt": "Write.", "expected_format": {"title": "a", "text": "b"}}
        outputs = await run_block(AIStructuredResponseGenerator, given, ctx)

        assert outputs[0] == ("response", {"title": "T", "text": "x"})

    async def test_what_was_expected_and_what_came_is_said(self) -> None:
        given = {"prompt": "Write.", "expected_format": {"title": "a", "text": "b"}}
        with pytest.raises(BlockError) as failed:
            await run_block(
                AIStructuredResponseGenerator, given, scripted({"reply": {"title": "y" * 5000}})
            )

        assert "it lacks text" in failed.value.message
        assert "yyy" in failed.value.message
        assert len(failed.value.message) < 1000

    async def test_more_keys_than_a_model_can_answer_are_refused(self) -> None:
        given = {"prompt": "Write.", "expected_format": {f"key {one}": "" for one in range(1_001)}}
        with pytest.raises(BlockError, match="1001 keys are too many"):
            await run_block(AIStructuredResponseGenerator, given, scripted({"reply": {}}))

    @pytest.mark.parametrize(
        "reply", ['Sure:\n```json\n{"list": ["a"]}\n```', 'Here: {"list": ["a"]} Bye.']
    )
    async def test_words_around_the_object_do_no_harm(self, reply: str) -> None:
        outputs = await run_block(AIListGenerator, {"focus": "letters"}, scripted({"reply": reply}))

        assert outputs[0] == ("generated_list", ["a"])


class TestSummary:
    def test_parts_fit_and_overlap_and_lose_nothing(self) -> None:
        words = [f"w{number}" for number in range(2_000)]
        parts = chunks(" ".join(words), 200, 20)

        assert len(parts) > 5
        assert all(count_tokens(one) <= 200 for one in parts)
        assert set(" ".join(parts).split()) == set(words)
        assert parts[1].split()[0] in parts[0].split()

    async def test_a_long_text_is_read_in_parts(self) -> None:
        ctx = scripted({"reply": "Short."})
        outputs = await run_block(
            AITextSummarizer, {"text": "word " * 2_000, "max_tokens": 500}, ctx
        )

        assert outputs[0] == ("summary", "Short.")

    def test_of_what_is_too_long_the_middle_is_left_out(self) -> None:
        found = fitted([Message.system("s"), Message.user("a" * 40_000 + "z")], 2_000)

        assert sum(count_tokens(one.text) for one in found) <= 2_000
        assert found[1].text.startswith("aaa")
        assert found[1].text.endswith("z")


class TestOrchestrator:
    GIVEN: dict[str, Any] = {"prompt": "Weather in Oslo?"}  # noqa: RUF012 - read only

    async def test_it_wants_a_tool_run_and_goes_on_with_what_came(self) -> None:
        rules = [
            {"turn": 0, "call": {"tool": "forecast", "arguments": {"city": "Oslo"}}},
            {"turn": 1, "reply": "Rain."},
        ]
        tools = FakeTools([FORECAST])
        ctx = scripted(*rules, tools=tools)
        given = {**self.GIVEN, "agent_mode_max_iterations": -1}
        with pytest.raises(ToolsWanted) as wanted:
            await run_block(Orchestrator, given, ctx)
        assert [(one.node, one.values) for one in wanted.value.uses] == [("sky", {"city": "Oslo"})]

        result = {"outputs": {"weather": ["rain"]}}
        tools.rounds = [ToolRound(json.loads(json.dumps(wanted.value.keep)), [result])]
        outputs = dict(await run_block(Orchestrator, given, ctx))

        assert outputs["finished"] == "Rain."
        roles = [one["role"] for one in outputs["conversations"]]
        assert roles == ["system", "user", "assistant", "tool", "assistant"]
        assert "rain" in outputs["conversations"][3]["content"]

    async def test_calls_go_to_the_pins_of_their_tools(self) -> None:
        rule = {"turn": 0, "call": {"tool": "forecast", "arguments": {"city": "Oslo"}}}
        ctx = scripted(rule, tools=FakeTools([FORECAST]))
        outputs = await run_block(Orchestrator, self.GIVEN, ctx)

        assert outputs[0] == ("tools_^_sky_~_city", "Oslo")
        assert outputs[1][0] == "conversations"

    async def test_calls_that_never_make_sense_fail_the_node(self) -> None:
        ctx = scripted({"call": {"tool": "forecast"}}, tools=FakeTools([FORECAST]))
        with pytest.raises(BlockError, match="'city' is missing"):
            await run_block(Orchestrator, self.GIVEN, ctx)
