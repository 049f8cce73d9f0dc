"""What can go wrong with asking for a run.

UserError
├── RunNotFound       no such run, or it is somebody else's
├── RunIsOver         it ended; nothing can be done to it any more
├── RunIsGoing        it has not ended; cancel it first
└── KeyReused         the idempotency key was used for another request
"""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import Conflict, NotFound


class RunNotFound(NotFound):
    """No such run, or it is somebody else's."""

    code: ClassVar[str] = "run.not_found"


class RunIsOver(Conflict):
    """It ended; nothing can be done to it any more."""

    code: ClassVar[str] = "run.is_over"


class RunIsGoing(Conflict):
    """It has not ended; cancel it first."""

    code: ClassVar[str] = "run.is_going"


class KeyReused(Conflict):
    """The idempotency key was used for another request."""

    code: ClassVar[str] = "request.key_reused"
