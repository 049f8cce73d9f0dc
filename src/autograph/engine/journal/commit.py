"""Group commit: one writer per process gathers what all its runs have to write and commits it at once.

Appending costs nothing; awaiting `commit` costs one turn of the writer, shared by everybody who waits.
A chain of pure nodes that nobody waits for therefore costs one commit, its creation included.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog

from autograph.engine.errors import Fenced, JournalLost
from autograph.engine.ports import EventSink, JournalStore, News, RunRef, RunWrite

_log = structlog.stdlib.get_logger(__name__)
MAX_BUFFERED_ENTRIES: Final = 4_096
"""Over this many events a run has to wait before it appends more: the database sets the pace."""


class _Batch:
    """What the next commit takes, and who waits for it."""

    def __init__(self) -> None:
        self.writes: dict[UUID, RunWrite] = {}
        self.entry_count = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.fenced: set[UUID] = set()


class GroupCommit:
    """The process's only writer of journals."""

    def __init__(self, store: JournalStore, sink: EventSink) -> None:
        """Write to `store`, tell `sink`."""
        self._store = store
        self._sink = sink
        self._batch = _Batch()
        self._flushing: _Batch | None = None
        self._dirty = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._on_lost: Callable[[], None] | None = None

    def start(self, on_lost: Callable[[], None]) -> None:
        """Begin to write.

        Args:
            on_lost: Called when a commit was not confirmed; every run of the process must stop.
        """
        self._on_lost = on_lost
        self._task = asyncio.create_task(self._write_forever(), name="journal")

    async def close(self) -> None:
        """Write what is there and stop."""
        if self._batch.writes:
            await self._settled(self._batch)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def edit(self, run: RunRef, epoch: int) -> RunWrite:
        """Return what the next commit does to a run, to be added to."""
        writes = self._batch.writes
        write = writes.get(run.id)
        if write is None:
            write = writes[run.id] = RunWrite(run, epoch)
            self._dirty.set()
        return write

    def create(self, run: RunRef, *, worker: int | None) -> RunWrite:
        """Make a run with the next commit: claimed by `worker` from the start, else queued."""
        write = self.edit(run, 1 if worker is not None else 0)
        write.is_new, write.worker = True, worker
        return write

    def count(self, entries: int) -> None:
        """Note that entries were added to the next commit."""
        self._batch.entry_count += entries

    @property
    def is_full(self) -> bool:
        """Whether a run should await `commit` before it appends more."""
        return self._batch.entry_count >= MAX_BUFFERED_ENTRIES

    async def commit(self, run_id: UUID) -> None:
        """Return when everything appended so far for a run is durable.

        Raises:
            Fenced: Another worker owns the run.
            JournalLost: The database did not confirm.
        """
        batch = self._batch if run_id in self._batch.writes else self._flushing
        if batch is None or run_id not in batch.writes:
            return
        await self._settled(batch)
        if run_id in batch.fenced:
            raise Fenced(f"Run {run_id} is owned by another worker.")

    async def _settled(self, batch: _Batch) -> None:
        # Shielded: a waiter that is cancelled must not cancel the commit of everybody else.
        await asyncio.shield(batch.done)

    async def _write_forever(self) -> None:
        while True:
            await self._dirty.wait()
            # One turn for the others: a run that was just accepted gets as far as it can in this commit.
            await asyncio.sleep(0)
            self._dirty.clear()
            batch, self._batch = self._batch, _Batch()
            self._flushing = batch
            try:
                batch.fenced = await self._store.write(list(batch.writes.values()))
            except Exception as error:  # noqa: BLE001 - a border: whatever it was, nothing is confirmed
                if not isinstance(error, JournalLost):
                    _log.exception("a commit failed in a way nobody foresaw")
                    error = JournalLost(f"A commit failed: {error!r}.")
                batch.done.set_exception(error)
                batch.done.exception()  # mark as seen: perhaps nobody waits
                if self._on_lost is not None:
                    self._on_lost()
            else:
                batch.done.set_result(None)
                self._announce(batch)
            finally:
                self._flushing = None
                if not batch.done.done():
                    batch.done.cancel()

    def _announce(self, batch: _Batch) -> None:
        confirmed = [write for run_id, write in batch.writes.items() if run_id not in batch.fenced]
        self._sink.announce(
            News(
                heads=[
                    (write.run, write.entries[-1][0], write.result is not None)
                    for write in confirmed
                    if write.entries
                ],
                told=frozenset(target for write in confirmed for target, _ in write.messages),
            )
        )
