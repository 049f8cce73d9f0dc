"""How often one may: per address, person, key or app, and class of routes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from autograph.api.gateway.routes import RateClass
from autograph.features.accounts.models import Door, Principal
from autograph.infra.errors import UserError
from autograph.infra.rates.ports import RateLimiter

_MINUTE: Final = timedelta(minutes=1)
_BURST_SHARE: Final = 4
"""A quarter of a minute's requests may come at once."""


class RateLimited(UserError):
    """Too many requests; the message says of which kind and when there may be more."""

    code: ClassVar[str] = "request.rate_limited"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the headers of an answer say about the limit."""

    limit: int
    remaining: int
    reset_seconds: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers."""
        return [
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % self.remaining),
            (b"ratelimit-reset", b"%d" % self.reset_seconds),
        ]


class Limits:
    """Counts requests. Exact over all processes where they share a Redis; in each process otherwise."""

    def __init__(self, rates: RateLimiter, per_minute: Mapping[RateClass, int]) -> None:
        """Count in `rates`; `per_minute` has the limit of each class, 0 for none."""
        self._rates = rates
        self._per_minute = per_minute

    async def take(self, principal: Principal | None, ip: str, rate: RateClass) -> Allowance | None:
        """Count a request; None where nothing is counted.

        The person at this machine is not counted: they share it with nobody.

        Raises:
            RateLimited: There were too many.
        """
        if principal is not None and principal.door is Door.LOCAL:
            return None
        limit = self._per_minute[rate]
        who = f"ip:{ip}"
        if rate in {RateClass.AUTH, RateClass.PUBLIC, RateClass.WEBHOOK} or principal is None:
            pass
        elif principal.door is Door.API_KEY:
            who = f"key:{principal.proof_id}"
            limit = principal.rate or limit
        elif principal.door is Door.APP:
            who = f"app:{principal.proof_id}"
        else:
            who = f"user:{principal.user_id}"
        if limit == 0:
            return None
        burst = max(1, limit // _BURST_SHARE)
        permit = await self._rates.take(f"http:{rate}:{who}", per=_MINUTE, limit=limit, burst=burst)
        if not permit.allowed:
            seconds = math.ceil(permit.wait.total_seconds())
            raise RateLimited(
                f"More than {limit} {rate} requests a minute. Try again in {seconds} s "
                f"(setting: AUTOGRAPH_RATE_{rate.upper()}).",
                limit=limit,
                rate_class=rate.value,
                retry_after_seconds=seconds,
            )
        return Allowance(limit, permit.remaining, math.ceil(permit.wait.total_seconds()))
