"""What is written down about who did what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from autograph.infra.json import Json


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is audited, before it has a place in the log.

    Attributes:
        action: Dotted: `user.suspended`, `login.failed`.
        target: What it was done to: `user:<id>`.
        before: What was so before it, where it changed something.
        after: What is so now.
        outcome: `done`, or `refused` with the reason in `after`.
    """

    action: str
    target: str = ""
    before: Mapping[str, Json] = field(default_factory=dict[str, Json])
    after: Mapping[str, Json] = field(default_factory=dict[str, Json])
    outcome: str = "done"


TOLD: Final = frozenset(
    {
        "user.password_changed",
        "user.password_reset",
        "user.password_given",
        "user.totp_on",
        "user.totp_off",
        "api_key.created",
        "identity.linked",
        "session.stolen",
        "app.allowed",
    }
)
"""Deeds of which the person whose account it is hears, whoever did them."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A line of the audit log. Nothing changes or deletes one."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    door: str
    deed: Deed
    ip: str
    request_id: str

    @property
    def told_to(self) -> tuple[UUID, UUID] | None:
        """Who hears of it, and the id of what it was done to; None where nobody does."""
        kind, _, target = self.deed.target.partition(":")
        if self.deed.action not in TOLD or not target:
            return None
        person = UUID(target) if kind == "user" else self.actor_id
        return None if person is None else (person, UUID(target))


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit log, newest first."""

    entries: list[AuditEntry]
    next_before: UUID | None
