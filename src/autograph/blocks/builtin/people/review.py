"""Waiting for a person's decision, or for a call from another system. Both may take weeks and hold nothing."""

from __future__ import annotations

from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockKind,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    Json,
    Outputs,
    pin,
)


class HumanInTheLoopInput(BlockInput):
    """What a person decides on."""

    data: Json = pin(description="What the person sees and decides on.", advanced=False)
    name: str = pin(description="What it is about, in a few words.", placeholder="Post to approve")
    editable: bool = pin(True, description="Whether they may change it before they approve.")


class HumanInTheLoopOutput(BlockOutput):
    """What they decided."""

    approved_data: Json = pin(description="The data, perhaps edited, when it was approved.")
    rejected_data: Json = pin(description="The data when it was rejected.")
    review_message: str = pin(description="What the person wrote to it, if anything.")


class HumanInTheLoop(Block[HumanInTheLoopInput]):
    """Wait for a person."""

    id = "8b2a7b3c-6e9d-4a5f-8c1b-2e3f4a5b6c7d"
    name = "HumanInTheLoop"
    description = (
        "Shows data to a person and waits until they approve it, perhaps edited, or reject it. "
        "Where the agent's settings say that nobody is asked, it approves at once."
    )
    categories = (Category.BASIC,)
    kind = BlockKind.HUMAN_IN_THE_LOOP
    effect = Effect.READ
    aliases = ("human review", "approval")
    Input = HumanInTheLoopInput
    Output = HumanInTheLoopOutput
    examples = (
        Example(
            {"data": {"post": "Hello"}, "name": "Post"}, [("approved_data", {"post": "Hello"})]
        ),
    )

    async def run(self, input: HumanInTheLoopInput, ctx: Context) -> Outputs:
        """Wait for the decision and give the data out on its pin."""
        decision = await ctx.review(input.data, title=input.name, is_editable=input.editable)
        yield ("approved_data" if decision.approved else "rejected_data"), decision.data
        if decision.message:
            yield "review_message", decision.message


class WaitForCallInput(BlockInput):
    """What the call is about."""

    name: str = pin(
        "A call", description="What is waited for, in a few words.", placeholder="Payment notice"
    )


class WaitForCallOutput(BlockOutput):
    """The address, then what the call brought."""

    url: str = pin(description="The address to call (POST, JSON); comes at once, works once.")
    payload: Json = pin(description="What the call brought.")


class WaitForCall(Block[WaitForCallInput]):
    """Wait for another system."""

    id = "3f6c1a52-8e0b-4c7e-9d53-6a1f0b7c2e94"
    name = "WaitForCall"
    description = (
        "Gives out an address for another system to call, waits for that call, and gives out what it "
        "brought. A deadline in the node's policy (`review`) ends the wait with an error."
    )
    categories = (Category.BASIC, Category.DEVELOPER_TOOLS)
    effect = Effect.READ
    aliases = ("callback", "webhook wait")
    Input = WaitForCallInput
    Output = WaitForCallOutput
    examples = (Example({}, [("url", "https://example.invalid/call"), ("payload", None)]),)

    async def run(self, input: WaitForCallInput, ctx: Context) -> Outputs:
        """Give the address out and wait for the call."""
        call = ctx.call(title=input.name)
        yield "url", call.url
        yield "payload", await call.body()
