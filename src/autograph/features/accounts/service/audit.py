"""The audit log: every write of a privileged role, and everything that concerns security."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import structlog

from autograph.features.accounts.models.audit import AuditEntry, AuditPage, Deed
from autograph.features.accounts.models.people import Principal
from autograph.features.accounts.models.sessions import Visit
from autograph.features.accounts.repository import AuditRepository
from autograph.infra.clock import Clock
from autograph.infra.ids import new_id

_log = structlog.stdlib.get_logger(__name__)
MAX_PAGE: Final = 200


class AuditService:
    """Writes lines down, and shows them to those who may."""

    def __init__(self, entries: AuditRepository, clock: Clock) -> None:
        """Use both."""
        self._entries = entries
        self._clock = clock

    async def note(self, actor: Principal | UUID | None, visit: Visit, deed: Deed) -> None:
        """Write a line.

        Args:
            actor: Who did it; None where nobody knows.
            visit: From where.
            deed: What.

        Raises:
            OperationalError: It could not be written: what is not audited is not done.
        """
        is_principal = isinstance(actor, Principal)
        entry = AuditEntry(
            id=new_id(),
            at=self._clock.now(),
            actor_id=actor.user_id if is_principal else actor,
            door=actor.door.value if is_principal else "",
            deed=deed,
            ip=visit.ip,
            request_id=visit.request_id,
        )
        _log.info(
            "audit",
            action=deed.action,
            target=deed.target,
            outcome=deed.outcome,
            actor=str(entry.actor_id) if entry.actor_id else None,
            request_id=visit.request_id,
        )
        await self._entries.add(entry)

    async def list_page(
        self,
        *,
        limit: int = 50,
        before: UUID | None = None,
        actor_id: UUID | None = None,
        action: str | None = None,
        target: str | None = None,
    ) -> AuditPage:
        """Return a page of the log, newest first. Who may see it is decided at the door."""
        limit = min(limit, MAX_PAGE)
        rows = list(
            await self._entries.list_page(
                limit=limit, before=before, actor_id=actor_id, action=action, target=target
            )
        )
        return AuditPage(rows, rows[-1].id if len(rows) == limit else None)
