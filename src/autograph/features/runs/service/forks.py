"""Use cases that go on from a run that was: fork it, retry what failed, run it again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from autograph.engine.debug import check
from autograph.engine.events import Event, NodeCompleted, RunStarted
from autograph.engine.fork import Fork, History, fork, read, to_retry
from autograph.engine.ports import GraphRef, JournalStore, PlanSource, RunRef
from autograph.features.accounts.models import Principal
from autograph.features.agents.errors import GraphNotFound
from autograph.features.agents.models import GraphSettings
from autograph.features.agents.repository import GraphRepository
from autograph.features.runs.errors import ForkPointUnknown, NothingToRetry, RunIsGoing
from autograph.features.runs.models import ForkPlan, RunRow, StepRef
from autograph.features.runs.ports import RunStarter
from autograph.features.runs.repository import RunRepository
from autograph.features.runs.service.intake import Intake
from autograph.features.runs.service.runs import asks_of, may_begin
from autograph.graph.model import Json
from autograph.infra.ids import new_id


class ForkService:
    """Makes runs out of runs."""

    def __init__(
        self,
        runs: RunRepository,
        graphs: GraphRepository,
        journal: JournalStore,
        plans: PlanSource,
        intake: Intake,
        starter: RunStarter,
    ) -> None:
        """Use all of these."""
        self._runs = runs
        self._graphs = graphs
        self._journal = journal
        self._plans = plans
        self._intake = intake
        self._starter = starter

    async def fork(
        self,
        principal: Principal,
        run_id: UUID,
        from_node_run: int,
        *,
        version: int | None = None,
        inputs: Mapping[str, Json] | None = None,
    ) -> UUID:
        """Start a run in which a node run of another one, and what follows from it, is done again.

        Args:
            principal: For whom it runs.
            run_id: The run to go on from; it may still go on itself, and is left as it is.
            from_node_run: Number of the node run there that is done again.
            version: Version of the graph the new run runs; None for the other run's.
            inputs: Inputs that are others in the new run, by name.

        Returns:
            The new run; it is durable.

        Raises:
            RunNotFound: There is no such run.
            ForkPointUnknown: The node run never happened; those that did are in `node_runs`.
            GraphNotFound: There is no such version, or the graph was deleted.
            InvalidInputs: Every input that does not fit, in `details`.
            StorageFull: The person's runs keep all they may.

        Writes: the new run, and in the same commit the events it takes over.
        """
        made = await self._prepare(principal, run_id, version=version, inputs=inputs)
        made.require(from_node_run)
        return await self._start(principal, made, {from_node_run})

    async def plan(
        self,
        principal: Principal,
        run_id: UUID,
        from_node_run: int,
        *,
        version: int | None = None,
        inputs: Mapping[str, Json] | None = None,
    ) -> ForkPlan:
        """Return what `fork` would do; nothing is written. Arguments and errors are those of `fork`."""
        made = await self._prepare(principal, run_id, version=version, inputs=inputs)
        made.require(from_node_run)
        return made.told(await self._forked(made, {from_node_run}))

    async def retry(self, principal: Principal, run_id: UUID) -> UUID:
        """Start a run in which what failed in another one is done again, and what did not is kept.

        Raises:
            RunNotFound: There is no such run.
            RunIsGoing: It has not ended.
            NothingToRetry: It completed.
            GraphNotFound: The graph was deleted.
        """
        made = await self._prepare(principal, run_id)
        if not made.row.status.is_terminal:
            raise RunIsGoing(
                f"Run {run_id} is {made.row.status.value}. Wait for its end, or fork it."
            )
        if made.row.status == "completed":
            raise NothingToRetry(
                f"Run {run_id} completed. Fork it from a node run, or run it again, to do work anew."
            )
        return await self._start(principal, made, to_retry(made.history))

    async def again(
        self, principal: Principal, run_id: UUID, *, inputs: Mapping[str, Json] | None = None
    ) -> UUID:
        """Start a run of the same graph version from the beginning, with the inputs of another run.

        Args:
            principal: For whom it runs.
            run_id: The run whose inputs count.
            inputs: Inputs that are others in the new run, by name.

        Raises:
            RunNotFound: There is no such run.
            GraphNotFound: The graph was deleted.
            InvalidInputs: Every input that does not fit, in `details`.
        """
        made = await self._prepare(principal, run_id, inputs=inputs)
        await self._submit(principal, made, made.started)
        return made.run.id

    async def _prepare(
        self,
        principal: Principal,
        run_id: UUID,
        *,
        version: int | None = None,
        inputs: Mapping[str, Json] | None = None,
    ) -> _Prepared:
        row = await self._runs.get(principal, run_id)
        graph = GraphRef(row.graph_id, version or row.graph_version, row.sub_graph_id)
        found = await self._graphs.runnable(principal, row.graph_id, graph.version)
        if found is None:
            raise GraphNotFound(f"There is no version {graph.version} of graph {row.graph_id}.")
        plan = await self._plans.plan(GraphRef(row.graph_id, row.graph_version, row.sub_graph_id))
        history = read(plan, await self._journal.load(run_id))
        told = history.started
        accepted = await self._intake.accept(graph, {**told.inputs, **(inputs or {})}, told)
        if told.until is not None:
            check(RunStarted({}, until=told.until), await self._plans.plan(graph))
        started = RunStarted(
            accepted,
            told.overrides,
            asks=asks_of(found.settings, is_attended=True),
            is_recorded=told.is_recorded,
            dry_run=told.dry_run,
            until=told.until,
            pinned=told.pinned,
            breakpoints=told.breakpoints,
        )
        run = RunRef(new_id(), principal.user_id, graph, timezone=principal.timezone)
        return _Prepared(row, history, run, started, found.settings)

    async def _forked(self, made: _Prepared, again: Collection[int]) -> Fork:
        target = await self._plans.plan(made.run.graph)
        return fork(made.history, target, made.first_event(again), again)

    async def _start(self, principal: Principal, made: _Prepared, again: Collection[int]) -> UUID:
        found = await self._forked(made, again)
        await self._submit(principal, made, made.first_event(again), found.events)
        return made.run.id

    async def _submit(
        self,
        principal: Principal,
        made: _Prepared,
        started: RunStarted,
        further: Sequence[Event] = (),
    ) -> None:
        await self._intake.require_room(principal)
        await self._starter.submit(
            made.run, started, further=further, may_begin=may_begin(principal, made.settings)
        )


class _Prepared:
    """The run that is gone on from, and the new one before anything is decided."""

    def __init__(
        self,
        row: RunRow,
        history: History,
        run: RunRef,
        started: RunStarted,
        settings: GraphSettings,
    ) -> None:
        self.row = row
        self.history = history
        self.run = run
        self.started = started
        self.settings = settings

    def first_event(self, again: Collection[int]) -> RunStarted:
        """Return the first event of a fork that does `again` anew."""
        origin: Mapping[str, Json] = {"run_id": str(self.row.id), "node_runs": sorted(again)}
        # What was asked before is in the other run's journal: a fork makes no cassette.
        return replace(self.started, forked_from=origin, is_recorded=None)

    def require(self, number: int) -> None:
        """Make sure that a node run happened.

        Raises:
            ForkPointUnknown: It did not.
        """
        if 1 <= number <= len(self.history.steps):
            return
        known = [self._ref(step).as_json() for step in range(1, len(self.history.steps) + 1)]
        raise ForkPointUnknown(
            f"Run {self.row.id} has no node run {number}; it has {len(known)}, numbered from 1.",
            node_runs=known,
        )

    def told(self, found: Fork) -> ForkPlan:
        """Return a fork as people are shown it."""
        spent = {
            event.node_run: event.credits
            for event in self.history.events
            if isinstance(event, NodeCompleted)
        }
        return ForkPlan(
            reused=[self._ref(one.source) for one in found.reused],
            again=[self._ref(number) for number in found.again],
            gone=[self._ref(number) for number in found.gone],
            new_nodes=found.new_nodes,
            credits_before=sum(spent.get(number, 0) for number in found.again),
        )

    def _ref(self, number: int) -> StepRef:
        run = self.history.steps[number - 1].run
        return StepRef(number, run.node.id, run.node.spec.name, run.status.value)
