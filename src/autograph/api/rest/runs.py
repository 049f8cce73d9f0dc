"""`/api/v1/runs`, and `execute`, which starts one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.errors import body_of, request_id_of, status_of
from autograph.api.gateway.routes import GuardedRoute, RateClass, needs
from autograph.api.rest.bodies import CONFLICTS
from autograph.engine.ports import RunResult
from autograph.engine.state import RunStatus
from autograph.features.accounts.models import Permission
from autograph.features.runs.models import (
    Break,
    Debug,
    DryRun,
    Order,
    Priority,
    Run,
    RunFilter,
    RunRow,
    Wait,
)
from autograph.graph.model import Json
from autograph.infra.errors import UserError
from autograph.infra.json import encode

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1", tags=["runs"])
MAX_WAIT = 300
MAX_AT_ONCE = 100
MAX_TARGETS = 1_000
_EMPTY = RunResult(RunStatus.QUEUED, {})


class ExecuteRequest(BaseModel):
    """What to run an agent with."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] = Field(default_factory=dict, description="The agent's inputs by name.")
    version: int | None = Field(
        default=None,
        ge=1,
        le=2**31 - 1,
        description="Which version; the active one where none is named.",
    )
    credentials_inputs: dict[str, Any] = Field(
        default_factory=dict,
        description="Which credentials to use, by the names in the graph's `credentials_input_schema`: references "
        "or ids. What is left out is as the nodes say.",
    )
    priority: Priority = Field(
        default=Priority.NORMAL, description="Its turn among one's own runs."
    )
    attended: bool = Field(
        default=True,
        description="Somebody is there to say what became of a node whose worker died; otherwise it fails, "
        "where its policy does not say.",
    )
    payload: dict[str, Any] | None = Field(
        default=None, description="What arrives at the agent's trigger, to try it with."
    )
    trigger: str | None = Field(
        default=None,
        max_length=200,
        description="Id of the trigger node that the payload arrives at; may be left out where there is one.",
    )
    record: bool = Field(
        default=False,
        description="What its nodes ask of the world is kept, without secrets, so that `/runs/{run_id}/cassette` "
        "can make a test of it.",
    )
    dry_run: bool = Field(
        default=False,
        description="Nodes that would touch the world are simulated; nothing goes out, and no credential is needed. "
        "`node-runs` says of each by what.",
    )
    dry_run_recording: UUID | None = Field(
        default=None,
        description="Which run a dry run simulates by; the agent's newest that completed where none is named.",
    )
    dry_run_model: str | None = Field(
        default=None,
        max_length=200,
        description="Which model a dry run asks where a schema leaves open what outputs look like; none, otherwise. "
        "What it is told goes out to it.",
    )
    until: list[str] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_TARGETS,
        description="Run to here: ids of nodes. Only what these need runs, then the run ends `completed`; what "
        "others would need (inputs, credentials) may be left out.",
    )
    pinned: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        max_length=MAX_TARGETS,
        description="`{node_id: {pin: values}}`: the node does not run, it gives out these values at once, and what "
        "leads to it is not waited for. A list is the values of the pin in order; anything else is its one value.",
    )
    breakpoints: list[str] = Field(
        default_factory=list[str],
        max_length=MAX_TARGETS,
        description="Ids of nodes, those of agents inside included, that wait before they run until "
        "`/runs/{run_id}/continue`. A pinned node does not run, so it does not wait.",
    )

    def debug(self) -> Debug:
        """Return how the run is debugged."""
        return Debug(self.until, self.pinned, self.breakpoints)


class ContinueRequest(BaseModel):
    """How what waits at a breakpoint goes on."""

    model_config = ConfigDict(extra="forbid")

    break_id: UUID | None = Field(
        default=None, description="Which of the run's `breaks`; all of them where none is named."
    )
    inputs: dict[str, Any] = Field(
        default_factory=dict,
        description="Values it gets instead of its own, by input pin. Only where one node run goes on.",
    )
    step: bool = Field(
        default=False,
        description="Every node run of its run that gets ready after it waits, too, until one goes on without.",
    )


class NodeFailure(BaseModel):
    """A node that failed."""

    node: str
    node_run: int
    code: str
    message: str
    handled: bool


class WaitItem(BaseModel):
    """Something that a run waits for."""

    node: str
    node_run: int
    kind: Literal["child", "timer", "review", "action", "outcome", "call", "tools", "breakpoint"]
    review_id: UUID | None = Field(description="What is answered at `/api/v1/reviews/{id}`.")
    due_at: datetime | None = Field(description="When it ends by itself.")


class PlaceAnswer(BaseModel):
    """Where a queued run stands. Turns go round among people, so a long queue of another one is no wait."""

    position: int = Field(description="Among one's own queued runs, from 1.")
    queued: int = Field(description="Runs that are queued in all.")
    people: int = Field(description="People whose runs are queued.")
    is_held: bool = Field(description="A limit of the person or the graph holds it back.")


class DebugAnswer(BaseModel):
    """What a run was told: see `execute`."""

    until: list[str] | None
    pinned: dict[str, dict[str, Any]]
    breakpoints: list[str]


class BreakItem(BaseModel):
    """A node run that waits at its breakpoint."""

    id: UUID
    run_id: UUID = Field(description="Its run: this one, or one inside it.")
    node_run: int
    node: str
    inputs: dict[str, Any] = Field(description="What it will get, by input pin.")
    since: datetime


class RunAnswer(BaseModel):
    """A run: where it is, and what it came to, or has come to so far."""

    id: UUID
    graph_id: UUID
    graph_version: int
    parent_id: UUID | None
    status: RunStatus
    inputs: dict[str, Any]
    outputs: dict[str, list[Any]]
    errors: list[NodeFailure]
    starved: list[dict[str, Any]]
    stats: dict[str, Any]
    error: dict[str, Any] | None
    worker: int | None
    waits_for: list[WaitItem]
    debug: DebugAnswer
    breaks: list[BreakItem] = Field(
        description="What waits at breakpoints, in runs inside it, too; `/runs/{id}/continue` lets it go on."
    )
    queue: PlaceAnswer | None = Field(description="Only while it is queued.")
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class RunItem(BaseModel):
    """A run in a list."""

    id: UUID
    graph_id: UUID
    graph_version: int
    status: RunStatus
    error: dict[str, Any] | None
    stats: dict[str, Any]
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class RunPage(BaseModel):
    """A page of runs, newest first."""

    runs: list[RunItem]
    next_before: UUID | None


class DeleteRequest(BaseModel):
    """Which runs to delete."""

    model_config = ConfigDict(extra="forbid")

    ids: list[UUID] = Field(min_length=1, max_length=MAX_AT_ONCE)


class Deleted(BaseModel):
    """What became of one run of several."""

    id: UUID
    status: int = Field(description="As if it had been deleted alone.")
    error: dict[str, Any] | None


@router.post(
    "/graphs/{graph_id}/execute",
    status_code=202,
    response_model=RunAnswer,
    responses={200: {"model": RunAnswer, "description": "The run is over (`wait`)."}},
)
@needs(Permission.RUNS_START, rate=RateClass.EXECUTE)
async def execute_graph(
    graph_id: UUID,
    body: ExecuteRequest,
    services: ServicesDep,
    principal: PrincipalDep,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT)] = 0,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> Response:
    """Start a run: 202 as soon as it is durable. `wait` seconds for its end: 200 when it is over in time."""
    order = Order(
        graph_id,
        body.inputs,
        version=body.version,
        idempotency_key=idempotency_key,
        priority=body.priority,
        is_attended=body.attended,
        credentials=body.credentials_inputs,
        payload=body.payload,
        trigger=body.trigger,
        is_recorded=body.record,
        dry_run=DryRun(body.dry_run_recording, body.dry_run_model) if body.dry_run else None,
        debug=body.debug(),
    )
    run_id = await services.runs.start_order(principal, order)
    is_over = wait > 0 and await services.runs.wait(
        principal, run_id, at_most=timedelta(seconds=wait)
    )
    run = await services.runs.get(principal, run_id)
    return Response(encode(present(run)), 200 if is_over else 202, media_type="application/json")


@router.get("/runs")
@needs(Permission.RUNS_READ)
async def list_runs(  # noqa: PLR0913 - each is a filter
    services: ServicesDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: UUID | None = None,
    graph_id: UUID | None = None,
    status: RunStatus | None = None,
    search: Annotated[
        str,
        Query(
            max_length=200,
            description="Part of the agent's name, of an output or of an error; or how the run's id begins.",
        ),
    ] = "",
    since: Annotated[AwareDatetime | None, Query(description="Accepted then or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Accepted before.")] = None,
) -> RunPage:
    """List one's runs, newest first; `before` asks for the page after that id."""
    wanted = RunFilter(graph_id, status, search, since, until)
    page = await services.runs.list_page(principal, wanted, limit=limit, before=before)
    return RunPage(
        runs=[RunItem.model_validate(present_row(row)) for row in page.rows],
        next_before=page.next_before,
    )


@router.post("/runs/delete")
@needs(Permission.RUNS_WRITE)
async def delete_runs(
    request: Request, body: DeleteRequest, services: ServicesDep, principal: PrincipalDep
) -> list[Deleted]:
    """Delete several runs, each for itself: one that still goes on stops no other."""
    found: list[Deleted] = []
    for run_id in dict.fromkeys(body.ids):
        try:
            await services.runs.delete(principal, run_id)
            found.append(Deleted(id=run_id, status=204, error=None))
        except UserError as error:
            told = body_of(error, request_id_of(request))
            found.append(Deleted(id=run_id, status=status_of(error), error=told))
    return found


@router.get("/runs/{run_id}", response_model=RunAnswer)
@needs(Permission.RUNS_READ)
async def get_run(run_id: UUID, services: ServicesDep, principal: PrincipalDep) -> Response:
    """Return a run with what it came to, or has come to so far."""
    run = await services.runs.get(principal, run_id)
    return Response(encode(present(run)), media_type="application/json")


@router.post("/runs/{run_id}/cancel", status_code=202, response_model=RunAnswer)
@needs(Permission.RUNS_WRITE)
async def cancel_run(
    request: Request, run_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> Response:
    """Ask a run to stop, and the runs inside it. 409 when it is over."""
    await services.runs.cancel(principal, run_id)
    run = await services.runs.get(principal, run_id)
    return Response(encode(present(run)), 202, media_type="application/json")


@router.post(
    "/runs/{run_id}/continue", status_code=202, response_model=RunAnswer, responses=CONFLICTS
)
@needs(Permission.RUNS_WRITE)
async def continue_run(
    run_id: UUID, body: ContinueRequest, services: ServicesDep, principal: PrincipalDep
) -> Response:
    """Let what waits at breakpoints go on, in runs inside it, too. 409 when nothing waits."""
    await services.breaks.let_go(
        principal, run_id, break_id=body.break_id, inputs=body.inputs, step=body.step
    )
    run = await services.runs.get(principal, run_id)
    return Response(encode(present(run)), 202, media_type="application/json")


@router.delete("/runs/{run_id}", status_code=204)
@needs(Permission.RUNS_WRITE)
async def delete_run(run_id: UUID, services: ServicesDep, principal: PrincipalDep) -> Response:
    """Delete a run that is over, with its journal. 409 when it goes on."""
    await services.runs.delete(principal, run_id)
    return Response(status_code=204)


def present(run: Run) -> dict[str, Json]:
    """Return a run as every door shows it."""
    result = run.result
    return {
        **_common(run.row),
        "parent_id": run.row.parent_id and str(run.row.parent_id),
        "inputs": run.inputs,
        "outputs": result.outputs,
        "errors": result.errors,
        "starved": result.starved if run.row.status.is_terminal else [],
        "stats": result.stats,
        "error": result.error,
        "worker": run.row.worker,
        "waits_for": [_wait(one) for one in run.waits_for],
        "debug": run.debug.as_json(),
        "breaks": [_break(one) for one in run.breaks],
        "queue": None if run.place is None else asdict(run.place),
    }


def present_row(row: RunRow) -> dict[str, Json]:
    """Return a run as lists show it."""
    result = row.result or _EMPTY
    return {**_common(row), "error": result.error, "stats": result.stats}


def _break(found: Break) -> dict[str, Json]:
    ids = {"id": str(found.id), "run_id": str(found.run_id), "since": found.since.isoformat()}
    return {**asdict(found), **ids}


def _wait(wait: Wait) -> dict[str, Json]:
    return {
        "node": wait.node,
        "node_run": wait.node_run,
        "kind": wait.kind,
        "review_id": wait.review_id and str(wait.review_id),
        "due_at": wait.due_at and wait.due_at.isoformat(),
    }


def _common(row: RunRow) -> dict[str, Json]:
    return {
        "id": str(row.id),
        "graph_id": str(row.graph_id),
        "graph_version": row.graph_version,
        "status": row.status.value,
        "queued_at": row.queued_at.isoformat(),
        "started_at": row.started_at and row.started_at.isoformat(),
        "ended_at": row.ended_at and row.ended_at.isoformat(),
    }
