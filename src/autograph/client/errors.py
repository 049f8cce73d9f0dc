"""What can go wrong, as a program tells it apart.

ClientError
├── NotConfigured        there is no key
├── ConnectionFailed     nobody answers
├── WaitedInVain         the run was not over in time; it goes on
├── RunFailed            the run ended, and not well (`Run.raise_if_failed`)
└── ApiError             Autograph refused: code, message, details, request id
    ├── Invalid          400, 413, 415, 422: what was sent cannot be accepted
    ├── Unauthenticated  401: the key is wrong, has ended, or was revoked
    ├── Forbidden        403: none of its scopes covers this; `details["scopes"]` has those that would
    ├── NotFound         404: no such thing, or it is somebody else's
    ├── Conflict         409: its state forbids this
    ├── RateLimited      429: too many requests, also after the retries
    ├── Unavailable      502, 503, 504: not now
    └── ServerFault      500: a fault of Autograph's
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, cast

_MAX_SHOWN: Final = 200


class ClientError(Exception):
    """Something went wrong with a request."""


class NotConfigured(ClientError):
    """There is no key to send."""


class ConnectionFailed(ClientError):
    """Nobody answers, or the connection was lost."""


class WaitedInVain(ClientError):
    """A run was not over in time; it goes on."""


class RunFailed(ClientError):
    """A run ended, and not well.

    Attributes:
        run_id: Which.
        code: Stable word for what happened.
    """

    def __init__(self, run_id: str, code: str, message: str) -> None:
        super().__init__(f"Run {run_id}: {message} ({code})")
        self.run_id = run_id
        self.code = code
        self.message = message


class ApiError(ClientError):
    """Autograph refused a request.

    Attributes:
        status: HTTP status.
        code: Stable, dotted word to branch on; docs/reference/errors.md has them all.
        message: One sentence for people.
        details: Facts for programs.
        request_id: What to tell whoever runs the installation.
        retry_after: Seconds after which another try makes sense; None where nobody said.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{message} ({code}, request {request_id or 'unknown'})")
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details or {})
        self.request_id = request_id
        self.retry_after = retry_after


class Invalid(ApiError):
    """What was sent cannot be accepted as it is; `details` says which part."""


class Unauthenticated(ApiError):
    """The key or token is wrong, has ended, or was revoked."""


class Forbidden(ApiError):
    """None of the key's scopes covers this."""


class NotFound(ApiError):
    """No such thing, or it is somebody else's."""


class Conflict(ApiError):
    """It exists already, or its state forbids this."""


class RateLimited(ApiError):
    """Too many requests."""


class Unavailable(ApiError):
    """Not now: the database is down, the server restarts."""


class ServerFault(ApiError):
    """A fault of Autograph's; tell whoever runs the installation the request id."""


_BY_STATUS: Final[Mapping[int, type[ApiError]]] = {
    400: Invalid,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: RateLimited,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """Return the error that an answer is."""
    try:
        said: Any = json.loads(body)
    except ValueError:
        said = None
    told = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    kind = _BY_STATUS.get(status, ServerFault if status >= 500 else ApiError)
    details: Any = told.get("details")
    return kind(
        status,
        str(told.get("code", f"http.{status}")),
        # A proxy in between may answer with a page.
        str(
            told.get("message")
            or body[:_MAX_SHOWN].decode("utf-8", "replace")
            or "No reason given."
        ),
        details=cast("dict[str, Any]", details) if isinstance(details, dict) else None,
        request_id=str(told.get("request_id") or headers.get("x-request-id", "")),
        retry_after=_seconds(headers.get("retry-after")),
    )


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else max(0.0, float(text))
    except ValueError:
        return None
