"""`/health`: whether this process lives, and whether it can serve."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from autograph import __version__
from autograph.api.deps import ServicesDep
from autograph.api.gateway.routes import GuardedRoute, public

router = APIRouter(route_class=GuardedRoute, prefix="/health", tags=["health"])


class Health(BaseModel):
    """How this process is."""

    status: str
    version: str = __version__
    runs: int = 0


@router.get("/live")
@public("Load balancers ask whether this process is well.")
async def live() -> Health:
    """Answer as long as the process lives."""
    return Health(status="live")


@router.get("/ready")
@public("Load balancers ask whether this process is well.")
async def ready(services: ServicesDep) -> Health:
    """Answer 200 when requests can be served, 503 with `Retry-After` when the database is away."""
    async with services.database.acquire() as connection:
        await connection.fetchval("SELECT 1")
    return Health(status="ready", runs=services.worker.active)
