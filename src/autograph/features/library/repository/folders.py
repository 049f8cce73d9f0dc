"""SQL of folders. Every method takes whose they are."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import asyncpg

from autograph.features.library.errors import FolderExists, FolderNotFound
from autograph.features.library.models import Folder
from autograph.infra.database import Database, PooledConnection

_FOLDERS: Final = """
SELECT f.id, f.name, f.icon, f.color, f.parent_id, f.created_at, f.updated_at,
       (SELECT count(*) FROM library_agents e JOIN graphs g ON g.id = e.graph_id
        WHERE e.user_id = f.user_id AND e.folder_id = f.id AND e.archived_at IS NULL AND g.deleted_at IS NULL
       ) AS agent_count,
       (SELECT count(*) FROM library_folders s WHERE s.user_id = f.user_id AND s.parent_id = f.id) AS subfolder_count
FROM library_folders f WHERE f.user_id = $1
"""
# What is in a folder that goes, and in folders in it, goes where that folder was; then all of them go.
_EMPTY: Final = """
WITH RECURSIVE inside AS (
    SELECT id, parent_id AS up FROM library_folders WHERE user_id = $1 AND id = $2
    UNION ALL
    SELECT f.id, inside.up FROM library_folders f JOIN inside ON f.parent_id = inside.id WHERE f.user_id = $1
)
UPDATE library_agents e SET folder_id = inside.up FROM inside WHERE e.user_id = $1 AND e.folder_id = inside.id
"""


class FolderRepository:
    """Reads and writes folders."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def list_all(self, user_id: UUID) -> Sequence[Folder]:
        """Return all of somebody's folders, by name."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(f"{_FOLDERS} ORDER BY lower(f.name), f.id", user_id)
        return [Folder(**dict(row)) for row in rows]

    async def get(self, user_id: UUID, folder_id: UUID) -> Folder:
        """Return a folder.

        Raises:
            FolderNotFound: There is none.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(f"{_FOLDERS} AND f.id = $2", user_id, folder_id)
        if row is None:
            raise FolderNotFound(f"There is no folder {folder_id}.")
        return Folder(**dict(row))

    @asynccontextmanager
    async def arranging(self, user_id: UUID) -> AsyncGenerator[Arranging]:
        """Hold all of somebody's folders still while one of them is placed; commit at the end."""
        async with self._database.acquire() as connection, connection.transaction():
            await connection.execute("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)
            rows = await connection.fetch(
                "SELECT id, parent_id FROM library_folders WHERE user_id = $1", user_id
            )
            parents = {row["id"]: row["parent_id"] for row in rows}
            yield Arranging(user_id, parents, connection)

    async def change(
        self, user_id: UUID, folder_id: UUID, *, name: str, icon: str | None, color: str | None
    ) -> None:
        """Keep how a folder is called and looks.

        Raises:
            FolderNotFound: There is none.
            FolderExists: There is another of that name in the same place.
        """
        async with self._database.acquire() as connection:
            with _unique(name):
                changed = await connection.fetchval(
                    """
                    UPDATE library_folders SET name = $3, icon = $4, color = $5, updated_at = now()
                    WHERE user_id = $1 AND id = $2 RETURNING id
                    """,
                    user_id,
                    folder_id,
                    name,
                    icon,
                    color,
                )
        if changed is None:
            raise FolderNotFound(f"There is no folder {folder_id}.")

    async def delete(self, user_id: UUID, folder_id: UUID) -> None:
        """Delete a folder and the folders in it; the agents in all of them go where it was.

        Raises:
            FolderNotFound: There is none.
        """
        async with self._database.acquire() as connection, connection.transaction():
            await connection.execute(_EMPTY, user_id, folder_id)
            gone = await connection.fetchval(
                "DELETE FROM library_folders WHERE user_id = $1 AND id = $2 RETURNING id",
                user_id,
                folder_id,
            )
        if gone is None:
            raise FolderNotFound(f"There is no folder {folder_id}.")

    async def erase(self, user_id: UUID) -> None:
        """Delete all of somebody's folders, and what they said about agents. Idempotent."""
        async with self._database.acquire() as connection, connection.transaction():
            await connection.execute("DELETE FROM library_agents WHERE user_id = $1", user_id)
            await connection.execute("DELETE FROM library_folders WHERE user_id = $1", user_id)


class Arranging:
    """A person's folders, held still.

    Attributes:
        parents: What each of them is in.
    """

    def __init__(
        self, user_id: UUID, parents: Mapping[UUID, UUID | None], connection: PooledConnection
    ) -> None:
        """Write by `connection`, which holds them."""
        self.parents = parents
        self._user_id = user_id
        self._connection = connection

    async def add(self, folder: Folder) -> None:
        """Keep a folder.

        Raises:
            FolderExists: There is one of that name in the same place.
        """
        with _unique(folder.name):
            await self._connection.execute(
                """
                INSERT INTO library_folders (id, user_id, parent_id, name, icon, color, created_at, updated_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
                """,
                folder.id,
                self._user_id,
                folder.parent_id,
                folder.name,
                folder.icon,
                folder.color,
                folder.created_at,
            )

    async def move(self, folder_id: UUID, parent_id: UUID | None) -> None:
        """Put a folder into another one, or out of all.

        Raises:
            FolderExists: There is one of that name.
        """
        with _unique(None):
            await self._connection.execute(
                """
                UPDATE library_folders SET parent_id = $3, updated_at = now()
                WHERE user_id = $1 AND id = $2
                """,
                self._user_id,
                folder_id,
                parent_id,
            )


class _unique:  # noqa: N801 - reads as a word in `with _unique(name):`
    """Turns what the database says of a name that is taken into `FolderExists`."""

    def __init__(self, name: str | None) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, asyncpg.UniqueViolationError):
            named = "of that name" if self._name is None else f"called {self._name!r}"
            raise FolderExists(f"There is a folder {named} there already.") from error
