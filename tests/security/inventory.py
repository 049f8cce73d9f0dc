"""All routes, found in the code: a new one is covered by every family the day it appears."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from starlette.routing import BaseRoute

from autograph.api.app import create_app
from autograph.api.gateway.routes import Access, GuardedRoute

_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Route:
    """A method of a path, and what it declares."""

    method: str
    path: str
    access: Access

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        """Names in the path."""
        return _PARAMETER.findall(self.path)

    def at(self, **values: str) -> str:
        """Return the path with its parameters filled in."""
        return _PARAMETER.sub(lambda found: values[found[1]], self.path)


@cache
def routes() -> tuple[Route, ...]:
    """Return every route but the socket."""
    found = [
        Route(method, one.path, one.access)
        for one in _guarded(create_app(None).router.routes)
        for method in sorted(one.methods - {"HEAD"})
    ]
    return tuple(sorted(found, key=str))


def _guarded(found: list[BaseRoute]) -> list[GuardedRoute]:
    flat: list[GuardedRoute] = []
    for one in found:
        inner = getattr(one, "original_router", None)
        if inner is not None:
            flat.extend(_guarded(inner.routes))
        elif isinstance(one, GuardedRoute):
            flat.append(one)
    return flat
