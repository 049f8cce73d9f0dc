"""`/api/v1/egress`: what one's runs asked of the world."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.features.accounts.models import Permission

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/egress", tags=["storage"])


class EgressDayAnswer(BaseModel):
    """What was asked of one host on one day."""

    day: date = Field(description="In UTC.")
    host: str
    requests: int
    failures: int = Field(description="Without an answer, or with a status of 400 or more.")
    sent_bytes: int
    received_bytes: int


class EgressAnswer(BaseModel):
    """The newest day first, in it the host that was asked most."""

    days: list[EgressDayAnswer]


@router.get("")
@needs(Permission.RUNS_READ)
async def get_egress(
    services: ServicesDep,
    principal: PrincipalDep,
    days: Annotated[int, Query(ge=1, le=366, description="Today's with them.")] = 30,
) -> EgressAnswer:
    """Return which hosts one's runs asked, how often, and how much went there and came back."""
    found = await services.egress.usage(principal, days=days)
    return EgressAnswer(
        days=[EgressDayAnswer.model_validate(one, from_attributes=True) for one in found]
    )
