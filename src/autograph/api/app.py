"""Puts the doors together into one ASGI application."""

from __future__ import annotations

from pathlib import Path
from typing import Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from autograph import __version__
from autograph.api.deps import Services
from autograph.api.errors import answer, request_id_of
from autograph.api.gateway import Gateway
from autograph.api.rest import blocks, dead_letters, forks, graphs, health, reviews, runs, storage
from autograph.api.ws import socket
from autograph.infra.errors import AutographError, Invalid, NotFound, UserError

_PAGE: Final = Path(__file__).parent / "page"
_NOT_FOUND: Final = 404


class MethodNotAllowed(UserError):
    """The path exists, but not for this method."""

    code = "request.method_not_allowed"


def create_app(services: Services | None) -> FastAPI:
    """Return the application.

    Args:
        services: What its routes serve; None to look at its OpenAPI only.
    """
    app = FastAPI(
        title="Autograph",
        version=__version__,
        description="Build AI agents as graphs of blocks and run them durably.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.services = services
    for module in (graphs, runs, forks, reviews, dead_letters, storage, blocks, health):
        app.include_router(module.router)
    app.include_router(socket.router)
    app.add_exception_handler(AutographError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_bad_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.mount("/static", StaticFiles(directory=_PAGE), name="static")
    app.add_api_route("/", _page, include_in_schema=False)
    return app


def serve(services: Services) -> ASGIApp:
    """Return the application behind its gateway."""
    return Gateway(create_app(services), max_body_bytes=services.settings.max_body_bytes)


async def _page() -> FileResponse:
    return FileResponse(_PAGE / "index.html")


async def _on_error(request: Request, error: Exception) -> Response:
    return answer(cast("AutographError", error), request_id_of(request))


async def _on_bad_request(request: Request, error: Exception) -> Response:
    problems = cast("RequestValidationError", error).errors()
    fields = {
        ".".join(str(step) for step in one["loc"][1:]) or str(one["loc"][0]): one["msg"]
        for one in problems
    }
    listed = "; ".join(f"{name}: {message}" for name, message in fields.items())
    return answer(
        Invalid(f"The request does not fit. {listed}.", errors=fields), request_id_of(request)
    )


async def _on_http_error(request: Request, error: Exception) -> Response:
    failed = cast("HTTPException", error)
    if failed.status_code == _NOT_FOUND:
        return answer(NotFound(f"There is nothing at {request.url.path}."), request_id_of(request))
    problem = MethodNotAllowed(f"{request.method} is not for {request.url.path}.")
    response = answer(problem, request_id_of(request))
    response.status_code = failed.status_code
    return response
