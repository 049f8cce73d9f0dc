"""One run, from a claim to its end: start what is ready, write down what happens, decide when it is over.

Pure nodes run one after another on the spot. Every other node gets a task, and before a node with an
effect starts, everything it depends on is committed. When only waits are left the run is parked: its
state lives in the journal, no worker holds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import Any, Final, cast
from uuid import UUID

from autograph.engine import children
from autograph.engine.debug import breaks
from autograph.engine.events import (
    NodeExchanged,
    NodeOutput,
    NodeResumed,
    NodeStarted,
    NodeWaiting,
    Output,
    RunCancelled,
    RunCompleted,
    RunFailed,
    RunStarted,
    WaitKind,
)
from autograph.engine.executor import Done, Executor, Failed
from autograph.engine.journal.codec import encode_event
from autograph.engine.journal.commit import GroupCommit
from autograph.engine.limits import Limits
from autograph.engine.ports import (
    Claim,
    JournalStore,
    Message,
    PlanSource,
    RunRef,
    RunResult,
)
from autograph.engine.recovery import result_of
from autograph.engine.simulation import Means, Simulation
from autograph.engine.state import NodeRun, RunState
from autograph.engine.waits import (
    ask_at_breakpoint,
    ask_for_action,
    ask_for_outcome,
    default_answer,
    laid_over,
    outcome_policy,
    resumed_by,
    trusted_too,
    unknown,
)
from autograph.engine.writer import RunWriter
from autograph.graph.model import Json, OutcomeUnknown
from autograph.graph.spec import BlockKind, Effect
from autograph.infra.clock import Clock
from autograph.infra.errors import AutographError
from autograph.infra.telemetry.ports import Tracer

_TURN_SECONDS: Final = 0.002
"""How long a run may hold the event loop before the others get a turn."""

_WORTH_PARKING: Final = timedelta(seconds=1)
"""A run that is due again within this stays where it is."""

_NEEDS_COMMIT: Final = frozenset({Effect.IDEMPOTENT, Effect.EFFECT})


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
    tracer: Tracer | None
    adopt: Callable[[UUID, RunRef, RunStarted], int | None]
    keeps: bool = False


class Runner:
    """Holds one claimed run."""

    def __init__(
        self, engine: Engine, claim: Claim, state: RunState, *, has_messages: bool
    ) -> None:
        """Go on from `state`, the fold of the run's journal.

        Args:
            engine: What it shares with the other runs.
            claim: The right to write its journal.
            state: As far as the journal goes.
            has_messages: Its inbox may have something.
        """
        self._engine = engine
        self._claim = claim
        self._state = state
        self._writer = RunWriter(engine.journal, engine.clock, claim, state)
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._has_messages = has_messages
        self._inbox_count = claim.inbox_count
        self._stopped: RunFailed | RunCancelled | None = None
        self._children: dict[str, int] = {}
        self._is_draining = False
        self._failure: BaseException | None = None
        self._simulation: Simulation | None = None
        if state.dry_run is not None:
            means = Means.from_json(state.dry_run)
            self._simulation = Simulation(
                claim.run, means, engine.store, engine.plans, engine.executor
            )

    @property
    def claim(self) -> Claim:
        """The right to write the run's journal."""
        return self._claim

    @property
    def run_id(self) -> UUID:
        """The run."""
        return self._claim.run.id

    @property
    def state(self) -> RunState:
        """As far as it has come."""
        return self._state

    def notice_messages(self) -> None:
        """Say that the run's inbox may have something."""
        self._has_messages = True
        self._wake.set()

    def drain(self) -> None:
        """Start nothing more; `run` returns None as soon as what runs has ended."""
        self._is_draining = True
        self._wake.set()

    async def run(self) -> RunResult | None:
        """Carry the run on to its end; None when it was parked, set aside or drained.

        Raises:
            Fenced: Another worker owns it.
            JournalLost: The database did not confirm.
            TimeoutError: Never; a run that is over its time is ended.
        """
        limit = asyncio.timeout(self._engine.limits.wall_time.total_seconds())
        try:
            async with limit:
                return await self._run()
        except TimeoutError:
            if not limit.expired():
                raise
            return await self.stop(self._engine.limits.overtime())
        finally:
            await self._drop_tasks()

    async def _run(self) -> RunResult | None:
        if poison := self._engine.limits.poison(self._claim.crashes):
            return await self._set_aside(poison)
        self._restore()
        while True:
            await self._take_in()
            stop = self._stopped or await self._start_ready()
            if stop is not None:
                return await self.stop(stop)
            if self._tasks or (self._state.ready and not self._is_draining):
                await self._woken()
            elif not self._state.live:
                return await self._end(self._state.outcome())
            elif self._is_draining or not self._stays():
                if await self._let_go():
                    return None
            else:
                await self._writer.commit()
                await self._woken()

    async def _take_in(self) -> None:
        """Take in what happened outside: a lost journal, messages, time."""
        if self._failure is not None:
            raise self._failure
        if self._has_messages:
            await self._read_inbox()
        if self._writer.due:
            await self._take_due()

    async def _woken(self) -> None:
        if self._state.ready and not self._is_draining:
            self._wake.clear()
            return
        due = self._writer.next_due_in()
        timer = (
            None
            if due is None
            else asyncio.get_running_loop().call_later(due.total_seconds(), self._wake.set)
        )
        await self._wake.wait()
        self._wake.clear()
        if timer is not None:
            timer.cancel()

    # starting nodes

    def _restore(self) -> None:
        """Queue again what the journal has no end of."""
        state = self._state
        state.ready.clear()
        for run in state.live.values():
            if run.wait is not None and run.wait.child is not None:
                self._children[run.wait.child] = run.number
            elif run.wait is None and run.due_at is None:
                state.ready.append(run)

    async def _start_ready(self) -> RunFailed | None:
        """Start every node run that is ready; return why the run must stop, if it must."""
        state, engine = self._state, self._engine
        turn_ends = perf_counter() + _TURN_SECONDS
        while state.ready and not state.must_stop and not self._is_draining:
            stop = engine.limits.met_by(node_runs=state.count, journal_bytes=state.journal_bytes)
            if stop is not None:
                return stop
            run = state.ready.popleft()
            if state.is_debugged and self._stands_in(run):
                continue
            if engine.executor.runs_inline(run):
                overrides = laid_over(run, state)
                outcome = await engine.executor.attempt(self._claim.run, run, overrides)
                self._writer.record(run, outcome)
            else:
                self._start(run)
            if perf_counter() > turn_ends:
                if engine.journal.is_full:
                    await self._writer.commit()
                await asyncio.sleep(0)
                if self._has_messages:
                    return None
                turn_ends = perf_counter() + _TURN_SECONDS
        if state.must_stop:
            failure = next(error for error in reversed(state.errors) if not error.handled)
            return RunFailed(failure.code, failure.message)
        return None

    def _start(self, run: NodeRun) -> None:
        """Start a node run that gets a task of its own, or waits before it starts."""
        if run.node.spec.kind is BlockKind.AGENT:
            self._spawn(self._start_child(run))
        elif self._simulation is not None and not run.node.is_pure:
            self._spawn(self._simulate(run, self._simulation))
        elif not self._asks_first(run):
            self._spawn(self._run_node(run))

    def _stands_in(self, run: NodeRun) -> bool:
        """Let what is pinned stand for a node run, or a breakpoint hold it; return whether one did."""
        if run.node.id in self._state.pinned:
            self._writer.record(run, Done(self._state.pinned[run.node.id], 0.0, is_pinned=True))
        elif breaks(run, self._state):
            self._writer.suspend(run, ask_at_breakpoint(run, self._state))
        else:
            return False
        return True

    async def _simulate(self, run: NodeRun, simulation: Simulation) -> None:
        """Let something stand in for a node run."""
        overrides = laid_over(run, self._state)
        self._writer.record(run, await simulation.outcome(self._state.plan, run, overrides))

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
        """Run a node once; a further attempt is a new start, perhaps later."""
        if not run.node.is_pure:
            self._writer.emit(NodeStarted(run.number, run.node.id, run.attempt))
        if run.node.spec.effect in _NEEDS_COMMIT:
            await self._writer.commit()
        retry = run.node.retry
        stream = None if run.node.is_pure or retry.max else self._stream(run)
        outcome = await self._engine.executor.attempt(
            self._claim.run,
            run,
            laid_over(run, self._state),
            stream,
            asks_people=WaitKind.REVIEW in self._state.asks
            and run.node.id not in self._state.trusted,
            keep=self._keep(run) if self._state.is_recorded else None,
        )
        again = isinstance(outcome, Failed) and run.attempt <= retry.max
        if again and (not retry.on or cast("Failed", outcome).code in retry.on):
            self._writer.retry(run, cast("Failed", outcome))
        else:
            self._writer.record(run, outcome)

    def _stream(self, run: NodeRun) -> Callable[[list[Output]], None]:
        def hand_over(outputs: list[Output]) -> None:
            if run.number in self._state.live:
                self._writer.emit(NodeOutput(run.number, run.node.id, outputs))
                self._wake.set()

        return hand_over

    def _keep(self, run: NodeRun) -> Callable[[Sequence[Json]], None]:
        def keep(exchanges: Sequence[Json]) -> None:
            self._writer.emit(NodeExchanged(run.number, run.node.id, run.attempt, exchanges))

        return keep

    # waiting

    def _asks_first(self, run: NodeRun) -> bool:
        """Suspend a node run that a person has to say something to before it starts; return whether."""
        policy = outcome_policy(run, self._state)
        if policy is OutcomeUnknown.ASK:
            self._writer.suspend(run, ask_for_outcome(run, self._state))
        elif policy is not None:
            what = f"{unknown(run)}, then run the agent again."
            lost = Failed([], 0.0, "node.outcome_unknown", what)
            (self._writer.retry if policy is OutcomeUnknown.RETRY else self._writer.record)(
                run, lost
            )
        elif wait := ask_for_action(run, self._state):
            self._writer.suspend(run, wait)
        else:
            return False
        return True

    def _stays(self) -> bool:
        """Whether the run, which only waits, stays in this process."""
        due = self._writer.next_due_in()
        return self._engine.keeps or (due is not None and due <= _WORTH_PARKING)

    async def _take_due(self) -> None:
        """Go on with what is due: timers, delays of retries, deadlines."""
        for run in self._writer.due_now():
            wait = run.wait
            if wait is None:
                run.due_at = None
                self._state.ready.append(run)
            elif wait.wait_id is None:
                self._writer.emit(NodeResumed(run.number, run.node.id))
            else:
                # Its question is answered as anybody would answer it, so that only one answer counts.
                await self._writer.commit()
                await self._engine.store.answer(UUID(wait.wait_id), default_answer(run, wait.wait))
                self._has_messages = True

    async def _answered(self, message: Message) -> None:
        wait_id, answer = message.body["wait_id"], message.body["answer"]
        live = self._state.live.values()
        run = next((run for run in live if run.wait and run.wait.wait_id == wait_id), None)
        if run is None or run.wait is None:
            return
        self._writer.due.pop(run.number, None)
        self._writer.emit(resumed_by(run, run.wait, answer))
        others = trusted_too(run.node, self._state)
        if others:
            await self._writer.commit()
            for other in others:
                await self._engine.store.answer(UUID(other), {**answer, "data": None})
            self._has_messages = True

    # agents inside agents

    async def _start_child(self, run: NodeRun) -> None:
        ref = self._claim.run
        try:
            if ref.depth >= self._engine.limits.depth:
                raise children.too_deep(self._engine.limits.depth)
            dry = None if self._simulation is None else await self._simulation.inside(run.node.id)
            child, started = await children.prepare(ref, run, self._state, self._engine, dry)
        except AutographError as error:
            self._writer.record(run, Failed([], 0.0, error.code, error.message))
            return
        self._children[str(child.id)] = run.number
        write = self._writer.next_write
        worker = self._engine.adopt(ref.id, child, started)
        write.children.append((child, encode_event(started), worker))
        self._writer.emit(NodeWaiting(run.number, run.node.id, child=str(child.id)))

    async def _child_ended(self, message: Message) -> None:
        child = str(message.body["run_id"])
        number = self._children.pop(child, None)
        run = self._state.live.get(number) if number is not None else None
        result = await self._engine.store.result(UUID(child))
        if run is not None and result is not None:
            self._writer.record(run, children.outcome(result))

    # messages, and the end

    async def _read_inbox(self) -> None:
        self._has_messages = False
        inbox = await self._engine.store.inbox(self.run_id)
        self._inbox_count = inbox.count
        for message in inbox.messages:
            reason = str(message.body.get("reason", ""))
            if message.kind == "cancel":
                self._stopped = RunCancelled(reason)
            elif message.kind == "discard":
                self._stopped = RunFailed("run.poison", reason)
            elif message.kind == "child.ended":
                await self._child_ended(message)
            elif message.kind == "wait.answered":
                await self._answered(message)
            self._writer.next_write.consumed.append(message.id)

    async def _let_go(self) -> bool:
        """Leave the run to the database: parked, or, drained, to be handed back; False when it has a message."""
        await self._writer.commit()
        if self._is_draining and (self._state.ready or self._engine.keeps):
            return True
        if self._has_messages:
            return False
        parked = await self._engine.store.park(
            self._claim, inbox_count=self._inbox_count, wake_in=self._writer.next_due_in()
        )
        self._has_messages = not parked
        return parked

    async def _set_aside(self, poison: RunFailed) -> RunResult | None:
        """Do nothing of the run, except to end it where somebody said so: it has killed workers before."""
        while True:
            inbox = await self._engine.store.inbox(self.run_id)
            for message in inbox.messages:
                if message.kind in {"cancel", "discard"}:
                    await self._read_inbox()
                    return await self.stop(self._stopped or poison)
            if await self._engine.store.bury(
                self._claim, inbox_count=inbox.count, code=poison.code, message=poison.message
            ):
                return None

    async def stop(self, event: RunFailed | RunCancelled) -> RunResult:
        """End the run although something is still going on: that is dropped, children are cancelled."""
        await self._drop_tasks()
        for child in self._children:
            self._writer.next_write.messages.append(
                (UUID(child), Message("cancel", {"reason": "Its parent run ended."}))
            )
        return await self._end(event)

    async def _end(self, event: RunCompleted | RunFailed | RunCancelled) -> RunResult:
        state, ref = self._state, self._claim.run
        is_waited_on = self._claim.crashes > 0 or any(run.wait for run in state.live.values())
        self._writer.emit(event)
        result = result_of(state)
        write = self._writer.next_write
        write.result = result
        write.closes = is_waited_on
        if ref.parent_id is not None:
            told = Message(
                "child.ended", {"run_id": str(self.run_id), "status": result.status.value}
            )
            write.messages.append((ref.parent_id, told))
        await self._writer.commit()
        return result

    async def _drop_tasks(self) -> None:
        if not self._tasks:
            return
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
