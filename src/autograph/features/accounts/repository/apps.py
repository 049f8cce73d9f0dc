"""SQL of apps: who registered them, and whether they may act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update

from autograph.features.accounts.errors import AppNotFound
from autograph.features.accounts.models.apps import App, AppStatus
from autograph.features.accounts.models.people import Principal
from autograph.features.accounts.models.roles import Scope
from autograph.features.accounts.repository.changes import tell
from autograph.features.accounts.tables import apps
from autograph.infra.database import Database


class AppRepository:
    """Reads and writes apps, of whose secrets it keeps hashes alone."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def add(self, app: App, secret_hash: bytes | None) -> None:
        """Keep an app."""
        async with self._database.begin() as connection:
            await connection.execute(
                insert(apps).values(
                    id=app.id,
                    owner_id=app.owner_id,
                    name=app.name,
                    description=app.description,
                    website=app.website,
                    redirect_uris=list(app.redirect_uris),
                    scopes=sorted(app.scopes),
                    is_confidential=app.is_confidential,
                    secret_hash=secret_hash,
                    created_at=app.created_at,
                )
            )

    async def count(self, principal: Principal) -> int:
        """Return how many apps a person has registered."""
        async with self._database.begin() as connection:
            count = select(func.count()).where(apps.c.owner_id == principal.user_id)
            return await connection.scalar(count) or 0

    async def list_of(self, principal: Principal) -> Sequence[App]:
        """Return the apps a person has registered, newest first."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(apps).where(apps.c.owner_id == principal.user_id).order_by(apps.c.id.desc())
            )
            return [_app(row) for row in rows]

    async def list_page(self, *, limit: int, before: UUID | None) -> Sequence[App]:
        """Return everybody's apps, newest first, for those who look after the installation."""
        query = select(apps).order_by(apps.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(apps.c.id < before)
        async with self._database.begin() as connection:
            return [_app(row) for row in await connection.execute(query)]

    async def get(self, principal: Principal, app_id: UUID) -> App:
        """Return an app that a person has registered.

        Raises:
            AppNotFound: There is none, or it is somebody else's.
        """
        async with self._database.begin() as connection:
            row = (
                await connection.execute(
                    select(apps).where(apps.c.id == app_id, apps.c.owner_id == principal.user_id)
                )
            ).first()
        return _found(row, app_id)

    async def find(self, app_id: UUID) -> tuple[App, bytes | None] | None:
        """Return an app and the hash of its secret, for whoever shows its client id."""
        async with self._database.begin() as connection:
            row = (await connection.execute(select(apps).where(apps.c.id == app_id))).first()
        return None if row is None else (_app(row), row.secret_hash)

    async def change(
        self, app_id: UUID, values: Mapping[str, Any], *, of: Principal | None = None
    ) -> App:
        """Change columns of an app: of one's own, or of anybody's where `of` is None.

        Raises:
            AppNotFound: There is none, or it is somebody else's.
        """
        changing = update(apps).where(apps.c.id == app_id).values(**values).returning(apps)
        if of is not None:
            changing = changing.where(apps.c.owner_id == of.user_id)
        async with self._database.begin() as connection:
            row = (await connection.execute(changing)).first()
            await tell(connection, f"app:{app_id}")
        return _found(row, app_id)

    async def delete(self, principal: Principal, app_id: UUID) -> App:
        """Delete an app with everything that people have given it.

        Raises:
            AppNotFound: There is none, or it is somebody else's.
        """
        async with self._database.begin() as connection:
            row = (
                await connection.execute(
                    delete(apps)
                    .where(apps.c.id == app_id, apps.c.owner_id == principal.user_id)
                    .returning(apps)
                )
            ).first()
            await tell(connection, f"app:{app_id}")
        return _found(row, app_id)


def _found(row: Row[Any] | None, app_id: UUID) -> App:
    if row is None:
        raise AppNotFound(f"There is no app {app_id}.")
    return _app(row)


def _app(row: Row[Any]) -> App:
    return App(
        id=row.id,
        owner_id=row.owner_id,
        name=row.name,
        description=row.description,
        website=row.website,
        redirect_uris=tuple(row.redirect_uris),
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        is_confidential=row.is_confidential,
        status=AppStatus(row.status),
        suspended_for=row.suspended_for,
        created_at=row.created_at,
    )
