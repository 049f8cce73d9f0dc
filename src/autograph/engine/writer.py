"""Writes one run's journal, and keeps its state in step with it.

Everything goes into the process's next commit (`journal.commit.GroupCommit`); nothing here waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from autograph.engine.events import (
    Event,
    NodeCompleted,
    NodeFailed,
    NodeOutput,
    NodeRetried,
    NodeWaiting,
    WaitKind,
)
from autograph.engine.executor import Failed, Outcome, Waits
from autograph.engine.journal.codec import encode_event
from autograph.engine.journal.commit import GroupCommit
from autograph.engine.ports import Charge, Claim, Question, RunWrite
from autograph.engine.state import NodeRun, RunState
from autograph.engine.waits import Wait
from autograph.infra.clock import Clock
from autograph.infra.ids import new_id


class RunWriter:
    """The only way in which a run changes.

    Attributes:
        due: When a waiting node run goes on by itself, by its number.
    """

    def __init__(self, journal: GroupCommit, clock: Clock, claim: Claim, state: RunState) -> None:
        """Write what happens to `state` under `claim`."""
        self._journal = journal
        self._clock = clock
        self._claim = claim
        self._state = state
        self.due: dict[int, datetime] = {}
        for run in state.live.values():
            if run.due_at is not None:
                self.due[run.number] = datetime.fromisoformat(run.due_at)

    @property
    def next_write(self) -> RunWrite:
        """What the next commit does to the run, to be added to."""
        return self._journal.edit(self._claim.run, self._claim.epoch)

    async def commit(self) -> None:
        """Return when everything written so far is durable.

        Raises:
            Fenced: Another worker owns the run.
            JournalLost: The database did not confirm.
        """
        await self._journal.commit(self._claim.run.id)

    def emit(self, event: Event) -> None:
        """Write an event."""
        entry = encode_event(event)
        self.next_write.entries.append((self._state.seq + 1, entry))
        self._journal.count(1)
        self._state.journal_bytes += len(entry.body)
        if entry.payloads:
            self._state.journal_bytes += sum(len(text) for _, text in entry.payloads)
        self._state.apply(event)

    def record(self, run: NodeRun, outcome: Outcome) -> None:
        """Write how an attempt ended."""
        number, node = run.number, run.node.id
        if isinstance(outcome, Failed):
            self.emit(
                NodeFailed(
                    number,
                    node,
                    outcome.code,
                    outcome.message,
                    outcome.outputs,
                    outcome.duration_ms,
                )
            )
        elif isinstance(outcome, Waits):
            if outcome.outputs:
                self.emit(NodeOutput(number, node, outcome.outputs))
            self.suspend(run, outcome.wait)
        else:
            credits = outcome.credits
            if credits:
                self.next_write.charges.append(Charge(number, node, run.node.spec.id, credits))
            self.emit(
                NodeCompleted(
                    number,
                    node,
                    outcome.outputs,
                    outcome.duration_ms,
                    credits=credits,
                    simulated=outcome.simulated,
                    is_pinned=outcome.is_pinned or None,
                )
            )

    def retry(self, run: NodeRun, failed: Failed) -> None:
        """Write that another attempt follows a failed one, after its delay."""
        delay = max(
            run.node.retry.backoff * 2 ** (run.attempt - 1), failed.retry_after or timedelta(0)
        )
        due_at = self._clock.now() + delay
        self.emit(
            NodeRetried(
                run.number,
                run.node.id,
                run.attempt + 1,
                due_at.isoformat(),
                failed.code,
                failed.message,
            )
        )
        self.due[run.number] = due_at

    def suspend(self, run: NodeRun, wait: Wait) -> None:
        """Write that a node run waits, and what it asks the world."""
        due_at = None if wait.due_in is None else self._clock.now() + wait.due_in
        due_text = None if due_at is None else due_at.isoformat()
        wait_id: UUID | None = None
        if wait.kind not in {WaitKind.TIMER, WaitKind.TOOLS}:
            wait_id = new_id()
            self.next_write.questions.append(
                Question(
                    id=wait_id,
                    node_run=run.number,
                    node=run.node.id,
                    kind=wait.kind.value,
                    title=wait.title,
                    payload=wait.payload,
                    is_editable=wait.is_editable,
                    token=wait.token,
                    due_at=due_text,
                )
            )
        self.emit(
            NodeWaiting(
                run.number,
                run.node.id,
                wait=wait.kind.value,
                wait_id=None if wait_id is None else str(wait_id),
                due_at=due_text,
                index=wait.index,
                uses=wait.uses,
                kept=wait.kept,
                used=wait.used,
            )
        )
        if due_at is not None:
            self.due[run.number] = due_at

    def due_now(self) -> Iterator[NodeRun]:
        """Take out the node runs that are due and still live."""
        now = self._clock.now()
        for number in [number for number, due_at in self.due.items() if due_at <= now]:
            del self.due[number]
            run = self._state.live.get(number)
            if run is not None:
                yield run

    def next_due_in(self) -> timedelta | None:
        """Return how long it is until something is due, None when nothing ever is."""
        if not self.due:
            return None
        return max(timedelta(0), min(self.due.values()) - self._clock.now())
