"""Around everything: a request's id, a limit on its body, the headers of every answer, errors as answers.

A body over the limit is refused by its declared length, or as soon as it has grown too long: nothing of
it is kept.
"""

from __future__ import annotations

import re
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograph.api.errors import answer
from autograph.api.gateway.inspection import too_large
from autograph.infra.errors import AutographError, Bug, OperationalError
from autograph.infra.ids import new_id
from autograph.infra.telemetry.ports import Tracer

_log = structlog.stdlib.get_logger(__name__)
_SENT_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_OF_ALL: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
        b"media-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
)
_OF_PAGES: Final = (
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
"""What means nothing where no browser shows a document."""
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_NO_STORE: Final = ((b"cache-control", b"no-store"),)


class Gateway:
    """ASGI middleware around everything."""

    def __init__(
        self, app: ASGIApp, *, max_body_bytes: int, is_https: bool, tracer: Tracer
    ) -> None:
        """Stand before `app`.

        Args:
            app: What answers.
            max_body_bytes: Bodies over it are refused.
            is_https: People reach this installation by HTTPS, and never otherwise.
            tracer: Notes every request.
        """
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._headers = (*_OF_ALL, _HSTS) if is_https else _OF_ALL
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or let a socket through.

        Raises:
            AutographError: An answer had begun and cannot be finished.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        has_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                allowance = scope["state"].get("allowance")
                own = dict(message.get("headers", ()))
                message["headers"] = [
                    *message.get("headers", ()),
                    *self._headers,
                    (b"x-request-id", request_id.encode()),
                    *(allowance.headers() if allowance else ()),
                    *(() if b"cache-control" in own else _NO_STORE),
                    *(_OF_PAGES if own.get(b"content-type", b"").startswith(b"text/html") else ()),
                ]
            await send(message)

        try:
            with (
                structlog.contextvars.bound_contextvars(request_id=request_id),
                self._tracer.span(
                    "request",
                    parent=_parent(scope),
                    method=scope["method"],
                    request_id=request_id,
                ),
            ):
                await self._app(scope, self._limited(scope, receive), send_with_headers)
        except AutographError as error:
            if has_started:
                raise
            _note(error, request_id)
            await answer(error, request_id)(scope, receive, send_with_headers)
        except Exception as error:
            _log.exception("a request failed by a fault of ours", request_id=request_id)
            if has_started:
                raise
            bug = Bug(f"Something went wrong on our side. Tell us this id: {request_id}.")
            bug.__cause__ = error
            await answer(bug, request_id)(scope, receive, send_with_headers)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            # What a route takes that bears more than others is known once the request has passed the guard.
            larger = scope["state"].get("max_body_bytes")
            limit = larger or self._max_body_bytes
            if declared.isdigit() and int(declared) > limit:
                raise too_large(limit, is_file=larger is not None)
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise too_large(limit, is_file=larger is not None)
            return message

        return receive_within_limit


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SENT_ID.fullmatch(value):
            return value.decode()
    return str(new_id())


def _parent(scope: Scope) -> str | None:
    """Return the span of whoever asks (W3C Trace Context), where they say one."""
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return value.decode("latin-1")
    return None


def _note(error: AutographError, request_id: str) -> None:
    if isinstance(error, OperationalError):
        _log.warning(
            "a request could not be served",
            code=error.code,
            error=error.message,
            request_id=request_id,
        )
    else:
        _log.info("a request was refused", code=error.code, request_id=request_id)
