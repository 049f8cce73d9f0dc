"""`/external-api/v1`: the paths and shapes that programs written for AutoGPT's external API know.

What they get is what `/external/v1` gives, said in AutoGPT's words. New programs use `/external/v1`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Body, Path, Request, Response
from pydantic import BaseModel, Field

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.external import credentials, identity
from autograph.api.external.route import ExternalRoute, offer, routes_of
from autograph.api.gateway.routes import RateClass, needs
from autograph.api.rest.bodies import document_body, json_body
from autograph.blocks.catalog import AnyBlock
from autograph.engine.state import RunStatus
from autograph.features.accounts.models import Permission
from autograph.features.runs.models import NodeResult, Run
from autograph.graph import schemas
from autograph.graph.model import Json
from autograph.graph.portable import write_agent_autogpt
from autograph.infra.errors import NotFound
from autograph.infra.json import encode

router = APIRouter(
    route_class=ExternalRoute, prefix="/external-api/v1", tags=["external, AutoGPT's paths"]
)
for _route in routes_of(identity.router, credentials.router):
    offer(router, _route)

_MOST_NODE_RUNS: Final = 1_000
_STATUS: Final[Mapping[RunStatus, str]] = {
    RunStatus.QUEUED: "QUEUED",
    RunStatus.RUNNING: "RUNNING",
    RunStatus.WAITING: "RUNNING",
    RunStatus.COMPLETED: "COMPLETED",
    RunStatus.FAILED: "FAILED",
    RunStatus.CANCELLED: "TERMINATED",
}
_ASKED: Final = frozenset({"review", "action", "outcome"})


class Execution(BaseModel):
    """What to run an agent with."""

    node_input: dict[str, Any] = Field(
        default_factory=dict, description="The agent's inputs by name."
    )


class ExecutionBegun(BaseModel):
    """A run."""

    id: UUID


class ExecutionNode(BaseModel):
    """What came of a node run."""

    node_id: str
    input: dict[str, Any]
    output: dict[str, list[Any]]


class ExecutionResult(BaseModel):
    """What a run came to, or has come to so far."""

    execution_id: UUID
    status: str
    nodes: list[ExecutionNode] = Field(description="The first 1,000 node runs.")
    output: list[dict[str, Any]] | None = Field(description="Only once it is COMPLETED.")


@router.get("/blocks")
@needs(Permission.BLOCKS_READ)
async def list_blocks(services: ServicesDep) -> list[dict[str, Any]]:
    """List every block of this installation."""
    return [_block(one) for one in services.catalog]


@router.post("/blocks/{block_id}/execute")
@needs(Permission.BLOCKS_RUN, rate=RateClass.EXECUTE)
async def execute_block(
    block_id: str,
    values: Annotated[dict[str, Any], Body()],
    services: ServicesDep,
    principal: PrincipalDep,
) -> dict[str, list[Any]]:
    """Run a block once with the inputs that are the body; its outputs by pin."""
    return {
        pin: list(found)
        for pin, found in (await services.blocks.run(principal, block_id, values)).outputs.items()
    }


@router.post(
    "/graphs",
    status_code=201,
    openapi_extra=document_body('`{"graph": …}`, as AutoGPT exports it.'),
)
@needs(Permission.AGENTS_WRITE)
async def create_graph(
    request: Request, services: ServicesDep, principal: PrincipalDep
) -> dict[str, Any]:
    """Save an agent under a fresh id."""
    saved = await services.agents.create(principal, await json_body(request))
    specs = services.catalog.specs()
    return {
        **write_agent_autogpt(saved.graph, specs),
        "id": str(saved.id),
        "version": saved.version,
        "is_active": saved.is_active,
        "user_id": str(principal.user_id),
        "created_at": saved.created_at.isoformat(),
        "input_schema": schemas.input_schema(saved.graph, specs),
        "output_schema": schemas.output_schema(saved.graph, specs),
        "credentials_input_schema": schemas.credentials_schema(saved.graph, specs),
    }


@router.post("/graphs/{graph_id}/execute/{version}")
@needs(Permission.RUNS_START, rate=RateClass.EXECUTE)
async def execute_graph(
    graph_id: UUID,
    version: Annotated[int, Path(ge=1, le=2**31 - 1)],
    body: Execution,
    services: ServicesDep,
    principal: PrincipalDep,
) -> ExecutionBegun:
    """Start a run of a version."""
    run_id = await services.runs.start(principal, graph_id, body.node_input, version=version)
    return ExecutionBegun(id=run_id)


@router.get("/graphs/{graph_id}/executions/{run_id}/results", response_model=ExecutionResult)
@needs(Permission.RUNS_READ)
async def get_results(
    graph_id: UUID, run_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> Response:
    """Return what a run came to, or has come to so far, node by node.

    Raises:
        NotFound: The run is of another agent.
    """
    run = await services.runs.get(principal, run_id)
    if run.row.graph_id != graph_id:
        raise NotFound(f"Graph {graph_id} has no run {run_id}.")
    page = await services.runs.node_results(principal, run_id, limit=_MOST_NODE_RUNS)
    return Response(encode(_result(run, page.rows)), media_type="application/json")


def _result(run: Run, steps: Sequence[NodeResult]) -> dict[str, Json]:
    is_done = run.row.status is RunStatus.COMPLETED
    is_asked = any(one.kind in _ASKED for one in run.waits_for)
    return {
        "execution_id": str(run.row.id),
        "status": "REVIEW" if is_asked else _STATUS[run.row.status],
        "nodes": [
            {"node_id": one.node, "input": one.inputs, "output": one.outputs} for one in steps
        ],
        "output": [{name: value} for name, values in run.result.outputs.items() for value in values]
        if is_done
        else None,
    }


def _block(block: AnyBlock) -> dict[str, Any]:
    spec = block.spec()
    return {
        "id": spec.id,
        "name": spec.name,
        "inputSchema": dict(spec.input_schema),
        "outputSchema": dict(spec.output_schema),
        "costs": [
            {
                "cost_amount": cost.amount,
                "cost_filter": dict(cost.when),
                "cost_type": cost.kind.value,
                "cost_divisor": cost.divisor,
            }
            for cost in block.costs
        ],
        "description": spec.description,
        "categories": [{"category": one, "description": ""} for one in spec.categories],
        "contributors": [],
        "staticOutput": spec.static_output,
        "uiType": spec.kind.value,
    }
