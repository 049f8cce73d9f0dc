"""`/api/v1/storage`: what one's runs keep, and what one's files take."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.features.accounts.models import Permission

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/storage", tags=["storage"])


class UsageAnswer(BaseModel):
    """What one's runs keep, and what one's files take."""

    runs: int = Field(description="Runs that are over.")
    stored_bytes: int = Field(description="Their journals and values; counted every minute.")
    max_bytes: int | None = Field(description="What they may keep; null for anything.")
    files: int
    file_bytes: int = Field(description="Each counts, also where another one holds the same.")
    max_file_bytes: int | None = Field(description="What they may take; null for anything.")


@router.get("")
@needs(Permission.RUNS_READ)
async def get_usage(services: ServicesDep, principal: PrincipalDep) -> UsageAnswer:
    """Return what one's runs keep and one's files take, and what they may."""
    found = await services.storage.usage(principal)
    files = await services.files.usage(principal)
    return UsageAnswer(
        runs=found.runs,
        stored_bytes=found.stored_bytes,
        max_bytes=found.max_bytes,
        files=files.files,
        file_bytes=files.size_bytes,
        max_file_bytes=files.max_bytes,
    )
