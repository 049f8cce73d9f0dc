"""The web app: the page under every path that people have in their browser, and the files it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Scope

from autograph.api.gateway.credentials import headers_of
from autograph.api.gateway.routes import GuardedRoute, RateClass, public
from autograph.api.page.build import Build, Found
from autograph.infra.errors import NotFound
from autograph.infra.json import encode

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
_HERE: Final = Path(__file__).parent
_UNBUILT: Final = (_HERE / "unbuilt.html").read_bytes()
_BUILD: Final = Build(_HERE / "built")
_REVALIDATED: Final = "no-cache"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_PAGES: Final = {
    "/": "home/home-page.tsx",
    "/notifications": "notifications/notifications-page.tsx",
    "/welcome": "auth/pages.tsx",
    "/login": "auth/pages.tsx",
    "/signup": "auth/pages.tsx",
    "/forgotten": "auth/pages.tsx",
    "/auth/{step}": "auth/links.tsx",
    "/connect": "auth/links.tsx",
    "/oauth/authorize": "auth/links.tsx",
    "/library": "library/library-page.tsx",
    "/library/{agent_id}": "library/agent-page.tsx",
    "/build": "builder/builder-page.tsx",
    "/build/{agent_id}": "builder/builder-page.tsx",
    "/runs": "runs/runs-page.tsx",
    "/runs/compare": "runs/compare-page.tsx",
    "/runs/{run_id}": "runs/run-page.tsx",
    "/reviews": "reviews/reviews-page.tsx",
    "/connections": "connections/connections-page.tsx",
    "/account": "account/account-page.tsx",
    "/account/{section}": "account/account-page.tsx",
    "/admin": "admin/admin-page.tsx",
    "/admin/{section}": "admin/admin-page.tsx",
}
"""Every path that the web app has a page for, and the module of it that shows the page (in web/src/features).

The web app shows its own page for what is not there.
"""
_SHARED: Final = "share/share-page.tsx"
@public("The page asks people to log in; there is nothing of anybody on it.", rate=RateClass.READ)
async def page(request: Request) -> Response:
    """Return the page, which finds out by its path what to show."""
    return _page(request.scope, shows=_PAGES.get(request.scope["route"].path))


for _path in _PAGES:
    router.add_api_route(_path, page, methods=["GET"])


@router.get("/share/{token}")
@public(
    "The page asks what the link shows; there is nothing of anybody on it.", rate=RateClass.READ
)
async def shared(token: str, request: Request) -> Response:
    """Return the page for what is shown by a link. Who searches the web is asked to leave it out."""
    found = _page(request.scope, shows=_SHARED)
    found.headers["X-Robots-Tag"] = "noindex, nofollow"
    return found


@router.get("/assets/{name}")
@public("Scripts, styles and fonts, named by what is in them.", rate=RateClass.READ)
async def asset(name: str, request: Request) -> Response:
    """Return a file whose name changes with its content, so that browsers ask for it once.

    Raises:
        NotFound: The web app has no such file.
    """
    return _file(request.scope, f"assets/{name}", _FOR_EVER)


@router.get("/static/{name}")
@public("The icon, and what else has a name that stays.", rate=RateClass.READ)
async def static(name: str, request: Request) -> Response:
    """Return a file whose name stays.

    Raises:
        NotFound: The web app has no such file.
    """
    return _file(request.scope, f"static/{name}", _REVALIDATED)


@router.get("/sw.js")
@public("The service worker: what an installed app does while nobody answers.", rate=RateClass.READ)
async def worker(request: Request) -> Response:
    """Return the service worker; it stands at the top, so that it may serve every page.

    Raises:
        NotFound: The web app was not built.
    """
    return _file(request.scope, "sw.js", _REVALIDATED)


@router.get("/api/openapi.json")
@public("The description of the API is in its documentation, too.")
async def openapi(request: Request) -> Response:
    """Return the description of the API."""
    return Response(encode(request.app.openapi()), media_type="application/json")


def page_for_nothing(scope: Scope) -> Response | None:
    """Return the page, as 404, to somebody whose browser asks for what is not there; None to a program."""
    accepts = headers_of(scope).get(b"accept", b"")
    if scope["method"] != "GET" or b"text/html" not in accepts:
        return None
    return _page(scope, status_code=404)


def _page(scope: Scope, *, shows: str | None = None, status_code: int = 200) -> Response:
    found = _BUILD.find("index.html", _encodings(scope))
    if found is None:
        return Response(
            _UNBUILT, status_code, {"Cache-Control": _REVALIDATED}, media_type="text/html"
        )
    sent = _sent(found, _REVALIDATED, status_code)
    # Else a browser learns what a page is made of only when it has run what all pages share.
    if shows is not None and (files := _BUILD.needed_by(f"src/features/{shows}")):
        sent.headers["Link"] = ", ".join(map(_preloaded, files))
    return sent


def _preloaded(name: str) -> str:
    how = "preload; as=style" if name.endswith(".css") else "modulepreload; fetchpriority=low"
    return f"</{name}>; rel={how}; crossorigin"


def _file(scope: Scope, name: str, cached: str) -> Response:
    found = _BUILD.find(name, _encodings(scope))
    if found is None:
        raise NotFound(f"There is nothing at /{name}.")
    return _sent(found, cached)


def _sent(found: Found, cached: str, status_code: int = 200) -> Response:
    return Response(
        found.content,
        status_code,
        {"Cache-Control": cached, **found.headers},
        media_type=found.media_type,
    )


def _encodings(scope: Scope) -> str:
    return headers_of(scope).get(b"accept-encoding", b"").decode("latin-1")
