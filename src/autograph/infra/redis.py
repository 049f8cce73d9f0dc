"""One Redis, asked so that its absence costs nobody anything: whoever asks has another answer ready.

Import this module late: it needs the extra `cluster`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from autograph.infra.errors import OperationalError

_log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")

AWAY: Final = (RedisError, OSError, TimeoutError)
"""What redis-py raises when the server is away, or cannot do what it is asked."""

_TIMEOUT_SECONDS: Final = 1.0
_SPARED_SECONDS: Final = 0.5
"""How long a Redis that failed is not asked again: nobody is to wait for it call by call."""
_RETRY_AFTER: Final = timedelta(seconds=_SPARED_SECONDS)


class RedisLink:
    """Connections of one process to one Redis.

    Attributes:
        client: The connections; what is asked through it directly raises what is in `AWAY`.
    """

    def __init__(self, url: str) -> None:
        """Prepare; the first question connects. `url`: `redis://` or `rediss://user:password@host:port/db`."""
        self.client: Redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - bare **kwargs
            url,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            # One more try, at once: a connection of the pool may be one that a restart has ended.
            retry=Retry(NoBackoff(), 1),
        )
        self._away_until = 0.0
        self._is_away = False

    async def ask(self, question: Callable[[Redis], Awaitable[T]]) -> T:
        """Return what Redis answers.

        Raises:
            OperationalError: It is away, or was a moment ago.
        """
        now = asyncio.get_running_loop().time
        if now() < self._away_until:
            raise OperationalError("Redis does not answer.", retry_after=_RETRY_AFTER)
        try:
            answer = await question(self.client)
        except AWAY as error:
            self._away_until = now() + _SPARED_SECONDS
            if not self._is_away:
                self._is_away = True
                _log.warning("Redis is away; what it does is done without it", error=str(error))
            raise OperationalError("Redis does not answer.", retry_after=_RETRY_AFTER) from error
        if self._is_away:
            self._is_away = False
            _log.info("Redis is back")
        return answer

    async def close(self) -> None:
        """Disconnect."""
        await self.client.aclose()
