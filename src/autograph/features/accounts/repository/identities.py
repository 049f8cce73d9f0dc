"""SQL of who people are elsewhere, and of those who are at a provider just now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph.features.accounts.models.identities import Identity, SignIn
from autograph.features.accounts.repository.changes import tell
from autograph.features.accounts.tables import identities, sign_ins, users
from autograph.infra.database import Database
from autograph.infra.ids import new_id

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")


class IdentityRepository:
    """Reads and writes identities. What it is asked by subject is asked by who has seen a proof."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def ensure(
        self,
        issuer: str,
        subject: str,
        user_id: UUID,
        email: str | None,
        values: Mapping[str, Any],
    ) -> UUID:
        """Return whose identity this is; made, with a new account, when it is nobody's.

        However many ask at the same time, there is one account.
        """
        async with self._database.begin() as connection:
            found = await _owner(connection, issuer, subject)
            if found is not None:
                return found
            await _lock(connection, issuer, subject)
            found = await _owner(connection, issuer, subject)
            if found is not None:
                return found
            made = insert(users).values(id=user_id, email=email, **values)
            kept = await connection.scalar(
                made.on_conflict_do_nothing(index_elements=["email"]).returning(users.c.id)
            )
            if kept is None:
                # Somebody else has the address: the account is made without it.
                without = {**values, "verified_at": None}
                await connection.execute(insert(users).values(id=user_id, **without))
            await connection.execute(
                insert(identities).values(
                    id=new_id(), issuer=issuer, subject=subject, user_id=user_id, email=email
                )
            )
            return user_id

    async def link(self, issuer: str, subject: str, user_id: UUID, email: str | None) -> UUID:
        """Note that a person is known elsewhere, too; return whose identity it is now, or was before."""
        async with self._database.begin() as connection:
            await _lock(connection, issuer, subject)
            found = await _owner(connection, issuer, subject)
            if found is not None:
                return found
            await connection.execute(
                insert(identities).values(
                    id=new_id(), issuer=issuer, subject=subject, user_id=user_id, email=email
                )
            )
            await tell(connection, f"identity:{issuer}:{subject}")
            return user_id

    async def find(self, issuer: str, subject: str) -> UUID | None:
        """Return whose identity this is."""
        async with self._database.begin() as connection:
            return await _owner(connection, issuer, subject)

    async def note_use(
        self, issuer: str, subject: str, email: str | None, now: datetime
    ) -> UUID | None:
        """Return whose identity this is, and note that they have just shown it."""
        async with self._database.begin() as connection:
            return await connection.scalar(
                update(identities)
                .where(identities.c.issuer == issuer, identities.c.subject == subject)
                .values(last_used_at=now, email=func.coalesce(email, identities.c.email))
                .returning(identities.c.user_id)
            )

    async def list_of(self, user_id: UUID) -> Sequence[Identity]:
        """Return a person's identities, oldest first."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(identities)
                .where(identities.c.user_id == user_id)
                .order_by(identities.c.created_at, identities.c.id)
            )
            return [_identity(row) for row in rows]

    async def unlink(
        self, user_id: UUID, identity_id: UUID, usable: Collection[str]
    ) -> Identity | bool:
        """Delete an identity, unless the person could not log in any more.

        Args:
            user_id: Whose.
            identity_id: Which.
            usable: Issuers by whom people can log in just now.

        Returns:
            The identity that is no more; False where it stays as the last way in; True where there is none.
        """
        async with self._database.begin() as connection:
            # Whoever unlinks two at the same time unlinks one after the other.
            person = (
                await connection.execute(
                    select(users.c.password_hash).where(users.c.id == user_id).with_for_update()
                )
            ).first()
            own = select(identities).where(identities.c.user_id == user_id)
            rows = [_identity(row) for row in await connection.execute(own)]
            gone = next((one for one in rows if one.id == identity_id), None)
            if person is None or gone is None:
                return True
            others = [one for one in rows if one.id != identity_id and one.issuer in usable]
            if person.password_hash is None and not others:
                return False
            await connection.execute(delete(identities).where(identities.c.id == identity_id))
            await tell(connection, f"identity:{gone.issuer}:{gone.subject}")
            return gone

    async def begin(
        self, state_hash: bytes, browser_hash: bytes, sign_in: SignIn, until: datetime
    ) -> None:
        """Note that somebody goes to a provider; who has been away for too long is forgotten."""
        async with self._database.begin() as connection:
            await connection.execute(delete(sign_ins).where(sign_ins.c.expires_at < func.now()))
            await connection.execute(
                insert(sign_ins).values(
                    state_hash=state_hash,
                    browser_hash=browser_hash,
                    provider=sign_in.provider,
                    user_id=sign_in.user_id,
                    back=sign_in.back,
                    expires_at=until,
                )
            )

    async def spend(
        self, state_hash: bytes, browser_hash: bytes, provider: str, now: datetime
    ) -> SignIn | None:
        """Return who comes back from a provider; None where this browser has sent nobody there.

        It is found once: also of two who come with it at the same moment, one finds it.
        """
        async with self._database.begin() as connection:
            row = (
                await connection.execute(
                    delete(sign_ins)
                    .where(
                        sign_ins.c.state_hash == state_hash,
                        sign_ins.c.browser_hash == browser_hash,
                        sign_ins.c.provider == provider,
                        sign_ins.c.expires_at > now,
                    )
                    .returning(sign_ins)
                )
            ).first()
        return None if row is None else SignIn(row.provider, row.user_id, row.back)


async def _lock(connection: AsyncConnection, issuer: str, subject: str) -> None:
    await connection.execute(_LOCK, {"what": f"identity:{issuer}:{subject}"})


async def _owner(connection: AsyncConnection, issuer: str, subject: str) -> UUID | None:
    return await connection.scalar(
        select(identities.c.user_id).where(
            identities.c.issuer == issuer, identities.c.subject == subject
        )
    )


def _identity(row: Row[Any]) -> Identity:
    return Identity(
        id=row.id,
        issuer=row.issuer,
        subject=row.subject,
        user_id=row.user_id,
        email=row.email,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
