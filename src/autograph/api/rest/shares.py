"""Runs shown by a link: made and taken back by their person, seen by anybody who has it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from autograph.api.deps import PrincipalDep, ServicesDep, VisitDep
from autograph.api.gateway.routes import GuardedRoute, needs, public
from autograph.api.rest.files import DOWNLOAD, content_of
from autograph.engine.state import RunStatus
from autograph.features.accounts.models import Permission
from autograph.features.runs.models import Share
from autograph.features.runs.service import SharedRun
from autograph.graph.model import Json
from autograph.infra.json import encode

router = APIRouter(route_class=GuardedRoute, prefix="/api", tags=["runs"])
UNLISTED: Final = {"X-Robots-Tag": "noindex, nofollow"}
"""Of whatever a link shows: it is for those who were given the link, not for who searches."""
_BY_LINK: Final = "Whoever has the link of a run that its person shows may see what came of it."


class ShareRequest(BaseModel):
    """How long the link is good."""

    model_config = ConfigDict(extra="forbid")

    expires_at: AwareDatetime | None = Field(
        default=None, description="From then on the link shows nothing; null for never."
    )


class ShareItem(BaseModel):
    """That a run is shown by a link."""

    created_at: datetime
    expires_at: datetime | None


class ShareState(BaseModel):
    """Whether a run is shown by a link."""

    share: ShareItem | None = Field(description="Null where it is not. The link is not told again.")


class MadeShare(ShareItem):
    """A new link. It is told this once: only its hash is kept."""

    share_url: str
    share_token: str


class SharedFile(BaseModel):
    """A file that is among the outputs of a shared run."""

    id: UUID
    name: str
    media_type: str
    size_bytes: int


class SharedRunAnswer(BaseModel):
    """What a link shows of a run, and all that it shows."""

    graph_name: str
    status: RunStatus
    outputs: dict[str, list[Any]] = Field(description="Empty until the run is over.")
    files: list[SharedFile]


@router.get("/graphs/{graph_id}/executions/{run_id}/share")
@needs(Permission.RUNS_READ)
async def get_share(
    graph_id: UUID, run_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> ShareState:
    """Return whether a run is shown by a link, since when and until when."""
    found = await services.shares.find(principal, run_id, graph_id=graph_id)
    return ShareState(share=None if found is None else ShareItem(**_item(found)))


@router.post("/graphs/{graph_id}/executions/{run_id}/share", status_code=201)
@needs(Permission.RUNS_WRITE)
async def share_run(
    graph_id: UUID,
    run_id: UUID,
    body: ShareRequest,
    services: ServicesDep,
    principal: PrincipalDep,
    visit: VisitDep,
) -> MadeShare:
    """Show a run by a new link, told this once; one that it had before shows nothing from now on."""
    share, token = await services.shares.share(
        principal, run_id, visit, expires_at=body.expires_at, graph_id=graph_id
    )
    return MadeShare(**_item(share), share_url=services.shares.link(token), share_token=token)


@router.delete("/graphs/{graph_id}/executions/{run_id}/share", status_code=204)
@needs(Permission.RUNS_WRITE)
async def unshare_run(
    graph_id: UUID,
    run_id: UUID,
    services: ServicesDep,
    principal: PrincipalDep,
    visit: VisitDep,
) -> Response:
    """Show a run no more."""
    await services.shares.revoke(principal, run_id, visit, graph_id=graph_id)
    return Response(status_code=204)


@router.get("/public/shared/{token}", response_model=SharedRunAnswer)
@public(_BY_LINK)
async def get_shared_run(token: str, services: ServicesDep) -> Response:
    """Return what came of a shared run: for anybody who has its link. 404 whatever is wrong with that."""
    shared = await services.shares.open(token)
    return Response(encode(_shown(shared)), headers=UNLISTED, media_type="application/json")


@router.get(
    "/public/shared/{token}/files/{file_id}/download",
    response_class=StreamingResponse,
    responses=DOWNLOAD,
)
@public(_BY_LINK)
async def download_shared_file(
    token: str,
    file_id: UUID,
    request: Request,
    services: ServicesDep,
    range_: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """Return a file that is among the outputs of a shared run, all of it or the part that `Range` asks for."""
    file = await services.shares.file(token, file_id)
    answer = await content_of(file, services.files, request.headers, range_)
    answer.headers.update(UNLISTED)
    return answer


def _item(share: Share) -> dict[str, Any]:
    return {"created_at": share.created_at, "expires_at": share.expires_at}


def _shown(shared: SharedRun) -> dict[str, Json]:
    return {
        "graph_name": shared.agent,
        "status": shared.status.value,
        "outputs": shared.outputs,
        "files": [
            {
                "id": str(one.id),
                "name": one.name,
                "media_type": one.media_type,
                "size_bytes": one.size_bytes,
            }
            for one in shared.files
        ],
    }
