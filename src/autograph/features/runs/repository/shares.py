"""SQL of links that show runs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from autograph.engine.journal.postgres import decode_result
from autograph.engine.state import RunStatus
from autograph.features.accounts.models import Principal
from autograph.features.runs.errors import RunNotFound
from autograph.features.runs.models import OpenedShare, Share
from autograph.infra.database import Database


class ShareRepository:
    """Reads and writes shares. Every method but `open` takes the principal."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def put(self, principal: Principal, share: Share, token_hash: bytes) -> None:
        """Show a run by a link; the link that it had before shows nothing any more.

        Raises:
            RunNotFound: There is no such run.
        """
        async with self._database.acquire() as connection:
            done = await connection.fetchval(
                """
                INSERT INTO run_shares (run_id, owner_id, token_hash, created_at, expires_at)
                SELECT id, owner_id, $3, $4, $5 FROM runs
                WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL FOR KEY SHARE
                ON CONFLICT (run_id) DO UPDATE SET token_hash = excluded.token_hash,
                    created_at = excluded.created_at, expires_at = excluded.expires_at
                RETURNING run_id
                """,
                share.run_id,
                principal.user_id,
                token_hash,
                share.created_at,
                share.expires_at,
            )
        if done is None:
            raise RunNotFound(f"There is no run {share.run_id}.")

    async def find(self, principal: Principal, run_id: UUID, now: datetime) -> Share | None:
        """Return the share of a run; None where it is not shown, or not any more."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                """
                SELECT run_id, created_at, expires_at FROM run_shares
                WHERE run_id = $1 AND owner_id = $2 AND (expires_at IS NULL OR expires_at > $3)
                """,
                run_id,
                principal.user_id,
                now,
            )
        return None if row is None else Share(**dict(row))

    async def delete(self, principal: Principal, run_id: UUID) -> bool:
        """Show a run no more; return whether there was a link."""
        async with self._database.acquire() as connection:
            found = await connection.fetchval(
                "DELETE FROM run_shares WHERE run_id = $1 AND owner_id = $2 RETURNING run_id",
                run_id,
                principal.user_id,
            )
        return found is not None

    async def open(self, token_hash: bytes, now: datetime) -> OpenedShare | None:
        """Return what a link leads to: for anybody, while it is good and its person's account is."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                """
                SELECT r.owner_id, r.status, r.result::text AS result, coalesce(v.name, '') AS agent
                FROM run_shares s
                JOIN runs r ON r.id = s.run_id AND r.deleted_at IS NULL
                JOIN users u ON u.id = s.owner_id AND u.status = 'active'
                LEFT JOIN graph_versions v ON v.graph_id = r.graph_id AND v.version = r.graph_version
                WHERE s.token_hash = $1 AND (s.expires_at IS NULL OR s.expires_at > $2)
                """,
                token_hash,
                now,
            )
        if row is None:
            return None
        status = RunStatus(row["status"])
        result = None if row["result"] is None else decode_result(status, row["result"])
        return OpenedShare(
            owner_id=row["owner_id"],
            agent=row["agent"],
            status=status,
            outputs={} if result is None else result.outputs,
        )
