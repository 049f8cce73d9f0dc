"""SQL of runs, for reading. Writing them is the journal's work, and its alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from autograph.engine.journal.postgres import decode_result
from autograph.engine.state import RunStatus
from autograph.features.accounts.models import Principal
from autograph.features.runs.errors import KeyReused, RunIsGoing, RunNotFound
from autograph.features.runs.models import JournalRow, Place, RunFilter, RunRow
from autograph.graph.model import Json
from autograph.infra.database import Database
from autograph.infra.json import decode

_COLUMNS = """
    id, owner_id, graph_id, graph_version, sub_graph_id, parent_id, status, worker, crashes, result::text,
    queued_at, started_at, ended_at
"""

_LIST = f"""
SELECT {_COLUMNS} FROM runs
WHERE owner_id = $1 AND deleted_at IS NULL AND parent_id IS NULL
  AND ($2::uuid IS NULL OR id < $2) AND ($3::uuid IS NULL OR graph_id = $3)
  AND ($4::text IS NULL OR status = $4)
  AND ($6::timestamptz IS NULL OR queued_at >= $6) AND ($7::timestamptz IS NULL OR queued_at < $7)
  AND ($8::text IS NULL OR starts_with(id::text, $9)
       OR EXISTS (SELECT 1 FROM graphs WHERE graphs.id = runs.graph_id AND graphs.name ILIKE $8)
       OR result #>> '{{error,message}}' ILIKE $8
       OR EXISTS (SELECT 1 FROM json_each_text(result -> 'outputs') AS output WHERE output.value ILIKE $8))
ORDER BY id DESC LIMIT $5
"""

_PLACE = """
SELECT (SELECT count(*) FROM runs o WHERE o.status = 'queued' AND o.owner_id = r.owner_id
        AND (o.priority, r.queued_at, r.id) >= (r.priority, o.queued_at, o.id)) AS position,
       (SELECT count(*) FROM runs WHERE status = 'queued') AS queued,
       (SELECT count(DISTINCT owner_id) FROM runs WHERE status = 'queued') AS people,
       coalesce(u.max_runs <= (SELECT count(*) FROM runs b WHERE b.status = 'running' AND b.owner_id = r.owner_id),
                false)
       OR coalesce(g.max_runs <= (SELECT count(*) FROM runs b WHERE b.status = 'running' AND b.graph_id = r.graph_id),
                   false) AS is_held
FROM runs r LEFT JOIN users u ON u.id = r.owner_id LEFT JOIN graphs g ON g.id = r.graph_id
WHERE r.id = $1 AND r.owner_id = $2 AND r.status = 'queued'
"""


class RunRepository:
    """Reads runs and their journals. Every method takes the principal."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def get(self, principal: Principal, run_id: UUID) -> RunRow:
        """Return a run.

        Raises:
            RunNotFound: There is none.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM runs WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL",
                run_id,
                principal.user_id,
            )
        if row is None:
            raise RunNotFound(f"There is no run {run_id}.")
        return _run_row(row)

    async def get_with_first_event(
        self, principal: Principal, run_id: UUID
    ) -> tuple[RunRow, Mapping[str, Json]]:
        """Return a run and the fields of its first event, in one go.

        Raises:
            RunNotFound: There is none.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"""
                SELECT {_COLUMNS}, (SELECT body::text FROM run_events WHERE run_id = id AND seq = 1) AS first
                FROM runs WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL
                """,
                run_id,
                principal.user_id,
            )
        if row is None:
            raise RunNotFound(f"There is no run {run_id}.")
        values = dict(row)
        first = values.pop("first")
        return _run_row(values), {} if first is None else decode(first)

    async def list_page(
        self, principal: Principal, wanted: RunFilter, *, limit: int, before: UUID | None
    ) -> Sequence[RunRow]:
        """Return a page of a person's runs, newest first; runs inside runs are left out."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                _LIST,
                principal.user_id,
                before,
                wanted.graph_id,
                None if wanted.status is None else wanted.status.value,
                limit,
                wanted.since,
                wanted.until,
                _pattern(wanted.text),
                wanted.text.strip().lower(),
            )
        return [_run_row(row) for row in rows]

    async def place(self, principal: Principal, run_id: UUID) -> Place | None:
        """Return where a queued run stands, None when it is not queued."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_PLACE, run_id, principal.user_id)
        return None if row is None else Place(**dict(row))

    async def events(
        self, run_id: UUID, *, since: int, limit: int, node_run: int | None = None
    ) -> Sequence[JournalRow]:
        """Return a run's events after `since`, of one node run or of all of them.

        The caller has made sure that the run is the principal's.
        """
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                """
                SELECT seq, kind, body::text, at FROM run_events
                WHERE run_id = $1 AND seq > $2 AND ($4::integer IS NULL OR (body ->> 'node_run')::integer = $4)
                ORDER BY seq LIMIT $3
                """,
                run_id,
                since,
                limit,
                node_run,
            )
        return [JournalRow(row["seq"], row["kind"], decode(row["body"]), row["at"]) for row in rows]

    async def delete(self, principal: Principal, run_id: UUID) -> None:
        """Delete a run that is over, its journal and its children's.

        Raises:
            RunNotFound: There is none.
            RunIsGoing: It has not ended.
        """
        row = await self.get(principal, run_id)
        if not row.status.is_terminal:
            raise RunIsGoing(f"Run {run_id} is {row.status.value}. Cancel it before you delete it.")
        async with self._database.acquire() as connection:
            await connection.execute(
                """
                WITH RECURSIVE family AS (
                    SELECT id FROM runs WHERE id = $1
                    UNION ALL
                    SELECT runs.id FROM runs JOIN family ON runs.parent_id = family.id
                ), events AS (
                    DELETE FROM run_events WHERE run_id IN (SELECT id FROM family)
                ), uses AS (
                    DELETE FROM payload_uses WHERE run_id IN (SELECT id FROM family)
                )
                DELETE FROM runs WHERE id IN (SELECT id FROM family)
                """,
                run_id,
            )

    async def summaries_of(self, user_id: UUID) -> Json:
        """Return when somebody's runs were and how they ended, newest first."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                "SELECT id, graph_id, graph_version, status, queued_at, ended_at FROM runs "
                "WHERE owner_id = $1 ORDER BY id DESC",
                user_id,
            )
        return [
            {
                "id": str(row["id"]),
                "graph_id": str(row["graph_id"]),
                "graph_version": row["graph_version"],
                "status": row["status"],
                "queued_at": row["queued_at"].isoformat(),
                "ended_at": row["ended_at"] and row["ended_at"].isoformat(),
            }
            for row in rows
        ]

    async def erase(self, user_id: UUID) -> None:
        """Delete all of somebody's runs and what belongs to them. Idempotent.

        A worker that carries one of them notices at its next write, and lets go of it.
        """
        async with self._database.acquire() as connection, connection.transaction():
            for table in ("run_events", "payload_uses", "run_inbox", "jobs"):
                await connection.execute(
                    f"DELETE FROM {table} WHERE run_id IN (SELECT id FROM runs WHERE owner_id = $1)",
                    user_id,
                )
            for table in (
                "waits",
                "dead_letters",
                "charges",
                "idempotency_keys",
                "stored_values",
                "memories",
                "runs",
            ):
                await connection.execute(f"DELETE FROM {table} WHERE owner_id = $1", user_id)

    async def claim_key(
        self, principal: Principal, key: str, *, request_hash: str, run_id: UUID
    ) -> UUID:
        """Return the run that an idempotency key stands for: `run_id` when the key is new.

        Raises:
            KeyReused: It was used for another request.
        """
        async with self._database.acquire() as connection:
            await connection.execute(
                """
                INSERT INTO idempotency_keys (owner_id, key, request_hash, resource_id) VALUES ($1, $2, $3, $4)
                ON CONFLICT DO NOTHING
                """,
                principal.user_id,
                key,
                request_hash,
                run_id,
            )
            row = await connection.fetchrow(
                "SELECT request_hash, resource_id FROM idempotency_keys WHERE owner_id = $1 AND key = $2",
                principal.user_id,
                key,
            )
        if row is None or row["request_hash"] != request_hash:
            raise KeyReused(
                f"The idempotency key {key!r} was used for another request. Use a fresh one."
            )
        return row["resource_id"]


def _pattern(text: str) -> str | None:
    """Return what LIKE finds a text by, wherever it stands."""
    text = text.strip()
    if not text:
        return None
    plain = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{plain}%"


def _run_row(row: Mapping[str, Any] | asyncpg.Record) -> RunRow:
    values: dict[str, Any] = dict(row)
    status = RunStatus(values.pop("status"))
    text = values.pop("result")
    return RunRow(
        **values, status=status, result=None if text is None else decode_result(status, text)
    )
