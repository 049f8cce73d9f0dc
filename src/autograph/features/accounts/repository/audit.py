"""SQL of the audit log: lines are added and read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select

from autograph.features.accounts.models.audit import AuditEntry, Deed
from autograph.features.accounts.tables import audit_log
from autograph.infra.database import Database
from autograph.infra.happenings import note


class AuditRepository:
    """Adds lines and reads them."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def add(self, entry: AuditEntry) -> None:
        """Add a line; who is to hear of it does."""
        async with self._database.begin() as connection:
            await connection.execute(
                insert(audit_log).values(
                    id=entry.id,
                    at=entry.at,
                    actor_id=entry.actor_id,
                    door=entry.door,
                    action=entry.deed.action,
                    target=entry.deed.target,
                    outcome=entry.deed.outcome,
                    before=dict(entry.deed.before),
                    after=dict(entry.deed.after),
                    ip=entry.ip,
                    request_id=entry.request_id,
                )
            )
            if (told := entry.told_to) is not None:
                kind = f"security.{entry.deed.action}"
                await note(connection, kind, *told, {"ip": entry.ip})

    async def list_page(
        self,
        *,
        limit: int,
        before: UUID | None,
        actor_id: UUID | None,
        action: str | None,
        target: str | None,
    ) -> Sequence[AuditEntry]:
        """Return lines, newest first."""
        query = select(audit_log).order_by(audit_log.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(audit_log.c.id < before)
        if actor_id is not None:
            query = query.where(audit_log.c.actor_id == actor_id)
        if action is not None:
            query = query.where(audit_log.c.action == action)
        if target is not None:
            query = query.where(audit_log.c.target == target)
        async with self._database.begin() as connection:
            return [_entry(row) for row in await connection.execute(query)]


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        actor_id=row.actor_id,
        door=row.door,
        deed=Deed(row.action, row.target, row.before, row.after, row.outcome),
        ip=row.ip,
        request_id=row.request_id,
    )
