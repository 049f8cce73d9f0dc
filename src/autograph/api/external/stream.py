"""`/external/v1/runs/{id}/stream`: a run's events as they become durable (Server-Sent Events, WHATWG HTML §9.2).

    id: 3                          seq of the event: `after`, or the header Last-Event-ID, goes on behind it
    event: node.completed
    data: {"seq": 3, "kind": "node.completed", "body": {…}, "at": "…"}

    event: end                     the run is over; the last thing that is sent
    data: {"status": "completed"}

What comes is the journal: replayed from any point, then followed, without gaps. A line of nothing but a
comment comes every few seconds while nothing happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, ClassVar, Final
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse
from starlette.types import Scope

from autograph.api.deps import PrincipalDep, Services, ServicesDep
from autograph.api.external.route import ExternalRoute
from autograph.api.gateway.routes import needs
from autograph.api.rest.journals import present_event
from autograph.features.accounts.models import Permission, Principal
from autograph.features.runs.models import JournalRow
from autograph.graph.model import Json
from autograph.infra.errors import AutographError, OperationalError
from autograph.infra.json import encode

router = APIRouter(route_class=ExternalRoute, prefix="/runs")

HEARTBEAT_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 3.0
"""How often an open stream is asked again who reads it: a key that is revoked ends it."""
_HEADERS: Final = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
_open: set[object] = set()


class TooManyStreams(OperationalError):
    """This process serves as many streams as it may."""

    code: ClassVar[str] = "stream.too_many"


@router.get(
    "/{run_id}/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "The run's events."}},
)
@needs(Permission.RUNS_READ)
async def stream_run(
    run_id: UUID,
    request: Request,
    services: ServicesDep,
    principal: PrincipalDep,
    after: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    last_event_id: Annotated[
        int | None, Header(ge=0, le=2**31 - 1, description="As `after`; browsers send it.")
    ] = None,
) -> StreamingResponse:
    """Send a run's events after seq `after`, from the journal and then as they happen, until it is over.

    Raises:
        TooManyStreams: This process serves as many as it may.
    """
    if len(_open) >= services.settings.max_sockets:
        raise TooManyStreams(
            "This process serves as many streams as it may (setting: AUTOGRAPH_MAX_SOCKETS)."
        )
    since = after if after is not None else last_event_id or 0
    await services.runs.events(principal, run_id, since=since, limit=1)
    sent = _events(services, principal, run_id, since, request.scope)
    return StreamingResponse(sent, media_type="text/event-stream", headers=_HEADERS)


async def _events(
    services: Services, principal: Principal, run_id: UUID, since: int, scope: Scope
) -> AsyncGenerator[bytes]:
    mark = object()
    _open.add(mark)
    following: AsyncIterator[JournalRow] = services.runs.follow(principal, run_id, since=since)
    waiting: asyncio.Task[JournalRow | None] | None = None
    quiet = 0.0
    try:
        yield b"retry: 1000\n\n"
        while True:
            waiting = waiting or asyncio.create_task(_next(following))
            done, _ = await asyncio.wait((waiting,), timeout=_LOOK_SECONDS)
            if not done:
                if not await _may_go_on(services, scope):
                    return
                quiet += _LOOK_SECONDS
                if quiet >= HEARTBEAT_SECONDS:
                    quiet = 0.0
                    yield b": nothing yet\n\n"
                continue
            row, waiting, quiet = waiting.result(), None, 0.0
            if row is None:
                run = await services.runs.get(principal, run_id)
                yield _written("end", {"status": run.row.status.value})
                return
            yield _written(row.kind, present_event(row), seq=row.seq)
    finally:
        _open.discard(mark)
        if waiting is not None:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)


async def _next(following: AsyncIterator[JournalRow]) -> JournalRow | None:
    return await anext(following, None)


async def _may_go_on(services: Services, scope: Scope) -> bool:
    """Tell whether who opened a stream still may read it."""
    try:
        principal = await services.guard.authenticate(scope)
    except OperationalError:
        return True
    except AutographError:
        return False
    return principal is not None and principal.may(Permission.RUNS_READ)


def _written(kind: str, data: dict[str, Json], *, seq: int | None = None) -> bytes:
    head = f"event: {kind}\n" if seq is None else f"id: {seq}\nevent: {kind}\n"
    # JSON text holds no line breaks: one `data` line is enough.
    return head.encode() + b"data: " + encode(data) + b"\n\n"
