"""What the API says of itself: FastAPI's description, and the errors that every operation can answer with.

Which errors those are follows from what an operation takes and declares, so that no route lists them. An
answer with an undeclared status fails `tests/security/test_openapi.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from fastapi import FastAPI

from autograph.api.errors import status_of
from autograph.api.gateway.inspection import MediaTypeRefused
from autograph.api.gateway.limits import RateLimited
from autograph.features.accounts.errors import Unauthenticated
from autograph.infra.errors import (
    AutographError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    OperationalError,
    TooLarge,
    UserError,
)

_METHODS: Final = ("get", "head", "put", "post", "patch", "delete")
_ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Every error, on every door.",
    "required": ["code", "message", "details", "request_id"],
    "properties": {
        "code": {"type": "string", "description": "Stable; programs branch on it."},
        "message": {"type": "string", "description": "For people: what is wrong, and the way out."},
        "details": {"type": "object", "description": "Facts, by the code."},
        "request_id": {"type": "string", "description": "Tell it to whoever runs the platform."},
        "error": {
            "type": "string",
            "description": "At OAuth's endpoints, its word (RFC 6749 §5.2).",
        },
        "error_description": {"type": "string", "description": "And the same message."},
    },
    "additionalProperties": False,
}
_MEANINGS: Final[dict[type[AutographError], str]] = {
    UserError: "The request cannot be carried out as it is.",
    Unauthenticated: "Nobody knows who asks.",
    Forbidden: "They may not, or it looks like an attack.",
    NotFound: "It is not there, or not theirs.",
    Conflict: "It exists already, or its state forbids this.",
    TooLarge: "The request is too large.",
    MediaTypeRefused: "The body is of another type.",
    Invalid: "The request does not fit.",
    RateLimited: "Too many requests; `Retry-After` says when there may be more.",
    OperationalError: "The platform cannot serve this now; `Retry-After` says when to try again.",
}


class Application(FastAPI):
    """FastAPI, with a description that names errors."""

    def openapi(self) -> dict[str, Any]:
        """Return the description of the API; made once."""
        if self.openapi_schema is None:
            self.openapi_schema = _with_errors(super().openapi())
        return self.openapi_schema


def _with_errors(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Error"] = _ERROR
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                _declare(path, method, item[method])
    return document


def _declare(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = cast("dict[str, Any]", operation["responses"])
    responses.pop("422", None)
    for kind in _errors_of(path, method, operation):
        described: dict[str, Any] = {"description": _MEANINGS[kind]}
        if method != "head":
            schema = {"$ref": "#/components/schemas/Error"}
            described["content"] = {"application/json": {"schema": schema}}
        responses[str(status_of(kind("")))] = described


def _errors_of(path: str, method: str, operation: dict[str, Any]) -> Iterator[type[AutographError]]:
    """Tell what an operation can answer with, by what it takes."""
    yield from (Unauthenticated, Forbidden, TooLarge, RateLimited, OperationalError)
    if "{" in path:
        yield NotFound
    if "parameters" in operation or "requestBody" in operation:
        yield Invalid
    if method not in {"get", "head"}:
        yield from (UserError, NotFound, Conflict, MediaTypeRefused, Invalid)
