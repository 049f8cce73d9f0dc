"""Finds a request's route by the first segments of its path, instead of trying one route after the other.

With some hundred routes the search took more of a read's time than everything else (benchmarks/gateway.py). What
is not found here goes the long way: other methods, parameters in front, redirects, sockets, nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from autograph.api.gateway.routes import GuardedRoute

_SEGMENTS: Final = 4
"""Parts of a path between its slashes that are looked up, the empty one before the first slash included."""


class RouteIndex:
    """ASGI application in place of a router's own search."""

    def __init__(self, router: APIRouter) -> None:
        """Index the routes of `router`, which has them all."""
        self._router = router
        self._by_start: dict[str, list[GuardedRoute]] = {}
        for route in router.routes:
            start = _start_of(route.path) if isinstance(route, GuardedRoute) else ""
            if isinstance(route, GuardedRoute) and "{" not in start:
                self._by_start.setdefault(start, []).append(route)

    def candidates(self, path: str) -> Sequence[BaseRoute]:
        """Return the routes that a path may be for, in their order."""
        return self._by_start.get(_start_of(path), ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request by its route."""
        if scope["type"] == "http":
            for route in self.candidates(scope["path"]):
                match, child = route.matches(scope)
                if match is Match.FULL:
                    scope["router"] = self._router
                    scope.update(child)
                    await route.handle(scope, receive, send)
                    return
        await self._router.app(scope, receive, send)


def _start_of(path: str) -> str:
    return "/".join(path.split("/", _SEGMENTS)[:_SEGMENTS])
