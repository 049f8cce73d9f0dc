"""`/api/v1/graphs`: agents that people saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, Services, ServicesDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.api.rest.bodies import HostPatterns, document_body, json_body
from autograph.features.accounts.models import Permission
from autograph.features.agents.models import SavedGraph
from autograph.graph import schemas
from autograph.graph.diff import GraphDiff
from autograph.graph.model import Json, Policy
from autograph.graph.portable import write_agent, write_agent_autogpt
from autograph.graph.portable.writer import write_policy

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/graphs", tags=["graphs"])

Version = Annotated[int, Path(ge=1, le=2**31 - 1)]
_DOCUMENT = 'An agent in our own or AutoGPT\'s shape, bare or as `{"graph": …}`.'


class GraphAnswer(BaseModel):
    """One version of a graph with what it takes, gives and needs."""

    id: UUID
    version: int
    is_active: bool
    name: str
    description: str
    content_hash: str
    created_at: datetime
    graph: dict[str, Any]
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    credentials_input_schema: dict[str, Any]
    warnings: dict[str, dict[str, str]]


class GraphItem(BaseModel):
    """A graph in a list."""

    id: UUID
    name: str
    description: str
    active_version: int
    latest_version: int
    created_at: datetime
    updated_at: datetime


class GraphPage(BaseModel):
    """A page of graphs, newest first."""

    graphs: list[GraphItem]
    next_before: UUID | None


class VersionItem(BaseModel):
    """A version in a graph's history."""

    version: int
    name: str
    content_hash: str
    created_at: datetime
    is_active: bool


class GraphSettingsBody(BaseModel):
    """How the runs of a graph are held back."""

    human_in_the_loop_safe_mode: bool = Field(description="Review nodes wait for a person.")
    sensitive_action_safe_mode: bool = Field(
        description="A person is asked before nodes whose action is sensitive."
    )
    max_runs: int | None = Field(description="How many run at once; null for any number.")
    egress_hosts: list[str] | None = Field(
        description="The only hosts that its runs may ask, *.example.com for all below; null for all."
    )


class GraphSettingsChange(BaseModel):
    """What to change of it."""

    model_config = ConfigDict(extra="forbid")

    human_in_the_loop_safe_mode: bool = True
    sensitive_action_safe_mode: bool = False
    max_runs: int | None = Field(default=None, ge=1, le=2**31 - 1)
    egress_hosts: HostPatterns | None = None


@router.post("", status_code=201, openapi_extra=document_body(_DOCUMENT))
@needs(Permission.AGENTS_WRITE)
async def create_graph(
    request: Request, services: ServicesDep, principal: PrincipalDep
) -> GraphAnswer:
    """Save an agent under a fresh id. 422 with every error when it is invalid; nothing is stored then."""
    saved = await services.agents.create(principal, await json_body(request))
    return present(services, saved)


@router.get("")
@needs(Permission.AGENTS_READ)
async def list_graphs(
    services: ServicesDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: UUID | None = None,
    name: str | None = None,
    search: Annotated[
        str | None, Query(min_length=1, max_length=200, description="In names and descriptions.")
    ] = None,
) -> GraphPage:
    """List one's agents, newest first; `before` asks for the page after that id."""
    found = await services.agents.list_page(
        principal, limit=limit, before=before, name=name, search=search
    )
    items = [GraphItem.model_validate(one, from_attributes=True) for one in found]
    return GraphPage(graphs=items, next_before=items[-1].id if len(items) == limit else None)


@router.get("/{graph_id}")
@needs(Permission.AGENTS_READ)
async def get_graph(
    graph_id: UUID,
    services: ServicesDep,
    principal: PrincipalDep,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> GraphAnswer:
    """Return a version of an agent, the active one where none is named."""
    return present(services, await services.agents.get(principal, graph_id, version))


@router.get("/{graph_id}/export")
@needs(Permission.AGENTS_READ)
async def export_graph(
    graph_id: UUID,
    services: ServicesDep,
    principal: PrincipalDep,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    format: Literal["autograph", "autogpt"] = "autograph",
) -> dict[str, Any]:
    """Return an agent as a file, without secrets."""
    graph = (await services.agents.get(principal, graph_id, version)).graph
    specs = services.catalog.specs()
    if format == "autogpt":
        return write_agent_autogpt(graph, specs)
    return write_agent(graph, specs, keep_secrets=False)


@router.put("/{graph_id}", openapi_extra=document_body(_DOCUMENT))
@needs(Permission.AGENTS_WRITE)
async def update_graph(
    graph_id: UUID,
    request: Request,
    services: ServicesDep,
    principal: PrincipalDep,
    base_version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> GraphAnswer:
    """Save the next version and make it active; an unchanged graph makes none. 409 when `base_version` is not the latest any more."""
    saved = await services.agents.update(
        principal, graph_id, await json_body(request), base_version=base_version
    )
    return present(services, saved)


@router.get("/{graph_id}/settings")
@needs(Permission.AGENTS_READ)
async def get_settings(
    graph_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> GraphSettingsBody:
    """Return how the runs of a graph are held back: whom they ask, and how many run at once."""
    found = await services.agents.settings(principal, graph_id)
    return GraphSettingsBody.model_validate(found, from_attributes=True)


@router.patch("/{graph_id}/settings")
@needs(Permission.AGENTS_WRITE)
async def change_settings(
    graph_id: UUID, body: GraphSettingsChange, services: ServicesDep, principal: PrincipalDep
) -> GraphSettingsBody:
    """Change what is named; runs that were accepted keep theirs."""
    found = await services.agents.settings(principal, graph_id)
    values = body.model_dump(exclude_unset=True)
    if values.get("egress_hosts") is not None:
        values["egress_hosts"] = tuple(values["egress_hosts"])
    changed = replace(found, **values)
    await services.agents.set_settings(principal, graph_id, changed)
    return GraphSettingsBody.model_validate(changed, from_attributes=True)


@router.delete("/{graph_id}", status_code=204)
@needs(Permission.AGENTS_WRITE)
async def delete_graph(graph_id: UUID, services: ServicesDep, principal: PrincipalDep) -> Response:
    """Take an agent out of sight; its triggers start nothing any more. Its runs stay, and it can be restored."""
    await services.library.delete(principal, graph_id)
    return Response(status_code=204)


@router.get("/{graph_id}/versions")
@needs(Permission.AGENTS_READ)
async def list_versions(
    graph_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> list[VersionItem]:
    """List an agent's versions, newest first."""
    found = await services.agents.versions(principal, graph_id)
    return [VersionItem.model_validate(one, from_attributes=True) for one in found]


@router.get("/{graph_id}/versions/{old}/diff/{new}")
@needs(Permission.AGENTS_READ)
async def compare_versions(
    graph_id: UUID, old: Version, new: Version, services: ServicesDep, principal: PrincipalDep
) -> dict[str, Any]:
    """Return what changed between two versions."""
    return present_diff(await services.agents.compare(principal, graph_id, old, new))


@router.post("/{graph_id}/versions/{version}/activate")
@needs(Permission.AGENTS_WRITE)
async def activate_version(
    graph_id: UUID, version: Version, services: ServicesDep, principal: PrincipalDep
) -> GraphAnswer:
    """Make a version the one that runs when none is named."""
    return present(services, await services.agents.activate(principal, graph_id, version))


def present(services: Services, saved: SavedGraph) -> GraphAnswer:
    """Return a saved graph as the API shows it."""
    specs = services.catalog.specs()
    graph = saved.graph
    return GraphAnswer(
        id=saved.id,
        version=saved.version,
        is_active=saved.is_active,
        name=graph.name,
        description=graph.description,
        content_hash=saved.content_hash,
        created_at=saved.created_at,
        graph=write_agent(graph, specs, keep_secrets=False),
        input_schema=schemas.input_schema(graph, specs),
        output_schema=schemas.output_schema(graph, specs),
        credentials_input_schema=schemas.credentials_schema(graph, specs),
        warnings=services.agents.check(graph).warnings(),
    )


def present_diff(found: GraphDiff) -> dict[str, Json]:
    """Return a difference as the API shows it."""

    def changes(of: Mapping[str, Any]) -> dict[str, Json]:
        return {
            name: {"before": _plain(one.before), "after": _plain(one.after)}
            for name, one in of.items()
        }

    def links(of: tuple[Any, ...]) -> list[Json]:
        return [
            {
                "from": one.source,
                "output": one.source_pin,
                "to": one.sink,
                "input": one.sink_pin,
                "static": one.static,
            }
            for one in of
        ]

    return {
        "added": list(found.added),
        "removed": list(found.removed),
        "changed": {node_id: changes(one) for node_id, one in found.changed.items()},
        "moved": list(found.moved),
        "links_added": links(found.links_added),
        "links_removed": links(found.links_removed),
        "reordered": found.reordered,
        "graph": changes(found.graph),
        "sub_graphs_added": list(found.sub_graphs_added),
        "sub_graphs_removed": list(found.sub_graphs_removed),
        "sub_graphs": {graph_id: present_diff(one) for graph_id, one in found.sub_graphs.items()},
    }


def _plain(value: Any) -> Json:
    """Return a value as JSON: a policy as it stands in a file."""
    return write_policy(value) if isinstance(value, Policy) else value
