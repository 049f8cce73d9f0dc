"""The kit that proves blocks finds what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Context,
    Effect,
    Example,
    InputError,
    Outputs,
    pin,
)
from autograph.blocks.sdk.testing import EPOCH, FakeContext, check_block, run_block


class EchoInput(BlockInput):
    """Texts."""

    texts: list[str] = pin(description="Texts.", aliases=("words",))
    times: int = pin(1, description="How often.")


class EchoOutput(BlockOutput):
    """A text."""

    text: str = pin(description="A text.")


class Echo(Block[EchoInput]):
    """Every text again."""

    id = "echo"
    name = "Echo"
    description = "Gives every text out again."
    effect = Effect.PURE
    Input = EchoInput
    Output = EchoOutput
    examples = (
        Example({"texts": ["a"]}, [("text", "a")]),
        Example({"texts": []}, error="nothing"),
    )

    async def run(self, input: EchoInput, ctx: Context) -> Outputs:
        if not input.texts:
            yield "error", "There is nothing to give out."
        for text in input.texts * input.times:
            yield "text", text


def changed(**facts: Any) -> type[Block[Any]]:
    return type("Changed", (Echo,), facts)


class Vandal(Echo):
    """Changes what it is given."""

    examples = (Example({"texts": ["a"]}, [("text", "a")]),)

    async def run(self, input: EchoInput, ctx: Context) -> Outputs:
        yield "text", input.texts.pop()


class Undeclared(Echo):
    """Has an output nobody knows of."""

    examples = (Example({"texts": []}, [("other", 1)]),)

    async def run(self, input: EchoInput, ctx: Context) -> Outputs:
        yield "other", 1


class WrongType(Echo):
    """Gives out a number where it said text."""

    examples = (Example({"texts": []}, [("text", 1)]),)

    async def run(self, input: EchoInput, ctx: Context) -> Outputs:
        yield "text", 1


class SilentPinInput(BlockInput):
    """A pin nobody explains."""

    texts: list[str] = pin(description="")


class TestCheckBlock:
    async def test_is_content_with_a_block_that_is_what_it_says(self) -> None:
        assert await check_block(Echo) is None

    @pytest.mark.parametrize(
        ("block", "why"),
        [
            (changed(id=""), "id ''"),
            (changed(id="x" * 37), "id 'xxx"),
            (changed(description=" "), "no description"),
            (changed(examples=()), "no example"),
            (changed(Input=SilentPinInput), "texts: no description"),
            (changed(examples=[Example({"texts": ["a"]}, [("text", "b")])]), "expected"),
            (changed(examples=[Example({"texts": ["a"]}, [])]), "expected"),
            (changed(examples=[Example({"texts": []})]), "failure"),
            (changed(examples=[Example({"texts": []}, error="other words")]), "failure"),
            (changed(examples=[Example({"texts": ["a"]}, [("text", "a")], error="x")]), "failure"),
            (Undeclared, "output pin 'other' is not declared"),
            (WrongType, "Echo.text: 1 is not of its type"),
            (Vandal, "the block changed its input"),
        ],
    )
    async def test_says_what_is_wrong(self, block: type[Block[Any]], why: str) -> None:
        with pytest.raises(AssertionError, match=why):
            await check_block(block)


class TestRunBlock:
    async def test_returns_outputs_in_order(self) -> None:
        assert await run_block(Echo, {"texts": ["a", "b"]}) == [("text", "a"), ("text", "b")]

    async def test_raises_what_the_block_yields_as_its_error(self) -> None:
        with pytest.raises(BlockError, match="nothing to give out"):
            await run_block(Echo, {"texts": []})

    async def test_drops_nulls(self) -> None:
        assert await run_block(Echo, {"texts": ["a"], "times": None}) == [("text", "a")]

    async def test_takes_values_by_a_pins_older_name(self) -> None:
        assert await run_block(Echo, {"words": ["a"]}) == [("text", "a")]

    @pytest.mark.parametrize("given", [{"texts": "a"}, {"texts": ["a"], "times": "2"}, {}])
    async def test_coerces_nothing(self, given: Mapping[str, Any]) -> None:
        with pytest.raises(InputError):
            await run_block(Echo, given)


class TestPrepare:
    def test_coerces_what_arrives_over_links(self) -> None:
        prepared = Echo.prepare({"texts": "a", "times": "2"})

        assert prepared == EchoInput(texts=["a"], times=2)

    def test_names_the_pin_the_value_and_the_type(self) -> None:
        with pytest.raises(
            InputError, match='times: expected a whole number, got "often"'
        ) as caught:
            Echo.prepare({"texts": [], "times": "often"})

        assert caught.value.pin == "times"
        assert caught.value.code == "block.bad_input"

    def test_ignores_pins_that_the_block_no_longer_has(self) -> None:
        assert Echo.prepare({"texts": [], "gone": 1}) == EchoInput(texts=[])

    def test_says_which_value_is_missing(self) -> None:
        with pytest.raises(InputError, match="texts: this input needs a value"):
            Echo.prepare({"texts": None})


class TestFakeContext:
    async def test_sleeping_takes_no_time_and_moves_the_clock(self) -> None:
        ctx = FakeContext()

        await ctx.sleep(timedelta(days=365))

        assert ctx.now() == EPOCH + timedelta(days=365)
        assert ctx.slept == [timedelta(days=365)]

    def test_draws_the_same_numbers_every_time(self) -> None:
        assert FakeContext().random.random() == FakeContext().random.random()
