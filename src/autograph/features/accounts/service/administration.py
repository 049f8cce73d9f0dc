"""What those who look after the installation do with other people's accounts. Every write is audited."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from autograph.features.accounts.errors import LastAdmin
from autograph.features.accounts.models.audit import Deed
from autograph.features.accounts.models.people import (
    Account,
    AccountStatus,
    LimitsChange,
    Principal,
)
from autograph.features.accounts.models.roles import Role
from autograph.features.accounts.models.sessions import Visit
from autograph.features.accounts.service.parts import Parts
from autograph.infra.errors import Invalid
from autograph.infra.json import Json

MAX_PAGE: Final = 200
MAX_WEIGHT: Final = 100


@dataclass(frozen=True, slots=True)
class AccountPage:
    """A page of people, newest first."""

    accounts: Sequence[Account]
    next_before: UUID | None


class AdministrationService:
    """Looks after people's accounts. Who may is decided at the door."""

    def __init__(self, parts: Parts) -> None:
        """Stand on `parts`."""
        self._people = parts.people
        self._sessions = parts.sessions
        self._audit = parts.audit
        self._clock = parts.clock

    async def list_page(
        self, *, limit: int = 50, before: UUID | None = None, search: str | None = None
    ) -> AccountPage:
        """Return a page of people; `search` looks in addresses and names."""
        limit = min(limit, MAX_PAGE)
        rows = await self._people.list_page(limit=limit, before=before, search=search)
        return AccountPage(rows, rows[-1].id if len(rows) == limit else None)

    async def get(self, user_id: UUID) -> Account:
        """Return a person.

        Raises:
            UserNotFound: There is none.
        """
        return await self._people.get(user_id)

    async def suspend(self, actor: Principal, user_id: UUID, reason: str, visit: Visit) -> Account:
        """Keep somebody out; their sessions end at once.

        Raises:
            UserNotFound: There is none.
            LastAdmin: Nobody else could look after the installation.
        """
        values = {"status": AccountStatus.SUSPENDED.value, "suspended_for": reason}
        changed = await self._change(actor, user_id, values, "user.suspended", visit)
        await self._sessions.revoke(user_id, self._clock.now(), "suspended")
        return changed

    async def restore(self, actor: Principal, user_id: UUID, visit: Visit) -> Account:
        """Let somebody in again.

        Raises:
            UserNotFound: There is none.
        """
        values = {"status": AccountStatus.ACTIVE.value, "suspended_for": None}
        return await self._change(actor, user_id, values, "user.restored", visit)

    async def set_roles(
        self, actor: Principal, user_id: UUID, roles: Collection[Role], visit: Visit
    ) -> Account:
        """Make somebody what they are here.

        Raises:
            UserNotFound: There is none.
            LastAdmin: Nobody could look after the installation.
            Invalid: No role at all.
        """
        if not roles:
            raise Invalid("Everybody has a role; suspend who should have none.")
        values = {"roles": sorted(role.value for role in set(roles))}
        return await self._change(actor, user_id, values, "user.roles_changed", visit)

    async def set_limits(
        self,
        actor: Principal,
        user_id: UUID,
        visit: Visit,
        change: LimitsChange,
    ) -> Account:
        """Change what somebody gets of the workers, and which hosts their runs may ask.

        Raises:
            UserNotFound: There is none.
            Invalid: Out of range.
        """
        values: dict[str, Any] = {**change}
        weight, max_runs = change.get("weight"), change.get("max_runs")
        if weight is None:
            values.pop("weight", None)
        elif not 1 <= weight <= MAX_WEIGHT:
            raise Invalid(f"A weight is 1 to {MAX_WEIGHT}.", errors={"weight": "out of range"})
        if max_runs is not None and max_runs < 1:
            raise Invalid("At least one run at once.", errors={"max_runs": "out of range"})
        if not values:
            return await self.get(user_id)
        return await self._change(actor, user_id, values, "user.limits_changed", visit)

    async def _change(
        self,
        actor: Principal,
        user_id: UUID,
        values: dict[str, Any],
        action: str,
        visit: Visit,
    ) -> Account:
        before = await self._people.get(user_id)
        after = await self._people.change_unless_last_admin(user_id, values)
        if after is None:
            raise LastAdmin("This is the last administrator. Make somebody else one first.")
        shown = {name: _shown(before, name) for name in values}
        now = {name: _shown(after, name) for name in values}
        await self._audit.note(actor, visit, Deed(action, f"user:{user_id}", shown, now))
        return after


def _shown(account: Account, name: str) -> Json:
    if name == "roles":
        return sorted(account.roles)
    if name == "egress_hosts":
        return None if account.egress_hosts is None else list(account.egress_hosts)
    return getattr(account, name)
