"""Errors as answers: the only place that knows HTTP status codes.

Every error, on every door, has one shape: `{"code", "message", "details", "request_id"}`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from autograph.api.gateway.inspection import MediaTypeRefused
from autograph.api.gateway.limits import RateLimited
from autograph.api.ranges import RangeRefused
from autograph.features.accounts.errors import TooManyTries, Unauthenticated
from autograph.features.integrations.errors import TooManyDeliveries, Unproved
from autograph.graph.model import Json
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
from autograph.infra.json import encode

_STATUS: Final[Mapping[type[AutographError], int]] = {
    Invalid: 422,
    NotFound: 404,
    Conflict: 409,
    Forbidden: 403,
    TooLarge: 413,
    MediaTypeRefused: 415,
    RangeRefused: 416,
    Unauthenticated: 401,
    Unproved: 401,
    RateLimited: 429,
    TooManyDeliveries: 429,
    TooManyTries: 429,
    UserError: 400,
    OperationalError: 503,
    AutographError: 500,
}


def status_of(error: AutographError) -> int:
    """Return the HTTP status of an error: that of the nearest class that has one."""
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def body_of(error: AutographError, request_id: str) -> dict[str, Json]:
    """Return an error in the one shape."""
    return {
        "code": error.code,
        "message": error.message,
        "details": error.details,
        "request_id": request_id,
    }


def answer(error: AutographError, request_id: str) -> Response:
    """Return the answer that an error is."""
    headers: dict[str, str] = {}
    if isinstance(error, OperationalError):
        seconds = error.retry_after.total_seconds() if error.retry_after else 1
        headers["Retry-After"] = str(math.ceil(seconds))
    elif isinstance(error, (RateLimited, TooManyTries, TooManyDeliveries)):
        headers["Retry-After"] = str(math.ceil(error.details["retry_after_seconds"]))
    elif isinstance(error, RangeRefused):
        headers["Content-Range"] = f"bytes */{error.details['size']}"
    elif isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        encode(body_of(error, request_id)), status_of(error), headers, media_type="application/json"
    )


def request_id_of(request: Request) -> str:
    """Return the id that the gateway gave a request."""
    return request.scope.get("state", {}).get("request_id", "")
