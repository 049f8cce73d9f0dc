"""Whether a text may be shown."""

from __future__ import annotations

from typing import Final

from autograph.blocks.builtin.ai.asking import COSTS, account_pin
from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Effect,
    Example,
    Format,
    InputError,
    Json,
    Outputs,
    pin,
)

Entries = dict[str, Json]
Names = list[str]

_MAX_TEXT: Final = 1_000_000


class ModerateTextInput(BlockInput):
    """A text."""

    text: str = pin(description="The text; at most a million characters.", format=Format.LONG_TEXT)
    model: str = pin(
        "omni-moderation-latest",
        description="Which model; demo-moderation answers offline, without a key.",
        extra={"x-models": "verdict"},
    )
    credentials: CredentialRef | None = account_pin()


class ModerateTextOutput(BlockOutput):
    """The verdict."""

    passed: str = pin(description="The text, where nothing is wrong with it; else nothing comes.")
    flagged: str = pin(
        description="The text, where something is wrong with it; else nothing comes."
    )
    reasons: Names = pin(description="What is wrong with it, by the provider's names.")
    scores: Entries = pin(description="For each name how sure the model is, 0 to 1.")


class ModerateText(Block[ModerateTextInput]):
    """A text, sorted."""

    id = "e83942aa-9d00-417f-8104-92cf6fa732d4"
    name = "ModerateText"
    description = "Asks a model whether a text is hateful, violent or otherwise not to be shown, and sends it one of two ways."
    categories = (Category.AI, Category.SAFETY)
    effect = Effect.IDEMPOTENT
    costs = COSTS
    aliases = ("moderation", "content filter")
    Input = ModerateTextInput
    Output = ModerateTextOutput
    examples = (
        Example(
            {"text": "I love tea.", "model": "demo-moderation"},
            [
                ("passed", "I love tea."),
                ("reasons", []),
                ("scores", {"hate": 0.0, "self-harm": 0.0, "violence": 0.0}),
            ],
        ),
        Example(
            {"text": "I hate you.", "model": "demo-moderation"},
            [
                ("flagged", "I hate you."),
                ("reasons", ["hate"]),
                ("scores", {"hate": 1.0, "self-harm": 0.0, "violence": 0.0}),
            ],
        ),
        Example({"text": "", "model": "demo-moderation"}, error="no text"),
    )

    async def run(self, input: ModerateTextInput, ctx: Context) -> Outputs:
        """Yield the text at one of two pins, and why.

        Raises:
            InputError: There is no text, or too much.
            BlockError: The model does not answer.
        """
        if not input.text.strip():
            raise InputError("text", "there is no text.")
        if len(input.text) > _MAX_TEXT:
            raise InputError("text", f"at most {_MAX_TEXT:,} characters are looked at.")
        (found,) = await ctx.models.moderate(input.model, [input.text], input.credentials)
        yield "flagged" if found.is_flagged else "passed", input.text
        yield "reasons", [name for name, is_so in found.categories.items() if is_so]
        yield "scores", dict(found.scores)
