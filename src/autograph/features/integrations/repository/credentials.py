"""SQL of credentials. What is secret comes and goes encrypted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update

from autograph.features.accounts.models import Principal
from autograph.features.integrations.errors import CredentialNotFound
from autograph.features.integrations.models import Credential, CredentialKind
from autograph.features.integrations.tables import credentials
from autograph.infra.crypto import Sealed
from autograph.infra.database import Database


class CredentialRepository:
    """Reads and writes credentials."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def add(self, principal: Principal, credential: Credential, sealed: Sealed) -> None:
        """Keep a credential."""
        async with self._database.begin() as connection:
            await connection.execute(
                insert(credentials).values(
                    id=credential.id,
                    user_id=principal.user_id,
                    provider=credential.provider,
                    kind=credential.kind.value,
                    title=credential.title,
                    key_id=sealed.key_id,
                    sealed=sealed.data,
                    scopes=list(credential.scopes),
                    account=credential.account,
                    expires_at=credential.expires_at,
                    created_at=credential.created_at,
                    updated_at=credential.updated_at,
                )
            )

    async def change(
        self, user_id: UUID, credential_id: UUID, values: Mapping[str, Any], sealed: Sealed | None
    ) -> Credential:
        """Change a credential, and what is secret about it where that is new.

        Raises:
            CredentialNotFound: There is none, or it is somebody else's.
        """
        fresh = {"key_id": sealed.key_id, "sealed": sealed.data} if sealed else {}
        async with self._database.begin() as connection:
            changed = await connection.execute(
                update(credentials)
                .where(credentials.c.id == credential_id, credentials.c.user_id == user_id)
                .values(**values, **fresh)
                .returning(credentials)
            )
            return _credential(_found(changed.first(), credential_id))

    async def get(self, principal: Principal, credential_id: UUID) -> Credential:
        """Return a credential without what is secret.

        Raises:
            CredentialNotFound: There is none, or it is somebody else's.
        """
        return (await self.sealed(principal.user_id, credential_id))[0]

    async def sealed(self, user_id: UUID, credential_id: UUID) -> tuple[Credential, Sealed]:
        """Return a credential, and what is secret about it, encrypted.

        Raises:
            CredentialNotFound: There is none, or it is somebody else's.
        """
        async with self._database.begin() as connection:
            found = await connection.execute(
                select(credentials).where(
                    credentials.c.id == credential_id, credentials.c.user_id == user_id
                )
            )
            row = _found(found.first(), credential_id)
        return _credential(row), Sealed(row.key_id, row.sealed)

    async def list_all(
        self, principal: Principal, *, provider: str | None = None
    ) -> Sequence[Credential]:
        """Return a person's credentials, newest first."""
        query = (
            select(credentials)
            .where(credentials.c.user_id == principal.user_id)
            .order_by(credentials.c.id.desc())
            .limit(1_000)
        )
        if provider is not None:
            query = query.where(credentials.c.provider == provider)
        async with self._database.begin() as connection:
            return [_credential(row) for row in await connection.execute(query)]

    async def delete(self, principal: Principal, credential_id: UUID) -> None:
        """Delete a credential.

        Raises:
            CredentialNotFound: There is none, or it is somebody else's.
        """
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(credentials)
                .where(
                    credentials.c.id == credential_id, credentials.c.user_id == principal.user_id
                )
                .returning(credentials.c.id)
            )
            _found(gone.first(), credential_id)

    async def note_use(self, credential_id: UUID, now: datetime) -> None:
        """Note when a credential was last used."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(credentials)
                .where(credentials.c.id == credential_id)
                .values(last_used_at=now)
            )

    async def erase(self, user_id: UUID) -> None:
        """Delete all of somebody's credentials. Idempotent."""
        async with self._database.begin() as connection:
            await connection.execute(delete(credentials).where(credentials.c.user_id == user_id))


def _found(row: Row[Any] | None, credential_id: UUID) -> Row[Any]:
    if row is None:
        raise CredentialNotFound(f"There is no credential {credential_id}.")
    return row


def _credential(row: Row[Any]) -> Credential:
    return Credential(
        id=row.id,
        provider=row.provider,
        kind=CredentialKind(row.kind),
        title=row.title,
        scopes=tuple(row.scopes),
        account=row.account,
        expires_at=row.expires_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        last_used_at=row.last_used_at,
    )
