"""Blocks for the chaos suite: one that takes effect outside, one that fails at first."""

from __future__ import annotations

import asyncio
import json

from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Context,
    Cost,
    Effect,
    Json,
    Outputs,
    pin,
)


class CountInput(BlockInput):
    value: Json = pin(None, description="Passed on.")
    port: int = pin(description="Where the counter listens.")
    linger: float = pin(0.0, description="Seconds between the effect and the end.")


class CountOutput(BlockOutput):
    out: Json = pin(description="The value.")


class Count(Block[CountInput]):
    """Tell the counter."""

    id = "c0a05000-0000-4000-8000-000000000001"
    name = "ChaosCount"
    description = "Tells the counter that it was here, with its key, and passes a value on."
    effect = Effect.EFFECT
    costs = (Cost(2),)
    Input = CountInput
    Output = CountOutput

    async def run(self, input: CountInput, ctx: Context) -> Outputs:
        """Tell the counter, linger, and pass the value on."""
        reader, writer = await asyncio.open_connection("127.0.0.1", input.port)
        seen = {"key": ctx.idempotency_key, "run": str(ctx.run_id), "node_run": ctx.node_run}
        writer.write(json.dumps(seen).encode() + b"\n")
        await reader.readline()
        writer.close()
        await asyncio.sleep(input.linger)
        yield "out", input.value


class FlakyInput(BlockInput):
    value: Json = pin(None, description="Passed on.")


class FlakyOutput(BlockOutput):
    out: Json = pin(description="The value.")


class Flaky(Block[FlakyInput]):
    """Fail once."""

    id = "c0a05000-0000-4000-8000-000000000002"
    name = "ChaosFlaky"
    description = "Fails at its first attempt, and passes a value on at the second."
    effect = Effect.READ
    Input = FlakyInput
    Output = FlakyOutput

    async def run(self, input: FlakyInput, ctx: Context) -> Outputs:
        """Fail, or pass the value on."""
        await asyncio.sleep(0.05)
        if ctx.attempt == 1:
            raise BlockError("not yet")
        yield "out", input.value
