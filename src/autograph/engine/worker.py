"""A worker: claims runs and carries them on, many at once, on one event loop.

Everything it holds is in the journal. So when it may have lost touch with the database (a commit that
was not confirmed, a proof of life that is gone) it drops all its runs on the spot; whoever lives takes
them up where their journals end.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from autograph import __version__
from autograph.engine.errors import Fenced, JournalLost
from autograph.engine.events import FORMAT, Event, RunFailed, RunStarted
from autograph.engine.executor import Executor
from autograph.engine.journal.codec import encode_event
from autograph.engine.journal.commit import GroupCommit
from autograph.engine.limits import Limits
from autograph.engine.planner import EMPTY_PLAN, Plan
from autograph.engine.ports import (
    Claim,
    EventSink,
    Journal,
    JournalStore,
    Liveness,
    News,
    PlanSource,
    RunRef,
    RunResult,
    Turn,
    WorkSource,
)
from autograph.engine.recovery import restore
from autograph.engine.runner import Engine, Runner
from autograph.engine.state import RunState
from autograph.engine.traced import follow, from_here, traced
from autograph.infra.clock import Clock
from autograph.infra.errors import AutographError, OperationalError
from autograph.infra.telemetry.ports import Tracer

_log = structlog.stdlib.get_logger(__name__)
TEND_EVERY: Final = timedelta(milliseconds=500)
"""How often a worker looks for runs of dead workers, for what is due, and at the queue itself."""
_RETRY_AFTER: Final = 0.25
_READ_AT_ONCE: Final = 20
"""Journals that are read in one go."""

End = asyncio.Task[RunResult | None]
"""How a run ended; None when it was parked, or taken up by somebody else."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much a worker carries, and how much of that one person gets.

    Attributes:
        slots: Runs at once.
        share: Runs of one person at once, so that there is room for the next one.
        per_person: Runs of one person in all workers; None for any number.
        per_graph: Runs of one graph in all workers; None for any number.
        drain: How long `stop` waits for node runs that go on.
    """

    slots: int = 200
    share: int = 150
    per_person: int | None = None
    per_graph: int | None = None
    drain: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a worker is made of.

    Attributes:
        liveness: Makes a fresh proof of life.
        sink: Is told what became durable.
        tracer: Notes spans; None where nothing is traced.
        source: The queue. None for a worker that runs what it is handed and nothing else; it keeps
            waiting runs in memory, since nobody would wake them.
    """

    store: JournalStore
    liveness: Callable[[], Awaitable[Liveness]]
    executor: Executor
    plans: PlanSource
    clock: Clock
    sink: EventSink
    source: WorkSource | None
    tracer: Tracer | None = None


class Worker:
    """Carries runs. `start` it, hand it runs or let it take them from the queue, `stop` it."""

    def __init__(self, parts: Parts, *, limits: Limits, capacity: Capacity) -> None:
        """Work on as many runs as `capacity` says, each within `limits`."""
        self._parts = parts
        self._capacity = capacity
        self._held: Counter[UUID] = Counter()
        self._look = asyncio.Event()
        self._is_more = False
        self._told_newest: int | None = None
        self._journal = GroupCommit(parts.store, self)
        self._engine = Engine(
            journal=self._journal,
            store=parts.store,
            executor=parts.executor,
            plans=parts.plans,
            clock=parts.clock,
            limits=limits,
            tracer=parts.tracer,
            adopt=self._adopt,
            keeps=parts.source is None,
        )
        self._liveness: Liveness | None = None
        self._runners: dict[UUID, Runner] = {}
        self._ends: dict[UUID, End] = {}
        self._claims: dict[UUID, Claim] = {}
        self._told: set[UUID] = set()  # runs that got a message before they had a runner
        self._services: list[asyncio.Task[None]] = []
        self._freed = asyncio.Event()
        self._lost = asyncio.Event()
        self._alive = asyncio.Event()
        self._hurry = asyncio.Event()
        self._is_draining = False

    @property
    def id(self) -> int | None:
        """The id under which it claims runs; None while it cannot."""
        return None if self._liveness is None else self._liveness.worker

    @property
    def active(self) -> int:
        """How many runs it holds."""
        return len(self._ends)

    async def start(self) -> None:
        """Begin to work.

        Raises:
            OperationalError: The database does not answer.
        """
        self._journal.start(self._lost.set)
        self._liveness = await self._parts.liveness()
        self._alive.set()
        services = [self._guard, self._tend]
        if self._parts.source is not None:
            services += [partial(self._listen, self._parts.source), self._take]
        self._services = [asyncio.create_task(_for_ever(service)) for service in services]

    async def stop(self) -> None:
        """Drain: take nothing new, let node runs that go on end, hand every run back where it is committed.

        What goes on for longer than `Capacity.drain` is cut off, as if the worker had died.
        """
        self._is_draining = True
        for service in self._services:
            service.cancel()
        await asyncio.gather(*self._services, return_exceptions=True)
        claims = list(self._claims.values())
        for runner in list(self._runners.values()):
            runner.drain()
        await self._drained()
        await self._drop_runs()
        with suppress(OperationalError):
            await self._journal.close()
            given = await self._parts.store.give_back(claims)
            if given and self._parts.source is not None:
                await self._parts.source.publish(given)
        if self._liveness is not None:
            await self._liveness.close()
            self._liveness = None
        self._parts.executor.close()

    def hurry(self) -> None:
        """Wait no longer for node runs that go on: `stop` cuts them off."""
        self._hurry.set()

    async def _drained(self) -> None:
        ends = asyncio.gather(*self._ends.values(), return_exceptions=True)
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait(
            [ends, hurry],
            timeout=self._capacity.drain.total_seconds(),
            return_when=asyncio.FIRST_COMPLETED,
        )
        hurry.cancel()

    # taking runs

    async def submit(
        self,
        run: RunRef,
        started: RunStarted,
        *,
        further: Sequence[Event] = (),
        may_begin: bool = True,
    ) -> End | None:
        """Accept a new run; it is durable when this returns.

        Args:
            run: The run.
            started: Its first event.
            further: The events after that, of a run that goes on from another one.
            may_begin: It may begin here at once, where there is room; otherwise it queues.

        Returns:
            Its end when it runs here, None when it went to the queue.

        Raises:
            JournalLost: The database did not confirm: the run may or may not exist.
            NotFound: Its graph was deleted.
        """
        plan = await self._parts.plans.plan(run.graph)
        started = from_here(started, self._parts.tracer)
        worker = self._room_for(run) if may_begin else None
        self._is_more |= worker is None
        write = self._journal.create(run, worker=worker)
        for seq, event in enumerate((started, *further), 1):
            write.entries.append((seq, encode_event(event)))
        self._journal.count(1 + len(further))
        end = None
        if worker is not None:
            runner = self._runner(Claim(run, epoch=1), (started, *further), plan)
            end = self._track(runner.claim, asyncio.create_task(self._carry(runner)))
        await self._journal.commit(run.id)
        return end

    def end_of(self, run_id: UUID) -> End | None:
        """Return the end of a run that is held here."""
        return self._ends.get(run_id)

    def notice_messages(self, run_id: UUID) -> None:
        """Say that a run has messages; nothing happens when it is not held here."""
        runner = self._runners.get(run_id)
        if runner is not None:
            runner.notice_messages()
        elif run_id in self._ends:
            self._told.add(run_id)

    def hear(self, payload: str | None) -> None:
        """Take in that another process sent a run a message; None: some may be missing."""
        for run_id in list(self._ends) if payload is None else (UUID(payload),):
            self.notice_messages(run_id)

    def announce(self, news: News) -> None:
        """Wake the runs here that were told something, and pass the news on."""
        for run_id in news.told:
            self.notice_messages(run_id)
        self._parts.sink.announce(news)

    def _free(self) -> int | None:
        if self._is_draining or len(self._ends) >= self._capacity.slots:
            return None
        return self.id

    def _room_for(self, run: RunRef) -> int | None:
        """Return this worker's id when a new run may begin here before any that is queued."""
        capacity, held = self._capacity, self._held[run.owner_id]
        is_over = held >= capacity.share or capacity.per_graph is not None
        if self._is_more or is_over or capacity.per_person is not None:
            return None  # whose turn it is, is decided where all runs are known
        return self._free()

    def _adopt(self, parent_id: UUID, child: RunRef, started: RunStarted) -> int | None:
        """Start a child run here, once the commit that creates it is confirmed."""
        worker = self._free()
        if worker is None:
            return None

        async def start() -> RunResult | None:
            await self._journal.commit(parent_id)
            plan = await self._parts.plans.plan(child.graph)
            return await self._carry(self._runner(Claim(child, epoch=1), (started,), plan))

        self._track(Claim(child, epoch=1), asyncio.create_task(start()))
        return worker

    def _runner(self, claim: Claim, events: Sequence[Event], plan: Plan) -> Runner:
        return self._register(claim, restore(plan, events))

    def _register(self, claim: Claim, state: RunState) -> Runner:
        has_messages = claim.inbox_count > 0 or claim.run.id in self._told
        runner = Runner(self._engine, claim, state, has_messages=has_messages)
        self._runners[runner.run_id] = runner
        return runner

    def _track(self, claim: Claim, end: End) -> End:
        run = claim.run
        self._claims[run.id], self._ends[run.id] = claim, end
        self._held[run.owner_id] += 1

        def forget(_: End) -> None:
            self._ends.pop(run.id, None)
            self._runners.pop(run.id, None)
            self._claims.pop(run.id, None)
            self._told.discard(run.id)
            self._held[run.owner_id] -= 1
            if not self._held[run.owner_id]:
                del self._held[run.owner_id]
            self._freed.set()
            if self._is_more:
                self._look.set()

        end.add_done_callback(forget)
        return end

    async def _carry(self, runner: Runner) -> RunResult | None:
        tracer, carrying = self._parts.tracer, self._carry_on(runner)
        follow(runner)
        return await (carrying if tracer is None else traced(tracer, runner, carrying))

    async def _carry_on(self, runner: Runner) -> RunResult | None:
        try:
            return await runner.run()
        except Fenced:
            _log.info("run is held by another worker")
        except JournalLost:
            _log.warning("run dropped, its journal is not confirmed")
        except Exception:  # noqa: BLE001 - a border: a fault of ours in one run must not touch the others;
            # the run goes back to the queue, and ends as poison if it does this every time.
            _log.exception("run dropped by a fault of ours")
            await self._give_up(runner.claim)
        return None

    async def _give_up(self, claim: Claim) -> None:
        with suppress(OperationalError):
            await self._parts.store.give_back([claim], crashed=True)

    # the queue

    async def _listen(self, source: WorkSource) -> None:
        """Look at the queue whenever somebody says that there is work, and there is room for it."""
        while True:
            try:
                while (free := self._capacity.slots - len(self._ends)) <= 0:
                    self._freed.clear()
                    await self._freed.wait()
                await self._alive.wait()
                await source.receive(free)
                self._look.set()
            except OperationalError:
                await asyncio.sleep(_RETRY_AFTER)

    async def _take(self) -> None:
        """Take what is queued, as far as there is room and it is its turn."""
        while True:
            await self._look.wait()
            self._look.clear()
            try:
                while await self._take_some():
                    pass
            except OperationalError:
                await asyncio.sleep(_RETRY_AFTER)

    async def _take_some(self) -> bool:
        """Take runs once; return whether another try may find more."""
        capacity = self._capacity
        free = capacity.slots - len(self._ends)
        if self._liveness is None or free <= 0:
            return False
        turn = Turn(
            self._liveness.worker, free, capacity.share, capacity.per_person, capacity.per_graph
        )
        taken = await self._parts.store.take(turn)
        self._is_more = taken.is_more
        for first in range(0, len(taken.claims), _READ_AT_ONCE):
            some = taken.claims[first : first + _READ_AT_ONCE]
            reading = asyncio.create_task(self._read(some))
            for claim in some:
                self._track(claim, asyncio.create_task(self._take_up(claim, reading)))
        if taken.newest is not None and taken.newest != self._told_newest:
            _log.warning(
                "refused runs that a newer Autograph wrote; they stay queued for its workers",
                journal_format=taken.newest,
                this_worker_reads=FORMAT,
                version=__version__,
            )
        self._told_newest = taken.newest
        return taken.is_more and bool(taken.claims)

    async def _read(self, claims: Sequence[Claim]) -> Mapping[UUID, Journal]:
        """Return journals, read together; none when one of them cannot be read, so that each is tried alone."""
        try:
            return await self._parts.store.load_all([claim.run.id for claim in claims])
        except Exception as error:  # noqa: BLE001 - a border: whose fault it was is found out one by one
            _log.warning("journals could not be read together", error=repr(error))
            return {}

    async def _take_up(
        self, claim: Claim, reading: asyncio.Task[Mapping[UUID, Journal]]
    ) -> RunResult | None:
        run_id = claim.run.id
        try:
            plan = await self._parts.plans.plan(claim.run.graph)
            journal = (await asyncio.shield(reading)).get(run_id)
            if journal is None:
                journal = (await self._parts.store.load_all([run_id]))[run_id]
            state = restore(plan, journal.events, journal_bytes=journal.size)
        except OperationalError:
            _log.warning("run could not be read", run_id=str(run_id))
            await self._give_up(claim)
            return None
        except AutographError as error:
            return await self._refuse(claim, error)
        except Exception:  # noqa: BLE001 - a border: a journal that nobody can read ends as a dead letter
            _log.exception("run could not be understood", run_id=str(run_id))
            if self._engine.limits.poison(claim.crashes) is None:
                await self._give_up(claim)
                return None
            state = await self._unread(claim)
        return await self._carry(self._register(claim, state))

    async def _refuse(self, claim: Claim, error: AutographError) -> RunResult | None:
        """End a run that cannot even begin: its graph is gone."""
        runner = Runner(self._engine, claim, await self._unread(claim), has_messages=False)
        return await runner.stop(RunFailed(error.code, error.message))

    async def _unread(self, claim: Claim) -> RunState:
        """Return a state in which a run can only be ended."""
        state = RunState(EMPTY_PLAN)
        state.seq = await self._parts.store.length(claim.run.id)
        return state

    # staying alive

    async def _tend(self) -> None:
        """Give back the runs of dead workers, wake what is due, and look at the queue.

        This makes good whatever a broker, a notification or another process lost.
        """
        while True:
            try:
                found = [
                    *await self._parts.store.reap(),
                    *await self._parts.store.wake(ahead=TEND_EVERY),
                ]
                if found and self._parts.source is not None:
                    await self._parts.source.publish(found)
                self._look.set()
            except OperationalError as error:
                _log.warning("cannot look for runs of dead workers", error=error.message)
            await asyncio.sleep(TEND_EVERY.total_seconds())

    async def _guard(self) -> None:
        """Drop everything when the proof of life or a commit is lost, and begin anew."""
        while True:
            if self._liveness is not None:
                lost = [
                    asyncio.create_task(self._liveness.lost()),
                    asyncio.create_task(self._lost.wait()),
                ]
                await asyncio.wait(lost, return_when=asyncio.FIRST_COMPLETED)
                for waiter in lost:
                    waiter.cancel()
                _log.warning(
                    "lost touch with the database; runs go on from their journals", runs=self.active
                )
                dead, self._liveness = self._liveness, None
                self._alive.clear()
                await self._drop_runs()
                await dead.close()
            self._lost.clear()
            try:
                self._liveness = await self._parts.liveness()
                self._alive.set()
            except OperationalError:
                await asyncio.sleep(_RETRY_AFTER)

    async def _drop_runs(self) -> None:
        ends = list(self._ends.values())
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)


async def _for_ever(service: Callable[[], Awaitable[None]]) -> None:
    """Run a service of the worker; a fault of ours in it is told, and it begins anew."""
    while True:
        try:
            await service()
        except Exception:  # noqa: BLE001 - a border: a worker that no longer looks at its queue helps nobody
            _log.exception("a service of the worker failed")
            await asyncio.sleep(_RETRY_AFTER)
