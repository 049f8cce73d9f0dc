"""SQL of people."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from autograph.features.accounts.models import Principal
from autograph.features.accounts.tables import users
from autograph.infra.database import Database


class AccountRepository:
    """Reads and writes people."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def ensure(self, user_id: UUID, *, name: str) -> Principal:
        """Return the person, made when there is none. Idempotent, also under concurrency."""
        async with self._database.begin() as connection:
            await connection.execute(
                insert(users)
                .values(id=user_id, name=name)
                .on_conflict_do_nothing(index_elements=["id"])
            )
            row = (await connection.execute(select(users).where(users.c.id == user_id))).one()
        return Principal(row.id, row.name, row.timezone, row.max_runs)
