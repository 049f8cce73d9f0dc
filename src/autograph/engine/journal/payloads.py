"""Values too large for an event: kept once per content, compressed where that helps.

A value is known by the SHA-256 of its JSON. `payload_uses` says which journals refer to it; one that nobody
refers to any more is swept (`features.storage`), a while after it was last used.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from autograph.engine.journal import sql

_LEVEL: Final = 1
"""Of zlib: a fifth of the time of the default, for a few percent of size."""
_WORTH_A_THREAD: Final = 128 * 1024
"""Bytes that take longer to compress (2 ms) than to hand to a thread."""


Packed = Mapping[str, tuple[str, bytes]]
"""Values as they are kept, by digest: `(encoding, bytes)`."""


async def pack_all(texts: Iterable[tuple[str, bytes]]) -> Packed:
    """Return values as they are kept; large ones are compressed beside the event loop.

    Args:
        texts: `(digest, JSON text)`.
    """
    # In one order everywhere, so that two commits with the same values do not wait for each other.
    values = dict(sorted(texts))
    if sum(map(len, values.values())) < _WORTH_A_THREAD:
        return {digest: pack(text) for digest, text in values.items()}
    packed = await asyncio.to_thread(lambda: [pack(text) for text in values.values()])
    return dict(zip(values, packed, strict=True))


async def keep(
    connection: asyncpg.pool.PoolConnectionProxy[Any],
    values: Packed,
    uses: Sequence[tuple[UUID, str]],
) -> None:
    """Keep values that journals refer to.

    Args:
        connection: In the transaction that writes the events.
        values: Of `uses` at least.
        uses: `(run, digest)`.
    """
    if not uses:
        return
    used = {digest for _, digest in uses}
    kept = [(digest, *value) for digest, value in values.items() if digest in used]
    await connection.execute(
        sql.KEEP_PAYLOADS,
        [digest for digest, _, _ in kept],
        [encoding for _, encoding, _ in kept],
        [value for _, _, value in kept],
        [run_id for run_id, _ in uses],
        [digest for _, digest in uses],
    )


async def load(
    connection: asyncpg.pool.PoolConnectionProxy[Any], digests: Collection[str]
) -> Mapping[str, bytes]:
    """Return the JSON texts of values by their digests."""
    if not digests:
        return {}
    rows = await connection.fetch(sql.LOAD_PAYLOADS, list(digests))
    return {row["digest"]: unpack(row["encoding"], row["value"]) for row in rows}


def pack(text: bytes) -> tuple[str, bytes]:
    """Return a value as it is kept: `(encoding, bytes)`, compressed when that saves a tenth at least."""
    small = zlib.compress(text, _LEVEL)
    return ("zlib", small) if len(small) < len(text) * 0.9 else ("json", text)


def unpack(encoding: str, value: bytes) -> bytes:
    """Return the JSON text of a value as it is kept."""
    return zlib.decompress(value) if encoding == "zlib" else value
