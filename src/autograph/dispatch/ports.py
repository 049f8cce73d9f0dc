"""The two ports of dispatch. Every adapter passes one contract suite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


class JobQueue(Protocol):
    """Wake-ups for workers: at least once in the rule, perhaps never, perhaps twice."""

    async def publish(self, run_ids: Sequence[UUID]) -> None:
        """Say that runs are queued.

        Raises:
            OperationalError: The queue does not answer.
        """
        ...

    async def receive(self, limit: int) -> Sequence[UUID]:
        """Wait until there are runs to claim; return at most `limit`, each to one receiver, oldest first.

        Raises:
            OperationalError: The queue does not answer.
        """
        ...

    async def close(self) -> None:
        """Stop listening."""
        ...


@dataclass(frozen=True, slots=True)
class RunNews:
    """How far a run has come.

    Attributes:
        seq: Number of the last durable event.
        is_over: Nothing follows.
    """

    run_id: UUID
    owner_id: UUID | None
    seq: int
    is_over: bool = False


class Broadcast(Protocol):
    """News for everybody who listens, in every process. Best effort; a slow listener misses some."""

    def publish(self, news: Sequence[RunNews]) -> None:
        """Tell everybody; never waits."""
        ...

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[RunNews | None]]:
        """Listen: the iterator yields news, and None where some may be missing."""
        ...

    async def close(self) -> None:
        """Stop."""
        ...
