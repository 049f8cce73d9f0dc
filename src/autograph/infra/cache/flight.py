"""Many who want the same thing at the same time, and one who gets it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Flight(Generic[T]):
    """Runs one call per key at a time, for everybody who asks meanwhile."""

    def __init__(self) -> None:
        """Begin with nothing under way."""
        self._tasks: dict[str, asyncio.Task[T]] = {}

    async def join(self, key: str, call: Callable[[Callable[[], bool]], Awaitable[T]]) -> T:
        """Return what the call for `key` returns, or raise what it raises.

        The call is ended by nobody: who is cancelled leaves it to the others.

        Args:
            key: What it is called.
            call: Is handed a function that tells whether it has been left (`leave`).
        """
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.create_task(self._run(key, call), name=f"cache {key}")
            task.add_done_callback(_look)
            self._tasks[key] = task
        return await asyncio.shield(task)

    def leave(self, key: str) -> None:
        """Whoever asks from now on gets a call of their own."""
        self._tasks.pop(key, None)

    async def _run(self, key: str, call: Callable[[Callable[[], bool]], Awaitable[T]]) -> T:
        this = asyncio.current_task()
        try:
            return await call(lambda: self._tasks.get(key) is not this)
        finally:
            if self._tasks.get(key) is this:
                del self._tasks[key]


def _look(task: asyncio.Task[T]) -> None:
    # All who waited may be gone; then nobody else looks at what it raised.
    if not task.cancelled():
        task.exception()
