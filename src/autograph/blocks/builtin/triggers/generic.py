"""Triggers for whatever can send an HTTP request."""

from __future__ import annotations

from pydantic import BaseModel, Field

from autograph.blocks.builtin.triggers.events import Entries, payload_pin
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
    TriggerSpec,
    pin,
)


class GenericWebhookTriggerInput(BlockInput):
    """What came, and what goes along with it."""

    payload: Entries = payload_pin()
    constants: Entries = pin(
        default_factory=dict,
        description="Values of your own that are given out with every payload.",
    )


class GenericWebhookTriggerOutput(BlockOutput):
    """What came."""

    payload: Entries = pin(description="What was sent; a body that is no JSON object is wrapped.")
    constants: Entries = pin(description="The values that were set on this trigger.")


class GenericWebhookTrigger(Block[GenericWebhookTriggerInput]):
    """Starts an agent by any HTTP request."""

    id = "8fa8c167-2002-47ce-aba8-97572fc5d387"
    name = "GenericWebhookTrigger"
    description = "Starts the agent whenever somebody sends a request to an address of its own."
    categories = (Category.INPUT,)
    kind = BlockKind.WEBHOOK_MANUAL
    effect = Effect.PURE
    trigger = TriggerSpec("generic_webhook", "plain")
    Input = GenericWebhookTriggerInput
    Output = GenericWebhookTriggerOutput
    examples = (
        Example({}, [("constants", {}), ("payload", {})]),
        Example(
            {"payload": {"order": 7}, "constants": {"shop": "Paris"}},
            [("constants", {"shop": "Paris"}), ("payload", {"order": 7})],
        ),
    )

    async def run(self, input: GenericWebhookTriggerInput, ctx: Context) -> Outputs:
        """Yield what came."""
        yield "constants", input.constants
        yield "payload", input.payload


class Transcription(BaseModel):
    """What the Compass recorder sends."""

    date: str = Field("", description="When it was said.")
    transcription: str = Field(description="The whole text.")
    speakers: list[Json] = Field(default_factory=list[Json], description="Who spoke.")
    conversation: list[Json] = Field(default_factory=list[Json], description="Who said what.")


class CompassAITriggerInput(BlockInput):
    """What came."""

    payload: Transcription = pin(description="What the recorder sent; filled by the platform.")


class CompassAITriggerOutput(BlockOutput):
    """What was said."""

    transcription: str = pin(description="The text of the recording.")


class CompassAITrigger(Block[CompassAITriggerInput]):
    """Starts an agent by a recording."""

    id = "9464a020-ed1d-49e1-990f-7f2ac924a2b7"
    name = "CompassAITrigger"
    description = (
        "Starts the agent with the text of a conversation that a Compass recorder has written down."
    )
    categories = (Category.HARDWARE,)
    kind = BlockKind.WEBHOOK_MANUAL
    effect = Effect.PURE
    trigger = TriggerSpec("compass", "transcription")
    Input = CompassAITriggerInput
    Output = CompassAITriggerOutput
    examples = (
        Example({"payload": {"transcription": "Buy milk."}}, [("transcription", "Buy milk.")]),
    )

    async def run(self, input: CompassAITriggerInput, ctx: Context) -> Outputs:
        """Yield what was said."""
        yield "transcription", input.payload.transcription
