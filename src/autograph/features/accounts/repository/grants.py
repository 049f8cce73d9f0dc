"""SQL of what people let apps do: codes, grants and their tokens. Of everything secret it keeps hashes alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph.features.accounts.errors import ScopeInvalid
from autograph.features.accounts.models.apps import (
    GRANT_TIME,
    TOKEN_TIME,
    Code,
    GrantedApp,
    GrantToken,
    TokenKind,
)
from autograph.features.accounts.models.roles import Scope
from autograph.features.accounts.repository.changes import tell
from autograph.features.accounts.tables import apps, grant_codes, grant_tokens, grants
from autograph.infra.database import Database


@dataclass(frozen=True, slots=True)
class Pair:
    """Hashes of the tokens that an app is given."""

    access: bytes
    refresh: bytes


@dataclass(frozen=True, slots=True)
class Reused:
    """A code or refresh token came a second time: what came of it was revoked."""

    grant_id: UUID | None
    user_id: UUID


class GrantRepository:
    """Reads and writes what people let apps do."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def add_code(self, code_hash: bytes, code: Code) -> None:
        """Keep an authorization code; codes and grants that ended long ago are forgotten."""
        async with self._database.begin() as connection:
            long_ago = func.now() - GRANT_TIME
            await connection.execute(delete(grant_codes).where(grant_codes.c.expires_at < long_ago))
            await connection.execute(delete(grants).where(grants.c.expires_at < long_ago))
            await connection.execute(
                insert(grant_codes).values(
                    hash=code_hash,
                    app_id=code.app_id,
                    user_id=code.user_id,
                    redirect_uri=code.redirect_uri,
                    scopes=sorted(code.scopes),
                    challenge=code.challenge,
                    expires_at=code.expires_at,
                )
            )

    async def redeem(
        self,
        code_hash: bytes,
        app_id: UUID,
        is_good: Callable[[Code], bool],
        new: tuple[UUID, Pair],
        now: datetime,
    ) -> Code | Reused | None:
        """Use a code of an app up, and make the grant it stands for, with its first tokens.

        One transaction: a code that comes a second time finds the grant of the first and revokes it
        (RFC 6749 §4.1.2), however close the two are. A code is used up also where `is_good` refuses it.

        Returns:
            What the code stood for; `Reused`; None where it is not good.
        """
        grant_id, pair = new
        async with self._database.begin() as connection:
            row = (
                await connection.execute(
                    select(grant_codes)
                    .where(grant_codes.c.hash == code_hash, grant_codes.c.app_id == app_id)
                    .with_for_update()
                )
            ).first()
            if row is None:
                return None
            if row.used_at is not None:
                if row.grant_id is not None:
                    await _revoke(connection, row.grant_id, now, "code used twice")
                return Reused(row.grant_id, row.user_id)
            this = update(grant_codes).where(grant_codes.c.hash == code_hash)
            await connection.execute(this.values(used_at=now))
            code = _code(row)
            if code.expires_at <= now or not is_good(code):
                return None
            await connection.execute(
                insert(grants).values(
                    id=grant_id,
                    app_id=app_id,
                    user_id=code.user_id,
                    scopes=sorted(code.scopes),
                    created_at=now,
                    expires_at=now + GRANT_TIME,
                )
            )
            await _add_tokens(connection, grant_id, pair, code.scopes, code.scopes, now)
            await connection.execute(this.values(grant_id=grant_id))
            return code

    async def rotate(
        self, refresh_hash: bytes, app_id: UUID, pair: Pair, scopes: frozenset[Scope], now: datetime
    ) -> GrantToken | Reused | None:
        """Use a refresh token up and keep the next pair; `scopes` narrow the access token, where there are any.

        Returns:
            The new access token; `Reused` when the refresh token was used before, which revokes the grant
            (RFC 9700 §4.14.2); None when it is no good one of this app.

        Raises:
            ScopeInvalid: `scopes` has some that were not given; the refresh token stays good.
        """
        async with self._database.begin() as connection:
            row = (
                await connection.execute(
                    _token_query()
                    .where(
                        grant_tokens.c.hash == refresh_hash,
                        grant_tokens.c.kind == TokenKind.REFRESH,
                        grants.c.app_id == app_id,
                    )
                    .with_for_update(of=grants)
                )
            ).first()
            if row is None or row.revoked_at is not None:
                return None
            # Read again behind the lock: of two who come at the same moment, the second sees the first.
            used_at = await connection.scalar(
                select(grant_tokens.c.used_at).where(grant_tokens.c.hash == refresh_hash)
            )
            if used_at is not None:
                await _revoke(connection, row.grant_id, now, "refresh token used twice")
                return Reused(row.grant_id, row.user_id)
            given = frozenset(Scope(scope) for scope in row.scopes)
            if row.expires_at <= now:
                return None
            if not scopes <= given:
                raise ScopeInvalid("More scopes are asked for than were given.")
            await connection.execute(
                update(grant_tokens).where(grant_tokens.c.hash == refresh_hash).values(used_at=now)
            )
            await connection.execute(
                delete(grant_tokens).where(
                    grant_tokens.c.grant_id == row.grant_id, grant_tokens.c.expires_at <= now
                )
            )
            await connection.execute(
                update(grants)
                .where(grants.c.id == row.grant_id)
                .values(expires_at=now + GRANT_TIME, last_used_at=now)
            )
            narrowed = scopes or given
            await _add_tokens(connection, row.grant_id, pair, narrowed, given, now)
            return GrantToken(
                grant_id=row.grant_id,
                app_id=row.app_id,
                user_id=row.user_id,
                kind=TokenKind.ACCESS,
                scopes=narrowed,
                created_at=now,
                expires_at=now + TOKEN_TIME,
                is_live=True,
            )

    async def find_token(self, token_hash: bytes) -> GrantToken | None:
        """Return a token and the grant it belongs to."""
        async with self._database.begin() as connection:
            row = (
                await connection.execute(_token_query().where(grant_tokens.c.hash == token_hash))
            ).first()
        if row is None:
            return None
        return GrantToken(
            grant_id=row.grant_id,
            app_id=row.app_id,
            user_id=row.user_id,
            kind=TokenKind(row.kind),
            scopes=frozenset(Scope(scope) for scope in row.scopes),
            created_at=row.created_at,
            expires_at=row.expires_at,
            is_live=row.revoked_at is None and row.used_at is None,
        )

    async def is_live(self, grant_id: UUID) -> bool:
        """Tell whether a grant is there and was not revoked."""
        async with self._database.begin() as connection:
            found = await connection.execute(
                select(grants.c.id).where(grants.c.id == grant_id, grants.c.revoked_at.is_(None))
            )
            return found.first() is not None

    async def revoke(self, grant_id: UUID, now: datetime, why: str) -> None:
        """End a grant with all its tokens. Idempotent."""
        async with self._database.begin() as connection:
            await _revoke(connection, grant_id, now, why)

    async def revoke_app(self, user_id: UUID, app_id: UUID, now: datetime, why: str) -> int:
        """End everything that a person has given an app; return how many grants that were.

        Codes that were not used yet are good no more either.
        """
        async with self._database.begin() as connection:
            await connection.execute(
                update(grant_codes)
                .where(
                    grant_codes.c.user_id == user_id,
                    grant_codes.c.app_id == app_id,
                    grant_codes.c.used_at.is_(None),
                )
                .values(used_at=now)
            )
            ended = await connection.execute(
                update(grants)
                .where(
                    grants.c.user_id == user_id,
                    grants.c.app_id == app_id,
                    grants.c.revoked_at.is_(None),
                    grants.c.expires_at > now,
                )
                .values(revoked_at=now, revoked_for=why)
                .returning(grants.c.id)
            )
            ids = ended.scalars().all()
            await tell(connection, *(f"grant:{one}" for one in ids))
            return len(ids)

    async def list_of(self, user_id: UUID, now: datetime) -> Sequence[GrantedApp]:
        """Return the apps that may act for a person, by name."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(apps.c.id, apps.c.name, apps.c.website, grants)
                .join(grants, grants.c.app_id == apps.c.id)
                .where(
                    grants.c.user_id == user_id,
                    grants.c.revoked_at.is_(None),
                    grants.c.expires_at > now,
                )
                .order_by(func.lower(apps.c.name), grants.c.id)
                .limit(1_000)
            )
            found: dict[UUID, list[Row[Any]]] = {}
            for row in rows:
                found.setdefault(row.app_id, []).append(row)
        return [_granted(of_app) for of_app in found.values()]

    async def given(self, user_id: UUID, app_id: UUID, now: datetime) -> frozenset[Scope]:
        """Return what a person lets an app do just now."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(grants.c.scopes).where(
                    grants.c.user_id == user_id,
                    grants.c.app_id == app_id,
                    grants.c.revoked_at.is_(None),
                    grants.c.expires_at > now,
                )
            )
            return frozenset(Scope(scope) for row in rows for scope in row.scopes)

    async def note_use(self, grant_id: UUID, now: datetime) -> None:
        """Note when an app last acted for somebody."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(grants).where(grants.c.id == grant_id).values(last_used_at=now)
            )


async def _revoke(connection: AsyncConnection, grant_id: UUID, now: datetime, why: str) -> None:
    await connection.execute(
        update(grants)
        .where(grants.c.id == grant_id, grants.c.revoked_at.is_(None))
        .values(revoked_at=now, revoked_for=why)
    )
    await tell(connection, f"grant:{grant_id}")


async def _add_tokens(
    connection: AsyncConnection,
    grant_id: UUID,
    pair: Pair,
    narrowed: frozenset[Scope],
    given: frozenset[Scope],
    now: datetime,
) -> None:
    for token_hash, kind, scopes, time in (
        (pair.access, TokenKind.ACCESS, narrowed, TOKEN_TIME),
        (pair.refresh, TokenKind.REFRESH, given, GRANT_TIME),
    ):
        await connection.execute(
            insert(grant_tokens).values(
                hash=token_hash,
                grant_id=grant_id,
                kind=kind.value,
                scopes=sorted(scopes),
                created_at=now,
                expires_at=now + time,
            )
        )


def _token_query() -> Select[*tuple[Any, ...]]:
    return select(
        grant_tokens.c.grant_id,
        grant_tokens.c.kind,
        grant_tokens.c.scopes,
        grant_tokens.c.created_at,
        grant_tokens.c.expires_at,
        grant_tokens.c.used_at,
        grants.c.app_id,
        grants.c.user_id,
        grants.c.revoked_at,
    ).join(grants, grants.c.id == grant_tokens.c.grant_id)


def _code(row: Row[Any]) -> Code:
    return Code(
        app_id=row.app_id,
        user_id=row.user_id,
        redirect_uri=row.redirect_uri,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        challenge=row.challenge,
        expires_at=row.expires_at,
    )


def _granted(rows: Sequence[Row[Any]]) -> GrantedApp:
    used = [row.last_used_at for row in rows if row.last_used_at is not None]
    return GrantedApp(
        app_id=rows[0].app_id,
        name=rows[0].name,
        website=rows[0].website,
        scopes=frozenset(Scope(scope) for row in rows for scope in row.scopes),
        since=min(row.created_at for row in rows),
        last_used_at=max(used) if used else None,
    )
