"""The two ports of dispatch. Every adapter passes one contract suite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

LOW: Final = -1
NORMAL: Final = 0
HIGH: Final = 1
"""The lanes of a job queue: what waits in a higher one is received first."""


class JobQueue(Protocol):
    """Wake-ups for workers: at least once in the rule, perhaps never, perhaps twice.

    A run id is no more than a reason to look. Only a claim, which is SQL, gives a worker a run, and
    workers find queued runs that nobody woke them for by themselves. That is why `receive` hands out ids
    that the queue has already forgotten: a run of hours never meets a limit of the queue, and what is lost
    between receiving and claiming is found again.
    """

    async def publish(self, run_ids: Sequence[UUID], *, priority: int = NORMAL) -> None:
        """Say that runs are queued.

        Args:
            run_ids: In the order in which they should be received.
            priority: Their lane: `HIGH`, `NORMAL` or `LOW`.

        Raises:
            OperationalError: The queue does not answer. Some of the runs may be known to it.
        """
        ...

    async def receive(self, limit: int) -> Sequence[UUID]:
        """Wait until there are runs to claim; return some of them, each to one receiver.

        Args:
            limit: How many at most; at least 1.

        Returns:
            Ids the queue has forgotten, of higher lanes first, and in a lane the oldest first.

        Raises:
            OperationalError: The queue does not answer.
        """
        ...

    async def close(self) -> None:
        """Stop listening; what nobody received stays in the queue for others."""
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


@dataclass(frozen=True, slots=True)
class RunPartial:
    """A piece of a text that a node run is making.

    Attributes:
        offset: How many characters of it came before; 0 begins it, perhaps anew.
    """

    run_id: UUID
    node_run: int
    node: str
    pin: str
    offset: int
    text: str


class Broadcast(Protocol):
    """News for everybody who listens, in every process. Best effort; a slow listener misses some."""

    def show(self, partial: RunPartial) -> None:
        """Show a piece of a text to who watches its run; never waits, and costs nothing where nobody does."""
        ...

    def watch(self, run_id: UUID) -> AbstractAsyncContextManager[AsyncIterator[RunPartial]]:
        """Watch the texts of a run while they are made; pieces may be missing."""
        ...

    def publish(self, news: Sequence[RunNews]) -> None:
        """Tell everybody; never waits."""
        ...

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[RunNews | None]]:
        """Listen: the iterator yields news, and None where some may be missing.

        A wait for the next news may be cut off, by a timeout for example; the one after it hears what comes.
        """
        ...

    async def close(self) -> None:
        """Stop."""
        ...
