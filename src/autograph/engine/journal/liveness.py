"""A worker's proof of life: a session advisory lock on a connection of its own.

PostgreSQL lets go of it the moment the process dies, however it dies; no heartbeat, no lease, no clock.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, Final

import asyncpg

from autograph.infra.database import Database
from autograph.infra.errors import OperationalError

LOCK_CLASS: Final = 0x4155  # "AU": the first of the two keys of every worker's lock
_MAX_ID: Final = 2**31 - 1


class AdvisoryLock:
    """Implements `Liveness`."""

    def __init__(self, connection: asyncpg.Connection[Any], worker: int) -> None:
        """Hold the lock of `worker` on `connection`."""
        self._connection = connection
        self._worker = worker
        self._lost = asyncio.Event()
        connection.add_termination_listener(lambda _: self._lost.set())

    @classmethod
    async def take(cls, database: Database) -> AdvisoryLock:
        """Take the lock of a fresh worker id.

        Raises:
            OperationalError: The database does not answer.
        """
        connection = await database.connect()
        worker = secrets.randbelow(_MAX_ID) + 1
        try:
            if await connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", LOCK_CLASS, worker):
                return cls(connection, worker)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise OperationalError(f"The database does not answer: {error}.") from error
        await connection.close()
        raise OperationalError(f"Worker id {worker} is taken; trying another.")

    @property
    def worker(self) -> int:
        """The id under which this worker claims runs."""
        return self._worker

    async def lost(self) -> None:
        """Return when the connection is gone, and the lock with it."""
        await self._lost.wait()

    async def close(self) -> None:
        """Let go of the lock."""
        if not self._connection.is_closed():
            await self._connection.close(timeout=2)
