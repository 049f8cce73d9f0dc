"""`/api/v1/dead-letters`: runs that were set aside, because workers died over them time after time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.features.accounts.models import Permission
from autograph.features.runs.models import DeadLetter

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/dead-letters", tags=["dead letters"])


class InFlight(BaseModel):
    """A node run that had begun and not ended."""

    node_run: int
    node: str


class DeadLetterAnswer(BaseModel):
    """A run that was set aside."""

    run_id: UUID
    graph_id: UUID
    code: str
    message: str = Field(description="Why.")
    crashes: int = Field(description="Workers that had died over it.")
    created_at: datetime
    decision: Literal["redriven", "discarded"] | None
    decided_at: datetime | None
    in_flight: list[InFlight] = Field(
        description="Node runs whose journaled attempt has no end; pure nodes are not journaled before theirs."
    )


class DeadLetterPageAnswer(BaseModel):
    """A page of dead letters, those of the newest runs first."""

    dead_letters: list[DeadLetterAnswer]
    next_before: UUID | None


@router.get("")
@needs(Permission.RUNS_READ)
async def list_dead_letters(
    services: ServicesDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: UUID | None = None,
    status: Literal["open", "decided"] = "open",
) -> DeadLetterPageAnswer:
    """List one's runs that were set aside; `status=decided` lists those about which was decided."""
    page = await services.dead_letters.list_page(
        principal, limit=limit, before=before, is_open=status == "open"
    )
    return DeadLetterPageAnswer(
        dead_letters=[_answer(letter) for letter in page.rows], next_before=page.next_before
    )


@router.get("/{run_id}")
@needs(Permission.RUNS_READ)
async def get_dead_letter(
    run_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> DeadLetterAnswer:
    """Return why a run was set aside, and what was decided."""
    return _answer(await services.dead_letters.get(principal, run_id))


@router.post("/{run_id}/redrive", status_code=202)
@needs(Permission.RUNS_WRITE)
async def redrive(run_id: UUID, services: ServicesDep, principal: PrincipalDep) -> DeadLetterAnswer:
    """Queue the run again; it goes on where its journal ends. 409 when it was decided before."""
    return _answer(await services.dead_letters.redrive(principal, run_id))


@router.delete("/{run_id}", status_code=202)
@needs(Permission.RUNS_WRITE)
async def discard(
    run_id: UUID, services: ServicesDep, principal: PrincipalDep, reason: str = ""
) -> DeadLetterAnswer:
    """End the run as failed, `reason` told. 409 when it was decided before."""
    return _answer(await services.dead_letters.discard(principal, run_id, reason=reason))


def _answer(letter: DeadLetter) -> DeadLetterAnswer:
    return DeadLetterAnswer.model_validate(letter, from_attributes=True)
