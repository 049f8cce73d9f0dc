"""The page, and the description of the API: what anybody may read."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from autograph.api.gateway.routes import GuardedRoute, public
from autograph.infra.errors import NotFound
from autograph.infra.json import encode

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
_HERE: Final = Path(__file__).parent
_FILES: Final = {
    path.name: path for path in _HERE.iterdir() if path.suffix in {".js", ".css", ".svg"}
}
_CACHED: Final = {"Cache-Control": "no-cache"}


@router.get("/")
@public("The page asks people to log in; there is nothing of anybody on it.")
async def index() -> FileResponse:
    """Return the page."""
    return FileResponse(_HERE / "index.html", headers=_CACHED)


@router.get("/auth/{step}")
@public("Links in mails lead here; what they carry stays in the browser until it is sent.")
async def auth_page(step: str) -> FileResponse:
    """Return the page, for somebody who follows a link.

    Raises:
        NotFound: There are no such links.
    """
    if step not in {"verify", "reset", "log-in", "code"}:
        raise NotFound(f"There is nothing at /auth/{step}.")
    return FileResponse(_HERE / "index.html", headers=_CACHED)


@router.get("/connect")
@public("Providers send browsers here; what they carry is good for the person alone who began it.")
async def connect_page() -> FileResponse:
    """Return the page that ends a connection."""
    return FileResponse(_HERE / "connect.html", headers=_CACHED)


@router.get("/oauth/authorize")
@public(
    "It asks people to log in before it shows what an app wants; the app's words stay in the address."
)
async def consent_page() -> FileResponse:
    """Return the page on which people let an app act for them (RFC 6749 §3.1)."""
    return FileResponse(_HERE / "consent.html", headers=_CACHED)


@router.get("/static/{name}")
@public("Scripts and styles of the page.")
async def static(name: str) -> FileResponse:
    """Return a file of the page.

    Raises:
        NotFound: It has no such file.
    """
    path = _FILES.get(name)
    if path is None:
        raise NotFound(f"There is nothing at /static/{name}.")
    return FileResponse(path, headers=_CACHED)


@router.get("/api/openapi.json")
@public("The description of the API is in its documentation, too.")
async def openapi(request: Request) -> Response:
    """Return the description of the API."""
    return Response(encode(request.app.openapi()), media_type="application/json")
