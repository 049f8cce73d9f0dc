"""SQL of credentials. What is secret comes and goes encrypted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from autograph.features.accounts.models import Principal
from autograph.features.integrations.errors import CredentialNotFound
from autograph.features.integrations.models import Credential, CredentialKind
from autograph.features.integrations.tables import credentials, system_credential_uses
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
                insert(credentials).values(_row(principal, credential, sealed))
            )

    async def connect(self, principal: Principal, credential: Credential, sealed: Sealed) -> bool:
        """Keep a connection; False where there is one to this account already."""
        async with self._database.begin() as connection:
            added = await connection.execute(
                insert_or(credentials)
                .values(_row(principal, credential, sealed))
                .on_conflict_do_nothing()
                .returning(credentials.c.id)
            )
            return added.first() is not None

    async def change(
        self, user_id: UUID, credential_id: UUID, values: Mapping[str, Any], sealed: Sealed | None
    ) -> Credential:
        """Change a credential, and what is secret about it where that is new.

        Raises:
            CredentialNotFound: There is none, or it is somebody else's.
        """
        fresh = _fresh(sealed) if sealed else {}
        async with self._database.begin() as connection:
            changed = await connection.execute(
                update(credentials)
                .where(credentials.c.id == credential_id, credentials.c.user_id == user_id)
                .values(**values, **fresh)
                .returning(credentials)
            )
            return _credential(_found(changed.first(), credential_id))

    async def claim_refresh(self, credential: Credential, lease: timedelta) -> bool:
        """Take the right to ask for new tokens; False where somebody has it, or has brought some."""
        async with self._database.begin() as connection:
            claimed = await connection.execute(
                update(credentials)
                .where(
                    credentials.c.id == credential.id,
                    credentials.c.version == credential.version,
                    credentials.c.ended_at.is_(None),
                    or_(
                        credentials.c.refreshing_until.is_(None),
                        credentials.c.refreshing_until < func.now(),
                    ),
                )
                .values(refreshing_until=func.now() + lease)
                .returning(credentials.c.id)
            )
            return claimed.first() is not None

    async def settle_refresh(
        self, credential: Credential, values: Mapping[str, Any], sealed: Sealed | None
    ) -> None:
        """Write what asking has brought, unless somebody has replaced the secret meanwhile."""
        fresh = _fresh(sealed) if sealed else {}
        async with self._database.begin() as connection:
            await connection.execute(
                update(credentials)
                .where(
                    credentials.c.id == credential.id, credentials.c.version == credential.version
                )
                .values({"refreshing_until": None, **values, **fresh})
            )

    async def connected(self, user_id: UUID, provider: str, account: str) -> Credential | None:
        """Return a person's connection to an account; None when there is none."""
        async with self._database.begin() as connection:
            found = await connection.execute(
                select(credentials).where(
                    credentials.c.user_id == user_id,
                    credentials.c.provider == provider,
                    credentials.c.account == account,
                    credentials.c.kind == CredentialKind.OAUTH2.value,
                )
            )
            row = found.first()
        return None if row is None else _credential(row)

    async def note_system_use(self, user_id: UUID, provider: str, now: datetime) -> None:
        """Count a use of a credential of the installation."""
        table = system_credential_uses
        async with self._database.begin() as connection:
            await connection.execute(
                insert_or(table)
                .values(user_id=user_id, provider=provider, day=now.date(), uses=1)
                .on_conflict_do_update(
                    index_elements=[table.c.user_id, table.c.provider, table.c.day],
                    set_={"uses": table.c.uses + 1},
                )
            )

    async def system_uses(self, user_id: UUID) -> Mapping[str, int]:
        """Return how often somebody's runs have used credentials of the installation, by provider."""
        table = system_credential_uses
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(table.c.provider, func.sum(table.c.uses).label("uses"))
                .where(table.c.user_id == user_id)
                .group_by(table.c.provider)
            )
            return {row.provider: int(row.uses) for row in rows}

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
        self, principal: Principal, *, provider: str | None = None, kind: str | None = None
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
        if kind is not None:
            query = query.where(credentials.c.kind == kind)
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


def _row(principal: Principal, credential: Credential, sealed: Sealed) -> dict[str, Any]:
    return {
        "id": credential.id,
        "user_id": principal.user_id,
        "provider": credential.provider,
        "kind": credential.kind.value,
        "title": credential.title,
        "key_id": sealed.key_id,
        "sealed": sealed.data,
        "scopes": list(credential.scopes),
        "account": credential.account,
        "expires_at": credential.expires_at,
        "created_at": credential.created_at,
        "updated_at": credential.updated_at,
    }


def _fresh(sealed: Sealed) -> dict[str, Any]:
    """Return what changes with a new secret: whoever has read the old one will see that."""
    return {
        "key_id": sealed.key_id,
        "sealed": sealed.data,
        "version": credentials.c.version + 1,
        "ended_at": None,
        "ended_for": None,
        "refreshing_until": None,
    }


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
        version=row.version,
        ended_at=row.ended_at,
        ended_for=row.ended_for,
    )
