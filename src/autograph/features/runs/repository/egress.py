"""Which hosts runs may ask, and what they asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from autograph.engine.ports import RunRef
from autograph.features.accounts.models import Principal
from autograph.features.runs.models import EgressDay
from autograph.infra.database import Database
from autograph.infra.egress.ports import HostList

_PERSON: Final = "your account lets be asked; whoever runs this installation sets them"
_AGENT: Final = "the settings of this agent, or of one that called it, let be asked (egress_hosts)"


class EgressRepository:
    """What runs may ask of the world, and did."""

    def __init__(self, database: Database) -> None:
        """Keep it in `database`."""
        self._database = database

    async def lists_of(self, run: RunRef) -> tuple[HostList, ...]:
        """Return the lists that a host has to be on for a run: its person's, and those of the agents above it."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                """
                WITH RECURSIVE above (graph_id, parent_id) AS (
                    SELECT $2::uuid, $3::uuid
                    UNION
                    SELECT runs.graph_id, runs.parent_id FROM runs JOIN above ON runs.id = above.parent_id
                )
                SELECT $4::text AS whose, egress_hosts FROM users WHERE id = $1
                UNION
                SELECT $5::text, egress_hosts FROM graphs
                WHERE owner_id = $1 AND id IN (SELECT graph_id FROM above)
                """,
                run.owner_id,
                run.graph.graph_id,
                run.parent_id,
                _PERSON,
                _AGENT,
            )
        return tuple(
            HostList(row["whose"], tuple(row["egress_hosts"]))
            for row in rows
            if row["egress_hosts"] is not None
        )

    async def add(self, found: Mapping[tuple[UUID, date, str], EgressDay]) -> None:
        """Add to what people asked on a day at a host; of people who are gone nothing is kept."""
        async with self._database.acquire() as connection:
            await connection.executemany(
                """
                INSERT INTO egress (owner_id, day, host, requests, failures, sent_bytes, received_bytes)
                SELECT id, $2, $3, $4, $5, $6, $7 FROM users WHERE id = $1
                ON CONFLICT (owner_id, day, host) DO UPDATE SET
                    requests = egress.requests + excluded.requests,
                    failures = egress.failures + excluded.failures,
                    sent_bytes = egress.sent_bytes + excluded.sent_bytes,
                    received_bytes = egress.received_bytes + excluded.received_bytes
                """,
                [
                    (
                        owner,
                        day,
                        host,
                        one.requests,
                        one.failures,
                        one.sent_bytes,
                        one.received_bytes,
                    )
                    for (owner, day, host), one in sorted(found.items())
                ],
            )

    async def since(self, principal: Principal, first: date) -> list[EgressDay]:
        """Return what somebody asked from a day on: the newest day first, in it the most asked host."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                """
                SELECT day, host, requests, failures, sent_bytes, received_bytes FROM egress
                WHERE owner_id = $1 AND day >= $2 ORDER BY day DESC, requests DESC, host LIMIT 10000
                """,
                principal.user_id,
                first,
            )
        return [EgressDay(**dict(row)) for row in rows]
