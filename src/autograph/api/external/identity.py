"""`/external/v1/me`: whose key it is, and how far it goes."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from autograph.api.deps import PrincipalDep
from autograph.api.external.route import ExternalRoute
from autograph.api.gateway.routes import needs
from autograph.features.accounts.models import Permission, Scope

router = APIRouter(route_class=ExternalRoute)


class IdentityAnswer(BaseModel):
    """The person in whose name a program acts."""

    id: UUID
    name: str
    email: str | None
    timezone: str = Field(description="IANA name.")
    scopes: list[Scope] = Field(description="How far the program may go.")


@router.get("/me")
@needs(Permission.ACCOUNT_READ)
async def get_identity(principal: PrincipalDep) -> IdentityAnswer:
    """Return whose key it is, and how far it goes."""
    return IdentityAnswer(
        id=principal.user_id,
        name=principal.name,
        email=principal.email,
        timezone=principal.timezone,
        scopes=sorted(principal.scopes or ()),
    )
