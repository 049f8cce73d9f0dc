"""SQL of agents as their library shows them. Every method takes the principal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from autograph.engine.state import RunStatus
from autograph.features.accounts.models import Principal
from autograph.features.agents.errors import GraphNotFound
from autograph.features.library.errors import FolderNotFound
from autograph.features.library.models import (
    AgentSort,
    Counts,
    Cursor,
    Filter,
    LastRun,
    LibraryAgent,
    NamedAgent,
    Wanted,
)
from autograph.features.library.models.agents import MAX_COUNTED, Key
from autograph.infra.database import Database

_GOING: Final = " UNION ALL ".join(
    # One for each state: each has an index of its own, and no query but this one asks for all of them.
    f"SELECT graph_id FROM runs WHERE owner_id = $1 AND status = '{status}' AND parent_id IS NULL AND deleted_at IS NULL"
    for status in ("queued", "running", "waiting")
)
# $1 whose, $2 shelf (null: any but the deleted), $3 search (null: all), $4 one agent (null: all).
_LISTED: Final = f"""
WITH going AS (
    SELECT graph_id, count(*) AS running FROM ({_GOING}) each GROUP BY graph_id
), asking AS (
    SELECT graph_id, count(*) AS reviews FROM waits
    WHERE owner_id = $1 AND status = 'waiting' AND is_question GROUP BY graph_id
), heard AS (
    SELECT p.graph_id, count(*) FILTER (WHERE p.trigger IS NULL) AS presets,
           count(*) FILTER (WHERE p.trigger IS NOT NULL) AS triggers,
           count(*) FILTER (WHERE t.is_active AND w.state <> 'failed') AS listening,
           count(*) FILTER (WHERE t.is_active AND w.state = 'failed') AS broken
    FROM presets p LEFT JOIN webhook_triggers t ON t.id = p.id LEFT JOIN webhooks w ON w.id = t.webhook_id
    WHERE p.user_id = $1 GROUP BY p.graph_id
), said AS (
    SELECT g.id, g.name, v.description, g.active_version, g.latest_version, g.created_at, g.updated_at, g.deleted_at,
           coalesce(e.is_favorite, false) AS is_favorite, e.folder_id, e.archived_at,
           coalesce(going.running, 0) AS running, coalesce(asking.reviews, 0) AS reviews,
           coalesce(heard.presets, 0) AS presets, coalesce(heard.triggers, 0) AS triggers,
           coalesce(heard.listening, 0) AS listening, coalesce(heard.broken, 0) AS broken,
           last.id AS run_id, last.status, last.queued_at, last.started_at, last.ended_at
    FROM graphs g
    JOIN graph_versions v ON v.graph_id = g.id AND v.version = g.active_version
    LEFT JOIN library_agents e ON e.graph_id = g.id
    LEFT JOIN going ON going.graph_id = g.id
    LEFT JOIN asking ON asking.graph_id = g.id
    LEFT JOIN heard ON heard.graph_id = g.id
    LEFT JOIN LATERAL (
        SELECT id, status, queued_at, started_at, ended_at FROM runs
        WHERE graph_id = g.id AND owner_id = $1 AND parent_id IS NULL AND deleted_at IS NULL
        ORDER BY id DESC LIMIT 1
    ) last ON true
    WHERE g.owner_id = $1 AND ($4::uuid IS NULL OR g.id = $4)
      AND CASE $2::text WHEN 'deleted' THEN g.deleted_at IS NOT NULL
                        WHEN 'archived' THEN g.deleted_at IS NULL AND e.archived_at IS NOT NULL
                        WHEN 'kept' THEN g.deleted_at IS NULL AND e.archived_at IS NULL
                        ELSE g.deleted_at IS NULL END
      AND ($3::text IS NULL OR position(lower($3) IN lower(g.name || E'\\n' || v.description)) > 0)
), listed AS (
    SELECT said.*, coalesce(is_attention, false) AS attention,
           running = 0 AND listening = 0 AND NOT coalesce(is_attention, false) AS idle
    FROM said, LATERAL (SELECT reviews > 0 OR broken > 0 OR status = 'failed' AS is_attention) of
)
"""
_STATUSES: Final = """
CASE $5::text WHEN 'running' THEN running > 0 WHEN 'attention' THEN attention WHEN 'listening' THEN listening > 0
              WHEN 'idle' THEN idle ELSE true END
"""
_COUNTS: Final = f"""
{_LISTED}
SELECT count(*) AS total, count(*) FILTER (WHERE is_favorite) AS favorites,
       count(*) FILTER (WHERE wanted AND running > 0) AS running,
       count(*) FILTER (WHERE wanted AND attention) AS attention,
       count(*) FILTER (WHERE wanted AND listening > 0) AS listening,
       count(*) FILTER (WHERE wanted AND idle) AS idle
FROM listed, LATERAL (SELECT is_favorite OR NOT $5::boolean AS wanted) of
"""
_WITH_RUNS: Final = f"""
SELECT page.*, (
    SELECT count(*) FROM (
        SELECT FROM runs WHERE graph_id = page.id AND owner_id = $1 AND parent_id IS NULL AND deleted_at IS NULL
        LIMIT {MAX_COUNTED + 1}
    ) counted
) AS runs, (
    SELECT left(result -> 'error' ->> 'message', 500) FROM runs WHERE id = page.run_id AND status = 'failed'
) AS error
FROM page
"""
_ORDERS: Final = {
    AgentSort.NAME: ("lower(name)", "text", ">", "ASC"),
    AgentSort.CREATED: ("created_at", "timestamptz", "<", "DESC"),
    AgentSort.UPDATED: ("updated_at", "timestamptz", "<", "DESC"),
    # Ids of runs begin with their time. An agent that never ran comes last.
    AgentSort.LAST_RUN: (
        "coalesce(run_id, '00000000-0000-0000-0000-000000000000')",
        "uuid",
        "<",
        "DESC",
    ),
}
# A row without an agent stands for an empty page, so that the number is there at all.
_NAMED: Final = """
WITH found AS (
    SELECT g.id, g.name, v.description, g.active_version FROM graphs g
    JOIN graph_versions v ON v.graph_id = g.id AND v.version = g.active_version
    LEFT JOIN library_agents e ON e.graph_id = g.id
    WHERE g.owner_id = $1 AND g.deleted_at IS NULL AND e.archived_at IS NULL
      AND ($2 = '' OR position(lower($2) IN lower(g.name || E'\\n' || v.description)) > 0)
)
SELECT page.*, total FROM (SELECT count(*) AS total FROM found) counted
LEFT JOIN (SELECT * FROM found ORDER BY lower(name), id LIMIT $3 OFFSET $4) page ON true
ORDER BY lower(page.name), page.id
"""
_CHANGE: Final = """
INSERT INTO library_agents AS e (graph_id, user_id, folder_id, is_favorite, archived_at)
SELECT id, owner_id, $5, coalesce($3, false), CASE WHEN $4 THEN now() END
FROM graphs WHERE id = ANY ($2::uuid[]) AND owner_id = $1 AND deleted_at IS NULL
ON CONFLICT (graph_id) DO UPDATE SET
    folder_id = CASE WHEN $6 THEN excluded.folder_id ELSE e.folder_id END,
    is_favorite = coalesce($3, e.is_favorite),
    archived_at = CASE WHEN $4 THEN coalesce(e.archived_at, now()) WHEN NOT $4 THEN NULL ELSE e.archived_at END
"""


class LibraryRepository:
    """Reads agents with all that their library shows of them, and writes what people say about them."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def list_page(
        self,
        principal: Principal,
        wanted: Filter,
        sort: AgentSort,
        *,
        limit: int,
        after: Cursor | None,
    ) -> tuple[Sequence[LibraryAgent], Cursor | None]:
        """Return a page of a person's agents, and where the next one begins."""
        key, kind, beyond, way = _ORDERS[sort]
        query = f"""
        {_LISTED}, page AS (
            SELECT listed.*, {key} AS key FROM listed
            WHERE {_STATUSES} AND (is_favorite OR NOT $6) AND ($7::uuid IS NULL OR folder_id = $7)
              AND (folder_id IS NULL OR NOT $8)
              AND ($9::{kind} IS NULL OR ({key}, id) {beyond} ($9::{kind}, $10::uuid))
            ORDER BY key {way}, id {way} LIMIT $11
        )
        {_WITH_RUNS} ORDER BY key {way}, id {way}
        """
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                query,
                principal.user_id,
                wanted.shelf.value,
                wanted.search,
                None,
                None if wanted.status is None else wanted.status.value,
                wanted.is_favorite,
                wanted.folder_id,
                wanted.is_root_only,
                None if after is None else after.key,
                None if after is None else after.id,
                limit + 1,
            )
        shown = rows[:limit]
        end = Cursor(sort, _key(shown[-1]["key"]), shown[-1]["id"]) if len(rows) > limit else None
        return [_agent(row) for row in shown], end

    async def list_named(
        self, principal: Principal, search: str, *, limit: int, skip: int
    ) -> tuple[Sequence[NamedAgent], int]:
        """Return some of a person's agents in sight, by name, and how many there are in all."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_NAMED, principal.user_id, search, limit, skip)
        return [NamedAgent(*row[:4]) for row in rows if row["id"] is not None], rows[0]["total"]

    async def counts(self, principal: Principal, wanted: Filter) -> Counts:
        """Return how many agents there are to choose from, in all folders."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                _COUNTS,
                principal.user_id,
                wanted.shelf.value,
                wanted.search,
                None,
                wanted.is_favorite,
            )
        return Counts(**dict(row or {}))

    async def get(self, principal: Principal, graph_id: UUID) -> LibraryAgent:
        """Return an agent that is not deleted.

        Raises:
            GraphNotFound: There is none.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"{_LISTED}, page AS (SELECT * FROM listed) {_WITH_RUNS}",
                principal.user_id,
                None,
                None,
                graph_id,
            )
        if row is None:
            raise GraphNotFound(f"There is no graph {graph_id}.")
        return _agent(row)

    async def change(self, principal: Principal, graph_ids: Sequence[UUID], wanted: Wanted) -> None:
        """Keep what was said about agents: about all of them, or about none.

        Raises:
            GraphNotFound: One of them is not there.
            FolderNotFound: There is no such folder.
        """
        wanted_ids = set(graph_ids)
        async with self._database.acquire() as connection, connection.transaction():
            try:
                done = await connection.execute(
                    _CHANGE,
                    principal.user_id,
                    list(wanted_ids),
                    wanted.is_favorite,
                    wanted.is_archived,
                    wanted.folder_id if wanted.is_moved else None,
                    wanted.is_moved,
                )
            except asyncpg.ForeignKeyViolationError as error:
                raise FolderNotFound(f"There is no folder {wanted.folder_id}.") from error
            if int(done.rpartition(" ")[2]) != len(wanted_ids):
                which = ", ".join(sorted(map(str, wanted_ids)))
                raise GraphNotFound(f"There is no graph {which}.")

    async def export(self, user_id: UUID) -> Sequence[tuple[UUID, UUID | None, bool, bool]]:
        """Return what somebody said about agents: which, its folder, whether a favorite, whether archived."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                "SELECT graph_id, folder_id, is_favorite, archived_at FROM library_agents WHERE user_id = $1",
                user_id,
            )
        return [
            (row["graph_id"], row["folder_id"], row["is_favorite"], row["archived_at"] is not None)
            for row in rows
        ]


def _key(value: Any) -> Key:
    # asyncpg has a UUID class of its own.
    return value if isinstance(value, (str, datetime)) else UUID(int=value.int)


def _agent(row: asyncpg.Record) -> LibraryAgent:
    last = None
    if row["run_id"] is not None:
        last = LastRun(
            row["run_id"],
            RunStatus(row["status"]),
            row["queued_at"],
            row["started_at"],
            row["ended_at"],
            row["error"],
        )
    return LibraryAgent(**{name: row[name] for name in _SHOWN}, last_run=last)


_SHOWN: Final = (
    "id",
    "name",
    "description",
    "active_version",
    "latest_version",
    "created_at",
    "updated_at",
    "is_favorite",
    "folder_id",
    "archived_at",
    "deleted_at",
    "runs",
    "running",
    "reviews",
    "presets",
    "triggers",
    "listening",
    "broken",
)
