"""`/api/v1/storage`: what one's runs keep."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.features.accounts.models import Permission

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/storage", tags=["storage"])


class UsageAnswer(BaseModel):
    """What one's runs keep."""

    runs: int = Field(description="Runs that are over.")
    stored_bytes: int = Field(description="Their journals and values; counted every minute.")
    max_bytes: int | None = Field(description="What they may keep; null for anything.")


@router.get("")
@needs(Permission.RUNS_READ)
async def get_usage(services: ServicesDep, principal: PrincipalDep) -> UsageAnswer:
    """Return what one's runs keep, and what they may."""
    found = await services.storage.usage(principal)
    return UsageAnswer.model_validate(found, from_attributes=True)
