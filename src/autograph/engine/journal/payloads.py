"""Values too large for an event: kept once per content, compressed where that helps.

A value is known by the SHA-256 of its JSON. `payload_uses` says which journals refer to it; one that nobody
refers to any more is swept (`features.storage`), a while after it was last used.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from autograph.engine.journal import sql
from autograph.graph.model import Json
from autograph.infra.json import decode

_LEVEL: Final = 1
"""Of zlib: a fifth of the time of the default, for a few percent of size."""


async def keep(
    connection: asyncpg.pool.PoolConnectionProxy[Any], uses: Sequence[tuple[UUID, str, bytes]]
) -> None:
    """Keep values that journals refer to.

    Args:
        connection: In the transaction that writes the events.
        uses: `(run, digest, JSON text)`.
    """
    if not uses:
        return
    # In one order everywhere, so that two commits with the same values do not wait for each other.
    texts = dict(sorted((digest, text) for _, digest, text in uses))
    packed = [pack(text) for text in texts.values()]
    await connection.execute(
        sql.KEEP_PAYLOADS,
        list(texts),
        [encoding for encoding, _ in packed],
        [value for _, value in packed],
        [run_id for run_id, _, _ in uses],
        [digest for _, digest, _ in uses],
    )


async def load(
    connection: asyncpg.pool.PoolConnectionProxy[Any], digests: Collection[str]
) -> Mapping[str, Json]:
    """Return values by their digests."""
    if not digests:
        return {}
    rows = await connection.fetch(sql.LOAD_PAYLOADS, list(digests))
    return {row["digest"]: decode(unpack(row["encoding"], row["value"])) for row in rows}


def pack(text: bytes) -> tuple[str, bytes]:
    """Return a value as it is kept: `(encoding, bytes)`, compressed when that saves a tenth at least."""
    small = zlib.compress(text, _LEVEL)
    return ("zlib", small) if len(small) < len(text) * 0.9 else ("json", text)


def unpack(encoding: str, value: bytes) -> bytes:
    """Return the JSON text of a value as it is kept."""
    return zlib.decompress(value) if encoding == "zlib" else value
