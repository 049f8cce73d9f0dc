"""SQL of the questions that runs wait on. The journal asks and answers them; this reads."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from autograph.features.accounts.models import Principal
from autograph.features.runs.errors import ReviewNotFound
from autograph.features.runs.models import Review
from autograph.infra.database import Database
from autograph.infra.json import decode

_COLUMNS = """
    id, run_id, node_run, node_id, graph_id, graph_version, kind, status, title, payload::text, is_editable,
    due_at, answer::text, created_at, answered_at
"""

_ASKED = "is_question"


class ReviewRepository:
    """Reads questions. Every method but `find_call` takes the principal."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def get(self, principal: Principal, review_id: UUID) -> Review:
        """Return a question to a person, open or not.

        Raises:
            ReviewNotFound: There is none.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM waits WHERE id = $1 AND owner_id = $2 AND {_ASKED}",
                review_id,
                principal.user_id,
            )
        if row is None:
            raise ReviewNotFound(f"There is no review {review_id}.")
        return _review(row)

    async def list_page(
        self,
        principal: Principal,
        *,
        limit: int,
        before: UUID | None,
        run_id: UUID | None,
        kind: str | None,
        is_open: bool,
    ) -> Sequence[Review]:
        """Return a page of the questions to a person, newest first."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {_COLUMNS} FROM waits
                WHERE owner_id = $1 AND {_ASKED} AND (status = 'waiting') = $2
                  AND ($3::uuid IS NULL OR id < $3) AND ($4::uuid IS NULL OR run_id = $4)
                  AND ($5::text IS NULL OR kind = $5)
                ORDER BY id DESC LIMIT $6
                """,
                principal.user_id,
                is_open,
                before,
                run_id,
                kind,
                limit,
            )
        return [_review(row) for row in rows]

    async def find_call(self, token: str) -> Review | None:
        """Return the wait for a call that `token` stands for."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM waits WHERE token = $1 AND kind = 'call'", token
            )
        return None if row is None else _review(row)


def _review(row: asyncpg.Record) -> Review:
    values = dict(row)
    for name in ("payload", "answer"):
        values[name] = None if values[name] is None else decode(values[name])
    return Review(**values)
