"""SQL of runs that were set aside. The journal sets them aside and takes them up again; this reads."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from autograph.features.accounts.models import Principal
from autograph.features.runs.errors import DeadLetterNotFound
from autograph.features.runs.models import DeadLetter
from autograph.infra.database import Database

_COLUMNS = "run_id, graph_id, code, message, crashes, created_at, decision, decided_at"


class DeadLetterRepository:
    """Reads dead letters. Every method takes the principal."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def get(self, principal: Principal, run_id: UUID) -> DeadLetter:
        """Return the last dead letter of a run.

        Raises:
            DeadLetterNotFound: It was never set aside.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"""
                SELECT {_COLUMNS} FROM dead_letters WHERE run_id = $1 AND owner_id = $2
                ORDER BY id DESC LIMIT 1
                """,
                run_id,
                principal.user_id,
            )
        if row is None:
            raise DeadLetterNotFound(f"Run {run_id} was never set aside.")
        return DeadLetter(**dict(row))

    async def list_page(
        self, principal: Principal, *, limit: int, before: UUID | None, is_open: bool
    ) -> Sequence[DeadLetter]:
        """Return a page of a person's dead letters, those of the newest runs first."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {_COLUMNS} FROM dead_letters
                WHERE owner_id = $1 AND (decision IS NULL) = $2 AND ($3::uuid IS NULL OR run_id < $3)
                ORDER BY run_id DESC LIMIT $4
                """,
                principal.user_id,
                is_open,
                before,
                limit,
            )
        return [DeadLetter(**dict(row)) for row in rows]
