"""`/mcp`: a person's agents as tools, for any program that speaks the Model Context Protocol.

Revision 2025-06-18 (modelcontextprotocol.io/specification/2025-06-18), Streamable HTTP without state: whichever process
is asked knows all there is to know. The session id that `initialize` hands out only tells one caller's calls from
another's: a call that is sent again, with the same id in the same session, finds the run that the first one began.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from starlette.responses import StreamingResponse

from autograph import __version__
from autograph.api.deps import PrincipalDep, Services, ServicesDep
from autograph.api.external import tools
from autograph.api.external.route import ExternalRoute
from autograph.api.gateway.credentials import headers_of, is_foreign
from autograph.api.gateway.guard import ForeignOrigin
from autograph.api.gateway.routes import RateClass, needs
from autograph.api.rest.bodies import document_body, json_body
from autograph.features.accounts.errors import MayNot
from autograph.features.accounts.models import Permission, Principal, Scope
from autograph.features.accounts.models.roles import scopes_for
from autograph.features.agents.errors import GraphNotFound
from autograph.features.runs.models import JournalRow
from autograph.graph import schemas
from autograph.graph.model import Json, is_object
from autograph.infra.errors import UserError
from autograph.infra.ids import new_id
from autograph.infra.json import NotJson, encode

router = APIRouter(route_class=ExternalRoute, tags=["mcp"])

_SPOKEN: Final = ("2025-06-18", "2025-03-26", "2025-11-25")
_PAGE: Final = 50
_MAX_WAIT: Final = timedelta(seconds=300)
_QUIET_SECONDS: Final = 15.0
_ASKING_SECONDS: Final = 0.5
_PROGRESS_SECONDS: Final = 0.5
_EVENTS: Final = "text/event-stream"
_HEADERS: Final = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
_NOTHING: Final[Mapping[str, Json]] = {}
_NOT_JSON: Final = -32700
_BAD_REQUEST: Final = -32600
_NO_METHOD: Final = -32601
_BAD_PARAMS: Final = -32602


class _Refused(Exception):
    """A JSON-RPC error (jsonrpc.org/specification, section 5.1)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who asks, and in which session."""

    services: Services
    principal: Principal
    session: str | None

    @property
    def may_see(self) -> bool:
        """Whether they may see what agents there are: to use tools is to know them."""
        scopes = self.principal.scopes or frozenset()
        return Scope.USE_TOOLS in scopes or self.principal.may(Permission.AGENTS_READ)


@router.post(
    "/mcp",
    response_class=Response,
    openapi_extra=document_body("A JSON-RPC message of the Model Context Protocol."),
)
@needs(Permission.RUNS_START, rate=RateClass.EXECUTE)
async def take_message(
    request: Request,
    services: ServicesDep,
    principal: PrincipalDep,
    accept: Annotated[str, Header()] = "",
    mcp_session_id: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Take a message: a request is answered by JSON, a call that takes a while by events, the rest by 202.

    Raises:
        ForeignOrigin: A page of another origin sent it.
        MayNot: The key does not let one see agents.
    """
    if is_foreign(headers_of(request.scope), services.guard.origins):
        raise ForeignOrigin("Another page made your browser send this. Programs send no origin.")
    try:
        message = await json_body(request)
    except NotJson as error:
        return _answer(_error(None, _NOT_JSON, error.message), status=400)
    if not is_object(message) or not isinstance(message.get("method"), str):
        if is_object(message) and ("result" in message or "error" in message):
            return Response(status_code=202)
        return _answer(_error(None, _BAD_REQUEST, "This is no request of JSON-RPC."), status=400)
    asked = message.get("id")
    if asked is None:
        return Response(status_code=202)
    if isinstance(asked, bool) or not isinstance(asked, str | int):
        return _answer(_error(None, _BAD_REQUEST, "An id is a text or a number."), status=400)
    caller = _Caller(services, principal, mcp_session_id)
    if not caller.may_see:
        raise MayNot(
            "This needs the scope USE_TOOLS, or READ_GRAPH beside the one the key has.",
            permission=Permission.AGENTS_READ.value,
            scopes=[Scope.USE_TOOLS.value, *(s.value for s in scopes_for(Permission.AGENTS_READ))],
        )
    params = message.get("params")
    return await _answered(
        caller, asked, str(message["method"]), params if is_object(params) else {}, accept
    )


async def _answered(
    caller: _Caller, asked: str | int, method: str, params: Mapping[str, Json], accept: str
) -> Response:
    headers: dict[str, str] = {}
    try:
        if method == "initialize":
            headers["Mcp-Session-Id"] = new_id().hex
            result = _welcome(params)
        elif method == "ping":
            result = {}
        elif method == "tools/list":
            result = await _tools(caller, params)
        elif method == "tools/call":
            return await _called(caller, asked, params, accept)
        else:
            raise _Refused(_NO_METHOD, f"There is no method {method[:80]!r} here.")
    except _Refused as error:
        return _answer(_error(asked, error.code, error.message))
    return _answer(_said(asked, result), headers=headers)


def _welcome(params: Mapping[str, Json]) -> Json:
    wanted = params.get("protocolVersion")
    return {
        "protocolVersion": wanted if wanted in _SPOKEN else _SPOKEN[0],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "autograph", "title": "Autograph", "version": __version__},
        "instructions": "Each tool runs an agent. A run that takes longer than the call goes on; "
        f"{tools.RESULT} says what came of it.",
    }


async def _tools(caller: _Caller, params: Mapping[str, Json]) -> Json:
    services, principal = caller.services, caller.principal
    cursor = params.get("cursor")
    before = None if cursor is None else _id(cursor, "cursor")
    page = await services.agents.list_page(principal, limit=_PAGE, before=before)
    specs = services.catalog.specs()
    offered: list[Json] = []
    for one in page:
        try:
            saved = await services.agents.get(principal, one.id)
        except GraphNotFound:
            continue
        taken = schemas.input_schema(saved.graph, specs)
        offered.append(
            tools.agent_tool(one.id, saved.graph.name, saved.graph.description or "", taken)
        )
    if before is None:
        own = [tools.RESULT_TOOL]
        own += [tools.RUNS_TOOL] if principal.may(Permission.RUNS_READ) else []
        offered = [*own, *offered]
    return {
        "tools": offered,
        **({"nextCursor": str(page[-1].id)} if len(page) == _PAGE else {}),
    }


async def _called(
    caller: _Caller, asked: str | int, params: Mapping[str, Json], accept: str
) -> Response:
    name, arguments = params.get("name"), params.get("arguments", _NOTHING)
    if not isinstance(name, str) or not is_object(arguments):
        raise _Refused(_BAD_PARAMS, "A call has a name, and arguments by their names.")
    try:
        if name == tools.RUNS and caller.principal.may(Permission.RUNS_READ):
            limit = arguments.get("limit", 20)
            if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= 100:
                raise _Refused(_BAD_PARAMS, "limit: a whole number from 1 to 100.")
            page = await caller.services.runs.list_page(caller.principal, limit=limit)
            return _answer(_said(asked, tools.listed(page.rows)))
        if name == tools.RESULT:
            run_id, wait = _id(arguments.get("run_id"), "run_id"), _wait(arguments)
            await caller.services.runs.events(caller.principal, run_id, limit=1)
        else:
            run_id, wait = await _started(caller, asked, name, arguments), _MAX_WAIT
    except UserError as error:
        return _answer(_said(asked, tools.failed(error.message)))
    said = _waited(caller, asked, run_id, wait, _token(params))
    if _EVENTS in accept:
        return StreamingResponse(_as_events(said), media_type=_EVENTS, headers=_HEADERS)
    last: Json = None
    async for one in said:
        last = one or last
    return _answer(last)


async def _started(
    caller: _Caller, asked: str | int, name: str, arguments: Mapping[str, Json]
) -> UUID:
    graph_id = tools.graph_of(name)
    unknown = _Refused(_BAD_PARAMS, f"Unknown tool: {name[:80]}")
    if graph_id is None:
        raise unknown
    key = None
    if caller.session is not None:
        one = encode([caller.session, asked])
        key = f"mcp:{hashlib.sha256(one).hexdigest()}"
    try:
        return await caller.services.runs.start(
            caller.principal, graph_id, arguments, idempotency_key=key, is_attended=False
        )
    except GraphNotFound:
        raise unknown from None


async def _waited(
    caller: _Caller, asked: str | int, run_id: UUID, wait: timedelta, token: str | int | None
) -> AsyncGenerator[Json]:
    """Yield progress, None where there is none for a while, and what came of a run in the end.

    A run that asks a person is not waited for. It goes on while another branch has work to do, and no event tells when
    there is none left: from its first question on it is looked at again and again.
    """
    runs, loop = caller.services.runs, asyncio.get_running_loop()
    ends = loop.time() + wait.total_seconds()
    following: AsyncIterator[JournalRow] = runs.follow(caller.principal, run_id)
    waiting: asyncio.Task[JournalRow | None] | None = None
    done, shown, patience = 0, 0.0, _QUIET_SECONDS
    try:
        while (left := ends - loop.time()) > 0:
            waiting = waiting or asyncio.create_task(_next(following))
            await asyncio.wait((waiting,), timeout=min(left, patience))
            if not waiting.done():
                if patience == _ASKING_SECONDS and tools.is_asking(
                    await runs.get(caller.principal, run_id)
                ):
                    break
                yield None
                continue
            row, waiting = waiting.result(), None
            if row is None:
                break
            if row.kind == "node.waiting":
                patience = _ASKING_SECONDS
            done += row.kind == "node.completed"
            if token is not None and done and loop.time() - shown >= _PROGRESS_SECONDS:
                shown = loop.time()
                yield _progress(token, done)
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
    yield _said(asked, tools.called(await runs.get(caller.principal, run_id)))


async def _next(following: AsyncIterator[JournalRow]) -> JournalRow | None:
    return await anext(following, None)


async def _as_events(said: AsyncGenerator[Json]) -> AsyncGenerator[bytes]:
    async for one in said:
        yield (
            b": nothing yet\n\n"
            if one is None
            else b"event: message\ndata: " + encode(one) + b"\n\n"
        )


def _progress(token: str | int, done: int) -> Json:
    params = {"progressToken": token, "progress": done, "message": f"{done} node runs are over"}
    return {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}


def _token(params: Mapping[str, Json]) -> str | int | None:
    meta = params.get("_meta")
    found = meta.get("progressToken") if is_object(meta) else None
    return found if isinstance(found, str | int) else None


def _wait(arguments: Mapping[str, Json]) -> timedelta:
    found = arguments.get("wait_seconds", 0)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= 300:
        raise _Refused(_BAD_PARAMS, "wait_seconds: a number from 0 to 300.")
    return timedelta(seconds=found)


def _id(value: Json, name: str) -> UUID:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise _Refused(_BAD_PARAMS, f"{name}: this is no id.") from None


def _said(asked: str | int, result: Json) -> Json:
    return {"jsonrpc": "2.0", "id": asked, "result": result}


def _error(asked: str | int | None, code: int, message: str) -> Json:
    return {"jsonrpc": "2.0", "id": asked, "error": {"code": code, "message": message}}


def _answer(
    message: Json, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    made: dict[str, Any] = dict(headers or {})
    return Response(encode(message), status, media_type="application/json", headers=made)
