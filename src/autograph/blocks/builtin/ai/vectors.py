"""Texts as places in a space of meanings."""

from __future__ import annotations

from typing import Final

from autograph.blocks.builtin.ai.asking import COSTS
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
        if not input.texts:
            raise BlockError("There is no text.")
        if len(input.texts) > _MOST:
            raise BlockError(f"There are {len(input.texts)} texts; at most {_MOST} go at once.")
        texts = [one if isinstance(one, str) else str(one) for one in input.texts]
        yield (
            "embeddings",
            [list(one) for one in await ctx.models.embed(input.model, texts, input.credentials)],
        )
