"""A job queue for one process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from uuid import UUID


class MemoryQueue:
    """Implements `JobQueue` with a deque."""

    def __init__(self) -> None:
        """Begin empty."""
        self._waiting: deque[UUID] = deque()
        self._filled = asyncio.Event()

    async def publish(self, run_ids: Sequence[UUID]) -> None:
        """Say that runs are queued."""
        self._waiting.extend(run_ids)
        self._filled.set()

    async def receive(self, limit: int) -> Sequence[UUID]:
        """Wait until there are runs to claim."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    async def close(self) -> None:
        """Nothing to stop."""
