"""Summaries of texts of any length."""

from __future__ import annotations

import asyncio
from typing import Final, Literal

from autograph.blocks.builtin.ai.asking import (
    COSTS,
    account_pin,
    as_prompt,
    ask_for_text,
    host_pin,
    model_pin,
    told,
)
from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Effect,
    Example,
    Format,
    Json,
    Message,
    ModelRequest,
    Outputs,
    count_tokens,
    pin,
)

Turns = list[Json]
_AT_ONCE: Final = 4
_MAX_CHUNKS: Final = 500
_MAX_LEVELS: Final = 6


class AITextSummarizerInput(BlockInput):
    """What to summarise."""

    text: str = pin(description="The text, of any length.", format=Format.LONG_TEXT)
    model: str = model_pin(advanced=True)
    focus: str = pin("general information", description="What matters.")
    style: Literal["concise", "detailed", "bullet points", "numbered list"] = pin(
        "concise", description="What the summary looks like."
    )
    credentials: CredentialRef | None = account_pin()
    max_tokens: int = pin(
        4096,
        description="Most tokens that are read at once; longer texts are read in parts.",
        ge=100,
    )
    chunk_overlap: int = pin(
        100, description="Tokens that one part has of the part before it.", ge=0
    )
    ollama_host: str = host_pin()


class AITextSummarizerOutput(BlockOutput):
    """The summary."""

    summary: str = pin(description="The summary.")
    prompt: Turns = pin(description="What was asked last: messages with a role and a content.")


class AITextSummarizer(Block[AITextSummarizerInput]):
    """A summary by a model."""

    id = "a0a69be1-4528-491c-a85a-a4ab6873e3f0"
    name = "AITextSummarizer"
    description = (
        "Has a language model summarise a text, in parts where it is too long to be read at once."
    )
    categories = (Category.AI, Category.TEXT)
    effect = Effect.IDEMPOTENT
    costs = COSTS
    Input = AITextSummarizerInput
    Output = AITextSummarizerOutput
    examples = (
        Example(
            {"text": "A long story.", "model": "demo"},
            [
                (
                    "summary",
                    "Demo answer to: Summarise this text, concise, with regard to general information: A long "
                    "story.",
                ),
                (
                    "prompt",
                    [
                        {
                            "role": "user",
                            "content": "Summarise this text, concise, with regard to general information:"
                            "\n\nA long story.",
                        }
                    ],
                ),
            ],
        ),
        Example({"text": " ", "model": "demo"}, error="empty"),
    )

    async def run(self, input: AITextSummarizerInput, ctx: Context) -> Outputs:
        """Yield the summary.

        Raises:
            BlockError: There is nothing to summarise, or too much.
        """
        text = input.text.strip()
        if not text:
            raise BlockError("The text is empty.")
        if input.chunk_overlap >= input.max_tokens:
            raise BlockError("chunk_overlap must be smaller than max_tokens.")
        for _ in range(_MAX_LEVELS):
            parts = chunks(text, input.max_tokens, input.chunk_overlap)
            if len(parts) == 1:
                messages = self._asked(input, parts[0])
                answer = await self._ask(input, ctx, messages, "summary")
                yield "summary", answer
                yield "prompt", as_prompt(messages)
                return
            if len(parts) > _MAX_CHUNKS:
                raise BlockError(
                    f"The text has {len(parts)} parts of {input.max_tokens} tokens; {_MAX_CHUNKS} are read at most. "
                    "Raise max_tokens."
                )
            text = "\n\n".join(await self._each(input, ctx, parts))
        raise BlockError("The summaries of its parts are as long as the text. Raise max_tokens.")

    async def _each(
        self, input: AITextSummarizerInput, ctx: Context, parts: list[str]
    ) -> list[str]:
        """Return the summaries of parts, some of them asked for at once."""
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(part: str) -> str:
            async with turns:
                return await self._ask(input, ctx, self._asked(input, part), None)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(part)) for part in parts]
        return [task.result() for task in tasks]

    def _asked(self, input: AITextSummarizerInput, text: str) -> list[Message]:
        what = f"Summarise this text, {input.style}, with regard to {input.focus}:\n\n{text}"
        return told("", what)

    async def _ask(
        self,
        input: AITextSummarizerInput,
        ctx: Context,
        messages: list[Message],
        pin_name: str | None,
    ) -> str:
        request = ModelRequest(input.model, messages, address=input.ollama_host)
        if pin_name is None:
            return (await ctx.models.ask(request, input.credentials)).text
        answer = await ask_for_text(ctx, request, input.credentials, pin_name=pin_name, tries=2)
        return answer.text


def chunks(text: str, size: int, overlap: int) -> list[str]:
    """Cut a text into parts of at most so many tokens, between words; each has the end of the one before it."""
    if count_tokens(text) <= size:
        return [text]
    # Letters that are no ASCII count a token each, so a word may be longer than a part.
    words = [word[at : at + size] for word in text.split() for at in range(0, len(word), size)]
    weights = [count_tokens(word) + 1 for word in words]
    found: list[str] = []
    first = 0
    while first < len(words):
        last, weight = first, 0
        while last < len(words) and (weight + weights[last] <= size or last == first):
            weight += weights[last]
            last += 1
        found.append(" ".join(words[first:last]))
        if last == len(words):
            break
        back, shared = last, 0
        while back - 1 > first and shared + weights[back - 1] <= overlap:
            back -= 1
            shared += weights[back]
        first = back
    return found
