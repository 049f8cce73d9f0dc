"""`/api/v1/api-keys`: keys by which programs act for one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, ServicesDep, VisitDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.features.accounts.models import Permission, Scope
from autograph.features.accounts.models.api_keys import ApiKey

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/api-keys", tags=["api keys"])


class NewKey(BaseModel):
    """A key that is wanted."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=200)
    scopes: list[Scope] = Field(min_length=1, max_length=50)
    expires_at: AwareDatetime | None = Field(default=None, description="Null for never.")
    rate: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Requests a minute; null for as many as anybody's.",
    )


class ApiKeyAnswer(BaseModel):
    """A key, without what it is."""

    id: UUID
    name: str
    head: str = Field(description="Its first characters, to know it by.")
    scopes: list[Scope]
    rate: int | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None


class NewKeyAnswer(ApiKeyAnswer):
    """A key that was made."""

    key: str = Field(description="Shown this once.")


@router.post("", status_code=201)
@needs(Permission.API_KEYS)
async def create_key(
    body: NewKey, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> NewKeyAnswer:
    """Make a key."""
    key, text = await services.accounts.keys.create(
        principal, body.name, body.scopes, visit, expires_at=body.expires_at, rate=body.rate
    )
    return NewKeyAnswer(**_answer(key).model_dump(), key=text)


@router.get("")
@needs(Permission.API_KEYS)
async def list_keys(services: ServicesDep, principal: PrincipalDep) -> list[ApiKeyAnswer]:
    """List one's keys, newest first, those that have ended among them."""
    return [_answer(key) for key in await services.accounts.keys.list_all(principal)]


@router.get("/{key_id}")
@needs(Permission.API_KEYS)
async def get_key(key_id: UUID, services: ServicesDep, principal: PrincipalDep) -> ApiKeyAnswer:
    """Return a key."""
    return _answer(await services.accounts.keys.get(principal, key_id))


@router.delete("/{key_id}")
@needs(Permission.API_KEYS)
async def revoke_key(
    key_id: UUID, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> ApiKeyAnswer:
    """End a key, everywhere and at once."""
    return _answer(await services.accounts.keys.revoke(principal, key_id, visit))


def _answer(key: ApiKey) -> ApiKeyAnswer:
    return ApiKeyAnswer(
        id=key.id,
        name=key.name,
        head=key.head,
        scopes=sorted(key.scopes),
        rate=key.rate,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
    )
