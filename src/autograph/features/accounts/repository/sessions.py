"""SQL of log-ins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, exists, insert, or_, select, update

from autograph.features.accounts.models.sessions import (
    REFRESH_TIME,
    REUSE_GRACE,
    LoginMethod,
    Session,
    is_new_place,
)
from autograph.features.accounts.repository.changes import tell
from autograph.features.accounts.tables import refresh_tokens, sessions, users
from autograph.infra.database import Database
from autograph.infra.happenings import note


@dataclass(frozen=True, slots=True)
class Stolen:
    """A refresh token came a second time: its session was ended."""

    session_id: UUID
    user_id: UUID


class SessionRepository:
    """Reads and writes log-ins and their refresh tokens, of which it keeps hashes alone."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def add(self, session: Session, token_hash: bytes) -> None:
        """Keep a log-in and its first refresh token; from a new place, somebody is to be told of it."""
        async with self._database.begin() as connection:
            before = await connection.execute(
                select(sessions.c.ip, sessions.c.agent)
                .where(sessions.c.user_id == session.user_id)
                .distinct()
            )
            if is_new_place(session, [(row.ip, row.agent) for row in before]):
                told = {"ip": session.ip, "browser": session.agent}
                await note(connection, "security.new_place", session.user_id, session.id, told)
            await connection.execute(
                insert(sessions).values(
                    id=session.id,
                    user_id=session.user_id,
                    method=session.method.value,
                    ip=session.ip,
                    agent=session.agent,
                    created_at=session.created_at,
                    last_seen_at=session.last_seen_at,
                    expires_at=session.expires_at,
                )
            )
            await connection.execute(
                insert(refresh_tokens).values(hash=token_hash, session_id=session.id)
            )
            await connection.execute(
                update(users)
                .where(users.c.id == session.user_id)
                .values(last_seen_at=session.created_at)
            )

    async def rotate(
        self, old_hash: bytes, new_hash: bytes, now: datetime
    ) -> Session | Stolen | None:
        """Use a refresh token, and keep the next one.

        Returns:
            The session; `Stolen` when the token was used before, which ends the session; None when it is
            no token of a living session.
        """
        async with self._database.begin() as connection:
            row = (
                await connection.execute(
                    select(refresh_tokens.c.used_at, *sessions.c)
                    .join(sessions, sessions.c.id == refresh_tokens.c.session_id)
                    .where(refresh_tokens.c.hash == old_hash)
                    .with_for_update(of=sessions)
                )
            ).first()
            if row is None or row.revoked_at is not None or row.expires_at <= now:
                return None
            if row.used_at is not None and row.used_at + REUSE_GRACE <= now:
                await connection.execute(
                    update(sessions)
                    .where(sessions.c.id == row.id)
                    .values(revoked_at=now, revoked_for="refresh token used twice")
                )
                await tell(connection, f"session:{row.id}")
                return Stolen(row.id, row.user_id)
            if row.used_at is None:
                await connection.execute(
                    update(refresh_tokens)
                    .where(refresh_tokens.c.hash == old_hash)
                    .values(used_at=now)
                )
            await connection.execute(
                insert(refresh_tokens).values(hash=new_hash, session_id=row.id)
            )
            renewed = await connection.execute(
                update(sessions)
                .where(sessions.c.id == row.id)
                .values(last_seen_at=now, expires_at=now + REFRESH_TIME)
                .returning(sessions)
            )
            return _session(renewed.one())

    async def find(self, session_id: UUID) -> Session | None:
        """Return a session that was not revoked."""
        async with self._database.begin() as connection:
            row = (
                await connection.execute(
                    select(sessions).where(
                        sessions.c.id == session_id, sessions.c.revoked_at.is_(None)
                    )
                )
            ).first()
        return None if row is None else _session(row)

    async def list_of(self, user_id: UUID, now: datetime) -> Sequence[Session]:
        """Return the living sessions of a person, last used first."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(sessions)
                .where(
                    sessions.c.user_id == user_id,
                    sessions.c.revoked_at.is_(None),
                    sessions.c.expires_at > now,
                )
                .order_by(sessions.c.last_seen_at.desc())
                .limit(200)
            )
            return [_session(row) for row in rows]

    async def revoke(
        self,
        user_id: UUID,
        now: datetime,
        why: str,
        *,
        only: UUID | None = None,
        but: UUID | None = None,
    ) -> int:
        """End sessions of a person: all, `only` one, or all `but` one. Return how many."""
        ending = (
            update(sessions)
            .where(sessions.c.user_id == user_id, sessions.c.revoked_at.is_(None))
            .values(revoked_at=now, revoked_for=why)
            .returning(sessions.c.id)
        )
        if only is not None:
            ending = ending.where(sessions.c.id == only)
        if but is not None:
            ending = ending.where(sessions.c.id != but)
        async with self._database.begin() as connection:
            ended = (await connection.execute(ending)).scalars().all()
            await tell(connection, *(f"session:{one}" for one in ended))
        return len(ended)

    async def forget_ended(self, before: datetime) -> int:
        """Delete sessions that were over before a moment, with their tokens; return how many.

        The last one of a person stays: by it is known from where they log in (`is_new_place`).
        """
        later = sessions.alias()
        is_not_the_last = exists().where(
            later.c.user_id == sessions.c.user_id, later.c.created_at > sessions.c.created_at
        )
        is_over = or_(sessions.c.expires_at < before, sessions.c.revoked_at < before)
        async with self._database.begin() as connection:
            done = await connection.execute(delete(sessions).where(is_over, is_not_the_last))
        return done.rowcount


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        user_id=row.user_id,
        method=LoginMethod(row.method),
        ip=row.ip,
        agent=row.agent,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
    )
