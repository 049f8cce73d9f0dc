"""Routes that let only programs in: keys and apps, whose scopes say how far they go.

A person's own session is refused. What a browser holds would otherwise reach everything here from any page
that gets hold of it, and a program that was tried out with it would do more than its key lets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from autograph.api.gateway.routes import GuardedRoute


class ExternalRoute(GuardedRoute):
    """A route behind the guard, for programs alone."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Take the permission from the endpoint, whichever router it came from."""
        super().__init__(path, endpoint, **options)
        self.access = replace(self.access, is_for_programs=True)


def offer(router: APIRouter, route: APIRoute, *, path: str | None = None) -> None:
    """Let programs in to what another router has a route to: the same endpoint, under `path` or the same one."""
    router.add_api_route(
        path or route.path,
        route.endpoint,
        methods=sorted(route.methods or ()),
        status_code=route.status_code,
        response_model=route.response_model,
        response_class=route.response_class,
        responses=route.responses,
        openapi_extra=route.openapi_extra,
    )


def routes_of(*routers: APIRouter) -> Iterator[APIRoute]:
    """Return the routes of routers."""
    for router in routers:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield route
