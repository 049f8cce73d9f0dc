"""Which requests are sent again, and when. PURE.

A request that changes something is sent again only where that cannot change it twice: nothing of it had
left (no connection), it was refused before anything was done (429), or it carries an idempotency key.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from autograph.client.errors import ApiError

REFUSED_FOR_NOW: Final = frozenset({429})
NOT_NOW: Final = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Retries:
    """How patient a client is.

    Attributes:
        at_most: How often a request is sent again.
        first_delay: Seconds before the first of them; each waits twice as long as the one before.
        longest_delay: Seconds between two tries at most. A server that asks for more is not waited for.
    """

    at_most: int = 4
    first_delay: float = 0.25
    longest_delay: float = 30.0

    def delay(self, tried: int, retry_after: float | None = None) -> float | None:
        """Return the seconds to wait after `tried` failures; None where it is given up.

        A quarter more or less, by chance: those who failed together do not come back together.
        """
        if tried > self.at_most:
            return None
        if retry_after is not None:
            return (
                None if retry_after > self.longest_delay else retry_after + random.uniform(0, 0.1)
            )
        return min(self.first_delay * 2 ** (tried - 1), self.longest_delay) * random.uniform(
            0.75, 1.25
        )


def may_repeat(error: ApiError, *, is_idempotent: bool) -> bool:
    """Tell whether a refused request may be sent again."""
    return error.status in REFUSED_FOR_NOW or (is_idempotent and error.status in NOT_NOW)
