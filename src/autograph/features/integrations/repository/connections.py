"""SQL of connections that began."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert

from autograph.features.integrations.models import ConnectionState
from autograph.features.integrations.tables import connection_states
from autograph.infra.crypto import Sealed
from autograph.infra.database import Database


class ConnectionRepository:
    """Keeps flows that began until they end."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def add(
        self, user_id: UUID, state: ConnectionState, state_hash: bytes, sealed: Sealed
    ) -> None:
        """Keep a flow, and throw away those that nobody came back from."""
        async with self._database.begin() as connection:
            await connection.execute(
                insert(connection_states).values(
                    id=state.id,
                    hash=state_hash,
                    user_id=user_id,
                    provider=state.provider,
                    scopes=list(state.scopes),
                    credential_id=state.credential_id,
                    key_id=sealed.key_id,
                    sealed=sealed.data,
                    expires_at=state.expires_at,
                    redirect_uri=state.redirect_uri,
                    metadata=dict(state.metadata),
                )
            )

    async def drop_expired(self, now: datetime) -> None:
        """Delete the flows whose time is over."""
        async with self._database.begin() as connection:
            await connection.execute(
                delete(connection_states).where(connection_states.c.expires_at <= now)
            )

    async def take(
        self, user_id: UUID, state_hash: bytes, now: datetime
    ) -> tuple[ConnectionState, Sealed] | None:
        """Return a flow of a person and delete it: it is good once; None when there is none that is good."""
        async with self._database.begin() as connection:
            found = await connection.execute(
                delete(connection_states)
                .where(
                    connection_states.c.hash == state_hash,
                    connection_states.c.user_id == user_id,
                )
                .returning(connection_states)
            )
            row = found.first()
        if row is None or row.expires_at <= now:
            return None
        state = ConnectionState(
            id=row.id,
            provider=row.provider,
            scopes=tuple(row.scopes),
            credential_id=row.credential_id,
            expires_at=row.expires_at,
            redirect_uri=row.redirect_uri,
            metadata=row.metadata,
        )
        return state, Sealed(row.key_id, row.sealed)
