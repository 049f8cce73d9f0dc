"""SQL of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph.features.accounts.errors import EmailTaken, UserNotFound
from autograph.features.accounts.models.people import (
    LOCAL_OWNER_ID,
    Account,
    AccountStatus,
    Principal,
)
from autograph.features.accounts.models.roles import Role
from autograph.features.accounts.repository.changes import tell
from autograph.features.accounts.tables import one_time_tokens, users
from autograph.infra.crypto import Sealed
from autograph.infra.database import Database

_ADMINS_LOCK = text("SELECT pg_advisory_xact_lock(4701)")


class PeopleRepository:
    """Reads and writes people. What it is asked by id is asked by a service that knows who may."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def owner(self) -> Principal:
        """Return the person at this machine. Writes: their account, the first time."""
        found = await self.find(LOCAL_OWNER_ID)
        if found is None:
            async with self._database.begin() as connection:
                await connection.execute(
                    insert(users)
                    .values(id=LOCAL_OWNER_ID, name="Owner", roles=[role.value for role in Role])
                    .on_conflict_do_nothing(index_elements=["id"])
                )
            found = await self.get(LOCAL_OWNER_ID)
        return Principal(
            found.id, found.name, found.timezone, found.max_runs, found.email, found.roles
        )

    async def is_set_up(self) -> bool:
        """Tell whether anybody can log in by a password."""
        async with self._database.begin() as connection:
            found = await connection.execute(
                select(users.c.id).where(users.c.password_hash.is_not(None)).limit(1)
            )
            return found.first() is not None

    async def find(self, user_id: UUID) -> Account | None:
        """Return a person, or None."""
        async with self._database.begin() as connection:
            row = (await connection.execute(select(users).where(users.c.id == user_id))).first()
        return None if row is None else _account(row)

    async def get(self, user_id: UUID) -> Account:
        """Return a person.

        Raises:
            UserNotFound: There is none.
        """
        found = await self.find(user_id)
        if found is None:
            raise UserNotFound(f"There is no user {user_id}.")
        return found

    async def find_by_email(self, email: str) -> tuple[Account, str | None] | None:
        """Return a person and the hash of their password."""
        async with self._database.begin() as connection:
            row = (await connection.execute(select(users).where(users.c.email == email))).first()
        return None if row is None else (_account(row), row.password_hash)

    async def password_hash(self, user_id: UUID) -> str | None:
        """Return the hash of a person's password."""
        async with self._database.begin() as connection:
            return await connection.scalar(
                select(users.c.password_hash).where(users.c.id == user_id)
            )

    async def add(self, user_id: UUID, email: str | None, values: Mapping[str, Any]) -> bool:
        """Make an account; False when the address has one."""
        async with self._database.begin() as connection:
            made = await connection.execute(
                insert(users)
                .values(id=user_id, email=email, **values)
                .on_conflict_do_nothing(index_elements=["email"])
                .returning(users.c.id)
            )
            return made.first() is not None

    async def set_up(self, email: str, values: Mapping[str, Any]) -> bool:
        """Make the person at this machine the owner; False when anybody can log in already."""
        async with self._database.begin() as connection:
            await connection.execute(_ADMINS_LOCK)
            taken = select(users.c.id).where(users.c.password_hash.is_not(None)).limit(1)
            if (await connection.execute(taken)).first() is not None:
                return False
            await connection.execute(
                update(users)
                .where(users.c.id == LOCAL_OWNER_ID)
                .values(email=email, roles=[role.value for role in Role], **values)
            )
            await tell(connection, f"account:{LOCAL_OWNER_ID}", "set_up")
            return True

    async def change(self, user_id: UUID, values: Mapping[str, Any]) -> Account:
        """Change columns of a person.

        Raises:
            UserNotFound: There is none.
            EmailTaken: Another has that address.
        """
        try:
            async with self._database.begin() as connection:
                changed = await connection.execute(
                    update(users).where(users.c.id == user_id).values(**values).returning(users)
                )
                row = changed.first()
                await tell(connection, f"account:{user_id}")
        except IntegrityError as error:
            raise EmailTaken("Another account has this address.") from error
        if row is None:
            raise UserNotFound(f"There is no user {user_id}.")
        return _account(row)

    async def change_unless_last_admin(
        self, user_id: UUID, values: Mapping[str, Any]
    ) -> Account | None:
        """Change columns of a person; None, and nothing done, when no active administrator were left.

        Raises:
            UserNotFound: There is none.
        """
        async with self._database.begin() as connection:
            await connection.execute(_ADMINS_LOCK)
            changed = await connection.execute(
                update(users).where(users.c.id == user_id).values(**values).returning(users)
            )
            row = changed.first()
            if row is None:
                raise UserNotFound(f"There is no user {user_id}.")
            if not await _has_admin(connection):
                await connection.rollback()
                return None
            await tell(connection, f"account:{user_id}")
        return _account(row)

    async def delete(self, user_id: UUID) -> bool:
        """Delete a person with sessions, keys and links; False when no administrator were left."""
        async with self._database.begin() as connection:
            await connection.execute(_ADMINS_LOCK)
            await connection.execute(delete(users).where(users.c.id == user_id))
            if not await _has_admin(connection):
                await connection.rollback()
                return False
            await tell(connection, f"account:{user_id}")
        return True

    async def list_page(
        self, *, limit: int, before: UUID | None, search: str | None
    ) -> Sequence[Account]:
        """Return people, newest first."""
        query = select(users).order_by(users.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(users.c.id < before)
        if search:
            like = "%" + search.lower().replace("\\", "\\\\").replace("%", r"\%") + "%"
            query = query.where(or_(users.c.email.like(like), func.lower(users.c.name).like(like)))
        async with self._database.begin() as connection:
            return [_account(row) for row in await connection.execute(query)]

    async def totp(self, user_id: UUID) -> tuple[Sealed, bool] | None:
        """Return a person's second factor, and whether it is on."""
        async with self._database.begin() as connection:
            row = (
                await connection.execute(
                    select(users.c.totp_key_id, users.c.totp_sealed, users.c.totp_since).where(
                        users.c.id == user_id
                    )
                )
            ).first()
        if row is None or row.totp_sealed is None:
            return None
        return Sealed(row.totp_key_id, row.totp_sealed), row.totp_since is not None

    async def spend_totp(self, user_id: UUID, step: int) -> bool:
        """Note that a code was used; False when it, or a later one, was used before."""
        async with self._database.begin() as connection:
            spent = await connection.execute(
                update(users)
                .where(users.c.id == user_id)
                .where(or_(users.c.totp_last_step.is_(None), users.c.totp_last_step < step))
                .values(totp_last_step=step)
                .returning(users.c.id)
            )
            return spent.first() is not None

    async def add_link(
        self, token_hash: bytes, user_id: UUID, purpose: str, email: str, expires_at: datetime
    ) -> None:
        """Note a link that was mailed; earlier ones for the same purpose end."""
        async with self._database.begin() as connection:
            await connection.execute(
                delete(one_time_tokens).where(
                    one_time_tokens.c.user_id == user_id, one_time_tokens.c.purpose == purpose
                )
            )
            await connection.execute(
                insert(one_time_tokens).values(
                    hash=token_hash,
                    user_id=user_id,
                    purpose=purpose,
                    email=email,
                    expires_at=expires_at,
                )
            )

    async def spend_link(
        self, token_hash: bytes, purpose: str, now: datetime
    ) -> tuple[UUID, str] | None:
        """Use a link; return whose it is and the address it was sent to, or None when it is not good."""
        async with self._database.begin() as connection:
            spent = await connection.execute(
                update(one_time_tokens)
                .where(
                    one_time_tokens.c.hash == token_hash,
                    one_time_tokens.c.purpose == purpose,
                    one_time_tokens.c.used_at.is_(None),
                    one_time_tokens.c.expires_at > now,
                )
                .values(used_at=now)
                .returning(one_time_tokens.c.user_id, one_time_tokens.c.email)
            )
            row = spent.first()
        return None if row is None else (row.user_id, row.email)


async def _has_admin(connection: AsyncConnection) -> bool:
    found = await connection.execute(
        select(users.c.id)
        .where(users.c.roles.contains([Role.ADMIN.value]), users.c.status == AccountStatus.ACTIVE)
        .limit(1)
    )
    return found.first() is not None


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        email=row.email,
        name=row.name,
        timezone=row.timezone,
        roles=frozenset(Role(role) for role in row.roles),
        status=AccountStatus(row.status),
        is_verified=row.verified_at is not None,
        has_password=row.password_hash is not None,
        has_totp=row.totp_since is not None,
        suspended_for=row.suspended_for,
        weight=row.weight,
        max_runs=row.max_runs,
        egress_hosts=None if row.egress_hosts is None else tuple(row.egress_hosts),
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
    )
