"""Routes that cannot be reached but through the guard, and what each of them declares.

    @router.get("/{run_id}")
    @needs(Permission.RUNS_READ)
    async def get_run(...): ...

A route that declares nothing is refused when the application is put together: there is no default.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar, get_type_hints

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from autograph.features.accounts.models import Permission
from autograph.infra.errors import Bug

F = TypeVar("F", bound=Callable[..., Any])
_ATTRIBUTE: Final = "__autograph_access__"
_JSON: Final = frozenset({"application/json"})
ANY_MEDIA: Final = frozenset({"*/*"})


class RateClass(StrEnum):
    """Requests that are counted together."""

    READ = "read"
    WRITE = "write"
    EXECUTE = "execute"
    AUTH = "auth"
    PUBLIC = "public"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Access:
    """What a route declares about who may use it.

    Attributes:
        permission: What they must be allowed; None where anybody may, for the reason in `public_because`.
        rate: With what its requests are counted; None for what its method says.
        media_types: What its body may be.
        is_for_programs: Only keys and apps use it, which have scopes; people's own sessions do not.
        takes_files: Its body may be as large as a file.
    """

    permission: Permission | None
    public_because: str = ""
    rate: RateClass | None = None
    media_types: frozenset[str] = _JSON
    is_for_programs: bool = False
    takes_files: bool = False

    def rate_of(self, method: str) -> RateClass:
        """Return with what a request is counted."""
        if self.rate is not None:
            return self.rate
        return RateClass.READ if method in {"GET", "HEAD", "OPTIONS"} else RateClass.WRITE


def needs(
    permission: Permission,
    *,
    rate: RateClass | None = None,
    media_types: frozenset[str] = _JSON,
    takes_files: bool = False,
) -> Callable[[F], F]:
    """Declare what one must be allowed to use a route."""
    return _declaring(
        Access(permission, rate=rate, media_types=media_types, takes_files=takes_files)
    )


def public(
    because: str, *, rate: RateClass = RateClass.PUBLIC, media_types: frozenset[str] = _JSON
) -> Callable[[F], F]:
    """Declare that anybody may use a route, and why; `tests/security` has the list of them."""
    return _declaring(Access(None, because, rate, media_types))


def access_of(endpoint: Callable[..., Any]) -> Access:
    """Return what an endpoint declares.

    Raises:
        Bug: It declares nothing.
    """
    declared = getattr(endpoint, _ATTRIBUTE, None)
    if not isinstance(declared, Access):
        name = getattr(endpoint, "__qualname__", repr(endpoint))
        raise Bug(
            f"The route {name} declares neither a permission (@needs) nor that it is @public."
        )
    return declared


@dataclass(frozen=True, slots=True)
class FromRequest:
    """Says of an endpoint's parameter, in `Annotated`, how it is read off the request.

    FastAPI's own `Depends` says the same, and takes four times as long for it (docs/concepts/performance.md).
    """

    read: Callable[[Request], Any]


def _handed(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Return an endpoint that is handed the request alone for all its parameters that are `FromRequest`."""
    hints = get_type_hints(endpoint, include_extras=True)
    reads = {
        name: mark.read
        for name, hint in hints.items()
        for mark in getattr(hint, "__metadata__", ())
        if isinstance(mark, FromRequest)
    }

    @functools.wraps(endpoint)
    async def handed(from_request: Request, **values: Any) -> Any:
        return await endpoint(
            **values, **{name: read(from_request) for name, read in reads.items()}
        )

    signature = inspect.signature(endpoint)
    returned = hints.get("return", signature.return_annotation)
    others = [
        one.replace(annotation=hints.get(name, one.annotation), kind=one.KEYWORD_ONLY)
        for name, one in signature.parameters.items()
        if name not in reads
    ]
    request = inspect.Parameter("from_request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    handed.__signature__ = signature.replace(  # type: ignore[attr-defined] - what FastAPI reads
        parameters=[request, *others],
        return_annotation=None if returned is type(None) else returned,
    )
    return handed


class GuardedRoute(APIRoute):
    """A route behind the guard."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Refuse an endpoint that does not declare who may use it."""
        self.access = access_of(endpoint)
        super().__init__(path, _handed(endpoint), **options)
        self.endpoint = endpoint

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass the guard, then handle it."""
        guard = scope["app"].state.guard
        await guard.admit(scope, self.access)
        with guard.tracer.span("handler", route=self.path_format):
            await super().handle(scope, receive, send)


def _declaring(access: Access) -> Callable[[F], F]:
    def declare(endpoint: F) -> F:
        setattr(endpoint, _ATTRIBUTE, access)
        return endpoint

    return declare
