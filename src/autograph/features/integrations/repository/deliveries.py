"""SQL of what came to webhooks, and what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from autograph.blocks.packs.webhooks import Hooks
from autograph.features.accounts.models import Principal
from autograph.features.integrations.errors import WebhookNotFound
from autograph.features.integrations.models.arrivals import wants
from autograph.features.integrations.models.webhooks import (
    Delivery,
    DeliveryRow,
    DueStart,
    Start,
    StartStatus,
)
from autograph.infra.database import Database, PooledConnection
from autograph.infra.ids import new_id
from autograph.infra.json import decode, encode

CHANNEL: Final = "autograph_deliveries"

_KNOWN: Final = """
SELECT id FROM webhook_deliveries WHERE webhook_id = $1 AND known_by = $2
"""
_SAME_LATELY: Final = """
SELECT id FROM webhook_deliveries
WHERE webhook_id = $1 AND body_hash = $2 AND known_by IS NULL AND replay_of IS NULL AND received_at > $3
"""
_STORE: Final = """
INSERT INTO webhook_deliveries
    (id, webhook_id, user_id, known_by, body_hash, event, media_type, headers, body, replay_of, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::json, $9, $10, $11)
"""
_START: Final = """
INSERT INTO webhook_starts (id, delivery_id, trigger_id, user_id, status, message, due_at, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_SEEN: Final = """
UPDATE webhooks SET last_delivery_at = $2, state = coalesce(nullif(state, 'waiting'), 'active') WHERE id = $1
"""
_DUE: Final = """
SELECT s.id, s.user_id, s.trigger_id, s.tries, d.id AS delivery_id, d.webhook_id, d.known_by, d.event, d.media_type,
       d.headers::text AS headers, d.body, d.replay_of, d.received_at
FROM webhook_starts s JOIN webhook_deliveries d ON d.id = s.delivery_id
WHERE s.status = 'stored' AND s.due_at <= $1 ORDER BY s.due_at, s.id LIMIT $2 FOR UPDATE OF s SKIP LOCKED
"""
_END: Final = """
UPDATE webhook_starts SET status = $2, run_id = coalesce($3, run_id), message = $4, tries = tries + 1,
                          due_at = $5, ended_at = $6
WHERE id = $1
"""
_LIST: Final = """
SELECT id, webhook_id, known_by, event, media_type, octet_length(body) AS size, replay_of, received_at
FROM webhook_deliveries d
WHERE user_id = $1 AND ($2::uuid IS NULL OR webhook_id = $2) AND ($3::uuid IS NULL OR id < $3)
  AND ($4::uuid IS NULL OR EXISTS (SELECT 1 FROM webhook_starts s WHERE s.delivery_id = d.id AND s.trigger_id = $4))
  AND ($5::text IS NULL OR EXISTS (SELECT 1 FROM webhook_starts s WHERE s.delivery_id = d.id AND s.status = $5))
ORDER BY id DESC LIMIT $6
"""
_STARTS: Final = """
SELECT id, delivery_id, trigger_id, status, run_id, message, tries, due_at FROM webhook_starts
WHERE delivery_id = ANY ($1::uuid[]) ORDER BY delivery_id, id
"""


class Batch:
    """Runs that are to be started, which nobody else is given as long as this is held."""

    def __init__(self, connection: PooledConnection, rows: Sequence[DueStart]) -> None:
        """Hold `rows` in the transaction of `connection`."""
        self._connection = connection
        self.rows = rows

    async def end(
        self, start: DueStart, run_id: UUID | None, message: str | None, now: datetime
    ) -> None:
        """Note that a run was started, or why there will be none."""
        status = StartStatus.FAILED if run_id is None else StartStatus.STARTED
        await self._connection.execute(_END, start.id, status.value, run_id, message, None, now)

    async def put_off(self, start: DueStart, message: str, due_at: datetime) -> None:
        """Note that a run is to be started later."""
        await self._connection.execute(
            _END, start.id, StartStatus.STORED.value, None, message, due_at, None
        )


class DeliveryRepository:
    """Keeps what came to webhooks."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def store(
        self, user_id: UUID, delivery: Delivery, body_hash: bytes, hooks: Hooks, window: timedelta
    ) -> tuple[UUID, bool]:
        """Keep a delivery, durably, with what is to become of it; return its id, and whether it had come before.

        Args:
            user_id: Whose it is.
            delivery: What came.
            body_hash: By which it is known, where the provider has nothing better.
            hooks: How the provider sends.
            window: How long the same body counts as the same delivery.
        """
        key = delivery.known_by or body_hash.hex()
        async with self._database.acquire() as connection, connection.transaction():
            # Of two that come at the same moment, the second sees the first.
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                f"delivery:{delivery.webhook_id}:{key}",
            )
            if delivery.known_by is not None:
                before = await connection.fetchval(_KNOWN, delivery.webhook_id, delivery.known_by)
            else:
                since = delivery.received_at - window
                before = await connection.fetchval(
                    _SAME_LATELY, delivery.webhook_id, body_hash, since
                )
            if before is not None:
                return before, True
            await _store(connection, user_id, delivery, body_hash)
            for row in await connection.fetch(
                "SELECT id, events, is_active FROM webhook_triggers WHERE webhook_id = $1 ORDER BY id",
                delivery.webhook_id,
            ):
                why = _why_ignored(row, delivery.event, hooks)
                await _add_start(connection, user_id, delivery, row["id"], why)
            await connection.execute(_SEEN, delivery.webhook_id, delivery.received_at)
            await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
        return delivery.id, False

    async def replay(self, principal: Principal, delivery_id: UUID, now: datetime) -> UUID:
        """Keep a delivery once more, for all who listen now and want what happened; return its id.

        Raises:
            WebhookNotFound: There is none, or it is somebody else's.
        """
        found = await self.get(principal, delivery_id)
        again = Delivery(
            id=new_id(),
            webhook_id=found.webhook_id,
            known_by=None,
            event=found.event,
            media_type=found.media_type,
            headers=found.headers,
            body=found.body,
            replay_of=found.id,
            received_at=now,
        )
        async with self._database.acquire() as connection, connection.transaction():
            await _store(connection, principal.user_id, again, b"")
            wanted = await connection.fetch(
                """
                SELECT t.id FROM webhook_triggers t
                LEFT JOIN webhook_starts s ON s.trigger_id = t.id AND s.delivery_id = $2
                WHERE t.webhook_id = $1 AND (s.status IS NULL OR s.status <> 'ignored')
                """,
                found.webhook_id,
                found.id,
            )
            for row in wanted:
                await _add_start(connection, principal.user_id, again, row["id"], None)
            await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
        return again.id

    async def get(self, principal: Principal, delivery_id: UUID) -> Delivery:
        """Return a delivery, whole.

        Raises:
            WebhookNotFound: There is none, or it is somebody else's.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                """
                SELECT id AS delivery_id, webhook_id, known_by, event, media_type, headers::text AS headers, body,
                       replay_of, received_at
                FROM webhook_deliveries WHERE id = $1 AND user_id = $2
                """,
                delivery_id,
                principal.user_id,
            )
        if row is None:
            raise WebhookNotFound(f"There is no delivery {delivery_id}.")
        return _delivery(row)

    async def list_page(
        self,
        principal: Principal,
        *,
        limit: int,
        before: UUID | None,
        webhook_id: UUID | None,
        trigger_id: UUID | None,
        status: StartStatus | None,
    ) -> Sequence[DeliveryRow]:
        """Return a page of a person's deliveries, newest first, without their bodies."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                _LIST,
                principal.user_id,
                webhook_id,
                before,
                trigger_id,
                None if status is None else status.value,
                limit,
            )
            return await _with_starts(connection, rows)

    async def row(self, principal: Principal, delivery_id: UUID) -> DeliveryRow:
        """Return a delivery as lists show it.

        Raises:
            WebhookNotFound: There is none, or it is somebody else's.
        """
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                """
                SELECT id, webhook_id, known_by, event, media_type, octet_length(body) AS size, replay_of, received_at
                FROM webhook_deliveries WHERE id = $1 AND user_id = $2
                """,
                delivery_id,
                principal.user_id,
            )
            found = await _with_starts(connection, rows)
        if not found:
            raise WebhookNotFound(f"There is no delivery {delivery_id}.")
        return found[0]

    @asynccontextmanager
    async def due(self, now: datetime, limit: int) -> AsyncGenerator[Batch]:
        """Lend runs that are to be started; what is not noted when the context ends is lent to the next.

        A process that dies over them lets go of them with its connection.
        """
        async with self._database.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_DUE, now, limit)
            yield Batch(
                connection,
                [
                    DueStart(
                        row["id"], row["user_id"], row["trigger_id"], row["tries"], _delivery(row)
                    )
                    for row in rows
                ],
            )

    async def delete_before(self, before: datetime) -> int:
        """Delete what came before a moment and waits for nothing; return how much."""
        deleted = 0
        async with self._database.acquire() as connection:
            while some := int(
                str(
                    await connection.execute(
                        """
                        DELETE FROM webhook_deliveries WHERE id IN (
                            SELECT id FROM webhook_deliveries d WHERE received_at < $1 AND NOT EXISTS (
                                SELECT 1 FROM webhook_starts s WHERE s.delivery_id = d.id AND s.status = 'stored')
                            LIMIT 500)
                        """,
                        before,
                    )
                ).split()[-1]
            ):
                deleted += some
        return deleted


async def _store(
    connection: PooledConnection, user_id: UUID, delivery: Delivery, body_hash: bytes
) -> None:
    await connection.execute(
        _STORE,
        delivery.id,
        delivery.webhook_id,
        user_id,
        delivery.known_by,
        body_hash,
        delivery.event,
        delivery.media_type,
        encode(dict(delivery.headers)).decode(),
        delivery.body,
        delivery.replay_of,
        delivery.received_at,
    )


async def _add_start(
    connection: PooledConnection,
    user_id: UUID,
    delivery: Delivery,
    trigger_id: UUID,
    why: str | None,
) -> None:
    status = StartStatus.STORED if why is None else StartStatus.IGNORED
    due_at, ended_at = (delivery.received_at, None) if why is None else (None, delivery.received_at)
    await connection.execute(
        _START, new_id(), delivery.id, trigger_id, user_id, status.value, why, due_at, ended_at
    )


def _why_ignored(row: asyncpg.Record, event: str, hooks: Hooks) -> str | None:
    if not row["is_active"]:
        return "The trigger is switched off."
    if not wants(row["events"], event, hooks):
        return f"The trigger does not listen to {event or 'events without a name'}."
    return None


async def _with_starts(
    connection: PooledConnection, rows: Sequence[asyncpg.Record]
) -> Sequence[DeliveryRow]:
    starts: dict[UUID, list[Start]] = {row["id"]: [] for row in rows}
    for row in await connection.fetch(_STARTS, list(starts)):
        values: dict[str, Any] = dict(row)
        of = values.pop("delivery_id")
        status = StartStatus(values.pop("status"))
        starts[of].append(Start(**values, status=status))
    return [DeliveryRow(**dict(row), starts=starts[row["id"]]) for row in rows]


def _delivery(row: asyncpg.Record) -> Delivery:
    return Delivery(
        id=row["delivery_id"],
        webhook_id=row["webhook_id"],
        known_by=row["known_by"],
        event=row["event"],
        media_type=row["media_type"],
        headers=decode(row["headers"]),
        body=row["body"],
        replay_of=row["replay_of"],
        received_at=row["received_at"],
    )
