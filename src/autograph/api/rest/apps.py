"""`/api/v1/apps`: apps one has registered. `/api/v1/account/apps`: apps that act for one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, ServicesDep, VisitDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.features.accounts.models import Permission, Scope
from autograph.features.accounts.models.apps import App, AppStatus, GrantedApp
from autograph.features.accounts.service.apps import AppForm

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1", tags=["apps"])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewApp(_Body):
    """An app that is registered."""

    name: str = Field(max_length=200)
    description: str = Field(default="", max_length=1_000)
    website: str | None = Field(default=None, max_length=2_000)
    redirect_uris: list[str] = Field(
        min_length=1, max_length=20, examples=[["https://app.example.com/back"]]
    )
    scopes: list[Scope] = Field(min_length=1, max_length=50, description="How far it may ever go.")
    is_confidential: bool = Field(
        default=True, description="It runs on a server and keeps a secret; false for all others."
    )


class AppChange(_Body):
    """What changes of an app; what is left out stays."""

    name: str | None = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=1_000)
    website: str | None = Field(
        default=None, max_length=2_000, description="An empty text for none."
    )
    redirect_uris: list[str] | None = Field(default=None, max_length=20)
    scopes: list[Scope] | None = Field(default=None, max_length=50)


class AppAnswer(BaseModel):
    """An app, without its secret."""

    id: UUID
    client_id: str
    owner_id: UUID
    name: str
    description: str
    website: str | None
    redirect_uris: list[str]
    scopes: list[Scope]
    is_confidential: bool
    status: AppStatus
    suspended_for: str | None
    created_at: datetime


class NewAppAnswer(AppAnswer):
    """An app that was registered."""

    client_secret: str | None = Field(description="Shown this once.")


class NewSecretAnswer(BaseModel):
    """An app's new secret."""

    client_secret: str = Field(description="Shown this once.")


class GrantedAppAnswer(BaseModel):
    """An app that acts for one."""

    app_id: UUID
    name: str
    website: str | None
    scopes: list[Scope]
    since: datetime
    last_used_at: datetime | None = Field(description="To the minute.")


@router.post("/apps", status_code=201)
@needs(Permission.APPS)
async def register_app(
    body: NewApp, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> NewAppAnswer:
    """Register an app that people may let act for them."""
    form = AppForm(body.name, body.description, body.website, body.redirect_uris, body.scopes)
    app, secret = await services.accounts.apps.register(
        principal, form, visit, is_confidential=body.is_confidential
    )
    return NewAppAnswer(**present_app(app).model_dump(), client_secret=secret)


@router.get("/apps")
@needs(Permission.APPS)
async def list_own_apps(services: ServicesDep, principal: PrincipalDep) -> list[AppAnswer]:
    """List the apps one has registered, newest first."""
    return [present_app(one) for one in await services.accounts.apps.list_all(principal)]


@router.get("/apps/{app_id}")
@needs(Permission.APPS)
async def get_app(app_id: UUID, services: ServicesDep, principal: PrincipalDep) -> AppAnswer:
    """Return an app one has registered."""
    return present_app(await services.accounts.apps.get(principal, app_id))


@router.patch("/apps/{app_id}")
@needs(Permission.APPS)
async def change_app(
    app_id: UUID,
    body: AppChange,
    services: ServicesDep,
    principal: PrincipalDep,
    visit: VisitDep,
) -> AppAnswer:
    """Change an app. Scopes that it loses are lost to all its tokens at once."""
    form = AppForm(body.name, body.description, body.website, body.redirect_uris, body.scopes)
    return present_app(await services.accounts.apps.change(principal, app_id, form, visit))


@router.post("/apps/{app_id}/secret", status_code=201)
@needs(Permission.APPS)
async def renew_secret(
    app_id: UUID, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> NewSecretAnswer:
    """Give an app another secret; the one before is good no more."""
    secret = await services.accounts.apps.renew_secret(principal, app_id, visit)
    return NewSecretAnswer(client_secret=secret)


@router.delete("/apps/{app_id}", status_code=204)
@needs(Permission.APPS)
async def delete_app(
    app_id: UUID, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> None:
    """Delete an app; it acts for nobody any more."""
    await services.accounts.apps.delete(principal, app_id, visit)


@router.get("/account/apps")
@needs(Permission.APPS)
async def list_granted_apps(
    services: ServicesDep, principal: PrincipalDep
) -> list[GrantedAppAnswer]:
    """List the apps that may act for one, by name."""
    return [_granted(one) for one in await services.accounts.grants.list_all(principal)]


@router.delete("/account/apps/{app_id}", status_code=204)
@needs(Permission.APPS)
async def withdraw_app(
    app_id: UUID, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> None:
    """Let an app act for one no more, at once."""
    await services.accounts.grants.withdraw(principal, app_id, visit)


def present_app(app: App) -> AppAnswer:
    """Return an app as every door shows it."""
    return AppAnswer(
        id=app.id,
        client_id=str(app.id),
        owner_id=app.owner_id,
        name=app.name,
        description=app.description,
        website=app.website,
        redirect_uris=list(app.redirect_uris),
        scopes=sorted(app.scopes),
        is_confidential=app.is_confidential,
        status=app.status,
        suspended_for=app.suspended_for,
        created_at=app.created_at,
    )


def _granted(one: GrantedApp) -> GrantedAppAnswer:
    return GrantedAppAnswer(
        app_id=one.app_id,
        name=one.name,
        website=one.website,
        scopes=sorted(one.scopes),
        since=one.since,
        last_used_at=one.last_used_at,
    )
