"""Runs and journals in memory: the journal's contract without a database, for tests and experiments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from autograph.engine.events import Event
from autograph.engine.journal.codec import Entry, decode_event
from autograph.engine.ports import (
    Claim,
    Inbox,
    Journal,
    Message,
    Question,
    RunRef,
    RunResult,
    RunWrite,
    Taken,
    Turn,
)
from autograph.engine.state import TRANSITIONS, RunStatus
from autograph.graph.model import Json
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
    wake_at: datetime | None = None
    is_dead: bool = False
    charges: dict[int, int] = field(default_factory=dict[int, int])

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
        self.questions: dict[UUID, tuple[UUID, Question]] = {}

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
        self._settle(row, write)
        if write.result is not None:
            row.move(write.result.status)
            row.result, row.worker = write.result, None
        return True

    def _settle(self, row: _Row, write: RunWrite) -> None:
        self.questions.update((one.id, (write.run_id, one)) for one in write.questions)
        for one in write.charges:
            row.charges.setdefault(one.node_run, one.credits)
        if write.closes:
            row.is_dead = False
            for wait_id in [key for key, (run, _) in self.questions.items() if run == write.run_id]:
                del self.questions[wait_id]

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

    async def load_all(self, run_ids: Sequence[UUID]) -> Mapping[UUID, Journal]:
        """Return the journals of several runs."""
        return {run_id: Journal(await self.load(run_id), self._size(run_id)) for run_id in run_ids}

    def _size(self, run_id: UUID) -> int:
        row = self._rows.get(run_id)
        return sum(
            len(entry.body) + sum(len(text) for _, text in entry.payloads)
            for entry in (row.entries.values() if row else ())
        )

    async def length(self, run_id: UUID) -> int:
        """Return the number of a run's last event."""
        row = self._rows.get(run_id)
        return len(row.entries) if row else 0

    async def take(self, turn: Turn) -> Taken:
        """Claim queued runs whose turn it is; their epoch rises by one."""
        claims: list[Claim] = []
        while len(claims) < turn.room and (row := self._next(turn)) is not None:
            row.move(RunStatus.RUNNING)
            row.worker, row.epoch, row.wake_at = turn.worker, row.epoch + 1, None
            claims.append(Claim(row.run, row.epoch, row.crashes, row.inbox_count))
        return Taken(claims, any(row.status is RunStatus.QUEUED for row in self._rows.values()))

    def _next(self, turn: Turn) -> _Row | None:
        going = [row for row in self._rows.values() if row.status is RunStatus.RUNNING]
        everywhere = Counter(row.run.owner_id for row in going)
        here = Counter(row.run.owner_id for row in going if row.worker == turn.worker)
        graphs = Counter(row.run.graph.graph_id for row in going)
        allowed = [
            row
            for row in self._rows.values()
            if row.status is RunStatus.QUEUED
            and here[row.run.owner_id] < turn.share
            and (turn.per_person is None or everywhere[row.run.owner_id] < turn.per_person)
            and (turn.per_graph is None or graphs[row.run.graph.graph_id] < turn.per_graph)
        ]
        return min(
            allowed,
            key=lambda row: (everywhere[row.run.owner_id], -row.run.priority, row.queued_at),
            default=None,
        )

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

    async def park(
        self, claim: Claim, *, inbox_count: int, wake_in: timedelta | None = None
    ) -> bool:
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
        row.wake_at = None if wake_in is None else self._clock.now() + wake_in
        return True

    async def bury(self, claim: Claim, *, inbox_count: int, code: str, message: str) -> bool:
        """Set a run aside as a dead letter; False when a message came since `inbox_count` was read."""
        buried = await self.park(claim, inbox_count=inbox_count)
        self._rows[claim.run.id].is_dead |= buried
        return buried

    async def redrive(self, run_id: UUID) -> bool:
        """Queue a run again that was set aside, its crashes forgotten; False when it was not."""
        row = self._rows.get(run_id)
        if row is None or not row.is_dead:
            return False
        row.is_dead, row.crashes = False, 0
        self._queue(row, crashed=False)
        return True

    async def answer(self, wait_id: UUID, answer: Mapping[str, Json] | None) -> bool:
        """Answer a question and tell its run; False when it was answered before, or closed."""
        found = self.questions.pop(wait_id, None)
        if found is None:
            return False
        return self._send(
            found[0], Message("wait.answered", {"wait_id": str(wait_id), "answer": answer})
        )

    async def wake(self, *, ahead: timedelta) -> Sequence[UUID]:
        """Queue waiting runs that are due now, or within `ahead`; returns them."""
        limit = self._clock.now() + ahead
        due = [
            row
            for row in self._rows.values()
            if row.status is RunStatus.WAITING and row.wake_at is not None and row.wake_at <= limit
        ]
        for row in due:
            self._queue(row, crashed=False)
        return [row.run.id for row in due]

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

    async def result(self, run_id: UUID) -> RunResult | None:
        """Return how a run ended, None when it has not."""
        row = self._rows.get(run_id)
        return None if row is None else row.result
