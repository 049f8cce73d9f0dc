"""A worker: claims runs and carries them on, many at once, on one event loop.

Everything it holds is in the journal. So when it may have lost touch with the database (a commit that
was not confirmed, a proof of life that is gone) it drops all its runs on the spot; whoever lives takes
them up where their journals end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from autograph.engine.errors import Fenced, JournalLost
from autograph.engine.events import RunFailed, RunStarted
from autograph.engine.executor import Executor
from autograph.engine.journal.codec import encode_event
from autograph.engine.journal.commit import GroupCommit
from autograph.engine.planner import EMPTY_PLAN, Plan
from autograph.engine.ports import (
    Claim,
    EventSink,
    JournalStore,
    Liveness,
    News,
    PlanSource,
    RunRef,
    RunResult,
    WorkSource,
)
from autograph.engine.recovery import restore
from autograph.engine.runner import Engine, Limits, Runner
from autograph.engine.state import RunState
from autograph.infra.clock import Clock
from autograph.infra.errors import AutographError, OperationalError

_log = structlog.stdlib.get_logger(__name__)
REAP_EVERY: Final = timedelta(milliseconds=500)
STRAY_AFTER: Final = timedelta(seconds=5)
_RETRY_AFTER: Final = 0.25

End = asyncio.Task[RunResult | None]
"""How a run ended; None when it was parked, or taken up by somebody else."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a worker is made of.

    Attributes:
        liveness: Makes a fresh proof of life.
        sink: Is told what became durable.
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


class Worker:
    """Carries runs. `start` it, hand it runs or let it take them from the queue, `stop` it."""

    def __init__(self, parts: Parts, *, limits: Limits, slots: int) -> None:
        """Work on at most `slots` runs at once, each within `limits`."""
        self._parts = parts
        self._slots = slots
        self._journal = GroupCommit(parts.store, self)
        self._engine = Engine(
            journal=self._journal,
            store=parts.store,
            executor=parts.executor,
            plans=parts.plans,
            clock=parts.clock,
            limits=limits,
            adopt=self._adopt,
            keeps=parts.source is None,
        )
        self._liveness: Liveness | None = None
        self._runners: dict[UUID, Runner] = {}
        self._ends: dict[UUID, End] = {}
        self._services: list[asyncio.Task[None]] = []
        self._freed = asyncio.Event()
        self._lost = asyncio.Event()
        self._alive = asyncio.Event()
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
        services = [self._guard(), self._tend()]
        if self._parts.source is not None:
            services.append(self._receive(self._parts.source))
        self._services = [asyncio.create_task(service) for service in services]

    async def stop(self) -> None:
        """Drain: take nothing new, stop every run where it is committed, hand it back to the queue."""
        self._is_draining = True
        for service in self._services:
            service.cancel()
        await asyncio.gather(*self._services, return_exceptions=True)
        claims = [runner.claim for runner in self._runners.values()]
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

    # taking runs

    async def submit(self, run: RunRef, started: RunStarted) -> End | None:
        """Accept a new run; it is durable when this returns.

        Returns:
            Its end when it runs here, None when it went to the queue.

        Raises:
            JournalLost: The database did not confirm: the run may or may not exist.
            NotFound: Its graph was deleted.
        """
        plan = await self._parts.plans.plan(run.graph)
        worker = self._free()
        write = self._journal.create(run, worker=worker)
        write.entries.append((1, encode_event(started)))
        self._journal.count(1)
        end = None if worker is None else self._hold_new(run, started, plan)
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

    def hear(self, payload: str | None) -> None:
        """Take in that another process sent a run a message; None: some may be missing."""
        for run_id in list(self._runners) if payload is None else (UUID(payload),):
            self.notice_messages(run_id)

    def announce(self, news: News) -> None:
        """Wake the runs here that were told something, and pass the news on."""
        for run_id in news.told:
            self.notice_messages(run_id)
        self._parts.sink.announce(news)

    def _free(self) -> int | None:
        if self._is_draining or len(self._ends) >= self._slots:
            return None
        return self.id

    def _adopt(self, parent_id: UUID, child: RunRef, started: RunStarted) -> int | None:
        """Start a child run here, once the commit that creates it is confirmed."""
        worker = self._free()
        if worker is None:
            return None

        async def start() -> RunResult | None:
            await self._journal.commit(parent_id)
            plan = await self._parts.plans.plan(child.graph)
            return await self._carry(self._runner(Claim(child, epoch=1), started, plan))

        self._track(child.id, asyncio.create_task(start()))
        return worker

    def _hold_new(self, run: RunRef, started: RunStarted, plan: Plan) -> End:
        runner = self._runner(Claim(run, epoch=1), started, plan)
        return self._track(run.id, asyncio.create_task(self._carry(runner)))

    def _runner(self, claim: Claim, started: RunStarted, plan: Plan) -> Runner:
        state = RunState(plan)
        state.apply(started)
        return self._register(Runner(self._engine, claim, state, is_new=True))

    def _register(self, runner: Runner) -> Runner:
        self._runners[runner.run_id] = runner
        return runner

    def _track(self, run_id: UUID, end: End) -> End:
        self._ends[run_id] = end

        def forget(_: End) -> None:
            self._ends.pop(run_id, None)
            self._runners.pop(run_id, None)
            self._freed.set()

        end.add_done_callback(forget)
        return end

    async def _carry(self, runner: Runner) -> RunResult | None:
        try:
            return await runner.run()
        except Fenced:
            _log.info("run is held by another worker", run_id=str(runner.run_id))
        except JournalLost:
            _log.warning("run dropped, its journal is not confirmed", run_id=str(runner.run_id))
        except Exception:  # noqa: BLE001 - a border: a fault of ours in one run must not touch the others;
            # the run goes back to the queue, and ends as poison if it does this every time.
            _log.exception("run dropped by a fault of ours", run_id=str(runner.run_id))
            await self._give_up(runner.claim)
        return None

    async def _give_up(self, claim: Claim) -> None:
        with suppress(OperationalError):
            await self._parts.store.give_back([claim], crashed=True)

    # the queue

    async def _receive(self, source: WorkSource) -> None:
        while True:
            try:
                while (free := self._slots - len(self._ends)) <= 0:
                    self._freed.clear()
                    await self._freed.wait()
                await self._alive.wait()
                run_ids = await source.receive(free)
                if self._liveness is None:
                    await source.publish(run_ids)
                    continue
                for claim in await self._parts.store.claim(run_ids, worker=self._liveness.worker):
                    self._track(claim.run.id, asyncio.create_task(self._take_up(claim)))
            except OperationalError:
                await asyncio.sleep(_RETRY_AFTER)

    async def _take_up(self, claim: Claim) -> RunResult | None:
        try:
            plan = await self._parts.plans.plan(claim.run.graph)
            state = restore(plan, await self._parts.store.load(claim.run.id))
        except OperationalError:
            _log.warning("run could not be read", run_id=str(claim.run.id))
            await self._give_up(claim)
            return None
        except AutographError as error:
            return await self._refuse(claim, error)
        return await self._carry(self._register(Runner(self._engine, claim, state, is_new=False)))

    async def _refuse(self, claim: Claim, error: AutographError) -> RunResult | None:
        """End a run that cannot even begin: its graph is gone."""
        state = RunState(EMPTY_PLAN)
        state.seq = len(await self._parts.store.load(claim.run.id))
        runner = Runner(self._engine, claim, state, is_new=True)
        return await runner.stop(RunFailed(error.code, error.message))

    # staying alive

    async def _tend(self) -> None:
        """Give back the runs of dead workers, and wake what nobody woke."""
        while True:
            try:
                found = [
                    *await self._parts.store.reap(),
                    *await self._parts.store.stray(older_than=STRAY_AFTER),
                ]
                if found and self._parts.source is not None:
                    await self._parts.source.publish(found)
            except OperationalError as error:
                _log.warning("cannot look for runs of dead workers", error=error.message)
            await asyncio.sleep(REAP_EVERY.total_seconds())

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
