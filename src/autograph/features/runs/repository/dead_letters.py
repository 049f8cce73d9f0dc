"""SQL of runs that were set aside. The journal sets them aside and takes them up again; this reads."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from autograph.features.accounts.models import Principal
from autograph.features.runs.errors import DeadLetterNotFound
from autograph.features.runs.models import DeadLetter, NodeRunRef
from autograph.infra.database import Database
from autograph.infra.json import decode

# Read from the rows and not folded: a journal that nobody can fold is a reason to be set aside, too.
_SELECT = """
SELECT d.run_id, d.graph_id, d.code, d.message, d.crashes, d.created_at, d.decision, d.decided_at,
       (SELECT coalesce(json_agg(json_build_object('node_run', l.node_run, 'node', l.node) ORDER BY l.node_run), '[]')
        FROM (SELECT DISTINCT ON (1) (e.body->>'node_run')::integer AS node_run, e.body->>'node' AS node, e.kind
              FROM run_events e WHERE e.run_id = d.run_id AND e.kind LIKE 'node.%' ORDER BY 1, e.seq DESC) l
        WHERE l.kind IN ('node.started', 'node.output', 'node.resumed', 'node.retried'))::text AS in_flight
FROM dead_letters d
"""


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
                {_SELECT} WHERE d.run_id = $1 AND d.owner_id = $2 ORDER BY d.id DESC LIMIT 1
                """,
                run_id,
                principal.user_id,
            )
        if row is None:
            raise DeadLetterNotFound(f"Run {run_id} was never set aside.")
        return _letter(row)

    async def list_page(
        self, principal: Principal, *, limit: int, before: UUID | None, is_open: bool
    ) -> Sequence[DeadLetter]:
        """Return a page of a person's dead letters, those of the newest runs first."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"""
                {_SELECT}
                WHERE d.owner_id = $1 AND (d.decision IS NULL) = $2 AND ($3::uuid IS NULL OR d.run_id < $3)
                ORDER BY d.run_id DESC LIMIT $4
                """,
                principal.user_id,
                is_open,
                before,
                limit,
            )
        return [_letter(row) for row in rows]


def _letter(row: asyncpg.Record) -> DeadLetter:
    values = dict(row)
    values["in_flight"] = [NodeRunRef(**one) for one in decode(values["in_flight"])]
    return DeadLetter(**values)
