"""One run, from a claim to its end: start what is ready, write down what happens, decide when it is over.

Pure nodes run one after another on the spot. Every other node gets a task, and before a node with an
effect starts, everything it depends on is committed. When only waits are left the run is parked: its
state lives in the journal, no worker holds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, Final, cast
from uuid import UUID

from autograph.engine import children
from autograph.engine.errors import Fenced
from autograph.engine.events import (
    Event,
    NodeCompleted,
    NodeFailed,
    NodeOutput,
    NodeRetried,
    NodeStarted,
    NodeWaiting,
    Output,
    RunCancelled,
    RunCompleted,
    RunFailed,
    RunStarted,
)
from autograph.engine.executor import Executor, Failed, Outcome
from autograph.engine.journal.codec import encode_event
from autograph.engine.journal.commit import GroupCommit
from autograph.engine.ports import Claim, JournalStore, Message, PlanSource, RunRef, RunResult
from autograph.engine.state import NodeRun, NodeRunStatus, RunState
from autograph.graph.model import Json
from autograph.graph.spec import BlockKind, Effect
from autograph.infra.clock import Clock
from autograph.infra.errors import AutographError

_TURN_SECONDS: Final = 0.002
"""How long a run may hold the event loop before the others get a turn."""

_NEEDS_COMMIT: Final = frozenset({Effect.IDEMPOTENT, Effect.EFFECT})


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one run; a limit names itself and its setting when it is met.

    Attributes:
        node_runs: Node runs in all (`AUTOGRAPH_MAX_NODE_RUNS`).
        journal_bytes: Size of the journal (`AUTOGRAPH_MAX_JOURNAL_BYTES`).
        wall_time: From claim to end, waits not counted (`AUTOGRAPH_MAX_RUN_TIME`).
        depth: Agents inside agents (`AUTOGRAPH_MAX_DEPTH`).
        crashes: Workers that may die over one run (`AUTOGRAPH_MAX_CRASHES`).
    """

    node_runs: int = 10_000
    journal_bytes: int = 256 * 1024 * 1024
    wall_time: timedelta = timedelta(hours=24)
    depth: int = 16
    crashes: int = 5


@dataclass(frozen=True, slots=True)
class Engine:
    """What every run of a process shares.

    Attributes:
        adopt: `(parent, child, first event)`: starts a child run in this process after the commit that
            creates it; returns this worker's id, or None when the child has to queue.
        keeps: Whether runs that only wait stay in this process instead of being parked.
    """

    journal: GroupCommit
    store: JournalStore
    executor: Executor
    plans: PlanSource
    clock: Clock
    limits: Limits
    adopt: Callable[[UUID, RunRef, RunStarted], int | None]
    keeps: bool = False


class Runner:
    """Holds one claimed run."""

    def __init__(self, engine: Engine, claim: Claim, state: RunState, *, is_new: bool) -> None:
        """Go on from `state`, the fold of the run's journal.

        Args:
            engine: What it shares with the other runs.
            claim: The right to write its journal.
            state: As far as the journal goes.
            is_new: Nobody can have sent it a message yet.
        """
        self._engine = engine
        self._claim = claim
        self._state = state
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._has_messages = not is_new
        self._inbox_count = 0
        self._bytes = 0
        self._cancelled: str | None = None
        self._children: dict[str, int] = {}
        self._failure: BaseException | None = None

    @property
    def claim(self) -> Claim:
        """The right to write the run's journal."""
        return self._claim

    @property
    def run_id(self) -> UUID:
        """The run."""
        return self._claim.run.id

    def notice_messages(self) -> None:
        """Say that the run's inbox may have something."""
        self._has_messages = True
        self._wake.set()

    async def run(self) -> RunResult | None:
        """Carry the run on to its end; None when it was parked.

        Raises:
            Fenced: Another worker owns it.
            JournalLost: The database did not confirm.
            TimeoutError: Never; a run that is over its time is ended.
        """
        seconds = self._engine.limits.wall_time.total_seconds()
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await self._run()
        except TimeoutError:
            if not limit.expired():
                raise
            return await self.stop(
                _limit("ran longer than", f"{seconds:g} s", "AUTOGRAPH_MAX_RUN_TIME")
            )
        finally:
            await self._drop_tasks()

    async def _run(self) -> RunResult | None:
        self._restore()
        while True:
            if self._failure is not None:
                raise self._failure
            if self._has_messages:
                await self._read_inbox()
            if self._cancelled is not None:
                return await self.stop(RunCancelled(self._cancelled))
            stop = await self._start_ready()
            if stop is not None:
                return await self.stop(stop)
            if self._tasks or self._state.ready:
                await self._woken()
            elif not self._state.live:
                return await self._end(self._state.outcome())
            elif self._engine.keeps:
                await self._engine.journal.commit(self.run_id)
                await self._woken()
            elif await self._park():
                return None

    async def _woken(self) -> None:
        if not self._state.ready:
            await self._wake.wait()
        self._wake.clear()

    # starting nodes

    def _restore(self) -> None:
        """Queue again what the journal has no end of."""
        state = self._state
        state.ready.clear()
        for run in state.live.values():
            if run.status is NodeRunStatus.WAITING and run.waits_for is not None:
                self._children[run.waits_for] = run.number
            elif run.status is not NodeRunStatus.WAITING:
                state.ready.append(run)

    async def _start_ready(self) -> RunFailed | None:
        """Start every node run that is ready; return why the run must stop, if it must."""
        state, engine = self._state, self._engine
        turn_ends = perf_counter() + _TURN_SECONDS
        while state.ready:
            stop = self._limit_met()
            if stop is not None:
                return stop
            run = state.ready.popleft()
            if run.node.spec.kind is not BlockKind.AGENT and engine.executor.runs_inline(run):
                self._record(
                    run,
                    await engine.executor.attempt(
                        self._claim.run, run, state.overrides_of(run.node)
                    ),
                )
            elif run.node.spec.kind is BlockKind.AGENT:
                self._spawn(self._start_child(run))
            else:
                self._spawn(self._run_node(run))
            if state.must_stop:
                break
            if perf_counter() > turn_ends:
                if engine.journal.is_full:
                    await engine.journal.commit(self.run_id)
                await asyncio.sleep(0)
                if self._cancelled is not None or self._has_messages:
                    return None
                turn_ends = perf_counter() + _TURN_SECONDS
        if state.must_stop:
            failure = next(error for error in reversed(state.errors) if not error.handled)
            return RunFailed(failure.code, failure.message)
        return None

    def _limit_met(self) -> RunFailed | None:
        limits = self._engine.limits
        if self._state.count > limits.node_runs:
            return _limit(
                "needed more than", f"{limits.node_runs} node runs", "AUTOGRAPH_MAX_NODE_RUNS"
            )
        if self._bytes > limits.journal_bytes:
            return _limit(
                "wrote more than", f"{limits.journal_bytes} bytes", "AUTOGRAPH_MAX_JOURNAL_BYTES"
            )
        if self._claim.crashes >= limits.crashes:
            return RunFailed(
                "run.poison",
                f"It was stopped because {self._claim.crashes} workers died while they ran it "
                "(limit: AUTOGRAPH_MAX_CRASHES).",
            )
        return None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Fenced or JournalLost: the run stops here, the journal is somebody else's.
            self._failure = error

    async def _run_node(self, run: NodeRun) -> None:
        """Run a node through all its attempts."""
        if run.status is NodeRunStatus.RUNNING and run.node.spec.effect is Effect.EFFECT:
            self._record(run, _outcome_unknown(run))
            return
        await self._wait_until(run.due_at)
        retry = run.node.retry
        while True:
            if not run.node.is_pure:
                self._emit(NodeStarted(run.number, run.node.id, run.attempt))
            if run.node.spec.effect in _NEEDS_COMMIT:
                await self._engine.journal.commit(self.run_id)
            stream = None if run.node.is_pure or retry.max else self._stream(run)
            overrides = self._state.overrides_of(run.node)
            outcome = await self._engine.executor.attempt(self._claim.run, run, overrides, stream)
            again = isinstance(outcome, Failed) and run.attempt <= retry.max
            if not again or (retry.on and cast("Failed", outcome).code not in retry.on):
                self._record(run, outcome)
                return
            self._retry(run, cast("Failed", outcome))
            await self._wait_until(run.due_at)

    def _retry(self, run: NodeRun, failed: Failed) -> None:
        delay = max(
            run.node.retry.backoff * 2 ** (run.attempt - 1), failed.retry_after or timedelta(0)
        )
        due_at = (self._engine.clock.now() + delay).isoformat()
        self._emit(
            NodeRetried(
                run.number, run.node.id, run.attempt + 1, due_at, failed.code, failed.message
            )
        )

    async def _wait_until(self, due_at: str | None) -> None:
        if due_at is not None:
            left = datetime.fromisoformat(due_at) - self._engine.clock.now()
            await asyncio.sleep(max(0.0, left.total_seconds()))

    def _stream(self, run: NodeRun) -> Callable[[list[Output]], None]:
        def hand_over(outputs: list[Output]) -> None:
            if run.number in self._state.live:
                self._emit(NodeOutput(run.number, run.node.id, outputs))
                self._wake.set()

        return hand_over

    def _record(self, run: NodeRun, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._emit(
                NodeFailed(
                    run.number,
                    run.node.id,
                    outcome.code,
                    outcome.message,
                    outcome.outputs,
                    outcome.duration_ms,
                )
            )
        else:
            self._emit(NodeCompleted(run.number, run.node.id, outcome.outputs, outcome.duration_ms))

    def _emit(self, event: Event) -> None:
        entry = encode_event(event)
        journal = self._engine.journal
        journal.edit(self._claim.run, self._claim.epoch).entries.append(
            (self._state.seq + 1, entry)
        )
        journal.count(1)
        self._bytes += len(entry.body)
        self._state.apply(event)

    # agents inside agents

    async def _start_child(self, run: NodeRun) -> None:
        ref = self._claim.run
        try:
            if ref.depth >= self._engine.limits.depth:
                raise children.too_deep(self._engine.limits.depth)
            child, started = await children.prepare(ref, run, self._state, self._engine.plans)
        except AutographError as error:
            self._record(run, Failed([], 0.0, error.code, error.message))
            return
        self._children[str(child.id)] = run.number
        write = self._engine.journal.edit(self._claim.run, self._claim.epoch)
        worker = self._engine.adopt(ref.id, child, started)
        write.children.append((child, encode_event(started), worker))
        self._emit(NodeWaiting(run.number, run.node.id, child=str(child.id)))

    async def _child_ended(self, message: Message) -> None:
        child = str(message.body["run_id"])
        number = self._children.pop(child, None)
        run = self._state.live.get(number) if number is not None else None
        result = await self._engine.store.result(UUID(child))
        if run is not None and result is not None:
            self._record(run, children.outcome(result))

    # messages, and the end

    async def _read_inbox(self) -> None:
        self._has_messages = False
        inbox = await self._engine.store.inbox(self.run_id)
        self._inbox_count = inbox.count
        for message in inbox.messages:
            if message.kind == "cancel":
                self._cancelled = str(message.body.get("reason", ""))
            elif message.kind == "child.ended":
                await self._child_ended(message)
            self._engine.journal.edit(self._claim.run, self._claim.epoch).consumed.append(
                message.id
            )

    async def _park(self) -> bool:
        await self._engine.journal.commit(self.run_id)
        if self._has_messages:
            return False
        parked = await self._engine.store.park(self._claim, inbox_count=self._inbox_count)
        self._has_messages = not parked
        return parked

    async def stop(self, event: RunFailed | RunCancelled) -> RunResult:
        """End the run although something is still going on: that is dropped, children are cancelled."""
        await self._drop_tasks()
        write = self._engine.journal.edit(self._claim.run, self._claim.epoch)
        for child in self._children:
            write.messages.append(
                (UUID(child), Message("cancel", {"reason": "Its parent run ended."}))
            )
        return await self._end(event)

    async def _end(self, event: RunCompleted | RunFailed | RunCancelled) -> RunResult:
        self._emit(event)
        state, ref = self._state, self._claim.run
        result = result_of(state)
        write = self._engine.journal.edit(self._claim.run, self._claim.epoch)
        write.result = result
        if ref.parent_id is not None:
            told = Message(
                "child.ended", {"run_id": str(self.run_id), "status": result.status.value}
            )
            write.messages.append((ref.parent_id, told))
        await self._engine.journal.commit(self.run_id)
        return result

    async def _drop_tasks(self) -> None:
        if not self._tasks:
            return
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def result_of(state: RunState) -> RunResult:
    """Return how a run ended, or what it has so far."""
    end = state.end
    error: Mapping[str, Json] | None = None
    if isinstance(end, RunFailed):
        error = {"code": end.code, "message": end.message}
    elif isinstance(end, RunCancelled):
        error = {"code": "run.cancelled", "message": end.reason or "It was cancelled."}
    return RunResult(
        status=state.status,
        outputs=state.outputs,
        errors=[one.as_json() for one in state.errors],
        starved=state.starved(),
        stats=state.stats(),
        error=error,
    )


def _limit(verb: str, limit: str, setting: str) -> RunFailed:
    return RunFailed("run.limit", f"The run {verb} {limit} (limit: {setting}).")


def _outcome_unknown(run: NodeRun) -> Failed:
    return Failed(
        [],
        0.0,
        "node.outcome_unknown",
        f"{run.node.spec.name} had started when its worker died, so nobody knows whether it took effect. "
        "Check outside, then run the agent again.",
    )


__all__ = ["Engine", "Fenced", "Limits", "Runner", "result_of"]
