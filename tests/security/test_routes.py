"""Family 1: every route declares who may use it; those that anybody may use are listed here."""

from __future__ import annotations

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from autograph.api.app import create_app
from autograph.api.gateway.routes import Access, GuardedRoute, access_of
from autograph.api.ws import socket
from autograph.infra.errors import Bug
from tests.security.inventory import routes

PUBLIC = {
    "GET /",
    "GET /account",
    "GET /account/{section}",
    "GET /admin",
    "GET /admin/{section}",
    "GET /.well-known/oauth-authorization-server",
    "GET /api/openapi.json",
    "GET /api/v1/auth",
    "GET /api/v1/auth/callback/{provider}",
    "GET /api/v1/calls/{token}",
    "GET /api/public/shared/{token}",
    "GET /api/public/shared/{token}/files/{file_id}/download",
    "GET /assets/{name}",
    "GET /auth/{step}",
    "GET /build",
    "GET /build/{agent_id}",
    "GET /connect",
    "GET /connections",
    "GET /forgotten",
    "GET /health/live",
    "GET /health/ready",
    "GET /library",
    "GET /library/{agent_id}",
    "GET /login",
    "GET /notifications",
    "GET /oauth/authorize",
    "GET /reviews",
    "GET /runs",
    "GET /runs/compare",
    "GET /runs/{run_id}",
    "GET /share/{token}",
    "GET /signup",
    "GET /static/{name}",
    "GET /sw.js",
    "GET /welcome",
    "POST /api/v1/auth/link",
    "POST /api/v1/auth/link/use",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/providers/finish",
    "POST /api/v1/auth/providers/{provider}/start",
    "POST /api/v1/auth/refresh",
    "POST /api/v1/auth/reset",
    "POST /api/v1/auth/reset/use",
    "POST /api/v1/auth/set-up",
    "POST /api/v1/auth/sign-up",
    "POST /api/v1/auth/verify",
    "POST /api/v1/calls/{token}",
    "POST /api/v1/hooks/{provider}/{token}",
    "POST /api/v1/oauth/introspect",
    "POST /api/v1/oauth/revoke",
    "POST /api/v1/oauth/token",
}
"""Reviewed: each of these is open on purpose, for the reason that it declares."""


def test_what_is_open_to_anybody_is_on_the_list() -> None:
    assert {str(one) for one in routes() if one.access.permission is None} == PUBLIC


def test_what_is_open_says_why() -> None:
    assert all(one.access.public_because for one in routes() if one.access.permission is None)


@pytest.mark.seed("D1-07")
def test_every_route_is_behind_the_guard() -> None:
    app = create_app(None)
    unguarded = [one for one in _flat(app.router.routes) if not isinstance(one, GuardedRoute)]
    assert [getattr(one, "path", one) for one in unguarded] == ["/ws"]
    assert access_of(socket.socket).permission is not None


@pytest.mark.seed("D7-S20")
def test_a_route_that_declares_nothing_is_refused_when_it_is_made() -> None:
    router = APIRouter(route_class=GuardedRoute)

    async def forgotten() -> None: ...

    with pytest.raises(Bug, match=r"forgotten declares neither a permission"):
        router.get("/forgotten")(forgotten)


def test_admin_routes_need_permissions_of_administrators() -> None:
    wrong = [
        str(one)
        for one in routes()
        if one.path.startswith("/api/admin/")
        and not (one.access.permission or "").startswith("admin.")
    ]
    assert wrong == []


def _flat(found: list[BaseRoute]) -> list[BaseRoute]:
    """Return the routes of an application, those of included routers among them."""
    flat: list[BaseRoute] = []
    for one in found:
        inner = getattr(one, "original_router", None)
        flat.extend(_flat(inner.routes) if inner is not None else [one])
    return flat


def test_the_inventory_sees_what_is_served() -> None:
    app = FastAPI()
    assert _flat(app.router.routes) is not None
    assert {type(one) for one in _flat(create_app(None).router.routes)} >= {GuardedRoute}
    assert isinstance(routes()[0].access, Access)
    assert issubclass(GuardedRoute, APIRoute)
