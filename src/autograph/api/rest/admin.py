"""`/api/admin`: looking after people and reading what was done. Every use is in the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, ServicesDep, VisitDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.api.rest.account import AccountAnswer, present_account
from autograph.api.rest.apps import AppAnswer, present_app
from autograph.api.rest.bodies import HostPatterns
from autograph.features.accounts.models import LimitsChange, Permission, Role
from autograph.features.accounts.models.audit import AuditEntry
from autograph.features.accounts.models.roles import ROLES
from autograph.graph.model import Json

router = APIRouter(route_class=GuardedRoute, prefix="/api/admin", tags=["admin"])
Limit = Annotated[int, Query(ge=1, le=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UserPage(BaseModel):
    """A page of people, newest first."""

    users: list[AccountAnswer]
    next_before: UUID | None


class Suspension(_Body):
    """Why somebody is kept out."""

    reason: str = Field(max_length=500)


class Roles(_Body):
    """What somebody is here."""

    roles: list[Role] = Field(min_length=1, max_length=10)


class UserLimits(_Body):
    """What somebody gets of the workers; what is left out stays."""

    weight: int | None = Field(default=None, ge=1, le=100, description="Share beside others'.")
    max_runs: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Runs at once; null for no limit of their own.",
    )
    egress_hosts: HostPatterns | None = Field(
        default=None,
        description="The only hosts that their runs may ask, *.example.com for all below; null for all.",
    )


class AppPageAnswer(BaseModel):
    """A page of everybody's apps, newest first."""

    apps: list[AppAnswer]
    next_before: UUID | None


class AuditLine(BaseModel):
    """A line of the audit log."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    door: str = Field(description="How the actor came in: session, api_key, app, local.")
    action: str
    target: str
    outcome: str
    before: dict[str, Json]
    after: dict[str, Json]
    ip: str
    request_id: str


class AuditPageAnswer(BaseModel):
    """A page of the audit log, newest first."""

    entries: list[AuditLine]
    next_before: UUID | None


@router.get("/permissions")
@needs(Permission.USERS_READ)
async def get_permissions() -> dict[Role, list[Permission]]:
    """Return which role may do what."""
    return {role: sorted(permissions) for role, permissions in ROLES.items()}


@router.get("/users")
@needs(Permission.USERS_READ)
async def list_users(
    services: ServicesDep,
    limit: Limit = 50,
    before: UUID | None = None,
    search: Annotated[
        str | None, Query(max_length=100, description="In addresses and names.")
    ] = None,
) -> UserPage:
    """List people, newest first."""
    page = await services.accounts.administration.list_page(
        limit=limit, before=before, search=search
    )
    return UserPage(
        users=[present_account(one) for one in page.accounts], next_before=page.next_before
    )


@router.get("/users/{user_id}")
@needs(Permission.USERS_READ)
async def get_user(user_id: UUID, services: ServicesDep) -> AccountAnswer:
    """Return a person."""
    return present_account(await services.accounts.administration.get(user_id))


@router.post("/users/{user_id}/suspend")
@needs(Permission.USERS_WRITE)
async def suspend_user(
    user_id: UUID, body: Suspension, services: ServicesDep, actor: PrincipalDep, visit: VisitDep
) -> AccountAnswer:
    """Keep somebody out; their sessions end at once."""
    return present_account(
        await services.accounts.administration.suspend(actor, user_id, body.reason, visit)
    )


@router.post("/users/{user_id}/restore")
@needs(Permission.USERS_WRITE)
async def restore_user(
    user_id: UUID, services: ServicesDep, actor: PrincipalDep, visit: VisitDep
) -> AccountAnswer:
    """Let somebody in again."""
    return present_account(await services.accounts.administration.restore(actor, user_id, visit))


@router.put("/users/{user_id}/roles")
@needs(Permission.USERS_WRITE)
async def set_roles(
    user_id: UUID, body: Roles, services: ServicesDep, actor: PrincipalDep, visit: VisitDep
) -> AccountAnswer:
    """Make somebody what they are here. It counts within a second, on every server."""
    return present_account(
        await services.accounts.administration.set_roles(actor, user_id, body.roles, visit)
    )


@router.patch("/users/{user_id}/limits")
@needs(Permission.USERS_WRITE)
async def set_limits(
    user_id: UUID, body: UserLimits, services: ServicesDep, actor: PrincipalDep, visit: VisitDep
) -> AccountAnswer:
    """Change what somebody gets of the workers, and which hosts their runs may ask."""
    limits = LimitsChange(**body.model_dump(exclude_unset=True))
    return present_account(
        await services.accounts.administration.set_limits(actor, user_id, visit, limits)
    )


@router.delete("/users/{user_id}", status_code=204)
@needs(Permission.USERS_WRITE)
async def delete_user(
    user_id: UUID, services: ServicesDep, actor: PrincipalDep, visit: VisitDep
) -> None:
    """Delete an account and everything of it. There is no way back."""
    await services.accounts.people.erase(user_id, actor, visit)


@router.get("/apps")
@needs(Permission.USERS_READ)
async def list_apps(
    services: ServicesDep, limit: Limit = 50, before: UUID | None = None
) -> AppPageAnswer:
    """List everybody's apps, newest first."""
    page = await services.accounts.apps.list_page(limit=limit, before=before)
    return AppPageAnswer(apps=[present_app(one) for one in page.apps], next_before=page.next_before)


@router.post("/apps/{app_id}/suspend")
@needs(Permission.USERS_WRITE)
async def suspend_app(
    app_id: UUID, body: Suspension, services: ServicesDep, actor: PrincipalDep, visit: VisitDep
) -> AppAnswer:
    """Have an app act for nobody, at once."""
    return present_app(await services.accounts.apps.suspend(actor, app_id, body.reason, visit))


@router.post("/apps/{app_id}/restore")
@needs(Permission.USERS_WRITE)
async def restore_app(
    app_id: UUID, services: ServicesDep, actor: PrincipalDep, visit: VisitDep
) -> AppAnswer:
    """Let an app act again."""
    return present_app(await services.accounts.apps.restore(actor, app_id, visit))


@router.get("/audit")
@needs(Permission.AUDIT_READ)
async def list_audit(
    services: ServicesDep,
    limit: Limit = 50,
    before: UUID | None = None,
    actor_id: UUID | None = None,
    action: Annotated[str | None, Query(max_length=100)] = None,
    target: Annotated[str | None, Query(max_length=200)] = None,
) -> AuditPageAnswer:
    """List who did what, newest first."""
    page = await services.accounts.audit.list_page(
        limit=limit, before=before, actor_id=actor_id, action=action, target=target
    )
    return AuditPageAnswer(
        entries=[present_entry(entry) for entry in page.entries], next_before=page.next_before
    )


def present_entry(entry: AuditEntry) -> AuditLine:
    """Return a line of the audit log as every door shows it."""
    return AuditLine(
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
