"""Keys by which programs act for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from autograph.features.accounts.models.roles import Scope

PREFIX: Final = "agk_"
"""How every key begins, so that scanners of leaked secrets know it."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, without what it is: that is shown once, when it is made.

    Attributes:
        head: Its first characters, to know it by.
        rate: Requests a minute; None for as many as any other program's.
        expires_at: When it ends by itself; None for never.
        last_used_at: To the minute.
        revoked_at: When it was ended.
    """

    id: UUID
    name: str
    head: str
    scopes: frozenset[Scope]
    rate: int | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
