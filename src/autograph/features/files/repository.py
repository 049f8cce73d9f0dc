"""SQL of files."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from autograph.features.files.errors import FileMissing, FilesFull
from autograph.features.files.models import File, FileChange
from autograph.infra.database import Database
from autograph.infra.ids import new_id

GRACE: Final = timedelta(hours=1)
"""What is younger is not swept: an upload under way may count on it."""
_TEND_LOCK: Final = 0x46494C45  # "FILE": one process tends at a time
_AT_ONCE: Final = 500

_FILE: Final = """
SELECT f.id, f.name, f.media_type, c.size_bytes, encode(c.digest, 'hex') AS digest, c.object_id, f.run_id,
       f.expires_at, f.created_at
FROM files f JOIN file_contents c ON c.id = f.content_id
"""
_LIVES: Final = "(f.expires_at IS NULL OR f.expires_at > $1)"
_USAGE: Final = f"""
SELECT count(*) AS files, coalesce(sum(c.size_bytes), 0)::bigint AS size_bytes
FROM files f JOIN file_contents c ON c.id = f.content_id WHERE {_LIVES} AND f.user_id = $2
"""


class FileRepository:
    """Reads and writes what is known of files."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def add(self, user_id: UUID, file: File, *, max_bytes: int | None) -> tuple[UUID, UUID]:
        """Keep a file; what is in it is shared with those that hold the same.

        Args:
            user_id: Whose.
            file: It.
            max_bytes: What the person's files may take in all; None for anything.

        Returns:
            The content, and the object in the storage that it lies in: another one than the file's where it
            was there already.

        Raises:
            FilesFull: There is no room.
        """
        async with self._database.acquire() as connection, connection.transaction():
            if max_bytes is not None:
                # Uploads of one person come to their ends one after another: together they keep the limit, too.
                await connection.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended('files:' || $1::text, 0))",
                    str(user_id),
                )
                used = await connection.fetchrow(_USAGE, file.created_at, user_id)
                if used is not None and used["size_bytes"] + file.size_bytes > max_bytes:
                    raise FilesFull(no_room(used["size_bytes"], max_bytes))
            kept = await connection.fetchrow(
                """
                INSERT INTO file_contents (id, digest, size_bytes, object_id, used_at)
                VALUES ($1, decode($2, 'hex'), $3, $4, now())
                ON CONFLICT (digest) DO UPDATE SET used_at = now() RETURNING id, object_id
                """,
                new_id(),
                file.digest,
                file.size_bytes,
                file.object_id,
            )
            content: Any = kept
            await connection.execute(
                """
                INSERT INTO files (id, user_id, content_id, run_id, name, media_type, expires_at, created_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                file.id,
                user_id,
                content["id"],
                file.run_id,
                file.name,
                file.media_type,
                file.expires_at,
                file.created_at,
            )
        return content["id"], content["object_id"]

    async def move(self, content_id: UUID, object_id: UUID) -> None:
        """Say that a content lies in another object from now on."""
        async with self._database.acquire() as connection:
            await connection.execute(
                "UPDATE file_contents SET object_id = $2 WHERE id = $1", content_id, object_id
            )

    async def get(self, user_id: UUID, file_id: UUID, now: datetime) -> File:
        """Return a file.

        Raises:
            FileMissing: There is none, or it is somebody else's.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"{_FILE} WHERE {_LIVES} AND f.user_id = $2 AND f.id = $3", now, user_id, file_id
            )
        if row is None:
            raise FileMissing(_missing(file_id))
        return _file(row)

    async def list_page(
        self, user_id: UUID, now: datetime, *, limit: int, before: UUID | None
    ) -> Sequence[File]:
        """Return a person's files, newest first, from those older than `before` on."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"""
                {_FILE} WHERE {_LIVES} AND f.user_id = $2 AND ($3::uuid IS NULL OR f.id < $3)
                ORDER BY f.id DESC LIMIT $4
                """,
                now,
                user_id,
                before,
                limit,
            )
        return [_file(row) for row in rows]

    async def usage(self, user_id: UUID, now: datetime) -> tuple[int, int]:
        """Return how many files a person has, and the bytes they take."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_USAGE, now, user_id)
        return (0, 0) if row is None else (row["files"], row["size_bytes"])

    async def change(self, user_id: UUID, file_id: UUID, change: FileChange, now: datetime) -> None:
        """Change what a file is called, or how long it is kept.

        Raises:
            FileMissing: There is none, or it is somebody else's.
        """
        async with self._database.acquire() as connection:
            changed = await connection.fetchval(
                f"""
                UPDATE files f SET name = coalesce($4, f.name),
                       expires_at = CASE WHEN $5 THEN $6::timestamptz ELSE f.expires_at END,
                       run_id = CASE WHEN $5 THEN NULL ELSE f.run_id END
                WHERE {_LIVES} AND f.user_id = $2 AND f.id = $3 RETURNING f.id
                """,
                now,
                user_id,
                file_id,
                change.name,
                change.sets_expiry,
                change.expires_at,
            )
        if changed is None:
            raise FileMissing(_missing(file_id))

    async def delete(self, user_id: UUID, file_id: UUID) -> UUID:
        """Delete a file; return the content it held.

        Raises:
            FileMissing: There is none, or it is somebody else's.
        """
        async with self._database.acquire() as connection:
            content_id: UUID | None = await connection.fetchval(
                "DELETE FROM files WHERE user_id = $1 AND id = $2 RETURNING content_id",
                user_id,
                file_id,
            )
        if content_id is None:
            raise FileMissing(_missing(file_id))
        return content_id

    async def erase(self, user_id: UUID) -> Sequence[UUID]:
        """Delete all of somebody's files; return the contents they held."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                "DELETE FROM files WHERE user_id = $1 RETURNING content_id", user_id
            )
        return [row["content_id"] for row in rows]

    async def delete_ended(self, now: datetime) -> int:
        """Delete files that have expired, and those of runs that are gone; return how many."""
        deleted = 0
        async with self._database.acquire() as connection:
            while True:
                status = await connection.execute(
                    f"""
                    DELETE FROM files WHERE id IN (
                        (SELECT id FROM files WHERE expires_at <= $1 LIMIT {_AT_ONCE})
                        UNION
                        (SELECT id FROM files f WHERE run_id IS NOT NULL AND created_at < $2
                           AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = f.run_id) LIMIT {_AT_ONCE})
                    )
                    """,
                    now,
                    now - GRACE,
                )
                some = int(status.split()[-1])
                deleted += some
                if not some:
                    return deleted

    async def collect(self, content_ids: Sequence[UUID] | None = None) -> Sequence[UUID]:
        """Forget contents that no file holds any more; return the objects they lay in.

        Args:
            content_ids: Only of these; None for all that were not used lately.
        """
        async with self._database.acquire() as connection, connection.transaction():
            # Locked first and judged by a second statement: whoever has just begun to use one is seen there.
            found = await connection.fetch(
                f"""
                SELECT id FROM file_contents c
                WHERE CASE WHEN $1::uuid[] IS NULL THEN used_at < now() - $2::interval ELSE id = ANY ($1) END
                  AND NOT EXISTS (SELECT 1 FROM files f WHERE f.content_id = c.id)
                LIMIT {_AT_ONCE} FOR UPDATE SKIP LOCKED
                """,
                content_ids,
                GRACE,
            )
            rows = await connection.fetch(
                """
                DELETE FROM file_contents c WHERE id = ANY ($1)
                  AND NOT EXISTS (SELECT 1 FROM files f WHERE f.content_id = c.id)
                RETURNING object_id
                """,
                [row["id"] for row in found],
            )
        return [row["object_id"] for row in rows]

    async def unknown(self, object_ids: Sequence[UUID]) -> Sequence[UUID]:
        """Return those objects that no content lies in."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                """
                SELECT given.id FROM unnest($1::uuid[]) AS given (id)
                WHERE NOT EXISTS (SELECT 1 FROM file_contents c WHERE c.object_id = given.id)
                """,
                object_ids,
            )
        return [row["id"] for row in rows]

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[bool]:
        """Be the only process that tends files; yields False when another one does."""
        connection = await self._database.connect()
        try:
            yield bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", _TEND_LOCK))
        finally:
            await connection.close()


def no_room(used: int, max_bytes: int) -> str:
    """Return what somebody is told whose files take all the room they have."""
    return (
        f"Your files take {used / 2**20:,.1f} MiB of the {max_bytes / 2**20:,.1f} MiB they may, and this one does not "
        "fit. Delete some, or ask whoever runs this installation (setting: AUTOGRAPH_MAX_USER_FILE_BYTES)."
    )


def _missing(file_id: UUID) -> str:
    return f"There is no file {file_id}; it may have expired."


def _file(row: Any) -> File:
    return File(**dict(row))
