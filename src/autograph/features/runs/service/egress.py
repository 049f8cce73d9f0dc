"""What somebody's runs asked of the world."""

from __future__ import annotations

from datetime import timedelta

from autograph.features.accounts.models import Principal
from autograph.features.runs.models import EgressDay
from autograph.features.runs.repository import EgressRepository
from autograph.infra.clock import Clock


class EgressService:
    """Reads the meter."""

    def __init__(self, egress: EgressRepository, clock: Clock) -> None:
        """Read what `egress` has."""
        self._egress = egress
        self._clock = clock

    async def usage(self, principal: Principal, *, days: int) -> list[EgressDay]:
        """Return what somebody's runs asked, for each day and host, newest first.

        Args:
            principal: Whose runs.
            days: How many days, today's with them; a request is counted within seconds.
        """
        today = self._clock.now().date()
        return await self._egress.since(principal, today - timedelta(days=days - 1))
