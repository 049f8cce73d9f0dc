"""`/api/v1/library`: a person's agents as they keep them, with how each of them is; folders."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.engine.state import RunStatus
from autograph.features.accounts.models import Permission
from autograph.features.library.models import (
    AgentSort,
    AgentStatus,
    Filter,
    LibraryAgent,
    Shelf,
    Wanted,
)

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/library", tags=["library"])
_CLOSED = ConfigDict(extra="forbid")


class LastRunAnswer(BaseModel):
    """The newest run of an agent."""

    id: UUID
    status: RunStatus
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: str | None = Field(description="What it failed with.")


class LibraryAgentAnswer(BaseModel):
    """An agent, and how it is."""

    id: UUID = Field(description="The graph's.")
    name: str
    description: str
    active_version: int
    latest_version: int
    created_at: datetime
    updated_at: datetime
    is_favorite: bool
    folder_id: UUID | None
    archived_at: datetime | None
    deleted_at: datetime | None
    runs: int = Field(description="How many there are; 10001 for more than ten thousand.")
    running: int = Field(description="Runs that are queued, going on, or waiting.")
    reviews: int = Field(description="Questions to its person that are open.")
    presets: int = Field(description="Those that are run by a word.")
    triggers: int = Field(description="Presets that something else starts.")
    listening: int = Field(description="Of the triggers, those that start runs.")
    broken: int = Field(description="Of the triggers, those that should, and do not work.")
    needs_attention: bool = Field(
        description="It asks something, its last run failed, or a trigger does not work."
    )
    last_run: LastRunAnswer | None

    @classmethod
    def of(cls, agent: LibraryAgent) -> LibraryAgentAnswer:
        """Return an agent as every door shows it."""
        return cls.model_validate(agent, from_attributes=True)


class TriggerAnswer(BaseModel):
    """What can start an agent, and what a preset says of it in `trigger.config`."""

    node: str = Field(description="Which node of the agent: `trigger.node` of a preset.")
    name: str | None = Field(description="What the node is called; null for its block's name.")
    block: str
    provider: str = Field(description="Who sends.")
    is_automatic: bool = Field(description="The provider is asked to send by us.")
    config_schema: dict[str, Any]


class CountsAnswer(BaseModel):
    """How many agents each filter would show, in all folders."""

    total: int
    favorites: int
    running: int
    attention: int
    listening: int
    idle: int


class LibraryPageAnswer(BaseModel):
    """A page of agents."""

    agents: list[LibraryAgentAnswer]
    counts: CountsAnswer | None = Field(description="With the first page.")
    next_cursor: str | None


class AgentChange(BaseModel):
    """What is to be different; what is left out stays."""

    model_config = _CLOSED
    is_favorite: bool | None = None
    is_archived: bool | None = Field(
        default=None, description="Out of the list; it still runs, and its triggers still start it."
    )
    folder_id: UUID | None = Field(default=None, description="Null for none.")


class ForkBody(BaseModel):
    """What the copy is called."""

    model_config = _CLOSED
    name: str | None = Field(default=None, min_length=1, max_length=200)


class MoveAgents(BaseModel):
    """Which agents go where."""

    model_config = _CLOSED
    agent_ids: list[UUID] = Field(min_length=1, max_length=200)
    folder_id: UUID | None = Field(description="Null for no folder.")


class FolderAnswer(BaseModel):
    """A folder."""

    id: UUID
    name: str
    icon: str | None = Field(description="An emoji.")
    color: str | None = Field(description="#RRGGBB")
    parent_id: UUID | None
    agent_count: int = Field(description="Agents right in it.")
    subfolder_count: int = Field(description="Folders right in it.")
    created_at: datetime
    updated_at: datetime


class NewFolder(BaseModel):
    """A folder that is wanted."""

    model_config = _CLOSED
    name: str = Field(max_length=200)
    icon: str | None = Field(default=None, max_length=64, description="An emoji.")
    color: str | None = Field(default=None, max_length=16, description="#RRGGBB")
    parent_id: UUID | None = None


class FolderChange(BaseModel):
    """What is to be different; what is left out stays."""

    model_config = _CLOSED
    name: str | None = Field(default=None, max_length=200)
    icon: str | None = Field(default=None, max_length=64, description="Null for the usual one.")
    color: str | None = Field(default=None, max_length=16, description="Null for the usual one.")


class FolderMove(BaseModel):
    """Where a folder goes."""

    model_config = _CLOSED
    target_parent_id: UUID | None = Field(description="Null for no folder.")


@router.get("/agents")
@needs(Permission.AGENTS_READ)
async def list_library_agents(  # noqa: PLR0913 - each is a parameter of the query
    services: ServicesDep,
    principal: PrincipalDep,
    *,
    search: Annotated[
        str | None, Query(min_length=1, max_length=200, description="In names and descriptions.")
    ] = None,
    shelf: Shelf = Shelf.KEPT,
    status: AgentStatus | None = None,
    is_favorite: Annotated[bool, Query(description="Only favorites.")] = False,
    folder_id: Annotated[UUID | None, Query(description="Only those right in it.")] = None,
    root_only: Annotated[bool, Query(description="Only those in no folder.")] = False,
    sort: AgentSort = AgentSort.UPDATED,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> LibraryPageAnswer:
    """List one's agents with how each of them is; `cursor` is the `next_cursor` of the page before."""
    wanted = Filter(shelf, search, status, is_favorite, folder_id, root_only)
    page = await services.library.list_page(principal, wanted, sort, limit=limit, cursor=cursor)
    return LibraryPageAnswer(
        agents=[LibraryAgentAnswer.of(one) for one in page.agents],
        counts=page.counts and CountsAnswer.model_validate(page.counts, from_attributes=True),
        next_cursor=page.next_cursor,
    )


@router.get("/agents/{graph_id}")
@needs(Permission.AGENTS_READ)
async def get_library_agent(
    graph_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> LibraryAgentAnswer:
    """Return an agent with how it is."""
    return LibraryAgentAnswer.of(await services.library.get(principal, graph_id))


@router.get("/agents/{graph_id}/triggers")
@needs(Permission.AGENTS_READ)
async def list_triggers(
    graph_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> list[TriggerAnswer]:
    """Return what can start an agent besides its person: the trigger nodes of its active version."""
    found = await services.presets.triggers(principal, graph_id)
    return [TriggerAnswer.model_validate(one, from_attributes=True) for one in found]


@router.patch("/agents/{graph_id}")
@needs(Permission.AGENTS_WRITE)
async def change_library_agent(
    graph_id: UUID, body: AgentChange, services: ServicesDep, principal: PrincipalDep
) -> LibraryAgentAnswer:
    """Make an agent a favorite, archive it, put it into a folder, or take that back."""
    wanted = Wanted(
        body.is_favorite, body.is_archived, "folder_id" in body.model_fields_set, body.folder_id
    )
    [changed] = await services.library.change(principal, [graph_id], wanted)
    return LibraryAgentAnswer.of(changed)


@router.delete("/agents/{graph_id}", status_code=204)
@needs(Permission.AGENTS_WRITE)
async def delete_library_agent(
    graph_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> Response:
    """Take an agent out of sight; its triggers start nothing any more. Its runs stay, and it can be restored."""
    await services.library.delete(principal, graph_id)
    return Response(status_code=204)


@router.post("/agents/{graph_id}/restore")
@needs(Permission.AGENTS_WRITE)
async def restore_library_agent(
    graph_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> LibraryAgentAnswer:
    """Take a deleted agent back, as it was."""
    return LibraryAgentAnswer.of(await services.library.restore(principal, graph_id))


@router.post("/agents/{graph_id}/fork", status_code=201)
@needs(Permission.AGENTS_WRITE)
async def fork_library_agent(
    graph_id: UUID, body: ForkBody, services: ServicesDep, principal: PrincipalDep
) -> LibraryAgentAnswer:
    """Save the active version of an agent as another agent, in the same folder."""
    return LibraryAgentAnswer.of(await services.library.duplicate(principal, graph_id, body.name))


@router.get("/folders")
@needs(Permission.AGENTS_READ)
async def list_folders(services: ServicesDep, principal: PrincipalDep) -> list[FolderAnswer]:
    """List all of one's folders, by name; `parent_id` makes a tree of them."""
    found = await services.folders.list_all(principal)
    return [FolderAnswer.model_validate(one, from_attributes=True) for one in found]


@router.post("/folders", status_code=201)
@needs(Permission.AGENTS_WRITE)
async def create_folder(
    body: NewFolder, services: ServicesDep, principal: PrincipalDep
) -> FolderAnswer:
    """Make a folder; 409 where there is one of that name in the same place."""
    made = await services.folders.create(
        principal, body.name, icon=body.icon, color=body.color, parent_id=body.parent_id
    )
    return FolderAnswer.model_validate(made, from_attributes=True)


@router.post("/folders/agents/bulk-move")
@needs(Permission.AGENTS_WRITE)
async def move_agents(
    body: MoveAgents, services: ServicesDep, principal: PrincipalDep
) -> list[LibraryAgentAnswer]:
    """Put several agents into a folder, or out of all; all of them or none."""
    wanted = Wanted(is_moved=True, folder_id=body.folder_id)
    moved = await services.library.change(principal, list(dict.fromkeys(body.agent_ids)), wanted)
    return [LibraryAgentAnswer.of(one) for one in moved]


@router.get("/folders/{folder_id}")
@needs(Permission.AGENTS_READ)
async def get_folder(
    folder_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> FolderAnswer:
    """Return a folder."""
    found = await services.folders.get(principal, folder_id)
    return FolderAnswer.model_validate(found, from_attributes=True)


@router.patch("/folders/{folder_id}")
@needs(Permission.AGENTS_WRITE)
async def change_folder(
    folder_id: UUID, body: FolderChange, services: ServicesDep, principal: PrincipalDep
) -> FolderAnswer:
    """Rename a folder, or change how it looks."""
    now = await services.folders.get(principal, folder_id)
    said = body.model_fields_set
    changed = await services.folders.change(
        principal,
        folder_id,
        name=now.name if body.name is None else body.name,
        icon=body.icon if "icon" in said else now.icon,
        color=body.color if "color" in said else now.color,
    )
    return FolderAnswer.model_validate(changed, from_attributes=True)


@router.post("/folders/{folder_id}/move")
@needs(Permission.AGENTS_WRITE)
async def move_folder(
    folder_id: UUID, body: FolderMove, services: ServicesDep, principal: PrincipalDep
) -> FolderAnswer:
    """Put a folder, with all that is in it, into another one; 409 where it would be in itself."""
    moved = await services.folders.move(principal, folder_id, body.target_parent_id)
    return FolderAnswer.model_validate(moved, from_attributes=True)


@router.delete("/folders/{folder_id}", status_code=204)
@needs(Permission.AGENTS_WRITE)
async def delete_folder(
    folder_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> Response:
    """Delete a folder and the folders in it. No agent goes with them: all are put where the folder was."""
    await services.folders.delete(principal, folder_id)
    return Response(status_code=204)
