"""A journal has a partition for every month, whatever the server's time zone is, and whatever came before it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from autograph.infra.database import Database

_BOUNDS = """
SELECT pg_get_expr(relpartbound, oid) FROM pg_class
WHERE relispartition AND relkind = 'r' AND relname ~ '^run_events_2027_' ORDER BY relname
"""


def moment_of(run_id: str) -> datetime:
    """The moment with which a UUIDv7 begins."""
    return datetime.fromtimestamp((UUID(run_id).int >> 80) / 1000, UTC)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata"])
async def test_months_follow_each_other_without_gaps_in_any_time_zone(
    database: Database, zone: str
) -> None:
    async with database.acquire() as connection, connection.transaction():
        await connection.execute(f"SET LOCAL timezone = '{zone}'")
        for month in range(1, 13):
            made = await connection.fetchval(
                "SELECT make_month($1)", datetime(2027, month, 15, tzinfo=UTC)
            )
            assert made
        found = [
            re.findall(r"'([0-9a-f-]{36})'", row[0]) for row in await connection.fetch(_BOUNDS)
        ]

    starts = [datetime(2027, month, 1, tzinfo=UTC) for month in range(1, 13)]
    ends = [*starts[1:], datetime(2028, 1, 1, tzinfo=UTC)]
    assert [(moment_of(first), moment_of(end)) for first, end in found] == list(
        zip(starts, ends, strict=True)
    )


async def test_a_month_takes_over_what_fell_into_the_default(database: Database) -> None:
    async with database.acquire() as connection:
        moments = [datetime(2030, 4, 30, 23, 59, 59, tzinfo=UTC), datetime(2030, 5, 1, tzinfo=UTC)]
        ids = [await connection.fetchval("SELECT first_id_of($1)", one) for one in moments]
        insert = (
            "INSERT INTO run_events (run_id, seq, kind, body) VALUES ($1, $2, 'run.started', '{}')"
        )
        await connection.executemany(insert, [(one, seq) for one in ids for seq in (1, 2)])

        assert await connection.fetchval("SELECT make_month($1)", moments[0])
        assert not await connection.fetchval("SELECT make_month($1)", moments[0])

        rows = await connection.fetch(
            "SELECT tableoid::regclass::text AS part, run_id FROM run_events ORDER BY run_id, seq"
        )
        assert [(row["part"], row["run_id"]) for row in rows] == [
            ("run_events_2030_04", ids[0]),
            ("run_events_2030_04", ids[0]),
            ("run_events_default", ids[1]),
            ("run_events_default", ids[1]),
        ]
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(insert, ids[0], 1)
