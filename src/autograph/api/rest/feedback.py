"""`/api/v1/runs/{id}/feedback` and `/api/v1/graphs/{id}/feedback`: what people say of runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.features.accounts.models import Permission
from autograph.features.runs.models import Verdict
from autograph.features.runs.service.feedback import MAX_PAGE, MAX_WORDS

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1", tags=["runs"])


class FeedbackRequest(BaseModel):
    """What one says of a run."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    words: str = Field(default="", max_length=MAX_WORDS, description="Why.")


class FeedbackItem(BaseModel):
    """What one said of a run."""

    run_id: UUID
    verdict: Verdict
    words: str
    created_at: datetime
    updated_at: datetime


class FeedbackState(BaseModel):
    """What one said of a run, where one did."""

    feedback: FeedbackItem | None


class FeedbackPageAnswer(BaseModel):
    """A page of what one said of an agent's runs, that of the newest runs first."""

    feedback: list[FeedbackItem]
    next_before: UUID | None
    good: int = Field(description="Runs that one found good, in all.")
    bad: int


@router.get("/runs/{run_id}/feedback")
@needs(Permission.RUNS_READ)
async def get_feedback(
    run_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> FeedbackState:
    """Return what one said of a run; null where one said nothing."""
    found = await services.feedback.find(principal, run_id)
    return FeedbackState(
        feedback=None if found is None else FeedbackItem.model_validate(found, from_attributes=True)
    )


@router.put("/runs/{run_id}/feedback")
@needs(Permission.RUNS_WRITE)
async def give_feedback(
    run_id: UUID, body: FeedbackRequest, services: ServicesDep, principal: PrincipalDep
) -> FeedbackItem:
    """Say whether a run did what one wanted, and why; it stands in place of what one said before."""
    made = await services.feedback.give(principal, run_id, body.verdict, body.words)
    return FeedbackItem.model_validate(made, from_attributes=True)


@router.delete("/runs/{run_id}/feedback", status_code=204)
@needs(Permission.RUNS_WRITE)
async def take_feedback_back(
    run_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> Response:
    """Take back what one said of a run."""
    await services.feedback.take_back(principal, run_id)
    return Response(status_code=204)


@router.get("/graphs/{graph_id}/feedback")
@needs(Permission.RUNS_READ)
async def list_feedback(
    graph_id: UUID,
    services: ServicesDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    before: Annotated[UUID | None, Query(description="`next_before` of the last page.")] = None,
    verdict: Verdict | None = None,
) -> FeedbackPageAnswer:
    """List what one said of an agent's runs."""
    page = await services.feedback.list_page(
        principal, graph_id, limit=limit, before=before, verdict=verdict
    )
    return FeedbackPageAnswer(
        feedback=[FeedbackItem.model_validate(one, from_attributes=True) for one in page.rows],
        next_before=page.next_before,
        good=page.good,
        bad=page.bad,
    )
