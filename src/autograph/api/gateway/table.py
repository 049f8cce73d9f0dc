"""The table of routes: what is at which path, who may use it, and what is taken of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from starlette.routing import BaseRoute, WebSocketRoute

from autograph.api.gateway.inspection import Inspection
from autograph.api.gateway.routes import Access, GuardedRoute, access_of


@dataclass(frozen=True, slots=True)
class Row:
    """A method of a path.

    Attributes:
        method: `WS` for what is spoken to by a WebSocket.
        permission: What one must be allowed; None where anybody may.
        public_because: Why anybody may.
        rate: With what its requests are counted.
        max_body_bytes: How large the body of a request may be, or each message of a socket.
        is_for_programs: Only keys and apps use it.
    """

    method: str
    path: str
    permission: str | None
    public_because: str
    rate: str
    max_body_bytes: int
    is_for_programs: bool


def table(
    routes: Sequence[BaseRoute],
    inspection: Inspection,
    *,
    max_body_bytes: int,
    max_message_bytes: int,
) -> list[Row]:
    """Return the table of an application's routes, by path and method.

    Args:
        routes: Of the whole application.
        inspection: Knows which bodies may be larger than others.
        max_body_bytes: Of the others.
        max_message_bytes: Of a message over a socket.
    """
    rows = [
        _row(
            method,
            path,
            access,
            max_message_bytes if method == "WS" else inspection.limit_of(access) or max_body_bytes,
        )
        for method, path, access in _declared(routes)
    ]
    return sorted(rows, key=lambda one: (one.path, one.method))


def _declared(routes: Sequence[BaseRoute]) -> Iterator[tuple[str, str, Access]]:
    for one in routes:
        if isinstance(one, GuardedRoute):
            for method in (one.methods or set()) - {"HEAD"}:
                yield method, one.path_format, one.access
        elif isinstance(one, WebSocketRoute):
            yield "WS", one.path, access_of(one.endpoint)


def _row(method: str, path: str, access: Access, max_body_bytes: int) -> Row:
    return Row(
        method=method,
        path=path,
        permission=None if access.permission is None else access.permission.value,
        public_because=access.public_because,
        rate=access.rate_of("GET" if method == "WS" else method).value,
        max_body_bytes=max_body_bytes,
        is_for_programs=access.is_for_programs,
    )
