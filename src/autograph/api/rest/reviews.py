"""`/api/v1/reviews`: what runs ask people. `/api/v1/calls`: what they ask other systems."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.errors import body_of, request_id_of, status_of
from autograph.api.gateway.routes import ANY_MEDIA, GuardedRoute, needs, public
from autograph.api.rest.bodies import json_body
from autograph.engine.waits import Answer, Choice
from autograph.features.accounts.models import Permission
from autograph.features.runs.models import Review
from autograph.graph.model import Json
from autograph.infra.errors import UserError
from autograph.infra.json import encode

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1", tags=["reviews"])
MAX_AT_ONCE = 100


class Decision(BaseModel):
    """An answer to a question."""

    model_config = ConfigDict(extra="forbid")

    decision: Choice = Field(
        description="`approve`, `reject`; for an unknown outcome `approve` runs the node again, "
        "and `done` takes `data` as its outputs."
    )
    data: Any = Field(default=None, description="What was reviewed, as edited; left out: as it is.")
    message: str = Field(default="", max_length=10_000, description="Why.")
    auto_approve: bool = Field(
        default=False, description="Ask no more about this node for the rest of the run."
    )

    def answer(self) -> Answer:
        """Return it as the engine takes it."""
        return Answer(self.decision, self.data, self.message, auto_approve=self.auto_approve)


class DecisionFor(Decision):
    """An answer to one question of several."""

    id: UUID


class ReviewAnswer(BaseModel):
    """A question that a run waits on."""

    id: UUID
    run_id: UUID
    graph_id: UUID
    graph_version: int
    node: str
    node_run: int
    kind: Literal["review", "action", "outcome"]
    status: Literal["waiting", "answered", "void"]
    title: str
    payload: Any
    is_editable: bool
    due_at: datetime | None = Field(description="When it is answered by default.")
    answer: dict[str, Any] | None
    created_at: datetime
    answered_at: datetime | None


class ReviewPageAnswer(BaseModel):
    """A page of questions, newest first."""

    reviews: list[ReviewAnswer]
    next_before: UUID | None


class Decided(BaseModel):
    """What became of one answer of several."""

    id: UUID
    status: int = Field(description="As if it had been sent alone.")
    error: dict[str, Any] | None


@router.get("/reviews", response_model=ReviewPageAnswer)
@needs(Permission.RUNS_READ)
async def list_reviews(
    services: ServicesDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: UUID | None = None,
    run_id: UUID | None = None,
    kind: Literal["review", "action", "outcome"] | None = None,
    status: Literal["open", "closed"] = "open",
) -> Response:
    """List what one's runs ask, newest first; `status=closed` lists what was answered, or ended unanswered."""
    page = await services.reviews.list_page(
        principal,
        limit=limit,
        before=before,
        run_id=run_id,
        kind=kind,
        is_open=status == "open",
    )
    body = {
        "reviews": [present(review) for review in page.rows],
        "next_before": page.next_before and str(page.next_before),
    }
    return Response(encode(body), media_type="application/json")


@router.post("/reviews")
@needs(Permission.REVIEWS_ANSWER)
async def decide_reviews(
    request: Request,
    body: Annotated[list[DecisionFor], Body(max_length=MAX_AT_ONCE)],
    services: ServicesDep,
    principal: PrincipalDep,
) -> list[Decided]:
    """Answer several questions, each for itself: one that is refused stops no other."""
    found: list[Decided] = []
    for one in body:
        try:
            await services.reviews.decide(principal, one.id, one.answer())
            found.append(Decided(id=one.id, status=200, error=None))
        except UserError as error:
            told = body_of(error, request_id_of(request))
            found.append(Decided(id=one.id, status=status_of(error), error=told))
    return found


@router.get("/reviews/{review_id}", response_model=ReviewAnswer)
@needs(Permission.RUNS_READ)
async def get_review(review_id: UUID, services: ServicesDep, principal: PrincipalDep) -> Response:
    """Return a question, with its answer if there is one."""
    review = await services.reviews.get(principal, review_id)
    return Response(encode(present(review)), media_type="application/json")


@router.post("/reviews/{review_id}", response_model=ReviewAnswer)
@needs(Permission.REVIEWS_ANSWER)
async def decide_review(
    review_id: UUID, body: Decision, services: ServicesDep, principal: PrincipalDep
) -> Response:
    """Answer a question; the run goes on. 409 with the first answer when it was answered before."""
    review = await services.reviews.decide(principal, review_id, body.answer())
    return Response(encode(present(review)), media_type="application/json")


@router.get("/calls/{token}", status_code=202, tags=["calls"])
@public("Whoever has the token of a call may answer it: other systems do.", media_types=ANY_MEDIA)
async def take_call_by_link(token: str, request: Request, services: ServicesDep) -> Response:
    """Take a call of a system, or a person with a link, that cannot send a body: the run gets the query."""
    query: dict[str, Json] = dict(request.query_params)
    await services.reviews.take_call(token, query or None)
    return Response(status_code=202)


@router.post("/calls/{token}", status_code=202, tags=["calls"])
@public("Whoever has the token of a call may answer it: other systems do.", media_types=ANY_MEDIA)
async def take_call(token: str, request: Request, services: ServicesDep) -> Response:
    """Take a call that a run waits for: 202 once it is durable. The address is the secret."""
    body = await json_body(request) if await request.body() else None
    await services.reviews.take_call(token, body)
    return Response(status_code=202)


def present(review: Review) -> dict[str, Json]:
    """Return a question as every door shows it."""
    return {
        "id": str(review.id),
        "run_id": str(review.run_id),
        "graph_id": str(review.graph_id),
        "graph_version": review.graph_version,
        "node": review.node_id,
        "node_run": review.node_run,
        "kind": review.kind,
        "status": review.status,
        "title": review.title,
        "payload": review.payload,
        "is_editable": review.is_editable,
        "due_at": review.due_at and review.due_at.isoformat(),
        "answer": review.answer,
        "created_at": review.created_at.isoformat(),
        "answered_at": review.answered_at and review.answered_at.isoformat(),
    }
