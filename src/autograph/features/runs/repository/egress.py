"""Which hosts runs may ask, and what they asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from autograph.features.accounts.models import Principal
from autograph.features.runs.models import EgressDay
from autograph.infra.database import Database
from autograph.infra.egress.ports import HostList


class EgressRepository:
    """What runs may ask of the world, and did."""

    def __init__(self, database: Database) -> None:
        """Keep it in `database`."""
        self._database = database

    async def lists_of(self, owner_id: UUID, graph_id: UUID) -> tuple[HostList, ...]:
        """Return the lists that a host has to be on for a run of this person and agent."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                """
                SELECT u.egress_hosts AS person, g.egress_hosts AS agent
                FROM users u LEFT JOIN graphs g ON g.id = $2 AND g.owner_id = u.id WHERE u.id = $1
                """,
                owner_id,
                graph_id,
            )
        if row is None:
            return ()
        return tuple(
            HostList(whose, tuple(row[name]))
            for name, whose in (
                ("person", "your account lets be asked; whoever runs this installation sets them"),
                ("agent", "this agent's settings let be asked (egress_hosts)"),
            )
            if row[name] is not None
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
