"""Moves wake-ups from the database to a broker.

Who queues a run writes its wake-up with it, in one commit, as a row of `jobs`. This hands those rows to
the broker and forgets them once the broker has confirmed: nothing is lost between the two, and a broker
that is away finds everything waiting when it is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Final

import asyncpg
import structlog

from autograph.dispatch.ports import JobQueue
from autograph.infra.database import Database
from autograph.infra.errors import OperationalError

_log = structlog.stdlib.get_logger(__name__)
_BATCH: Final = 500
_LOOK_ANYWAY_AFTER: Final = 5.0
"""Seconds after which to look without having been woken: a wake-up may be lost with its connection."""
_RETRY_AFTER: Final = 1.0

_NEXT: Final = """
SELECT id, run_id, priority FROM jobs ORDER BY priority DESC, id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_FORGET: Final = "DELETE FROM jobs WHERE id = ANY ($1::bigint[])"


class Outbox:
    """The rows that wait for a broker. `wake` must be called for every NOTIFY on `queue.CHANNEL`."""

    def __init__(self, database: Database, broker: JobQueue) -> None:
        """Move what is in `database` to `broker`; several processes may do so at once."""
        self._database = database
        self._broker = broker
        self._woken = asyncio.Event()
        self._is_away = False

    def wake(self, _payload: str | None = None) -> None:
        """Look now."""
        self._woken.set()

    async def relay(self) -> None:
        """Move rows until cancelled."""
        while True:
            self._woken.clear()
            try:
                moved = await self._move()
            except (OperationalError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if not self._is_away:
                    _log.warning("wake-ups wait for the broker", error=str(error))
                self._is_away = True
                await asyncio.sleep(_RETRY_AFTER)
                continue
            self._is_away = False
            if moved < _BATCH:
                await self._wait()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_ANYWAY_AFTER):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _move(self) -> int:
        async with self._database.acquire() as connection, connection.transaction():
            rows: Sequence[asyncpg.Record] = await connection.fetch(_NEXT, _BATCH)
            for priority, lane in groupby(rows, key=lambda row: int(row["priority"])):
                await self._broker.publish([row["run_id"] for row in lane], priority=priority)
            if rows:
                await connection.execute(_FORGET, [row["id"] for row in rows])
        return len(rows)
