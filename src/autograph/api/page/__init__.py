"""The web app: the page under every path that people have in their browser, and the files it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

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
_WHO: Final = ("/api/v1/account", "/api/v1/auth")


@dataclass(frozen=True, slots=True)
class _Shows:
    """What shows a page: a module of web/src/features, and what it asks for before there is anything to see."""

    module: str
    asks: tuple[str, ...] = ()


_PAGES: Final[Mapping[str, _Shows]] = {
    "/": _Shows("home/home-page.tsx", _WHO),
    "/notifications": _Shows("notifications/notifications-page.tsx", _WHO),
    "/welcome": _Shows("auth/pages.tsx"),
    "/login": _Shows("auth/pages.tsx"),
    "/signup": _Shows("auth/pages.tsx"),
    "/forgotten": _Shows("auth/pages.tsx"),
    "/auth/{step}": _Shows("auth/links.tsx"),
    "/connect": _Shows("auth/links.tsx"),
    "/oauth/authorize": _Shows("auth/links.tsx", _WHO),
    "/library": _Shows(
        "library/library-page.tsx",
        (
            *_WHO,
            "/api/v1/library/agents?limit=48&root_only=true",
            "/api/v1/library/folders",
        ),
    ),
    "/library/{agent_id}": _Shows("library/agent-page.tsx", _WHO),
    "/build": _Shows("builder/builder-page.tsx", _WHO),
    "/build/{agent_id}": _Shows("builder/builder-page.tsx", _WHO),
    "/runs": _Shows("runs/runs-page.tsx", _WHO),
    "/runs/compare": _Shows("runs/compare-page.tsx", _WHO),
    "/runs/{run_id}": _Shows("runs/run-page.tsx", (*_WHO, "/api/v1/runs/{run_id}")),
    "/reviews": _Shows("reviews/reviews-page.tsx", _WHO),
    "/connections": _Shows("connections/connections-page.tsx", _WHO),
    "/account": _Shows("account/account-page.tsx", _WHO),
    "/account/{section}": _Shows("account/account-page.tsx", _WHO),
    "/admin": _Shows("admin/admin-page.tsx", _WHO),
    "/admin/{section}": _Shows("admin/admin-page.tsx", _WHO),
}
"""Every path that the web app has a page for; it shows its own page for what is not there."""
_SHARED: Final = _Shows("share/share-page.tsx")


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


def _page(scope: Scope, *, shows: _Shows | None = None, status_code: int = 200) -> Response:
    found = _BUILD.find("index.html", _encodings(scope))
    if found is None:
        return Response(
            _UNBUILT, status_code, {"Cache-Control": _REVALIDATED}, media_type="text/html"
        )
    sent = _sent(found, _REVALIDATED, status_code)
    if shows is not None and (files := _BUILD.needed_by(f"src/features/{shows.module}")):
        sent.headers["Link"] = ", ".join((*map(_loaded, files), *_asked(scope, shows)))
    return sent


# Else a browser learns what a page is made of, and what it will ask for, only when it has run what all pages share.
def _loaded(name: str) -> str:
    how = "preload; as=style" if name.endswith(".css") else "modulepreload; fetchpriority=low"
    return f"</{name}>; rel={how}; crossorigin"


def _asked(scope: Scope, shows: _Shows) -> Iterator[str]:
    for one in shows.asks:
        # Where an address says more, the page asks for something else.
        if one in _WHO or not scope["query_string"]:
            path = one.format_map({k: quote(v, "") for k, v in scope["path_params"].items()})
            yield f"<{path}>; rel=preload; as=fetch; crossorigin"


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
