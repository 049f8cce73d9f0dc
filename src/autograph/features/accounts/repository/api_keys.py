"""SQL of keys by which programs act for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update

from autograph.features.accounts.errors import ApiKeyNotFound
from autograph.features.accounts.models.api_keys import ApiKey
from autograph.features.accounts.models.people import Principal
from autograph.features.accounts.models.roles import Scope
from autograph.features.accounts.repository.changes import tell
from autograph.features.accounts.tables import api_keys
from autograph.infra.database import Database


class ApiKeyRepository:
    """Reads and writes keys, of which it keeps hashes alone."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def add(self, principal: Principal, key: ApiKey, key_hash: bytes) -> None:
        """Keep a key."""
        async with self._database.begin() as connection:
            await connection.execute(
                insert(api_keys).values(
                    id=key.id,
                    user_id=principal.user_id,
                    name=key.name,
                    head=key.head,
                    hash=key_hash,
                    scopes=sorted(key.scopes),
                    rate=key.rate,
                    created_at=key.created_at,
                    expires_at=key.expires_at,
                )
            )

    async def count(self, principal: Principal) -> int:
        """Return how many keys of a person are not revoked."""
        async with self._database.begin() as connection:
            return (
                await connection.scalar(
                    select(func.count()).where(
                        api_keys.c.user_id == principal.user_id, api_keys.c.revoked_at.is_(None)
                    )
                )
                or 0
            )

    async def list_of(self, principal: Principal) -> Sequence[ApiKey]:
        """Return a person's keys, newest first."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(api_keys)
                .where(api_keys.c.user_id == principal.user_id)
                .order_by(api_keys.c.id.desc())
                .limit(500)
            )
            return [_key(row) for row in rows]

    async def get(self, principal: Principal, key_id: UUID) -> ApiKey:
        """Return a key.

        Raises:
            ApiKeyNotFound: There is none, or it is somebody else's.
        """
        async with self._database.begin() as connection:
            row = (
                await connection.execute(
                    select(api_keys).where(
                        api_keys.c.id == key_id, api_keys.c.user_id == principal.user_id
                    )
                )
            ).first()
        return _found(row, key_id)

    async def revoke(self, principal: Principal, key_id: UUID, now: datetime) -> ApiKey:
        """End a key; one that has ended stays as it was.

        Raises:
            ApiKeyNotFound: There is none, or it is somebody else's.
        """
        async with self._database.begin() as connection:
            row = (
                await connection.execute(
                    update(api_keys)
                    .where(api_keys.c.id == key_id, api_keys.c.user_id == principal.user_id)
                    .values(revoked_at=func.coalesce(api_keys.c.revoked_at, now))
                    .returning(api_keys)
                )
            ).first()
            if row is not None:
                await tell(connection, f"key:{row.hash.hex()}")
        return _found(row, key_id)

    async def find(self, key_hash: bytes) -> tuple[ApiKey, UUID] | None:
        """Return a key that was not revoked, and whose it is."""
        async with self._database.begin() as connection:
            row = (
                await connection.execute(
                    select(api_keys).where(
                        api_keys.c.hash == key_hash, api_keys.c.revoked_at.is_(None)
                    )
                )
            ).first()
        return None if row is None else (_key(row), row.user_id)

    async def note_use(self, key_id: UUID, now: datetime) -> None:
        """Note when a key was last used."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=now)
            )


def _found(row: Row[Any] | None, key_id: UUID) -> ApiKey:
    if row is None:
        raise ApiKeyNotFound(f"There is no key {key_id}.")
    return _key(row)


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        head=row.head,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        rate=row.rate,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
