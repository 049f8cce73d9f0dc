"""People as the rest of the product sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, TypedDict
from uuid import UUID

from autograph.features.accounts.models.roles import (
    PRIVILEGED,
    Permission,
    Role,
    Scope,
    permissions_of,
)

_EVERYTHING: Final = permissions_of(Role, None)


class Door(StrEnum):
    """How somebody came in."""

    LOCAL = "local"
    SESSION = "session"
    API_KEY = "api_key"
    APP = "app"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts. Every use case takes one and shows it nothing that is not theirs.

    Attributes:
        timezone: IANA name.
        max_runs: How many of their runs run at once; None for as many as the installation allows.
        roles: What they are here.
        scopes: How far the key or app may go that acts for them; None where they act themselves.
        door: How they came in.
        proof_id: The session, key or grant they came with; None for the person at this machine.
        rate: Requests a minute that their key is good for; None for as many as anybody's.
    """

    user_id: UUID
    name: str
    timezone: str = "UTC"
    max_runs: int | None = None
    email: str | None = None
    roles: frozenset[Role] = frozenset(Role)
    scopes: frozenset[Scope] | None = None
    door: Door = Door.LOCAL
    proof_id: UUID | None = None
    rate: int | None = None
    _may: frozenset[Permission] = field(init=False, repr=False, compare=False, default=_EVERYTHING)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_may", permissions_of(self.roles, self.scopes))

    def may(self, permission: Permission) -> bool:
        """Tell whether they may do something."""
        return permission in self._may

    @property
    def is_privileged(self) -> bool:
        """Whether everything they write is audited."""
        return bool(self.roles & PRIVILEGED)


class AccountStatus(StrEnum):
    """Whether somebody may come in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Account:
    """A person, as they and those who look after the installation see them.

    Attributes:
        email: Lower case; None for the person at this machine, until they set one.
        is_verified: Somebody has opened a mail sent to `email`.
        has_password: They can log in by one.
        has_totp: Log-in asks for a code, too.
        suspended_for: Why they may not come in.
        weight: Their share of busy workers, 1 to 100, beside others'.
        egress_hosts: The only hosts that their runs may ask, `*.example.com` for all below; None for all.
    """

    id: UUID
    email: str | None
    name: str
    timezone: str
    roles: frozenset[Role]
    status: AccountStatus
    is_verified: bool
    has_password: bool
    has_totp: bool
    suspended_for: str | None
    weight: int
    max_runs: int | None
    egress_hosts: tuple[str, ...] | None
    created_at: datetime
    last_seen_at: datetime | None


class LimitsChange(TypedDict, total=False):
    """What an administrator changes of somebody's limits; what is not in it stays.

    Attributes:
        weight: Share beside others', 1 to 100.
        max_runs: Runs at once; None for no limit of their own.
        egress_hosts: The only hosts that their runs may ask; None for all.
    """

    weight: int | None
    max_runs: int | None
    egress_hosts: Sequence[str] | None


LOCAL_OWNER_ID: Final = UUID("01900000-0000-7000-8000-000000000001")
"""The person at this machine: the first account of an installation."""
