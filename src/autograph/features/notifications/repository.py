"""SQL of notifications. What people see of them takes the principal."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from autograph.features.accounts.models import Principal
from autograph.features.notifications.errors import NotificationNotFound
from autograph.features.notifications.models import (
    ALIKE_WITHIN,
    DueMail,
    Happening,
    Kind,
    Notification,
    Preferences,
    Telling,
    read_preferences,
)
from autograph.infra.database import Database, PooledConnection
from autograph.infra.ids import new_id
from autograph.infra.json import Json, decode, encode

CHANNEL: Final = "autograph_notifications"
_LOCK: Final = 0x4E6F7465
_COLUMNS: Final = "id, kind, subject, times, body::text, began_at, at, read_at"

_TAKE: Final = (
    "SELECT id, kind, user_id, subject, body::text, at FROM happenings ORDER BY id LIMIT $1"
)
_RUNS: Final = """
SELECT r.id, r.graph_id, coalesce(nullif(g.name, ''), 'An agent') AS agent, r.result->'error'->>'message' AS message,
       (SELECT body->>'dry_run' FROM run_events WHERE run_id = r.id AND seq = 1) IS NOT NULL AS is_dry
FROM runs r LEFT JOIN graphs g ON g.id = r.graph_id WHERE r.id = ANY ($1::uuid[])
"""
_QUESTIONS: Final = """
SELECT w.id, w.run_id, w.graph_id, w.title, coalesce(nullif(g.name, ''), 'An agent') AS agent
FROM waits w LEFT JOIN graphs g ON g.id = w.graph_id WHERE w.id = ANY ($1::uuid[]) AND w.status = 'waiting'
"""
_AGAIN: Final = """
UPDATE notifications SET times = times + $4, subject = $5, body = $6::text::json, at = $7
WHERE id = (SELECT id FROM notifications
            WHERE user_id = $1 AND kind = $2 AND alike = $3 AND read_at IS NULL AND body->>'what' = $8
              AND began_at > $9 AND in_inbox = $10
            ORDER BY id DESC LIMIT 1)
RETURNING id
"""
_ADD: Final = """
INSERT INTO notifications (id, user_id, kind, subject, alike, times, body, began_at, at, in_inbox)
SELECT $1, id, $3, $4, $5, $6, $7::text::json, $8, $8, $9 FROM users WHERE id = $2 FOR KEY SHARE
"""
_MAIL: Final = """
INSERT INTO notification_mails (id, user_id, kind, subject, times, body, at, due_at)
SELECT $1, id, $3, $4, $5, $6::text::json, $7, $7 FROM users WHERE id = $2 FOR KEY SHARE
"""
# Whoever sends it has a while for that; then it is somebody else's turn.
_DUE_MAILS: Final = """
UPDATE notification_mails m SET due_at = $1::timestamptz + $2::interval
FROM users u
WHERE u.id = m.user_id
  AND m.id IN (SELECT id FROM notification_mails WHERE due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING m.id, m.user_id, u.email, u.name, m.body::text, m.times, m.tries
"""


class Batch:
    """What has happened, oldest first, taken by the one who tells it; forgotten once it is told."""

    def __init__(self, connection: PooledConnection, rows: Sequence[Happening]) -> None:
        """Hold `rows` in the transaction of `connection`."""
        self._connection = connection
        self.rows = rows

    async def recipients(self) -> Mapping[int, Sequence[UUID]]:
        """Return whom each of them concerns."""
        admins: list[UUID] = []
        if any(one.user_id is None for one in self.rows):
            found = await self._connection.fetch(
                "SELECT id FROM users WHERE 'admin' = ANY (roles) AND status = 'active'"
            )
            admins = [row["id"] for row in found]
        return {one.id: admins if one.user_id is None else [one.user_id] for one in self.rows}

    async def preferences(self, people: Collection[UUID]) -> Mapping[UUID, Preferences]:
        """Return what people chose; who is not there chose nothing."""
        rows = await self._connection.fetch(
            "SELECT user_id, chosen::text FROM notification_preferences WHERE user_id = ANY ($1::uuid[])",
            list(people),
        )
        return {row["user_id"]: read_preferences(decode(row["chosen"])) for row in rows}

    async def describe(self, rows: Sequence[Happening]) -> Sequence[Happening]:
        """Return them with what people are told; runs that are gone or dry, and answered questions, are left out."""
        runs = await self._named(_RUNS, [one for one in rows if one.kind.startswith("run.")])
        asked = await self._named(_QUESTIONS, [one for one in rows if one.kind == "review.asked"])
        described: list[Happening] = []
        for one in rows:
            body: dict[str, Json] = {"what": one.kind, **one.body}
            alike = one.subject
            if one.kind.startswith("run.") or one.kind == "review.asked":
                row = runs.get(one.subject) or asked.get(one.subject)
                if row is None or row.get("is_dry"):
                    continue
                body |= {"agent": row["agent"], "graph_id": str(row["graph_id"])}
                if one.kind == "review.asked":
                    body |= {"run_id": str(row["run_id"]), "title": row["title"]}
                else:
                    body["run_id"] = str(row["id"])
                    body.setdefault("message", row["message"])
                    alike = row["graph_id"]
            described.append(replace(one, alike=alike, body=body))
        return described

    async def _named(self, query: str, rows: Sequence[Happening]) -> Mapping[UUID, asyncpg.Record]:
        if not rows:
            return {}
        found = await self._connection.fetch(query, [one.subject for one in rows])
        return {row["id"]: row for row in found}

    async def tell(self, telling: Telling, *, in_inbox: bool) -> bool:
        """Put something into an inbox; False where a row counts it that was there."""
        last = telling.last
        body, what = encode(dict(last.body)).decode(), str(last.body["what"])
        counted = await self._connection.fetchval(
            _AGAIN,
            telling.user_id,
            telling.kind.value,
            last.alike,
            telling.times,
            last.subject,
            body,
            last.at,
            what,
            last.at - ALIKE_WITHIN,
            in_inbox,
        )
        if counted is not None:
            return False
        await self._connection.execute(
            _ADD,
            new_id(),
            telling.user_id,
            telling.kind.value,
            last.subject,
            last.alike,
            telling.times,
            body,
            last.at,
            in_inbox,
        )
        return True

    async def mail(self, telling: Telling) -> None:
        """Have something mailed."""
        last = telling.last
        body = encode(dict(last.body)).decode()
        await self._connection.execute(
            _MAIL,
            new_id(),
            telling.user_id,
            telling.kind.value,
            last.subject,
            telling.times,
            body,
            last.at,
        )

    async def close(self, subjects: Sequence[UUID], now: datetime) -> Collection[UUID]:
        """Count what was told of these as read; return whose inboxes changed."""
        rows = await self._connection.fetch(
            "UPDATE notifications SET read_at = $2 WHERE subject = ANY ($1::uuid[]) AND read_at IS NULL "
            "RETURNING user_id",
            list(subjects),
            now,
        )
        return {row["user_id"] for row in rows}

    async def announce(self, people: Collection[UUID]) -> None:
        """Say, once this is durable, whose inboxes changed."""
        await _announce(self._connection, people)


class NotificationRepository:
    """Keeps inboxes, mails that are due, and preferences."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    @asynccontextmanager
    async def take(self, limit: int) -> AsyncGenerator[Batch]:
        """Take what has happened, to tell it; there is nothing in it while somebody else tells."""
        async with self._database.acquire() as connection, connection.transaction():
            # One tells at a time: what is asked is told before it is told that it was answered.
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK):
                yield Batch(connection, [])
                return
            rows = [_happening(row) for row in await connection.fetch(_TAKE, limit)]
            yield Batch(connection, rows)
            if rows:
                ids = [one.id for one in rows]
                await connection.execute(
                    "DELETE FROM happenings WHERE id = ANY ($1::bigint[])", ids
                )

    async def list_page(
        self, principal: Principal, *, limit: int, before: UUID | None, unread_only: bool
    ) -> tuple[Sequence[Notification], int]:
        """Return a page of an inbox, newest first, and how many there are unread in all."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {_COLUMNS} FROM notifications
                WHERE user_id = $1 AND in_inbox AND ($2::uuid IS NULL OR id < $2) AND (NOT $3 OR read_at IS NULL)
                ORDER BY id DESC LIMIT $4
                """,
                principal.user_id,
                before,
                unread_only,
                limit,
            )
        return [_notification(row) for row in rows], await self.unread(principal)

    async def unread(self, principal: Principal) -> int:
        """Return how many there are that somebody has not read."""
        async with self._database.acquire() as connection:
            return int(
                await connection.fetchval(
                    "SELECT count(*) FROM notifications WHERE user_id = $1 AND in_inbox AND read_at IS NULL",
                    principal.user_id,
                )
            )

    async def mark(
        self, principal: Principal, notification_id: UUID, read_at: datetime | None
    ) -> None:
        """Count one as read, or as unread.

        Raises:
            NotificationNotFound: There is none, or it is somebody else's.
        """
        async with self._database.acquire() as connection, connection.transaction():
            found = await connection.fetchval(
                "UPDATE notifications SET read_at = $3 WHERE id = $1 AND user_id = $2 AND in_inbox RETURNING id",
                notification_id,
                principal.user_id,
                read_at,
            )
            if found is None:
                raise NotificationNotFound(f"There is no notification {notification_id}.")
            await _announce(connection, [principal.user_id])

    async def mark_all(self, principal: Principal, until: UUID | None, read_at: datetime) -> int:
        """Count all as read, or those no newer than `until`; return how many."""
        async with self._database.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                "UPDATE notifications SET read_at = $3 WHERE user_id = $1 AND in_inbox AND read_at IS NULL "
                "AND ($2::uuid IS NULL OR id <= $2) RETURNING id",
                principal.user_id,
                until,
                read_at,
            )
            await _announce(connection, [principal.user_id])
        return len(rows)

    async def preferences(self, principal: Principal) -> Preferences:
        """Return what somebody chose."""
        async with self._database.acquire() as connection:
            kept = await connection.fetchval(
                "SELECT chosen::text FROM notification_preferences WHERE user_id = $1",
                principal.user_id,
            )
        return read_preferences(None if kept is None else decode(kept))

    async def choose(self, principal: Principal, preferences: Preferences) -> None:
        """Keep what somebody chose."""
        async with self._database.acquire() as connection:
            await connection.execute(
                "INSERT INTO notification_preferences (user_id, chosen) VALUES ($1, $2::text::json) "
                "ON CONFLICT (user_id) DO UPDATE SET chosen = excluded.chosen",
                principal.user_id,
                encode(preferences.chosen).decode(),
            )

    async def due_mails(self, now: datetime, lease: timedelta, limit: int) -> Sequence[DueMail]:
        """Take mails that are to be sent; nobody else is given them before `lease` is over."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_DUE_MAILS, now, lease, limit)
        return [DueMail(**{**dict(row), "body": decode(row["body"])}) for row in rows]

    async def end_mail(self, mail: DueMail) -> None:
        """Forget a mail that was sent, or is given up."""
        async with self._database.acquire() as connection:
            await connection.execute("DELETE FROM notification_mails WHERE id = $1", mail.id)

    async def put_off(self, mail: DueMail, due_at: datetime) -> None:
        """Note that the mail server did not take a mail."""
        async with self._database.acquire() as connection:
            await connection.execute(
                "UPDATE notification_mails SET tries = tries + 1, due_at = $2 WHERE id = $1",
                mail.id,
                due_at,
            )

    async def delete_before(self, moment: datetime) -> int:
        """Delete what happened last before a moment; return how many."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                "DELETE FROM notifications WHERE at < $1 RETURNING id", moment
            )
        return len(rows)

    async def export(self, user_id: UUID) -> Json:
        """Return what somebody was told, newest first, and what they chose."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"SELECT {_COLUMNS} FROM notifications WHERE user_id = $1 ORDER BY id DESC", user_id
            )
            kept = await connection.fetchval(
                "SELECT chosen::text FROM notification_preferences WHERE user_id = $1", user_id
            )
        return {
            "inbox": [
                {"id": str(one.id), "title": one.title, "at": one.at.isoformat(), **one.body}
                for one in map(_notification, rows)
            ],
            "preferences": None if kept is None else decode(kept),
        }

    async def erase(self, user_id: UUID) -> None:
        """Delete all of it. Idempotent."""
        async with self._database.acquire() as connection, connection.transaction():
            for table in (
                "happenings",
                "notifications",
                "notification_mails",
                "notification_preferences",
            ):
                await connection.execute(f"DELETE FROM {table} WHERE user_id = $1", user_id)


async def _announce(connection: PooledConnection, people: Collection[UUID]) -> None:
    if people:
        await connection.execute(
            "SELECT pg_notify($1, person::text) FROM unnest($2::uuid[]) AS person",
            CHANNEL,
            list(people),
        )


def _happening(row: asyncpg.Record) -> Happening:
    return Happening(
        id=row["id"],
        kind=row["kind"],
        user_id=row["user_id"],
        subject=row["subject"],
        alike=row["subject"],
        body=decode(row["body"]),
        at=row["at"],
    )


def _notification(row: asyncpg.Record) -> Notification:
    values: dict[str, Any] = dict(row)
    values |= {"kind": Kind(row["kind"]), "body": decode(row["body"])}
    return Notification(**values)
