"""SQL of what people say of runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from autograph.features.accounts.models import Principal
from autograph.features.runs.errors import RunNotFound
from autograph.features.runs.models import Feedback, Verdict
from autograph.graph.model import Json
from autograph.infra.database import Database

_COLUMNS: Final = "run_id, graph_id, verdict, words, created_at, updated_at"


class FeedbackRepository:
    """Reads and writes feedback. Every method takes the principal, or the person it is about."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def put(
        self, principal: Principal, run_id: UUID, verdict: Verdict, words: str, now: datetime
    ) -> Feedback:
        """Keep what a person says of a run of theirs, over what they said before.

        Raises:
            RunNotFound: There is no such run.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"""
                INSERT INTO run_feedback (run_id, user_id, graph_id, verdict, words, created_at, updated_at)
                SELECT id, owner_id, graph_id, $3, $4, $5, $5 FROM runs
                WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL FOR KEY SHARE
                ON CONFLICT (run_id, user_id) DO UPDATE SET verdict = excluded.verdict,
                    words = excluded.words, updated_at = excluded.updated_at
                RETURNING {_COLUMNS}
                """,
                run_id,
                principal.user_id,
                verdict.value,
                words,
                now,
            )
        if row is None:
            raise RunNotFound(f"There is no run {run_id}.")
        return _feedback(row)

    async def find(self, principal: Principal, run_id: UUID) -> Feedback | None:
        """Return what a person said of a run; None where they said nothing."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM run_feedback WHERE run_id = $1 AND user_id = $2",
                run_id,
                principal.user_id,
            )
        return None if row is None else _feedback(row)

    async def delete(self, principal: Principal, run_id: UUID) -> None:
        """Take back what a person said of a run. Idempotent."""
        async with self._database.acquire() as connection:
            await connection.execute(
                "DELETE FROM run_feedback WHERE run_id = $1 AND user_id = $2",
                run_id,
                principal.user_id,
            )

    async def list_page(
        self,
        principal: Principal,
        graph_id: UUID,
        *,
        limit: int,
        before: UUID | None,
        verdict: Verdict | None,
    ) -> Sequence[Feedback]:
        """Return a page of what a person said of an agent's runs, that of the newest runs first."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {_COLUMNS} FROM run_feedback
                WHERE user_id = $1 AND graph_id = $2 AND ($3::uuid IS NULL OR run_id < $3)
                  AND ($4::text IS NULL OR verdict = $4)
                ORDER BY run_id DESC LIMIT $5
                """,
                principal.user_id,
                graph_id,
                before,
                None if verdict is None else verdict.value,
                limit,
            )
        return [_feedback(row) for row in rows]

    async def count(self, principal: Principal, graph_id: UUID) -> tuple[int, int]:
        """Return how many runs of an agent a person found good, and how many not."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                """
                SELECT count(*) FILTER (WHERE verdict = 'good') AS good,
                       count(*) FILTER (WHERE verdict = 'bad') AS bad
                FROM run_feedback WHERE user_id = $1 AND graph_id = $2
                """,
                principal.user_id,
                graph_id,
            )
        return (0, 0) if row is None else (row["good"], row["bad"])

    async def said_by(self, user_id: UUID) -> Json:
        """Return all that somebody said of runs, for the export of their account."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"SELECT {_COLUMNS} FROM run_feedback WHERE user_id = $1 ORDER BY run_id DESC",
                user_id,
            )
        return [
            {
                "run_id": str(row["run_id"]),
                "verdict": row["verdict"],
                "words": row["words"],
                "updated_at": row["updated_at"].isoformat(),
            }
            for row in rows
        ]


def _feedback(row: asyncpg.Record) -> Feedback:
    values: dict[str, Any] = dict(row)
    verdict = Verdict(values.pop("verdict"))
    return Feedback(**values, verdict=verdict)
