"""Use cases of runs."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from autograph.dispatch.ports import Broadcast
from autograph.engine.events import NodeCompleted, NodeFailed, NodeWaiting, RunStarted, WaitKind
from autograph.engine.fork import Step, read
from autograph.engine.ports import GraphRef, JournalStore, Message, PlanSource, RunRef
from autograph.engine.recovery import restore, result_of
from autograph.engine.simulation import Means
from autograph.engine.state import NodeRunStatus, RunState, RunStatus
from autograph.features.accounts.models import Principal
from autograph.features.agents.errors import GraphNotFound
from autograph.features.agents.models import GraphSettings
from autograph.features.agents.repository import GraphRepository
from autograph.features.runs.errors import RunIsOver, RunNotFound
from autograph.features.runs.models import (
    Debug,
    JournalRow,
    NodeResult,
    NodeResultPage,
    Order,
    Page,
    Priority,
    Run,
    RunFilter,
    Wait,
)
from autograph.features.runs.ports import RunStarter
from autograph.features.runs.repository import RunRepository
from autograph.features.runs.service.intake import Intake
from autograph.graph.credentials import CredentialNeed
from autograph.graph.model import Json
from autograph.infra.ids import new_id
from autograph.infra.json import encode

MAX_PAGE: Final = 500
_ASKED: Final = frozenset({WaitKind.REVIEW, WaitKind.ACTION, WaitKind.OUTCOME, WaitKind.CALL})
_LOOKED_AT: Final = 50
"""Runs among which a dry run looks for one that ran as a whole."""
_PARTLY: Final = frozenset({"simulated", "pinned", "until"})
"""What the counts of a run have that did not."""
_LOOK_ANYWAY_AFTER: Final = 1.0
"""Seconds after which a waiter looks at the run without news of it: news may be lost."""


class RunService:
    """Starts, shows and stops runs."""

    def __init__(
        self,
        runs: RunRepository,
        graphs: GraphRepository,
        journal: JournalStore,
        plans: PlanSource,
        starter: RunStarter,
        broadcast: Broadcast,
        intake: Intake,
    ) -> None:
        """Use all of these."""
        self._runs = runs
        self._graphs = graphs
        self._journal = journal
        self._plans = plans
        self._starter = starter
        self._broadcast = broadcast
        self._intake = intake

    async def start(  # noqa: PLR0913 - each is a choice of the person who starts it
        self,
        principal: Principal,
        graph_id: UUID,
        inputs: Mapping[str, Json],
        *,
        version: int | None = None,
        idempotency_key: str | None = None,
        priority: Priority = Priority.NORMAL,
        is_attended: bool = True,
        credentials: Mapping[str, Json] | None = None,
    ) -> UUID:
        """Accept a run; it is durable when this returns, and may already be over.

        Args:
            principal: For whom it runs.
            graph_id: What runs.
            inputs: The agent's inputs by name.
            version: Which version; None for the active one.
            idempotency_key: A second call with it returns the first call's run.
            priority: Its turn among the person's runs.
            is_attended: Somebody is there to say what became of a node whose worker died; otherwise it
                fails where its policy does not say.
            credentials: What to use, by the names in the graph's `credentials_input_schema`: references or ids.

        Raises:
            GraphNotFound: There is no such graph or version.
            InvalidInputs: Every input that does not fit, in `details`.
            CredentialsMissing: Every node that would not start without a credential, in `details`.
            NeedsTrigger: A trigger starts the agent.
            KeyReused: The key was used for another request.
            StorageFull: The person's runs keep all they may.
            OperationalError: The database does not answer.

        Writes: the run and its first event. Idempotent: by `idempotency_key`.
        """
        return await self.start_order(
            principal,
            Order(
                graph_id,
                inputs,
                version=version,
                idempotency_key=idempotency_key,
                priority=priority,
                is_attended=is_attended,
                credentials=credentials or {},
            ),
        )

    async def start_order(self, principal: Principal, order: Order) -> UUID:
        """Accept a run; it is durable when this returns, and may already be over.

        Raises:
            GraphNotFound: There is no such graph or version.
            InvalidInputs: Every input that does not fit, in `details`.
            CredentialsMissing: Every node that would not start without a credential, in `details`.
            NeedsTrigger: A trigger starts the agent, and the order brings nothing.
            KeyReused: The key was used for another request.
            UnknownTarget: It is to be debugged at a node or a pin that there is not.
            StorageFull: The person's runs keep all they may.
            OperationalError: The database does not answer.

        Writes: the run and its first event. Idempotent: by `Order.idempotency_key`.
        """
        found = await self._graphs.runnable(principal, order.graph_id, order.version)
        if found is None:
            which = "" if order.version is None else f"version {order.version} of "
            raise GraphNotFound(f"There is no {which}graph {order.graph_id}.")
        graph = GraphRef(order.graph_id, found.version)
        told = await self._intake.debugged(graph, order.debug)
        accepted = await self._intake.accept(graph, order.inputs, told)
        overrides = await self._intake.overrides(principal, graph, order, told)
        run_id = new_id()
        if order.idempotency_key is not None:
            first = await self._runs.claim_key(
                principal,
                order.idempotency_key,
                request_hash=_hash_of(order, accepted),
                run_id=run_id,
            )
            if first != run_id and await self._exists(principal, first):
                return first
            # The first request with this key died before its run was made: this one makes it.
            run_id = first
        # After the key: a run that there is already needs no more room.
        await self._intake.require_room(principal)
        run = RunRef(
            id=run_id,
            owner_id=principal.user_id,
            graph=graph,
            timezone=principal.timezone,
            priority=order.priority.rank,
        )
        await self._starter.submit(
            run,
            replace(
                told,
                inputs=accepted,
                overrides=overrides,
                asks=asks_of(found.settings, is_attended=order.is_attended),
                is_recorded=order.is_recorded or None,
                dry_run=await self._means(principal, order),
            ),
            may_begin=may_begin(principal, found.settings),
        )
        return run_id

    async def _means(self, principal: Principal, order: Order) -> Mapping[str, Json] | None:
        """Return by what a run simulates; None where it is no dry run.

        Raises:
            RunNotFound: There is no such run to simulate by, or it is another agent's.
        """
        wanted = order.dry_run
        if wanted is None:
            return None
        if wanted.recording is not None:
            row = await self._runs.get(principal, wanted.recording)
            if row.graph_id != order.graph_id or row.sub_graph_id is not None:
                raise RunNotFound(f"Run {row.id} is one of another agent.")
            return Means(wanted.model, row.id, row.graph_version).as_json()
        for row in await self._runs.list_page(
            principal,
            RunFilter(order.graph_id, RunStatus.COMPLETED),
            limit=_LOOKED_AT,
            before=None,
        ):
            if row.result is not None and not _PARTLY & row.result.stats.keys():
                return Means(wanted.model, row.id, row.graph_version).as_json()
        return Means(wanted.model).as_json()

    async def needs(
        self, principal: Principal, graph_id: UUID, *, version: int | None = None
    ) -> tuple[int, Sequence[CredentialNeed]]:
        """Return which version of a graph would run, and which credentials it needs.

        Raises:
            GraphNotFound: There is no such graph or version.
        """
        found = await self._graphs.runnable(principal, graph_id, version)
        if found is None:
            raise GraphNotFound(f"There is no graph {graph_id}, or not this version of it.")
        return found.version, await self._intake.needs(GraphRef(graph_id, found.version))

    async def _exists(self, principal: Principal, run_id: UUID) -> bool:
        with suppress(RunNotFound):
            await self._runs.get(principal, run_id)
            return True
        return False

    async def wait(self, principal: Principal, run_id: UUID, *, at_most: timedelta) -> bool:
        """Return True as soon as a run is over, False when it is not in time.

        Raises:
            RunNotFound: There is none.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most.total_seconds()):
                end = self._starter.end_of(run_id)
                if end is not None and await asyncio.shield(end) is not None:
                    return True
                await self._until_over(principal, run_id)
                return True
        return False

    async def _until_over(self, principal: Principal, run_id: UUID) -> None:
        async with self._broadcast.subscribe() as news:
            while not (await self._runs.get(principal, run_id)).status.is_terminal:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_ANYWAY_AFTER):
                        async for one in news:
                            if one is None or (one.run_id == run_id and one.is_over):
                                break

    async def get(self, principal: Principal, run_id: UUID) -> Run:
        """Return a run with its inputs and what it has come to so far.

        Raises:
            RunNotFound: There is none.
        """
        row, first = await self._runs.get_with_first_event(principal, run_id)
        debug = await self._told(run_id, first)
        if row.result is not None:
            inputs = await self._inputs(run_id, first)
            return Run(row, inputs, row.result, seq=0, debug=debug)
        graph = GraphRef(row.graph_id, row.graph_version, row.sub_graph_id)
        state = restore(await self._plans.plan(graph), await self._journal.load(run_id))
        is_queued = row.status is RunStatus.QUEUED
        return Run(
            row,
            state.inputs,
            result_of(state),
            seq=state.seq,
            waits_for=waits_of(state),
            place=await self._runs.place(principal, run_id) if is_queued else None,
            debug=debug,
            breaks=await self._runs.breaks(principal, run_id) if debug.breakpoints else (),
        )

    async def _told(self, run_id: UUID, first: Mapping[str, Json]) -> Debug:
        if not first.keys() & {"until", "pinned", "breakpoints"}:
            return Debug()
        started = (await self._journal.load(run_id))[0] if "pinned" in first else None
        pinned: dict[str, dict[str, list[Json]]] = {}
        for node, outputs in (
            started.pinned or {} if isinstance(started, RunStarted) else {}
        ).items():
            for pin, value in outputs:
                pinned.setdefault(node, {}).setdefault(pin, []).append(value)
        return Debug(first.get("until"), pinned, first.get("breakpoints") or ())

    async def _inputs(self, run_id: UUID, first: Mapping[str, Json]) -> Mapping[str, Json]:
        if "payloads" not in first:
            return first.get("inputs", {})
        events = await self._journal.load(run_id)
        return events[0].inputs if events and isinstance(events[0], RunStarted) else {}

    async def list_page(
        self,
        principal: Principal,
        wanted: RunFilter | None = None,
        *,
        limit: int = 50,
        before: UUID | None = None,
    ) -> Page:
        """Return a page of a person's runs, newest first; None wants all of them."""
        limit = min(limit, MAX_PAGE)
        rows = await self._runs.list_page(
            principal, wanted or RunFilter(), limit=limit, before=before
        )
        return Page(rows, rows[-1].id if len(rows) == limit else None)

    async def events(
        self,
        principal: Principal,
        run_id: UUID,
        *,
        since: int = 0,
        limit: int = 1_000,
        node_run: int | None = None,
    ) -> Sequence[JournalRow]:
        """Return a run's events after `since`, in order, without gaps; of one node run alone where it is named.

        Raises:
            RunNotFound: There is none.
        """
        await self._runs.get(principal, run_id)
        return await self._runs.events(run_id, since=since, limit=limit, node_run=node_run)

    async def follow(
        self, principal: Principal, run_id: UUID, *, since: int = 0
    ) -> AsyncIterator[JournalRow]:
        """Yield a run's events after `since` as they become durable, until it is over.

        Raises:
            RunNotFound: There is none.
        """
        async with self._broadcast.subscribe() as news:
            while True:
                is_over = (await self._runs.get(principal, run_id)).status.is_terminal
                while rows := await self._runs.events(run_id, since=since, limit=1_000):
                    for row in rows:
                        yield row
                    since = rows[-1].seq
                if is_over:
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_ANYWAY_AFTER):
                        async for one in news:
                            if one is None or (
                                one.run_id == run_id and (one.seq > since or one.is_over)
                            ):
                                break

    async def node_results(
        self, principal: Principal, run_id: UUID, *, after: int = 0, limit: int = 100
    ) -> NodeResultPage:
        """Return what came of a run's node runs so far, in their order, from the one after number `after`.

        Raises:
            RunNotFound: There is none.
        """
        row = await self._runs.get(principal, run_id)
        plan = await self._plans.plan(GraphRef(row.graph_id, row.graph_version, row.sub_graph_id))
        steps = read(plan, await self._journal.load(run_id)).steps
        page = [_node_result(step) for step in steps[after : after + limit]]
        is_last = after + limit >= len(steps)
        return NodeResultPage(page, None if is_last else after + limit)

    async def cancel(self, principal: Principal, run_id: UUID, *, reason: str = "") -> None:
        """Ask a run to stop; it and the runs inside it end `cancelled`.

        Raises:
            RunNotFound: There is none.
            RunIsOver: It ended before.
        """
        row = await self._runs.get(principal, run_id)
        if row.status.is_terminal or not await self._journal.send(
            run_id, Message("cancel", {"reason": reason or f"{principal.name} cancelled it."})
        ):
            raise RunIsOver(f"Run {run_id} is over already.")
        self._starter.notice_messages(run_id)

    async def delete(self, principal: Principal, run_id: UUID) -> None:
        """Delete a run that is over, with its journal.

        Raises:
            RunNotFound: There is none.
            RunIsGoing: It has not ended.
        """
        await self._runs.delete(principal, run_id)


def _hash_of(order: Order, accepted: Mapping[str, Json]) -> str:
    """Return what two orders share that are the same."""
    parts: list[Json] = [str(order.graph_id), order.version, accepted]
    if order.is_known_by_key:
        parts = [order.idempotency_key]
    elif order.payload is not None:
        parts += [order.credentials, order.payload, order.config]
    elif order.credentials:
        parts += [order.credentials]
    if order.trigger is not None and not order.is_known_by_key:
        parts += ["trigger", order.trigger]
    if order.is_recorded:
        parts.append("recorded")
    if order.dry_run is not None:
        parts += ["dry run", str(order.dry_run.recording), order.dry_run.model]
    if order.debug:
        parts += ["debug", order.debug.as_json()]
    return hashlib.sha256(encode(parts)).hexdigest()


def _node_result(step: Step) -> NodeResult:
    outputs: dict[str, list[Json]] = {}
    error: Mapping[str, Json] | None = None
    simulated, is_pinned = None, False
    for event in step.events:
        for pin, value in () if isinstance(event, NodeWaiting) else event.outputs:
            outputs.setdefault(pin, []).append(value)
        if isinstance(event, NodeFailed):
            error = {"code": event.code, "message": event.message}
        if isinstance(event, NodeCompleted):
            simulated, is_pinned = event.simulated, event.is_pinned is True
    run = step.run
    return NodeResult(
        node_run=step.number,
        node=run.node.id,
        block=run.node.spec.name,
        status=run.status.value,
        inputs=run.arrived,
        outputs=outputs,
        error=error,
        simulated=simulated,
        is_pinned=is_pinned,
    )


def asks_of(settings: GraphSettings, *, is_attended: bool) -> tuple[str, ...]:
    """Return which questions people are there to answer in a run of a graph."""
    asks = {
        WaitKind.REVIEW: settings.human_in_the_loop_safe_mode,
        WaitKind.ACTION: settings.sensitive_action_safe_mode,
        WaitKind.OUTCOME: is_attended,
    }
    return tuple(kind.value for kind, asked in asks.items() if asked)


def may_begin(principal: Principal, settings: GraphSettings) -> bool:
    """Tell whether a run needs no look at what else runs: neither person nor graph has a limit of its own."""
    return principal.max_runs is None and settings.max_runs is None


def waits_of(state: RunState) -> Sequence[Wait]:
    """Return what a run waits for, node run by node run."""
    found: list[Wait] = []
    for run in state.live.values():
        wait = run.wait
        if run.status is NodeRunStatus.WAITING and wait is not None:
            is_asked = wait.wait in _ASKED and wait.wait_id is not None
            due_at = None if wait.due_at is None else datetime.fromisoformat(wait.due_at)
            review_id = UUID(wait.wait_id) if is_asked and wait.wait_id else None
            found.append(Wait(run.node.id, run.number, wait.wait, review_id, due_at))
    return found
