"""The root of every error Autograph raises on purpose.

    AutographError
    ├── UserError            they can fix it: logged at info, never paged
    │   ├── Invalid          what was sent cannot be accepted as it is
    │   ├── NotFound         no such thing, or it is somebody else's
    │   ├── Conflict         it exists already, or its state forbids this
    │   ├── Forbidden        known person, not allowed
    │   └── TooLarge         over a limit that the message names
    ├── OperationalError     the world failed: retry later
    └── Bug                  we failed

A room subclasses these for its own nouns and gives each class a stable `code` ("graph.invalid").
HTTP numbers live in `autograph.api.errors`; nothing here knows of a transport.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar


class AutographError(Exception):
    """Something went wrong that we foresaw.

    Attributes:
        code: Stable, dotted, lower case; programs branch on it.
        message: One sentence that names the value and the way out.
        details: Facts for programs, JSON-shaped.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = details


class UserError(AutographError):
    """The caller can fix it."""

    code = "user_error"


class Invalid(UserError):
    """What was sent cannot be accepted as it is."""

    code = "invalid"


class NotFound(UserError):
    """No such thing, or it belongs to somebody else; the two are never told apart."""

    code = "not_found"


class Conflict(UserError):
    """It exists already, or its state forbids this."""

    code = "conflict"


class Forbidden(UserError):
    """The person is known and may not do this."""

    code = "forbidden"


class TooLarge(UserError):
    """Over a limit; the message names the limit, its value and its setting."""

    code = "too_large"


class OperationalError(AutographError):
    """The world failed us: a database that is down, a full disk, a provider that does not answer.

    Attributes:
        retry_after: When another try makes sense; None when nobody can tell.
    """

    code = "unavailable"

    def __init__(
        self, message: str, *, retry_after: timedelta | None = None, **details: Any
    ) -> None:
        super().__init__(message, **details)
        self.retry_after = retry_after


class Bug(AutographError):
    """We broke a rule of our own."""

    code = "bug"
