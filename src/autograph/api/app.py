"""Puts the doors together into one ASGI application."""

from __future__ import annotations

from typing import Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from autograph import __version__
from autograph.api import page
from autograph.api.deps import Services
from autograph.api.errors import answer, request_id_of
from autograph.api.external import autogpt, mcp, offered
from autograph.api.gateway.gateway import Gateway
from autograph.api.gateway.index import RouteIndex
from autograph.api.gateway.routes import ANY_MEDIA, Access, RateClass
from autograph.api.openapi import Application
from autograph.api.rest import (
    account,
    admin,
    api_keys,
    apps,
    auth,
    blocks,
    connections,
    credentials,
    dead_letters,
    egress,
    feedback,
    files,
    forks,
    graphs,
    health,
    journals,
    library,
    models,
    notifications,
    oauth,
    presets,
    reviews,
    runs,
    shares,
    sign_in,
    storage,
    webhooks,
)
from autograph.api.ws import socket
from autograph.infra.errors import AutographError, Invalid, NotFound, UserError

_DOORS: Final = (
    auth,
    sign_in,
    account,
    api_keys,
    apps,
    oauth,
    admin,
    graphs,
    library,
    runs,
    journals,
    shares,
    feedback,
    presets,
    webhooks,
    forks,
    reviews,
    notifications,
    dead_letters,
    storage,
    egress,
    credentials,
    connections,
    files,
    blocks,
    models,
    health,
    offered,
    autogpt,
    mcp,
)
_NOWHERE: Final = Access(None, "There is nothing to protect.", RateClass.PUBLIC, ANY_MEDIA)


class MethodNotAllowed(UserError):
    """The path exists, but not for this method."""

    code = "request.method_not_allowed"


def create_app(services: Services | None) -> FastAPI:
    """Return the application.

    Args:
        services: What its routes serve; None to look at its OpenAPI only.
    """
    app = Application(
        title="Autograph",
        version=__version__,
        description="Build AI agents as graphs of blocks and run them durably.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.services = services
    app.state.guard = services and services.guard
    for module in (*_DOORS, socket, page):
        # Not `include_router`: that searches every router, at a cost, for what none of them overrides.
        app.router.routes.extend(module.router.routes)
    app.router.middleware_stack = RouteIndex(app.router)
    app.add_exception_handler(AutographError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_bad_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _leave_to_the_gateway)
    app.router.default = _nowhere
    return app


def serve(services: Services) -> ASGIApp:
    """Return the application behind its gateway."""
    settings = services.settings
    app: ASGIApp = create_app(services)
    if settings.cors_origins:
        app = CORSMiddleware(
            app,
            allow_origins=settings.cors_origins,
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type", "idempotency-key", "x-api-key"],
            expose_headers=["retry-after", "x-request-id"],
            max_age=600,
        )
    return Gateway(
        app,
        max_body_bytes=settings.max_body_bytes,
        is_https=(settings.public_url or "").startswith("https://"),
        tracer=services.guard.tracer,
    )


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer for paths that nothing is at; they pass the guard as everything does.

    Raises:
        NotFound: Nothing is there.
    """
    if scope["type"] == "websocket":
        await WebSocketClose()(scope, receive, send)
        return
    await scope["app"].state.guard.admit(scope, _NOWHERE)
    if (shown := page.page_for_nothing(scope)) is not None:
        await shown(scope, receive, send)
        return
    raise NotFound(f"There is nothing at {scope['path']}.")


class _Unsaid(Response):
    """Says nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


async def _leave_to_the_gateway(request: Request, error: Exception) -> Response:
    """Leave a fault of ours to the gateway, which answers it as it answers all errors."""
    return _Unsaid()


async def _on_error(request: Request, error: Exception) -> Response:
    return answer(cast("AutographError", error), request_id_of(request))


async def _on_bad_request(request: Request, error: Exception) -> Response:
    problems = cast("RequestValidationError", error).errors()
    named = {
        ".".join(str(step) for step in one["loc"][1:]) or str(one["loc"][0]): one
        for one in problems
    }
    fields = {name: one["msg"] for name, one in named.items()}
    # What programs say it by in other words, another language among them.
    reasons = {
        name: {"kind": one["type"]}
        | {key: it for key, it in one.get("ctx", {}).items() if isinstance(it, (str, int, float))}
        for name, one in named.items()
    }
    listed = "; ".join(f"{name}: {message}" for name, message in fields.items())
    return answer(
        Invalid(f"The request does not fit. {listed}.", errors=fields, reasons=reasons),
        request_id_of(request),
    )


async def _on_http_error(request: Request, error: Exception) -> Response:
    failed = cast("HTTPException", error)
    problem = MethodNotAllowed(f"{request.method} is not for {request.url.path}.")
    response = answer(problem, request_id_of(request))
    response.status_code = failed.status_code
    return response
