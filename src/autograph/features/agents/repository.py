"""SQL of saved graphs. Every method takes the principal, but for the one that serves accepted runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Row, RowMapping, and_, delete, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph.features.accounts.models import Principal
from autograph.features.agents.errors import GraphNotFound, StaleGraph
from autograph.features.agents.models import (
    GraphSettings,
    GraphSummary,
    GraphVersion,
    Runnable,
    SavedGraph,
)
from autograph.features.agents.tables import graph_versions, graphs
from autograph.graph.content import canonical_text, content_hash
from autograph.graph.model import Graph
from autograph.graph.portable import read_agent, write_agent
from autograph.infra.database import Database

_NAMING = text(
    """
    SELECT g.id, v.name, node ->> 'id' AS node
    FROM graphs g
    JOIN graph_versions v ON v.graph_id = g.id AND v.version = g.active_version
    CROSS JOIN LATERAL json_array_elements(v.document -> 'nodes') AS node
    WHERE g.owner_id = :user_id AND g.deleted_at IS NULL AND (node -> 'constants')::text LIKE :like
    ORDER BY v.name, node ->> 'id'
    LIMIT 200
    """
)


class GraphRepository:
    """Reads and writes graphs and their versions."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def add(self, principal: Principal, graph_id: UUID, graph: Graph) -> SavedGraph:
        """Save the first version of a graph."""
        async with self._database.begin() as connection:
            await connection.execute(
                insert(graphs).values(
                    id=graph_id,
                    owner_id=principal.user_id,
                    name=graph.name,
                    active_version=1,
                    latest_version=1,
                )
            )
            await _insert_version(connection, graph_id, 1, graph)
            return await _fetch(connection, principal, graph_id, 1)

    async def add_version(
        self, principal: Principal, graph_id: UUID, graph: Graph, *, base_version: int | None
    ) -> SavedGraph:
        """Save the next version of a graph and make it the active one; an unchanged graph makes no new one.

        Raises:
            GraphNotFound: There is none.
            StaleGraph: Its latest version is not `base_version`.
        """
        async with self._database.begin() as connection:
            latest = await connection.scalar(
                select(graphs.c.latest_version).where(_own(principal, graph_id)).with_for_update()
            )
            if latest is None:
                raise GraphNotFound(f"There is no graph {graph_id}.")
            if base_version is not None and base_version != latest:
                raise StaleGraph(
                    f"The graph was saved as version {latest} meanwhile; yours is based on {base_version}. "
                    "Load it again and make your change there.",
                    latest_version=latest,
                )
            version = latest
            if not _is_same(graph, await _fetch(connection, principal, graph_id, latest)):
                version += 1
                await _insert_version(connection, graph_id, version, graph)
            await connection.execute(
                update(graphs)
                .where(graphs.c.id == graph_id)
                .values(
                    name=graph.name,
                    active_version=version,
                    latest_version=version,
                    updated_at=func.now(),
                )
            )
            return await _fetch(connection, principal, graph_id, version)

    async def get(
        self, principal: Principal, graph_id: UUID, version: int | None = None
    ) -> SavedGraph:
        """Return a version of a graph, the active one where none is named.

        Raises:
            GraphNotFound: There is none.
        """
        async with self._database.begin() as connection:
            return await _fetch(connection, principal, graph_id, version)

    async def list_page(
        self,
        principal: Principal,
        *,
        limit: int,
        before: UUID | None,
        name: str | None,
        search: str | None,
    ) -> Sequence[GraphSummary]:
        """Return a page of a person's graphs, newest first; `search` is in their name or description."""
        query = (
            select(graphs, graph_versions.c.description)
            .join(
                graph_versions,
                and_(
                    graph_versions.c.graph_id == graphs.c.id,
                    graph_versions.c.version == graphs.c.active_version,
                ),
            )
            .where(graphs.c.owner_id == principal.user_id, graphs.c.deleted_at.is_(None))
            .order_by(graphs.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(graphs.c.id < before)
        if name is not None:
            query = query.where(graphs.c.name == name)
        if search is not None:
            query = query.where(
                or_(
                    graphs.c.name.icontains(search, autoescape=True),
                    graph_versions.c.description.icontains(search, autoescape=True),
                )
            )
        async with self._database.begin() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [_summary(row) for row in rows]

    async def find_by_content(self, principal: Principal, content: str) -> SavedGraph | None:
        """Return a person's graph whose active version has this content hash, None when there is none."""
        query = (
            select(graphs.c.id)
            .join(
                graph_versions,
                and_(
                    graph_versions.c.graph_id == graphs.c.id,
                    graph_versions.c.version == graphs.c.active_version,
                ),
            )
            .where(
                graphs.c.owner_id == principal.user_id,
                graphs.c.deleted_at.is_(None),
                graph_versions.c.content_hash == content,
            )
            .order_by(graphs.c.id.desc())
            .limit(1)
        )
        async with self._database.begin() as connection:
            graph_id = await connection.scalar(query)
            return None if graph_id is None else await _fetch(connection, principal, graph_id, None)

    async def versions(self, principal: Principal, graph_id: UUID) -> Sequence[GraphVersion]:
        """Return a graph's history, newest first.

        Raises:
            GraphNotFound: There is none.
        """
        query = (
            select(graph_versions, graphs.c.active_version)
            .join(graphs, graphs.c.id == graph_versions.c.graph_id)
            .where(_own(principal, graph_id))
            .order_by(graph_versions.c.version.desc())
        )
        async with self._database.begin() as connection:
            rows = (await connection.execute(query)).all()
        if not rows:
            raise GraphNotFound(f"There is no graph {graph_id}.")
        return [
            GraphVersion(
                row.version,
                row.name,
                row.content_hash,
                row.created_at,
                is_active=row.version == row.active_version,
            )
            for row in rows
        ]

    async def activate(self, principal: Principal, graph_id: UUID, version: int) -> SavedGraph:
        """Make a version the one that runs when none is named.

        Raises:
            GraphNotFound: There is no such version.
        """
        async with self._database.begin() as connection:
            await _fetch(connection, principal, graph_id, version)
            await connection.execute(
                update(graphs)
                .where(_own(principal, graph_id))
                .values(active_version=version, updated_at=func.now())
            )
            return await _fetch(connection, principal, graph_id, version)

    async def delete(self, principal: Principal, graph_id: UUID) -> None:
        """Take a graph out of sight; its runs stay readable.

        Raises:
            GraphNotFound: There is none.
        """
        async with self._database.begin() as connection:
            result = await connection.execute(
                update(graphs).where(_own(principal, graph_id)).values(deleted_at=func.now())
            )
            if not result.rowcount:
                raise GraphNotFound(f"There is no graph {graph_id}.")

    async def restore(self, principal: Principal, graph_id: UUID) -> None:
        """Bring a graph that was deleted back into sight.

        Raises:
            GraphNotFound: There is none that is deleted.
        """
        deleted = and_(
            graphs.c.id == graph_id,
            graphs.c.owner_id == principal.user_id,
            graphs.c.deleted_at.is_not(None),
        )
        async with self._database.begin() as connection:
            result = await connection.execute(update(graphs).where(deleted).values(deleted_at=None))
            if not result.rowcount:
                raise GraphNotFound(f"There is no deleted graph {graph_id}.")

    async def all_of(self, user_id: UUID) -> Sequence[SavedGraph]:
        """Return the active version of each of somebody's graphs."""
        async with self._database.begin() as connection:
            ids = (
                await connection.execute(
                    select(graphs.c.id, graphs.c.active_version).where(
                        graphs.c.owner_id == user_id, graphs.c.deleted_at.is_(None)
                    )
                )
            ).all()
            owner = Principal(user_id, "")
            return [await _fetch(connection, owner, row.id, row.active_version) for row in ids]

    async def naming(self, principal: Principal, text: str) -> Sequence[tuple[UUID, str, str]]:
        """Return the nodes whose constants hold a text, in active versions: graph, its name, node."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                _NAMING, {"user_id": principal.user_id, "like": f"%{text}%"}
            )
            return [(row.id, row.name, row.node) for row in rows]

    async def erase(self, user_id: UUID) -> None:
        """Delete all of somebody's graphs, those that were deleted before among them. Idempotent."""
        theirs = select(graphs.c.id).where(graphs.c.owner_id == user_id)
        async with self._database.begin() as connection:
            await connection.execute(
                delete(graph_versions).where(graph_versions.c.graph_id.in_(theirs))
            )
            await connection.execute(delete(graphs).where(graphs.c.owner_id == user_id))

    async def runnable(
        self, principal: Principal, graph_id: UUID, version: int | None
    ) -> Runnable | None:
        """Return what would run, the active version where none is named; None when there is none.

        On the way of every run, hence the driver's own statement.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                """
                SELECT coalesce($3, active_version) AS version,
                       human_in_the_loop_safe_mode, sensitive_action_safe_mode, max_runs,
                       egress_hosts
                FROM graphs
                WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL
                  AND ($3::integer IS NULL OR $3 BETWEEN 1 AND latest_version)
                """,
                graph_id,
                principal.user_id,
                version,
            )
        return None if row is None else Runnable(row["version"], _settings(row))

    async def settings(self, principal: Principal, graph_id: UUID) -> GraphSettings:
        """Return how the runs of a graph are held back.

        Raises:
            GraphNotFound: There is none.
        """
        found = await self.runnable(principal, graph_id, None)
        if found is None:
            raise GraphNotFound(f"There is no graph {graph_id}.")
        return found.settings

    async def set_settings(
        self, principal: Principal, graph_id: UUID, settings: GraphSettings
    ) -> None:
        """Hold the runs of a graph back that way from now on; runs that were accepted keep theirs.

        Raises:
            GraphNotFound: There is none.
        """
        async with self._database.acquire() as connection:
            changed = await connection.fetchval(
                """
                UPDATE graphs SET human_in_the_loop_safe_mode = $3, sensitive_action_safe_mode = $4,
                    max_runs = $5, egress_hosts = $6
                WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL RETURNING id
                """,
                graph_id,
                principal.user_id,
                settings.human_in_the_loop_safe_mode,
                settings.sensitive_action_safe_mode,
                settings.max_runs,
                settings.egress_hosts,
            )
        if changed is None:
            raise GraphNotFound(f"There is no graph {graph_id}.")

    async def document(self, graph_id: UUID, version: int) -> Graph:
        """Return the graph that an accepted run runs; deleting a graph does not stop its runs.

        Raises:
            GraphNotFound: There is none.
        """
        query = select(graph_versions.c.document).where(
            graph_versions.c.graph_id == graph_id, graph_versions.c.version == version
        )
        async with self._database.begin() as connection:
            document = await connection.scalar(query)
        if document is None:
            raise GraphNotFound(f"There is no version {version} of graph {graph_id}.")
        return read_agent(document)


def _own(principal: Principal, graph_id: UUID) -> Any:
    return and_(
        graphs.c.id == graph_id,
        graphs.c.owner_id == principal.user_id,
        graphs.c.deleted_at.is_(None),
    )


def _is_same(graph: Graph, saved: SavedGraph) -> bool:
    """Tell whether a graph is what was saved, also to look at."""
    return content_hash(graph) == saved.content_hash and _text(graph) == _text(saved.graph)


def _text(graph: Graph) -> str:
    return canonical_text(write_agent(replace(graph, version=1)))


async def _insert_version(
    connection: AsyncConnection, graph_id: UUID, version: int, graph: Graph
) -> None:
    await connection.execute(
        insert(graph_versions).values(
            graph_id=graph_id,
            version=version,
            name=graph.name,
            description=graph.description,
            content_hash=content_hash(graph),
            document=write_agent(graph),
        )
    )


async def _fetch(
    connection: AsyncConnection, principal: Principal, graph_id: UUID, version: int | None
) -> SavedGraph:
    query = (
        select(graph_versions, graphs.c.active_version)
        .join(graphs, graphs.c.id == graph_versions.c.graph_id)
        .where(
            _own(principal, graph_id),
            graph_versions.c.version == (graphs.c.active_version if version is None else version),
        )
    )
    row: Row[Any] | None = (await connection.execute(query)).one_or_none()
    if row is None:
        which = "" if version is None else f"version {version} of "
        raise GraphNotFound(f"There is no {which}graph {graph_id}.")
    return SavedGraph(
        graph=read_agent(row.document),
        id=row.graph_id,
        version=row.version,
        is_active=row.version == row.active_version,
        content_hash=row.content_hash,
        created_at=row.created_at,
    )


def _summary(row: RowMapping) -> GraphSummary:
    return GraphSummary(
        id=row["id"],
        name=row["name"],
        description=row["description"],
        active_version=row["active_version"],
        latest_version=row["latest_version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _settings(row: asyncpg.Record) -> GraphSettings:
    return GraphSettings(
        human_in_the_loop_safe_mode=row["human_in_the_loop_safe_mode"],
        sensitive_action_safe_mode=row["sensitive_action_safe_mode"],
        max_runs=row["max_runs"],
        egress_hosts=None if row["egress_hosts"] is None else tuple(row["egress_hosts"]),
    )
