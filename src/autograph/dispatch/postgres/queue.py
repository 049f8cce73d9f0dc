"""A job queue in a table: who makes work writes a row with it, NOTIFY wakes a worker, one worker takes it.

A row says no more than "look at this run"; losing one, or doing it twice, is harmless (`JobQueue`).
That is why taking rows does not wait for the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from autograph.dispatch.ports import NORMAL
from autograph.infra.database import Database
from autograph.infra.errors import OperationalError

CHANNEL: Final = "autograph_jobs"
_LOOK_ANYWAY_AFTER: Final = 5.0
"""Seconds after which to look without having been woken: a wake-up may be lost with its connection."""

_PUBLISH: Final = """
WITH added AS (
    INSERT INTO jobs (run_id, priority)
    SELECT run_id, $2 FROM unnest($1::uuid[]) WITH ORDINALITY AS given (run_id, place) ORDER BY place
)
SELECT pg_notify('autograph_jobs', '')
"""

_TAKE: Final = """
WITH taken AS (
    DELETE FROM jobs WHERE id IN (
        SELECT id FROM jobs ORDER BY priority DESC, id LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, run_id, priority
)
SELECT run_id FROM taken GROUP BY run_id ORDER BY max(priority) DESC, min(id)
"""


class PostgresQueue:
    """Implements `JobQueue`."""

    def __init__(self, database: Database) -> None:
        """Keep rows in `database`; `wake` must be called for every NOTIFY on `CHANNEL`."""
        self._database = database
        self._woken = asyncio.Event()

    def wake(self, _payload: str | None = None) -> None:
        """Look for work now."""
        self._woken.set()

    async def publish(self, run_ids: Sequence[UUID], *, priority: int = NORMAL) -> None:
        """Say that runs are queued, in the lane of `priority`.

        Raises:
            OperationalError: The database does not answer.
        """
        async with self._database.acquire() as connection:
            await connection.execute(_PUBLISH, run_ids, priority)

    async def receive(self, limit: int) -> Sequence[UUID]:
        """Wait until there are runs to claim; return at most `limit`, of higher lanes first, oldest first.

        Raises:
            OperationalError: The database does not answer.
        """
        while True:
            self._woken.clear()
            run_ids = await self._take(limit)
            if run_ids:
                return run_ids
            try:
                async with asyncio.timeout(_LOOK_ANYWAY_AFTER):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _take(self, limit: int) -> Sequence[UUID]:
        try:
            async with self._database.acquire() as connection, connection.transaction():
                await connection.execute("SET LOCAL synchronous_commit = off")
                rows = await connection.fetch(_TAKE, limit)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise OperationalError(f"The queue does not answer: {error}.") from error
        return [row[0] for row in rows]

    async def close(self) -> None:
        """Nothing to stop: the listener is closed by who made it."""
