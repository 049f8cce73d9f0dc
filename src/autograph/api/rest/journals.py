"""`/api/v1/runs/{run_id}/…`: what happened in a run, as its journal has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.api.rest.bodies import CONFLICTS
from autograph.engine.simulation import Source
from autograph.engine.state import NodeRunStatus
from autograph.features.accounts.models import Permission
from autograph.features.runs.models import JournalRow
from autograph.graph.model import Json
from autograph.infra.json import encode

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1", tags=["runs"])


class EventItem(BaseModel):
    """An event of a run's journal."""

    seq: int
    kind: str
    body: dict[str, Any]
    at: datetime


class NodeResultItem(BaseModel):
    """What came of a node run."""

    node_run: int = Field(description="Its number, from 1.")
    node: str
    block: str
    status: NodeRunStatus
    inputs: dict[str, Any] = Field(description="Values that arrived, by linked pin.")
    outputs: dict[str, list[Any]] = Field(description="By pin, every value in order.")
    error: dict[str, Any] | None
    simulated: Source | None = Field(
        description="In a dry run, where the outputs are from; null where the node ran."
    )
    is_pinned: bool = Field(description="The outputs were pinned; the node did not run.")


class NodeResultPageAnswer(BaseModel):
    """A page of node runs, in their order."""

    node_runs: list[NodeResultItem]
    next_after: int | None


@router.get("/runs/{run_id}/events")
@needs(Permission.RUNS_READ)
async def list_events(
    run_id: UUID,
    services: ServicesDep,
    principal: PrincipalDep,
    since: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    node_run: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="Only what happened to this node run.")
    ] = None,
) -> list[EventItem]:
    """Return the events of a run's journal after `since`, in order, without gaps."""
    rows = await services.runs.events(
        principal, run_id, since=since, limit=limit, node_run=node_run
    )
    return [EventItem.model_validate(present_event(row)) for row in rows]


@router.get("/runs/{run_id}/node-runs", response_model=NodeResultPageAnswer)
@needs(Permission.RUNS_READ)
async def list_node_runs(
    run_id: UUID,
    services: ServicesDep,
    principal: PrincipalDep,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Return what came of a run's node runs so far, in their order."""
    page = await services.runs.node_results(principal, run_id, after=after, limit=limit)
    body = {"node_runs": list(page.rows), "next_after": page.next_after}
    return Response(encode(body), media_type="application/json")


@router.get("/runs/{run_id}/cassette", response_model=dict[str, Any], responses=CONFLICTS)
@needs(Permission.RUNS_READ)
async def get_cassette(run_id: UUID, services: ServicesDep, principal: PrincipalDep) -> Response:
    """Return a recorded run as a cassette, for `autograph test`. 409 when it goes on or was not recorded."""
    made = await services.cassettes.cassette(principal, run_id)
    return Response(encode(made.as_json()), media_type="application/json")


def present_event(row: JournalRow) -> dict[str, Json]:
    """Return an event as every door shows it."""
    return {"seq": row.seq, "kind": row.kind, "body": _shown(row.body), "at": row.at.isoformat()}


def _shown(body: Mapping[str, Json]) -> Mapping[str, Json]:
    return {name: value for name, value in body.items() if name != "overrides" or value}
