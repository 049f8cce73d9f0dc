"""What agents remember by its meaning: texts with their places in a model's space, found again by what is near.

shelf = Collection("notes", "text-embedding-3-small", Scope.AGENT)
vectors = await ctx.models.embed(shelf.model, texts, input.credentials)
await ctx.store.remember(shelf, [Memo(text, vector) for text, vector in zip(texts, vectors, strict=True)])
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from autograph.blocks.sdk.errors import BlockError
from autograph.blocks.sdk.fields import Json
from autograph.infra.json import encode

MAX_COLLECTION: Final = 200
MAX_TEXT: Final = 32_000
MAX_METADATA: Final = 16_384
MAX_DIMENSIONS: Final = 8_192


class Scope(StrEnum):
    """Who shares what is kept."""

    AGENT = "within_agent"
    PERSON = "across_agents"


@dataclass(frozen=True, slots=True)
class Collection:
    """What is looked through together.

    Attributes:
        name: 1 to 200 characters.
        model: By which texts were given their places; those of another are not compared.
    """

    name: str
    model: str
    scope: Scope

    def as_json(self) -> dict[str, Json]:
        """Return it as recordings have it."""
        return {"name": self.name, "model": self.model, "scope": self.scope.value}


@dataclass(frozen=True, slots=True)
class Memo:
    """A text to remember.

    Attributes:
        text: 1 to 32,000 characters.
        vector: Its place; any length but zero.
        metadata: What else is known of it; at most 16 KiB of JSON.
        expires_at: When it is forgotten; None for never.
    """

    text: str
    vector: Sequence[float]
    metadata: Mapping[str, Json] = field(default_factory=dict[str, Json])
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for.

    Attributes:
        vector: The place near which.
        limit: How many at most, 1 to 100.
        least: How near at least, -1 (the contrary) to 1 (the same).
        where: Metadata that it has to have.
    """

    vector: Sequence[float]
    limit: int
    least: float
    where: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Recalled:
    """A text that was found.

    Attributes:
        score: How near it is: the cosine, -1 to 1.
    """

    id: str
    text: str
    metadata: Mapping[str, Json]
    score: float
    remembered_at: datetime

    def as_json(self) -> dict[str, Json]:
        """Return it as blocks give it out."""
        return {
            "id": self.id,
            "text": self.text,
            "metadata": dict(self.metadata),
            "score": self.score,
            "remembered_at": self.remembered_at.isoformat(),
        }


def checked(collection: Collection) -> Collection:
    """Return a collection whose name can be kept.

    Raises:
        BlockError: It cannot.
    """
    if not 0 < len(collection.name) <= MAX_COLLECTION or not _is_plain(collection.name):
        raise BlockError(
            f"A collection's name has 1 to {MAX_COLLECTION} characters, each of which can be written down."
        )
    return collection


def metadata_json(metadata: Mapping[str, Json]) -> str:
    """Return metadata as it is kept, and as what is looked for is compared with it.

    Raises:
        BlockError: It is too large to be kept, or holds what no text may.
    """
    written = encode(dict(metadata)).decode()
    if len(written) > MAX_METADATA or not _is_plain(written) or "\\u0000" in written:
        raise BlockError(
            f"Metadata is at most {MAX_METADATA:,} characters of JSON, each of which can be written down."
        )
    return written


def memory_id(collection: Collection, memo: Memo) -> str:
    """Return the id of a memory: the same text with the same metadata is one.

    Raises:
        BlockError: It is too large to be kept, or holds what no text may.
    """
    if not memo.text.strip() or len(memo.text) > MAX_TEXT or not _is_plain(memo.text):
        raise BlockError(
            f"A memory has 1 to {MAX_TEXT:,} characters, each of which can be written down."
        )
    known = [collection.name, collection.model, memo.text, metadata_json(memo.metadata)]
    return str(UUID(bytes=sha256(encode(known)).digest()[:16]))


def unit(vector: Sequence[Any]) -> list[float]:
    """Return a place at distance 1, so that the cosine is a sum of products.

    Raises:
        BlockError: It is none.
    """
    is_one = 0 < len(vector) <= MAX_DIMENSIONS and all(
        isinstance(one, (int, float)) and math.isfinite(one) for one in vector
    )
    length = math.hypot(*vector) if is_one else 0.0
    if not length or not math.isfinite(length):
        raise BlockError(
            f"The model gave no place for a text: a list of 1 to {MAX_DIMENSIONS:,} numbers was expected."
        )
    return [one / length for one in vector]


def _is_plain(text: str) -> bool:
    """Return whether a text can be kept: it has no U+0000, and no half of a character."""
    try:
        return "\0" not in text and bool(text.encode())
    except UnicodeEncodeError:
        return False
