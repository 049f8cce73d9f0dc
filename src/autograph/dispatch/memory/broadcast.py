"""News inside one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final
from uuid import UUID

from autograph.dispatch.memory.partials import Watchers
from autograph.dispatch.ports import RunNews, RunPartial

MAX_WAITING: Final = 1_000
"""News a listener may be behind before it misses some."""


class MemoryBroadcast:
    """Implements `Broadcast` with a queue per listener."""

    def __init__(self) -> None:
        """Begin with no listener."""
        self._listeners: set[asyncio.Queue[RunNews | None]] = set()
        self._watchers = Watchers()

    def show(self, partial: RunPartial) -> None:
        """Show a piece of a text to who watches its run; never waits."""
        self._watchers.show(partial)

    def watch(self, run_id: UUID) -> AbstractAsyncContextManager[AsyncIterator[RunPartial]]:
        """Watch the texts of a run until the context ends."""
        return self._watchers.watch(run_id)

    def publish(self, news: Sequence[RunNews]) -> None:
        """Tell everybody; never waits."""
        for listener in self._listeners:
            for one in news:
                if listener.qsize() >= MAX_WAITING:
                    # It is told once that it missed something; what it missed is in the journals.
                    while not listener.empty():
                        listener.get_nowait()
                    listener.put_nowait(None)
                listener.put_nowait(one)

    def gap(self) -> None:
        """Tell everybody that some news may be missing."""
        for listener in self._listeners:
            listener.put_nowait(None)

    @asynccontextmanager
    async def subscribe(self) -> AsyncGenerator[AsyncIterator[RunNews | None]]:
        """Listen until the context ends."""
        listener: asyncio.Queue[RunNews | None] = asyncio.Queue()
        self._listeners.add(listener)
        try:
            yield _News(listener)
        finally:
            self._listeners.discard(listener)

    @property
    def has_listeners(self) -> bool:
        """Whether anybody listens here."""
        return bool(self._listeners)

    async def close(self) -> None:
        """Nothing to stop."""


class _News:
    """What a listener hears. Whoever stops waiting for the next news, in time, may wait for them again."""

    # No generator: one that is cancelled while it waits is over for good, and each further wait ends at once.
    def __init__(self, listener: asyncio.Queue[RunNews | None]) -> None:
        self._listener = listener

    def __aiter__(self) -> _News:
        return self

    async def __anext__(self) -> RunNews | None:
        return await self._listener.get()
