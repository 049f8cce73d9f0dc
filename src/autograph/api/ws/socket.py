"""`/ws`: typed messages about runs, from any point of their journals, without gaps.

A client sends                                   and gets
  {"type": "subscribe", "run": id, "since": 0}     subscribed, then event …, partial …, then end
  {"type": "subscribe", "graph": id | "*"}         subscribed, then run … whenever one of its runs moves
  {"type": "subscribe", "inbox": "*"}              subscribed, then inbox … whenever one's inbox has changed
  {"type": "unsubscribe", "run": id}               unsubscribed
  {"type": "pong"}                                 nothing

A `partial` is a piece of a text that a node run is making: `offset` says how much of it came before, 0 begins it,
perhaps anew. Pieces may be missing, and what the node gives out in the end is what counts.

The server begins with `hello`, which has the socket's id, the time and what is taken of a client, and sends `ping`
every 20 seconds (setting: AUTOGRAPH_SOCKET_HEARTBEAT). Who reads too slowly gets `gap` with the last seq sent, and
subscribes again from there: the journal has everything.

code   why the server ends a socket
1008   it is a page of another origin, or it sends more messages than are taken
1009   it sends a message that is too long
1011   it gives no sign of life
1012   the server stops
1013   there are too many sockets, of this person or in all
4401   nobody may know who this is, or their log-in has ended
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from time import monotonic
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from autograph import __version__
from autograph.api.deps import Services
from autograph.api.errors import answer, body_of
from autograph.api.gateway.credentials import headers_of, is_foreign
from autograph.api.gateway.routes import access_of, needs
from autograph.api.rest.journals import present_event
from autograph.api.rest.runs import present_row
from autograph.features.accounts.errors import MayNot, Unauthenticated
from autograph.features.accounts.models import Permission, Principal
from autograph.graph.model import Json, is_object
from autograph.infra.clock import SystemClock
from autograph.infra.errors import AutographError, Invalid, OperationalError
from autograph.infra.ids import new_id
from autograph.infra.json import decode, encode

router = APIRouter()

MAX_MESSAGE: Final = 64 * 1024
"""Bytes of a message that a client may send; over it, the socket ends with 1009."""
MAX_WAITING: Final = 1_000
"""Messages a client may be behind before it gets `gap`."""
MAX_PER_SECOND: Final = 150
"""Messages that a client may send in a second; over it, the socket ends with 1008."""
_SLOW_SECONDS: Final = 5.0
_TOO_OFTEN: Final = 1008
_TOO_MANY: Final = 1013
_NOT_ADMITTED: Final = 4401
_MAX_REASON: Final = 120
"""Bytes of the reason in a close frame (RFC 6455 §5.5: 125 with the code)."""
_AUTH_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 3.0
"""How often an open socket is asked again who it is, without news of that: an access token that ends makes none."""
_open: set[WebSocket] = set()
_of: Counter[UUID] = Counter()
"""How many sockets each person has open."""


@router.websocket("/ws")
@needs(Permission.RUNS_READ)
async def socket(websocket: WebSocket) -> None:
    """Serve one client until it goes.

    Who it is, it shows in its first request: by cookie, or by `Authorization: Bearer`. A program that can
    send no headers sends `{"type": "auth", "token": …}` first.
    """
    services: Services = websocket.app.state.services
    try:
        services.guard.inspection.inspect(websocket.scope, access_of(socket))
    except AutographError as error:
        await websocket.send_denial_response(answer(error, str(new_id())))
        return
    await websocket.accept()
    if is_foreign(headers_of(websocket.scope), services.guard.origins):
        await websocket.close(1008, "foreign origin")
        return
    if len(_open) >= services.settings.max_sockets:
        await websocket.close(_TOO_MANY, "too many sockets (setting: AUTOGRAPH_MAX_SOCKETS)")
        return
    _open.add(websocket)
    try:
        principal = await _admitted(websocket, services)
        if principal is not None:
            await _serve(websocket, services, principal)
    finally:
        _open.discard(websocket)


async def _serve(websocket: WebSocket, services: Services, principal: Principal) -> None:
    """Serve somebody, if they have not too many sockets open."""
    limit, whose = services.settings.max_user_sockets, principal.user_id
    if _of[whose] >= limit:
        said = f"{limit} sockets of yours are open (setting: AUTOGRAPH_MAX_USER_SOCKETS)"
        await websocket.close(_TOO_MANY, said)
        return
    _of[whose] += 1
    try:
        await _Client(websocket, services, principal).serve()
    finally:
        _of[whose] -= 1
        if not _of[whose]:
            del _of[whose]


async def _admitted(websocket: WebSocket, services: Services) -> Principal | None:
    """Return who has opened a socket; None when nobody may know, and it was closed."""
    said = "Nobody logged in in time."
    try:
        return await _shown(websocket, services)
    except WebSocketDisconnect:
        return None
    except AutographError as error:
        said = error.message
    except TimeoutError:
        pass
    with suppress(RuntimeError, WebSocketDisconnect):
        await websocket.close(_NOT_ADMITTED, said[:_MAX_REASON])
    return None


async def _shown(websocket: WebSocket, services: Services) -> Principal:
    """Return who has opened a socket, by its headers or by its first message.

    Raises:
        Unauthenticated: Nobody is known.
        MayNot: They may not see runs.
        TimeoutError: Nothing came.
    """
    try:
        principal = await services.guard.authenticate(websocket.scope)
    except Unauthenticated:
        async with asyncio.timeout(_AUTH_SECONDS):
            message = decode(await websocket.receive_text())
        if not is_object(message) or message.get("type") != "auth":
            raise
        bearer = f"Bearer {message.get('token', '')}".encode()
        websocket.scope["headers"].append((b"authorization", bearer))
        principal = await services.guard.authenticate(websocket.scope)
    return _allowed(principal)


def _allowed(principal: Principal | None) -> Principal:
    if principal is None or not principal.may(Permission.RUNS_READ):
        raise MayNot("This needs the permission runs.read.")
    return principal


class _Client:
    """One client, its subscriptions and what waits to be sent to it."""

    def __init__(self, websocket: WebSocket, services: Services, principal: Principal) -> None:
        self._websocket = websocket
        self._services = services
        self._principal = principal
        self._waiting: asyncio.Queue[dict[str, Json]] = asyncio.Queue(MAX_WAITING)
        self._subscriptions: dict[str, asyncio.Task[None]] = {}
        self._delivered: dict[str, int] = {}

    async def serve(self) -> None:
        """Send and receive until one of both ends."""
        settings = self._services.settings
        hello: dict[str, Json] = {
            "type": "hello",
            "version": __version__,
            "connection": str(new_id()),
            "now": SystemClock().now().isoformat(),
            "heartbeat_seconds": settings.socket_heartbeat,
            "limits": {
                "sockets": settings.max_user_sockets,
                "subscriptions": settings.max_subscriptions,
                "message_bytes": MAX_MESSAGE,
                "messages_per_second": MAX_PER_SECOND,
            },
        }
        self._waiting.put_nowait(hello)
        sending = asyncio.create_task(self._send_forever())
        receiving = asyncio.create_task(self._receive_forever())
        watching = asyncio.create_task(self._until_not_admitted())
        try:
            await asyncio.wait((sending, receiving, watching), return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks = [sending, receiving, watching, *self._subscriptions.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._websocket.client_state is WebSocketState.CONNECTED:
                with suppress(RuntimeError, WebSocketDisconnect):
                    await self._websocket.close()

    async def _until_not_admitted(self) -> None:
        """Return when the session has ended, or the account was suspended."""
        guard = self._services.guard
        with guard.accounts.authentication.listen(self._principal) as changed:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await changed.wait()
                changed.clear()
                try:
                    self._principal = _allowed(await guard.authenticate(self._websocket.scope))
                except OperationalError:
                    continue
                except AutographError as error:
                    await self._end(_NOT_ADMITTED, error.message)
                    return

    async def _end(self, code: int, reason: str) -> None:
        with suppress(RuntimeError, WebSocketDisconnect):
            await self._websocket.close(code, reason[:_MAX_REASON])

    async def _send_forever(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._services.settings.socket_heartbeat):
                    message = await self._waiting.get()
            except TimeoutError:
                message: dict[str, Json] = {"type": "ping"}
            await self._websocket.send_text(encode(message).decode())
            if message["type"] == "event":
                self._delivered[message["run"]] = message["seq"]

    async def _receive_forever(self) -> None:
        ends, taken = monotonic() + 1, 0
        with suppress(WebSocketDisconnect):
            while True:
                text = await self._websocket.receive_text()
                if (now := monotonic()) >= ends:
                    ends, taken = now + 1, 0
                taken += 1
                if taken > MAX_PER_SECOND:
                    said = f"more than {MAX_PER_SECOND} messages in a second"
                    await self._end(_TOO_OFTEN, said)
                    return
                try:
                    await self._handle(decode(text))
                except AutographError as error:
                    await self._waiting.put({"type": "error", **body_of(error, "")})

    async def _handle(self, message: Json) -> None:
        if not is_object(message):
            raise Invalid("A message is an object with a type.")
        kind = message.get("type")
        if kind == "subscribe":
            await self._subscribe(message)
        elif kind == "unsubscribe":
            key = _key(message)
            task = self._subscriptions.pop(key, None)
            if task is not None:
                task.cancel()
            await self._waiting.put({**message, "type": "unsubscribed"})
        elif kind not in {"ping", "pong"}:
            raise Invalid(
                f"There is no message of type {kind!r}. There are: subscribe, unsubscribe, pong."
            )

    async def _subscribe(self, message: dict[str, Json]) -> None:
        limit = self._services.settings.max_subscriptions
        if len(self._subscriptions) >= limit:
            raise Invalid(
                f"This socket has {limit} subscriptions already (setting: AUTOGRAPH_MAX_SUBSCRIPTIONS)."
            )
        key = _key(message)
        since = message.get("since", 0)
        if isinstance(since, bool) or not isinstance(since, int) or since < 0:
            raise Invalid(
                f"since is the seq of the last event you have, 0 for none; not {since!r}."
            )
        if "run" in message:
            run_id = _uuid(message["run"])
            await self._services.runs.events(self._principal, run_id, since=since, limit=1)
            following = self._follow_run(run_id, since)
        elif "inbox" in message:
            if not self._principal.may(Permission.ACCOUNT_WRITE):
                raise MayNot("Inboxes are for people, not for keys and apps.")
            following = self._follow_inbox()
        elif message.get("graph") == "*":
            following = self._follow_runs(None)
        else:
            graph_id = _uuid(message["graph"])
            await self._services.agents.get(self._principal, graph_id)
            following = self._follow_runs(graph_id)
        if (before := self._subscriptions.pop(key, None)) is not None:
            before.cancel()
        await self._waiting.put({**message, "type": "subscribed"})
        task = self._subscriptions[key] = asyncio.create_task(following)
        task.add_done_callback(lambda done: self._forget(key, done))

    def _forget(self, key: str, task: asyncio.Task[None]) -> None:
        if self._subscriptions.get(key) is task:
            del self._subscriptions[key]

    async def _follow_run(self, run_id: UUID, since: int) -> None:
        showing = asyncio.create_task(self._show_partials(run_id))
        try:
            await self._follow_events(run_id, since)
        finally:
            showing.cancel()

    async def _show_partials(self, run_id: UUID) -> None:
        """Show texts while they are made, as long as the client keeps up: events come first."""
        async with self._services.broadcast.watch(run_id) as partials:
            async for one in partials:
                if self._waiting.qsize() < MAX_WAITING // 2:
                    self._waiting.put_nowait(
                        {
                            "type": "partial",
                            "run": str(run_id),
                            "node": one.node,
                            "node_run": one.node_run,
                            "pin": one.pin,
                            "offset": one.offset,
                            "text": one.text,
                        }
                    )

    async def _follow_events(self, run_id: UUID, since: int) -> None:
        self._delivered[str(run_id)] = since
        following: AsyncIterator[Any] = self._services.runs.follow(
            self._principal, run_id, since=since
        )
        async for row in following:
            event: dict[str, Json] = {"type": "event", "run": str(run_id), **present_event(row)}
            if not await self._put(event):
                # What waited was dropped: the client goes on after what it really got.
                delivered = self._delivered[str(run_id)]
                await self._waiting.put({"type": "gap", "run": str(run_id), "since": delivered})
                return
        run = await self._services.runs.get(self._principal, run_id)
        await self._waiting.put({"type": "end", "run": str(run_id), "status": run.row.status.value})

    async def _follow_runs(self, graph_id: UUID | None) -> None:
        async with self._services.broadcast.subscribe() as news:
            async for one in news:
                if one is None:
                    await self._waiting.put({"type": "gap", "graph": str(graph_id or "*")})
                elif one.owner_id == self._principal.user_id and (
                    one.is_over or one.seq <= _FIRST_EVENTS
                ):
                    await self._show_run(one.run_id, graph_id)

    async def _follow_inbox(self) -> None:
        """Tell how many notifications are unread, now and whenever that may have changed."""
        notifications = self._services.notifications
        async with notifications.listen(self._principal) as changed:
            while True:
                changed.clear()
                unread = await notifications.unread(self._principal)
                await self._put({"type": "inbox", "unread": unread})
                await changed.wait()

    async def _show_run(self, run_id: UUID, graph_id: UUID | None) -> None:
        with suppress(AutographError):
            row = (await self._services.runs.get(self._principal, run_id)).row
            if row.parent_id is None and graph_id in {None, row.graph_id}:
                await self._put({"type": "run", "run": present_row(row)})

    async def _put(self, message: dict[str, Json]) -> bool:
        """Queue a message; False when the client has read nothing for too long."""
        try:
            async with asyncio.timeout(_SLOW_SECONDS):
                await self._waiting.put(message)
        except TimeoutError:
            while not self._waiting.empty():
                self._waiting.get_nowait()
            return False
        return True


_FIRST_EVENTS: Final = 3
"""A list of runs is told when a run begins and when it ends, not of every step between."""


def _key(message: dict[str, Json]) -> str:
    for name in ("run", "graph", "inbox"):
        if isinstance(message.get(name), str):
            return f"{name}:{message[name]}"
    raise Invalid('Say what to subscribe to: {"run": id}, {"graph": id} or {"inbox": "*"}.')


def _uuid(text: Json) -> UUID:
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError) as error:
        raise Invalid(f"{text!r} is no id.") from error
