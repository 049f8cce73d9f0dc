"""Runs and journals in memory: the journal's contract without a database, for tests and experiments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from autograph.engine.events import Event
from autograph.engine.journal.codec import Entry, decode_event
from autograph.engine.ports import Claim, Inbox, Message, RunRef, RunResult, RunWrite
from autograph.engine.state import TRANSITIONS, RunStatus
from autograph.infra.clock import Clock
from autograph.infra.json import decode, encode


@dataclass
class _Row:
    run: RunRef
    status: RunStatus
    worker: int | None
    epoch: int
    queued_at: datetime
    crashes: int = 0
    inbox_count: int = 0
    inbox: list[Message] = field(default_factory=list[Message])
    entries: dict[int, Entry] = field(default_factory=dict[int, Entry])
    result: RunResult | None = None

    def move(self, status: RunStatus) -> None:
        assert status in TRANSITIONS[self.status], f"{self.status} > {status}"
        self.status = status


class MemoryJournal:
    """Implements `JournalStore`. `alive` is what advisory locks are elsewhere: the workers that live."""

    def __init__(self, clock: Clock) -> None:
        """Begin empty."""
        self.alive: set[int] = set()
        self._clock = clock
        self._rows: dict[UUID, _Row] = {}
        self._payloads: dict[str, Any] = {}
        self._message_id = 0

    async def write(self, writes: Sequence[RunWrite]) -> set[UUID]:
        """Commit all of it."""
        return {write.run_id for write in writes if not self._write(write)}

    def _write(self, write: RunWrite) -> bool:
        if write.is_new:
            if write.run_id in self._rows:
                return False
            self._create(write.run, write.worker)
        row = self._rows.get(write.run_id)
        if (
            row is None
            or row.epoch != write.epoch
            or any(seq in row.entries for seq, _ in write.entries)
        ):
            return False
        for seq, entry in write.entries:
            self._keep(row, seq, entry)
        for child, entry, worker in write.children:
            self._create(child, worker)
            self._keep(self._rows[child.id], 1, entry)
        row.inbox = [message for message in row.inbox if message.id not in write.consumed]
        for target, message in write.messages:
            self._send(target, message)
        if write.result is not None:
            row.move(write.result.status)
            row.result, row.worker = write.result, None
        return True

    def _create(self, run: RunRef, worker: int | None) -> None:
        status = RunStatus.QUEUED if worker is None else RunStatus.RUNNING
        epoch = 0 if worker is None else 1
        self._rows[run.id] = _Row(run, status, worker, epoch, self._clock.now())

    def _keep(self, row: _Row, seq: int, entry: Entry) -> None:
        row.entries[seq] = entry
        self._payloads.update((digest, decode(text)) for digest, text in entry.payloads)

    async def load(self, run_id: UUID) -> Sequence[Event]:
        """Return a run's events in order of `seq`."""
        row = self._rows.get(run_id)
        entries = sorted(row.entries.items()) if row else []
        return [
            decode_event(entry.kind, decode(entry.body), self._payloads) for _, entry in entries
        ]

    async def claim(self, run_ids: Sequence[UUID], *, worker: int) -> Sequence[Claim]:
        """Take those of the runs that are queued; their epoch rises by one."""
        claims: list[Claim] = []
        for run_id in run_ids:
            row = self._rows.get(run_id)
            if row is not None and row.status is RunStatus.QUEUED:
                row.move(RunStatus.RUNNING)
                row.worker, row.epoch = worker, row.epoch + 1
                claims.append(Claim(row.run, row.epoch, row.crashes))
        return claims

    async def give_back(self, claims: Sequence[Claim], *, crashed: bool = False) -> Sequence[UUID]:
        """Queue runs again that this worker holds; returns those that it still held."""
        held = [
            row
            for claim in claims
            if (row := self._rows[claim.run.id]).epoch == claim.epoch
            and row.status is RunStatus.RUNNING
        ]
        for row in held:
            self._queue(row, crashed=crashed)
        return [row.run.id for row in held]

    def _queue(self, row: _Row, *, crashed: bool) -> None:
        row.move(RunStatus.QUEUED)
        row.worker, row.queued_at = None, self._clock.now()
        row.crashes += crashed

    async def park(self, claim: Claim, *, inbox_count: int) -> bool:
        """Let a run wait without a worker; False when a message came since `inbox_count` was read."""
        row = self._rows[claim.run.id]
        if (
            row.epoch != claim.epoch
            or row.inbox_count != inbox_count
            or row.status is not RunStatus.RUNNING
        ):
            return False
        row.move(RunStatus.WAITING)
        row.worker = None
        return True

    async def inbox(self, run_id: UUID) -> Inbox:
        """Return the messages nobody has taken in yet, oldest first."""
        row = self._rows[run_id]
        return Inbox(row.inbox_count, list(row.inbox))

    async def send(self, run_id: UUID, message: Message) -> bool:
        """Tell a run something; a waiting run is queued. False when it is over, or there is none."""
        return self._send(run_id, message)

    def _send(self, run_id: UUID, message: Message) -> bool:
        row = self._rows.get(run_id)
        if row is None or row.status.is_terminal:
            return False
        self._message_id += 1
        row.inbox.append(Message(message.kind, decode(encode(message.body)), self._message_id))
        row.inbox_count += 1
        if row.status is RunStatus.WAITING:
            row.move(RunStatus.QUEUED)
            row.queued_at = self._clock.now()
        return True

    async def reap(self) -> Sequence[UUID]:
        """Queue the runs of dead workers again; returns them."""
        orphans = [
            row
            for row in self._rows.values()
            if row.status is RunStatus.RUNNING and row.worker not in self.alive
        ]
        for row in orphans:
            self._queue(row, crashed=True)
        return [row.run.id for row in orphans]

    async def stray(self, *, older_than: timedelta) -> Sequence[UUID]:
        """Return queued runs that have been so for longer: their wake-up may be lost."""
        limit = self._clock.now() - older_than
        return [
            row.run.id
            for row in self._rows.values()
            if row.status is RunStatus.QUEUED and row.queued_at < limit
        ]

    async def result(self, run_id: UUID) -> RunResult | None:
        """Return how a run ended, None when it has not."""
        row = self._rows.get(run_id)
        return None if row is None else row.result
