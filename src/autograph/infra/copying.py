"""Copies everything an installation knows from one PostgreSQL database into another one.

Rows go through this process, table by table, so the two servers may be of different versions, and no program
of PostgreSQL's is needed.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import ClassVar, Final

from autograph.infra import migrations
from autograph.infra.database import Connection, Database, translated
from autograph.infra.errors import OperationalError

_NOBODYS: Final = ["alembic_version"]

# A table comes after those that it refers to; the parts of a partitioned one go with it.
_TABLES: Final = """
WITH RECURSIVE ours AS (
    SELECT oid FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
      AND relname <> ALL ($1::text[])
), placed AS (
    SELECT oid, 0 AS place FROM ours
    UNION ALL
    SELECT c.conrelid, placed.place + 1 FROM placed
    JOIN pg_constraint c ON c.contype = 'f' AND c.confrelid = placed.oid AND c.conrelid <> placed.oid
    JOIN ours ON ours.oid = c.conrelid
)
SELECT relname FROM placed JOIN pg_class USING (oid) GROUP BY relname ORDER BY max(place), relname
"""
_COUNTERS: Final = """
SELECT a.attrelid::regclass::text AS of, a.attname AS column
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE a.attidentity <> '' AND c.relnamespace = current_schema()::regnamespace AND NOT c.relispartition
"""
# What the database works out itself is neither read nor written.
_COLUMNS: Final = """
SELECT attname FROM pg_attribute
WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum
"""


class TargetNotEmpty(OperationalError):
    """Somebody works in the database to copy to."""

    code: ClassVar[str] = "database.not_empty"


async def copy(source: Database, target: Database) -> int:
    """Copy a database; the target has all of it afterwards, or nothing.

    Args:
        source: Where to read; nobody should write there meanwhile. It is brought to this code's schema.
        target: Where to write: an empty database.

    Returns:
        How many rows there are.

    Raises:
        TargetNotEmpty: There are people in the target.
        DatabaseUnavailable: One of them does not answer.
        DatabaseTooNew: One of them belongs to a newer Autograph.
    """
    await migrations.upgrade(source)
    await migrations.upgrade(target)
    async with (
        _connected(source) as reading,
        _connected(target) as writing,
        reading.transaction(isolation="repeatable_read", readonly=True),
        writing.transaction(),
    ):
        if await writing.fetchval("SELECT EXISTS (SELECT 1 FROM users)"):
            raise TargetNotEmpty(
                "Autograph has been used with the database to copy to. Make an empty one (`createdb`), "
                "and name that."
            )
        tables = [row["relname"] for row in await writing.fetch(_TABLES, _NOBODYS)]
        rows = 0
        for table in tables:
            rows += await _copy_table(reading, writing, table)
        for row in await writing.fetch(_COUNTERS):
            await writing.execute(
                f"SELECT setval(pg_get_serial_sequence('{row['of']}', '{row['column']}'), "
                f"coalesce((SELECT max({row['column']}) FROM {row['of']}), 0) + 1, false)"
            )
    return rows


async def _copy_table(reading: Connection, writing: Connection, table: str) -> int:
    columns = [row["attname"] for row in await writing.fetch(_COLUMNS, f'"{table}"')]
    listed = ", ".join(f'"{column}"' for column in columns)
    with tempfile.TemporaryFile() as rows:
        await reading.copy_from_query(
            f'SELECT {listed} FROM "{table}"', output=rows, format="binary"
        )
        rows.seek(0)
        status = await writing.copy_to_table(table, source=rows, columns=columns, format="binary")
    return int(status.split()[-1])


@asynccontextmanager
async def _connected(database: Database) -> AsyncGenerator[Connection]:
    connection = await database.connect()
    try:
        with translated():
            yield connection
    finally:
        await connection.close()
