"""`/api/v1/runs/{id}/fork`, `retry`, `again`: new runs that go on from one that was."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, Services, ServicesDep
from autograph.api.gateway.routes import GuardedRoute, RateClass, needs
from autograph.api.rest.runs import RunAnswer, present
from autograph.features.accounts.models import Permission, Principal
from autograph.features.runs.models import ForkPlan
from autograph.graph.model import Json
from autograph.infra.json import encode

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/runs", tags=["runs"])


class Inputs(BaseModel):
    """What is other in the new run."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] | None = Field(
        default=None, description="Inputs that are others in the new run, by name."
    )


class ForkRequest(Inputs):
    """Where to go on, and with what."""

    from_node_run: int = Field(
        ge=1, description="Number of the node run that is done again, with what follows from it."
    )
    graph_version: int | None = Field(
        default=None, ge=1, le=2**31 - 1, description="Another version of the graph."
    )
    plan_only: bool = Field(
        default=False, description="Only tell what would be reused and what done again."
    )


class Step(BaseModel):
    """A node run of the run that is forked."""

    node_run: int
    node: str
    block: str
    status: str


class ForkPlanAnswer(BaseModel):
    """What a fork would do."""

    reused: list[Step] = Field(description="Their outputs stand.")
    again: list[Step] = Field(description="Done again, as far as what comes before leads there.")
    gone: list[Step] = Field(description="Their node is not in the graph any more.")
    new_nodes: list[str]
    credits_before: int = Field(
        description="What those done again cost the first time: an estimate of what they will."
    )


@router.post(
    "/{run_id}/fork",
    status_code=202,
    response_model=RunAnswer,
    responses={200: {"model": ForkPlanAnswer, "description": "The plan (`plan_only`)."}},
)
@needs(Permission.RUNS_START, rate=RateClass.EXECUTE)
async def fork_run(
    run_id: UUID, body: ForkRequest, services: ServicesDep, principal: PrincipalDep
) -> Response:
    """Start a run in which a node run of this one, and what follows from it, is done again.

    422 with the node runs that there are, when that one never happened.
    """
    if body.plan_only:
        plan = await services.forks.plan(
            principal,
            run_id,
            body.from_node_run,
            version=body.graph_version,
            inputs=body.inputs,
        )
        return Response(encode(present_plan(plan)), media_type="application/json")
    forked = await services.forks.fork(
        principal, run_id, body.from_node_run, version=body.graph_version, inputs=body.inputs
    )
    return await _accepted(services, principal, forked)


@router.post("/{run_id}/retry", status_code=202, response_model=RunAnswer)
@needs(Permission.RUNS_START, rate=RateClass.EXECUTE)
async def retry_run(run_id: UUID, services: ServicesDep, principal: PrincipalDep) -> Response:
    """Start a run in which what failed in this one is done again, and what did not is kept."""
    return await _accepted(services, principal, await services.forks.retry(principal, run_id))


@router.post("/{run_id}/again", status_code=202, response_model=RunAnswer)
@needs(Permission.RUNS_START, rate=RateClass.EXECUTE)
async def run_again(
    run_id: UUID, services: ServicesDep, principal: PrincipalDep, body: Inputs | None = None
) -> Response:
    """Start a run of the same version from the beginning, with this one's inputs and what is named."""
    inputs = None if body is None else body.inputs
    again = await services.forks.again(principal, run_id, inputs=inputs)
    return await _accepted(services, principal, again)


async def _accepted(services: Services, principal: Principal, run_id: UUID) -> Response:
    run = await services.runs.get(principal, run_id)
    return Response(encode(present(run)), 202, media_type="application/json")


def present_plan(plan: ForkPlan) -> dict[str, Json]:
    """Return a plan as every door shows it."""
    return asdict(plan)
