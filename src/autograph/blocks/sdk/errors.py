"""How a block says that it failed.

BlockError      the node run fails with this message; nothing is wrong with Autograph
└── InputError  a value at a pin does not fit; names pin, value and expected type
"""

from __future__ import annotations

from datetime import timedelta


class BlockError(Exception):
    """The node run failed for a reason its user can understand.

    Attributes:
        message: One sentence: what happened, and the way out. Never a secret.
        code: Stable word a retry policy can name, `block.failed` unless said otherwise.
        retry_after: When the outside said another try makes sense.
    """

    def __init__(
        self, message: str, *, code: str = "block.failed", retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.retry_after = retry_after


class InputError(BlockError):
    """A value at an input pin does not fit.

    Attributes:
        pin: The declared input pin.
    """

    def __init__(self, pin: str, message: str) -> None:
        super().__init__(f"{pin}: {message}", code="block.bad_input")
        self.pin = pin
