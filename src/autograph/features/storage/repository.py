"""SQL of storage."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from autograph.features.accounts.models import Principal
from autograph.features.storage.models import Eater, FileEater, Part, Pruned, Report
from autograph.infra.database import Database

_TEND_LOCK: Final = 0x53544F52  # "STOR": one process tends at a time
_AT_ONCE: Final = 500
_GRACE: Final = timedelta(hours=1)
"""A payload that was used so lately is not swept: a commit under way may count on it."""

_OVER: Final = """
SELECT id, ended_at FROM runs
WHERE ended_at < $1 AND parent_id IS NULL AND ($2::uuid IS NULL OR owner_id = $2)
  AND ($3::text[] IS NULL OR status = ANY ($3))
"""
# A run goes with the runs inside it; those that have not ended keep it.
_FAMILY: Final = """
WITH RECURSIVE family AS (
    SELECT id, id AS root FROM runs WHERE id = ANY ($1::uuid[])
    UNION ALL
    SELECT runs.id, family.root FROM runs JOIN family ON runs.parent_id = family.id
), going AS (
    SELECT DISTINCT root FROM family JOIN runs USING (id) WHERE ended_at IS NULL
)
"""
_DELETE: Final = (
    _FAMILY
    + """
, gone AS (SELECT id FROM family WHERE root NOT IN (SELECT root FROM going)
), events AS (DELETE FROM run_events WHERE run_id IN (SELECT id FROM gone)
), uses AS (DELETE FROM payload_uses WHERE run_id IN (SELECT id FROM gone)
), inbox AS (DELETE FROM run_inbox WHERE run_id IN (SELECT id FROM gone)
), keys AS (DELETE FROM idempotency_keys WHERE resource_id IN (SELECT id FROM gone)
), asked AS (DELETE FROM waits WHERE run_id IN (SELECT id FROM gone)
), letters AS (DELETE FROM dead_letters WHERE run_id IN (SELECT id FROM gone)
), deleted AS (DELETE FROM runs WHERE id IN (SELECT id FROM gone) RETURNING stored_bytes, ended_at)
SELECT count(*) AS runs, coalesce(sum(stored_bytes), 0)::bigint AS stored_bytes, min(ended_at) AS oldest
FROM deleted
"""
)
_COUNT: Final = """
WITH uncounted AS (
    SELECT id FROM runs WHERE ended_at IS NOT NULL AND stored_bytes IS NULL LIMIT $1
), counted AS (
    SELECT uncounted.id,
           coalesce((SELECT sum(octet_length(body::text)) FROM run_events WHERE run_id = uncounted.id), 0)
           + coalesce((SELECT sum(octet_length(value)) FROM payload_uses JOIN payloads USING (digest)
                       WHERE run_id = uncounted.id), 0) AS size
    FROM uncounted
)
UPDATE runs SET stored_bytes = counted.size FROM counted WHERE runs.id = counted.id
"""
_SWEEP: Final = """
DELETE FROM payloads WHERE digest IN (
    SELECT digest FROM payloads p
    WHERE used_at < now() - $1::interval AND NOT EXISTS (SELECT 1 FROM payload_uses u WHERE u.digest = p.digest)
    LIMIT $2
) AND used_at < now() - $1::interval
"""
_PARTS: Final = """
SELECT relname AS name, pg_total_relation_size(oid) AS size_bytes, greatest(reltuples, 0)::bigint AS rows
FROM pg_class WHERE relkind IN ('r') AND relnamespace = current_schema()::regnamespace
ORDER BY size_bytes DESC, name
"""
_OLD_MONTHS: Final = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'run_events'::regclass AND c.relname ~ '^run_events_[0-9]{4}_[0-9]{2}$'
  AND c.relname < 'run_events_' || to_char($1::timestamptz AT TIME ZONE 'UTC', 'YYYY_MM')
"""


class StorageRepository:
    """Measures and deletes what is kept."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def stored_bytes(self, principal: Principal) -> tuple[int, int]:
        """Return how many of a person's runs are over, and the bytes that they and memories keep."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                """
                SELECT count(*) AS runs,
                       (coalesce(sum(stored_bytes), 0)
                        + (SELECT coalesce(sum(size_bytes), 0) FROM memories WHERE owner_id = $1))::bigint AS size
                FROM runs WHERE owner_id = $1 AND ended_at IS NOT NULL
                """,
                principal.user_id,
            )
        return (0, 0) if row is None else (row["runs"], row["size"])

    async def report(self, *, top: int) -> Report:
        """Return what eats the disk, with the `top` graphs and runs."""
        async with self._database.acquire() as connection:
            total = await connection.fetchval("SELECT pg_database_size(current_database())")
            parts = await connection.fetch(_PARTS)
            kept = await connection.fetchval(
                "SELECT coalesce(sum(octet_length(value)), 0)::bigint FROM payloads"
            )
            graphs = await connection.fetch(
                """
                SELECT r.graph_id AS id, coalesce(g.name, '') AS name, count(*) AS runs,
                       coalesce(sum(r.stored_bytes), 0)::bigint AS stored_bytes
                FROM runs r LEFT JOIN graphs g ON g.id = r.graph_id
                GROUP BY r.graph_id, g.name ORDER BY stored_bytes DESC, id LIMIT $1
                """,
                top,
            )
            runs = await connection.fetch(
                """
                SELECT r.id, coalesce(g.name, '') AS name, 1 AS runs, r.stored_bytes
                FROM runs r LEFT JOIN graphs g ON g.id = r.graph_id
                WHERE r.stored_bytes IS NOT NULL ORDER BY r.stored_bytes DESC, r.id LIMIT $1
                """,
                top,
            )
            file_bytes = await connection.fetchval(
                "SELECT coalesce(sum(size_bytes), 0)::bigint FROM file_contents"
            )
            files = await connection.fetch(
                """
                SELECT u.id, u.name, count(*) AS files, sum(c.size_bytes)::bigint AS stored_bytes
                FROM files f JOIN users u ON u.id = f.user_id JOIN file_contents c ON c.id = f.content_id
                GROUP BY u.id, u.name ORDER BY stored_bytes DESC, id LIMIT $1
                """,
                top,
            )
        return Report(
            total_bytes=total,
            parts=[Part(**dict(row)) for row in parts],
            payload_bytes=kept,
            graphs=[Eater(**dict(row)) for row in graphs],
            runs=[Eater(**dict(row)) for row in runs],
            file_bytes=file_bytes,
            files=[FileEater(**dict(row)) for row in files],
        )

    async def find_over(
        self, before: datetime, *, owner_id: UUID | None, statuses: Sequence[str] | None
    ) -> Pruned:
        """Return what `delete_over` would delete, runs inside runs not counted."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"""
                SELECT count(*) AS runs, coalesce(sum(stored_bytes), 0)::bigint AS stored_bytes,
                       min(ended_at) AS oldest
                FROM runs JOIN ({_OVER}) AS over USING (id, ended_at)
                """,
                before,
                owner_id,
                statuses,
            )
        return (
            Pruned() if row is None else Pruned(row["runs"], row["stored_bytes"], 0, row["oldest"])
        )

    async def delete_over(
        self, before: datetime, *, owner_id: UUID | None, statuses: Sequence[str] | None
    ) -> AsyncGenerator[Pruned]:
        """Delete the runs that ended before a moment, with all that is kept of them; charges stay.

        Yields:
            What was deleted in each transaction, of a few hundred runs, the oldest first.
        """
        last: tuple[datetime | None, UUID | None] = (None, None)
        while True:
            async with self._database.acquire() as connection, connection.transaction():
                found = await connection.fetch(
                    f"""
                    {_OVER} AND ($4::timestamptz IS NULL OR (ended_at, id) > ($4, $5::uuid))
                    ORDER BY ended_at, id LIMIT {_AT_ONCE} FOR UPDATE SKIP LOCKED
                    """,
                    before,
                    owner_id,
                    statuses,
                    *last,
                )
                if not found:
                    return
                last = found[-1]["ended_at"], found[-1]["id"]
                row = await connection.fetchrow(_DELETE, [one["id"] for one in found])
            if row is not None:
                yield Pruned(row["runs"], row["stored_bytes"], 0, row["oldest"])

    async def sweep(self) -> int:
        """Delete payloads that no journal refers to; return how many."""
        swept = 0
        async with self._database.acquire() as connection:
            while some := _count(await connection.execute(_SWEEP, _GRACE, _AT_ONCE)):
                swept += some
        return swept

    async def forget(self, now: datetime, before: datetime | None) -> int:
        """Delete memories whose time is over, and with `before` those that are older; return how many."""
        async with self._database.acquire() as connection:
            done = await connection.execute(
                "DELETE FROM memories WHERE expires_at <= $1 OR created_at < $2::timestamptz",
                now,
                before,
            )
        return _count(done)

    async def count(self) -> int:
        """Note what runs keep that are over and were not counted; return how many."""
        counted = 0
        async with self._database.acquire() as connection:
            while some := _count(await connection.execute(_COUNT, _AT_ONCE)):
                counted += some
        return counted

    async def make_months(self, now: datetime) -> None:
        """Have the partitions of this month and the next."""
        async with self._database.acquire() as connection:
            for moment in (now, now.replace(day=1) + timedelta(days=32)):
                await connection.execute("SELECT make_month($1)", moment)

    async def drop_months(self, before: datetime) -> Sequence[str]:
        """Drop the partitions of months that are over and empty; return them."""
        dropped: list[str] = []
        async with self._database.acquire() as connection:
            for row in await connection.fetch(_OLD_MONTHS, before):
                name = row["relname"]
                try:
                    async with connection.transaction():
                        # Whoever reads journals is not kept waiting for it: the next pass tries again.
                        await connection.execute("SET LOCAL lock_timeout = '500ms'")
                        await connection.execute(f'LOCK TABLE "{name}" IN ACCESS EXCLUSIVE MODE')
                        if not await connection.fetchval(f'SELECT EXISTS (SELECT 1 FROM "{name}")'):
                            await connection.execute(f'DROP TABLE "{name}"')
                            dropped.append(name)
                except asyncpg.LockNotAvailableError:
                    continue
        return dropped

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[bool]:
        """Be the only process that tends the storage; yields False when another one does."""
        connection = await self._database.connect()
        try:
            yield bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", _TEND_LOCK))
        finally:
            await connection.close()


def _count(status: Any) -> int:
    return int(str(status).split()[-1])
