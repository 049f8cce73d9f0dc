"""The schema's history. `upgrade` brings a database to this code's schema; it costs one query when it is there."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import asyncpg

from autograph.infra.database import Database
from autograph.infra.errors import OperationalError

HEAD: Final = "0016"
"""The revision this code needs; a test keeps it equal to the newest script."""

_LOCK: Final = 0x4175746F
"""Key of the advisory lock under which one process migrates while the others wait."""


class DatabaseTooNew(OperationalError):
    """The database belongs to a newer Autograph."""

    code: ClassVar[str] = "database.too_new"


async def upgrade(database: Database) -> bool:
    """Bring the database to this code's schema; return whether anything had to be done.

    Raises:
        DatabaseTooNew: It is ahead of this code.
        DatabaseUnavailable: The server does not answer.
    """
    connection = await database.connect()
    try:
        if await _revision(connection) == HEAD:
            return False
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        revision = await _revision(connection)
        if revision == HEAD:
            return False
        if revision is not None and revision > HEAD:
            raise DatabaseTooNew(
                f"The database is at schema {revision}, this Autograph knows {HEAD}. Start the version that made it, "
                "or a newer one."
            )
        from autograph.infra.migrations.runner import run  # noqa: PLC0415 - Alembic takes 0.3 s to import

        await run(database.dsn)
        return True
    finally:
        await connection.close()


async def _revision(connection: asyncpg.Connection[Any]) -> str | None:
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    return await connection.fetchval("SELECT version_num FROM alembic_version")
