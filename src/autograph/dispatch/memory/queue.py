"""A job queue for one process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from uuid import UUID

from autograph.dispatch.ports import HIGH, LOW, NORMAL


class MemoryQueue:
    """Implements `JobQueue` with a deque per lane."""

    def __init__(self) -> None:
        """Begin empty."""
        self._lanes: dict[int, deque[UUID]] = {lane: deque() for lane in (HIGH, NORMAL, LOW)}
        self._filled = asyncio.Event()

    async def publish(self, run_ids: Sequence[UUID], *, priority: int = NORMAL) -> None:
        """Say that runs are queued, in the lane of `priority`."""
        self._lanes[priority].extend(run_ids)
        self._filled.set()

    async def receive(self, limit: int) -> Sequence[UUID]:
        """Wait until there are runs to claim; return at most `limit`, of higher lanes first."""
        while not any(self._lanes.values()):
            self._filled.clear()
            await self._filled.wait()
        taken: list[UUID] = []
        for lane in self._lanes.values():
            while lane and len(taken) < limit:
                taken.append(lane.popleft())
        return taken

    async def close(self) -> None:
        """Nothing to stop."""
