"""News between processes by NOTIFY; inside the process they arrive at once, without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from time import monotonic
from typing import Any, Final
from uuid import UUID

import asyncpg

from autograph.dispatch.memory.broadcast import MemoryBroadcast
from autograph.dispatch.memory.partials import PartialRelay
from autograph.dispatch.ports import RunNews, RunPartial
from autograph.infra.database import Database
from autograph.infra.errors import OperationalError
from autograph.infra.ids import new_id
from autograph.infra.json import decode, encode

CHANNEL: Final = "autograph_news"
PARTIALS: Final = "autograph_partials"
_GATHER_SECONDS: Final = 0.02
"""Between two NOTIFYs, news gather: each takes a lock on the whole server. The first goes out at once."""
_MAX_PER_NOTIFY: Final = 60
"""A NOTIFY carries at most 8,000 bytes."""
_MAX_BYTES: Final = 7_900
_AWAY: Final = (OperationalError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class PostgresBroadcast:
    """Implements `Broadcast`.

    `hear` must be called for every NOTIFY on `CHANNEL`, `hear_partials` for those on `PARTIALS`.
    """

    def __init__(self, database: Database) -> None:
        """Tell the other processes through `database`."""
        self._database = database
        self._here = MemoryBroadcast()
        self._self = new_id().hex
        self._outgoing: dict[UUID, RunNews] = {}
        self._sender: asyncio.Task[None] | None = None
        self._sent_at = 0.0
        self._partials = PartialRelay(self._notify_partials, max_bytes=_MAX_BYTES)

    def show(self, partial: RunPartial) -> None:
        """Show a piece of a text to who watches its run; never waits."""
        self._partials.show(partial)

    def watch(self, run_id: UUID) -> AbstractAsyncContextManager[AsyncIterator[RunPartial]]:
        """Watch the texts of a run until the context ends."""
        return self._partials.watch(run_id)

    def hear_partials(self, payload: str | None) -> None:
        """Take in what another process shows, or wants to be shown."""
        self._partials.hear(payload)

    def publish(self, news: Sequence[RunNews]) -> None:
        """Tell everybody; never waits."""
        self._here.publish(news)
        for one in news:
            self._outgoing[one.run_id] = one
        if self._sender is None:
            self._sender = asyncio.create_task(self._send(), name="broadcast")

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[RunNews | None]]:
        """Listen until the context ends."""
        return self._here.subscribe()

    def hear(self, payload: str | None) -> None:
        """Take in what another process told; None: some may be missing."""
        if payload is None:
            self._here.gap()
            return
        sender, rows = decode(payload)
        if sender == self._self:
            return
        if rows is None:
            self._here.gap()
            return
        self._here.publish(
            [
                RunNews(UUID(run), UUID(owner) if owner else None, seq, over)
                for run, owner, seq, over in rows
            ]
        )

    async def close(self) -> None:
        """Send what is left and stop."""
        await self._partials.close()
        if self._sender is not None:
            await asyncio.gather(self._sender, return_exceptions=True)

    async def _send(self) -> None:
        await asyncio.sleep(max(0.0, self._sent_at + _GATHER_SECONDS - monotonic()))
        self._sent_at = monotonic()
        news, self._outgoing, self._sender = list(self._outgoing.values()), {}, None
        # So much at once that it would not fit: the others are told that they missed something, and look.
        rows = None if len(news) > _MAX_PER_NOTIFY else [_row(one) for one in news]
        await self._notify(CHANNEL, encode([self._self, rows]))

    async def _notify_partials(self, payload: bytes) -> None:
        await self._notify(PARTIALS, payload)

    async def _notify(self, channel: str, payload: bytes) -> None:
        with suppress(*_AWAY):
            async with self._database.acquire() as connection:
                await connection.execute("SELECT pg_notify($1, $2)", channel, payload.decode())


def _row(news: RunNews) -> list[Any]:
    return [str(news.run_id), str(news.owner_id or ""), news.seq, news.is_over]
