"""Texts as places in a space of meanings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from autograph.blocks.builtin.ai.asking import COSTS, account_pin
from autograph.blocks.sdk import (
    ANY,
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Effect,
    Example,
    Json,
    Outputs,
    credential_pin,
    pin,
)

Values = list[Json]

_MOST: Final = 2_048
"""Texts in one request; providers take no more."""


class JinaEmbeddingInput(BlockInput):
    """Texts."""

    texts: Values = pin(description="The texts.")
    credentials: CredentialRef | None = credential_pin(
        "jina", kinds=("api_key",), description="Whose account pays.", optional=True
    )
    model: str = pin(
        "jina-embeddings-v2-base-en",
        description="Which model; demo-embedding answers offline, without a key.",
        extra={"x-models": "embedding"},
    )


class JinaEmbeddingOutput(BlockOutput):
    """Their places."""

    embeddings: Values = pin(
        description="For each text a list of numbers; near ones mean the like."
    )


class JinaEmbedding(Block[JinaEmbeddingInput]):
    """Where texts lie."""

    id = "7c56b3ab-62e7-43a2-a2dc-4ec4245660b6"
    name = "JinaEmbedding"
    description = "Turns texts into vectors: texts that mean the like lie close together."
    categories = (Category.AI,)
    effect = Effect.IDEMPOTENT
    costs = COSTS
    aliases = ("vector", "embedding")
    Input = JinaEmbeddingInput
    Output = JinaEmbeddingOutput
    examples = (
        Example({"texts": ["a cat"], "model": "demo-embedding"}, [("embeddings", ANY)]),
        Example({"texts": [], "model": "demo-embedding"}, error="no text"),
    )

    async def run(self, input: JinaEmbeddingInput, ctx: Context) -> Outputs:
        """Yield the vectors.

        Raises:
            BlockError: There is no text, or there are too many.
        """
        yield "embeddings", await _embedded(ctx, input.model, input.texts, input.credentials)


class EmbedTextsInput(BlockInput):
    """Texts."""

    texts: list[str] = pin(description="The texts; at most 2,048.")
    model: str = pin(
        "text-embedding-3-small",
        description="Which model; demo-embedding answers offline, without a key.",
        extra={"x-models": "embedding"},
    )
    credentials: CredentialRef | None = account_pin()


class EmbedTexts(Block[EmbedTextsInput]):
    """Where texts lie, by any provider."""

    id = "5c3207e6-e6d3-4727-9315-a9a353d01eda"
    name = "EmbedTexts"
    description = "Turns texts into vectors by a model of your choice: texts that mean the like lie close together."
    categories = (Category.AI,)
    effect = Effect.IDEMPOTENT
    costs = COSTS
    aliases = ("vector", "embedding")
    Input = EmbedTextsInput
    Output = JinaEmbeddingOutput
    examples = (
        Example({"texts": ["a cat", "a dog"], "model": "demo-embedding"}, [("embeddings", ANY)]),
        Example({"texts": [], "model": "demo-embedding"}, error="no text"),
        Example(
            {"texts": ["a cat"], "model": "gpt-4o"}, error="a model for texts, not for embeddings"
        ),
    )

    async def run(self, input: EmbedTextsInput, ctx: Context) -> Outputs:
        """Yield the vectors.

        Raises:
            BlockError: There is no text, or there are too many.
        """
        yield "embeddings", await _embedded(ctx, input.model, input.texts, input.credentials)


async def _embedded(
    ctx: Context, model: str, values: Sequence[Json], credentials: CredentialRef | None
) -> Values:
    if not values:
        raise BlockError("There is no text.")
    if len(values) > _MOST:
        raise BlockError(f"There are {len(values)} texts; at most {_MOST} go at once.")
    texts = [one if isinstance(one, str) else str(one) for one in values]
    return [list(one) for one in await ctx.models.embed(model, texts, credentials)]
