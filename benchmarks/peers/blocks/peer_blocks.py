"""What a node does in the comparison: adds one, or asks the slow server."""

from __future__ import annotations

from slow import ask

from autograph.blocks.sdk import Block, BlockInput, BlockOutput, Context, Effect, Outputs, pin


class AskInput(BlockInput):
    port: int = pin(description="Where the slow server listens.")


class AskOutput(BlockOutput):
    answer: int = pin(description="What it said.")


class Ask(Block[AskInput]):
    """Ask the slow server."""

    id = "be9c0000-0000-4000-8000-000000000001"
    name = "PeersAsk"
    description = "Asks the slow server and gives out what it says."
    effect = Effect.IDEMPOTENT
    Input = AskInput
    Output = AskOutput

    async def run(self, input: AskInput, ctx: Context) -> Outputs:
        """Ask."""
        yield "answer", await ask(input.port)
