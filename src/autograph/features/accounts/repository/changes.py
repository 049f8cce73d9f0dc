"""Tells every process, in the commit of a change, what they remember that is no longer so."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

CHANNEL: Final = "autograph_accounts"
_NOTIFY: Final = text("SELECT pg_notify(:channel, :key)")


async def tell(connection: AsyncConnection, *keys: str) -> None:
    """Say that what is kept under `keys` (`account:<id>`, `session:<id>`, `key:<hash>`) has changed."""
    for key in keys:
        await connection.execute(_NOTIFY, {"channel": CHANNEL, "key": key})
