"""The state of a run: the fold of its journal. PURE.

Only `RunState.apply` changes anything, so a run that is read back from its journal is in the same state,
numbers its node runs the same way and makes the same decisions as the one that wrote it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final

from autograph.engine.debug import narrowed
from autograph.engine.events import (
    Event,
    NodeCompleted,
    NodeExchanged,
    NodeFailed,
    NodeOutput,
    NodeResumed,
    NodeRetried,
    NodeStarted,
    NodeWaiting,
    Output,
    RunCancelled,
    RunCompleted,
    RunFailed,
    RunStarted,
    WaitKind,
)
from autograph.engine.join import Join
from autograph.engine.planner import (
    ERROR_PIN,
    INPUT_VALUE_PIN,
    OUTPUT_PIN,
    NodePlan,
    Plan,
    Route,
    starting,
)
from autograph.graph.model import Json, OnError, is_object
from autograph.graph.pins import NOTHING, select


class RunStatus(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing follows."""
        return not TRANSITIONS[self]


TRANSITIONS: Final[Mapping[RunStatus, frozenset[RunStatus]]] = {
    # the only table of what may follow what; the database has the same one and refuses the rest
    RunStatus.QUEUED: frozenset({RunStatus.RUNNING}),
    RunStatus.RUNNING: frozenset(
        {
            RunStatus.QUEUED,
            RunStatus.WAITING,
            RunStatus.COMPLETED,
            RunStatus.FAILED,
            RunStatus.CANCELLED,
        }
    ),
    RunStatus.WAITING: frozenset({RunStatus.QUEUED}),
    RunStatus.COMPLETED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
}


class NodeRunStatus(StrEnum):
    """Where a node run is."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


@dataclass(slots=True)
class Round:
    """Tools that a node run had run together.

    Attributes:
        results: In the order of the uses; None for one that has not ended.
    """

    kept: Json
    results: list[dict[str, Json] | None]


@dataclass(slots=True)
class NodeRun:
    """One execution of a node inside a run.

    Attributes:
        number: From 1, in the order in which input sets became complete.
        arrived: The set: values by linked pin.
        emitted: How many outputs are in the journal.
        held: Outputs that wait for an earlier run of the same node to end before they are routed.
        wait: What it waits for, while it does.
        answers: What came of the waits its block asked for, by their index.
        approval: The decision on whether its sensitive action may be done.
        rounds: The tools it had run so far.
        used: What it consumed before the last of them: units by kind.
        kept: What its block kept at the last timer that it gave something to keep; it goes on from there.
        kept_waits: Waits up to that timer, and with it.
        kept_emitted: Outputs before it.
        caller: The node run whose tool it is, and the place of its result in that one's last round.
        given: What it gave out, where it is a tool.
        is_past_break: It has begun, or a person let it go on from its breakpoint: it breaks no more.
        edited: Values that a person laid over it there.
    """

    number: int
    node: NodePlan
    arrived: Mapping[str, Json]
    status: NodeRunStatus = NodeRunStatus.QUEUED
    attempt: int = 1
    due_at: str | None = None
    emitted: int = 0
    held: list[Output] = field(default_factory=lambda: [])
    wait: NodeWaiting | None = None
    answers: dict[int, Json] = field(default_factory=lambda: {})
    approval: Mapping[str, Json] | None = None
    rounds: list[Round] = field(default_factory=lambda: [])
    used: Mapping[str, float] = field(default_factory=lambda: {})
    kept: Json = None
    kept_waits: int = 0
    kept_emitted: int = 0
    caller: tuple[int, int] | None = None
    given: dict[str, list[Json]] = field(default_factory=lambda: {})
    is_past_break: bool = False
    edited: Mapping[str, Json] = field(default_factory=lambda: {})


@dataclass(frozen=True, slots=True)
class NodeError:
    """A node failure, as the run's result tells it."""

    node: str
    node_run: int
    code: str
    message: str
    handled: bool

    def as_json(self) -> dict[str, Json]:
        """Return it as the API shows it."""
        return {
            "node": self.node,
            "node_run": self.node_run,
            "code": self.code,
            "message": self.message,
            "handled": self.handled,
        }


class RunState:
    """What is known of a run after some prefix of its journal.

    Attributes:
        seq: Number of the last event applied; 0 before the first.
        journal_bytes: Size of the journal, values kept apart included; its reader and writer count it.
        status: RUNNING until a terminal event; the queue's view of it is a column, not a fold.
        ready: Node runs whose set is complete and that nobody started yet, in order.
        live: Node runs that have not ended, by number.
        count: Node runs so far.
        outputs: The agent's outputs by name, every value in order.
        must_stop: A failure says that the run stops at once.
        asks: Which questions people are there to answer.
        trusted: Nodes whose reviews are approved without asking, for the rest of the run.
        is_recorded: What nodes ask of the world is kept.
        dry_run: By what nodes are simulated that are not pure; None where they run.
        simulated_count: Node runs that were.
        until: The nodes it goes to; None: to its end.
        pinned: Nodes that are not run, and what they give out.
        pinned_count: Node runs that were not run for that.
        breakpoints: Nodes that wait for a person before they begin.
        is_stepping: So does every other node.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.seq = 0
        self.journal_bytes = 0
        self.status = RunStatus.RUNNING
        self.inputs: Mapping[str, Json] = {}
        self.overrides: Mapping[str, Mapping[str, Json]] = {}
        self.ready: deque[NodeRun] = deque()
        self.live: dict[int, NodeRun] = {}
        self.count = 0
        self.failed_count = 0
        self.node_ms = 0.0
        self.outputs: dict[str, list[Json]] = {}
        self.errors: list[NodeError] = []
        self.end: RunFailed | RunCancelled | None = None
        self.must_stop = False
        self.asks: frozenset[str] = frozenset()
        self.trusted: set[str] = set()
        self.is_recorded = False
        self.dry_run: Mapping[str, Json] | None = None
        self.simulated_count = 0
        self.until: Sequence[str] | None = None
        self.pinned: Mapping[str, Sequence[Output]] = {}
        self.pinned_count = 0
        self.breakpoints: frozenset[str] = frozenset()
        self.request_id: str | None = None
        self.trace: str | None = None
        self.is_stepping = False
        self._joins: dict[int, Join] = {}
        self._in_order: dict[int, deque[NodeRun]] = {}

    def apply(self, event: Event) -> None:
        """Take in the next event of the journal.

        Raises:
            ValueError: The event cannot follow; the journal is not one of this graph.
        """
        self.seq += 1
        self._HANDLERS[type(event)](self, event)

    def outcome(self) -> RunCompleted | RunFailed:
        """Return how a run with nothing left to do ends."""
        unhandled = [error for error in self.errors if not error.handled]
        if not unhandled:
            return RunCompleted(self.until)
        first, more = unhandled[0], len(unhandled) - 1
        suffix = f" (and {more} more)" if more else ""
        return RunFailed(code=first.code, message=f"{first.message}{suffix}")

    def starved(self) -> list[dict[str, Json]]:
        """Return the nodes that waited for a pin that never came, with what they had and lacked.

        A branch that was not taken is no starvation: a set that holds only static values counts only
        when static values are all it lacks.
        """
        found: list[dict[str, Json]] = []
        lacking = [(index, join) for index, join in self._joins.items() if join.is_lacking]
        for index, join in sorted(lacking):
            node = self.plan.nodes[index]
            for (has, missing), sets in join.starved(node.static_pins).items():
                found.append(
                    {"node": node.id, "has": list(has), "missing": list(missing), "sets": sets}
                )
        return found

    def stats(self) -> dict[str, Json]:
        """Return the counts that the run's result tells."""
        counts: dict[str, Json] = {
            "node_runs": self.count,
            "node_errors": self.failed_count,
            "node_ms": round(self.node_ms, 3),
        }
        if self.dry_run is not None:
            counts["simulated"] = self.simulated_count
        if self.pinned:
            counts["pinned"] = self.pinned_count
        if self.until is not None:
            counts["until"] = list(self.until)
        return counts

    @property
    def is_debugged(self) -> bool:
        """Whether any of its nodes may be pinned, or wait at a breakpoint."""
        return bool(self.pinned or self.breakpoints)

    def overrides_of(self, node: NodePlan) -> Mapping[str, Json]:
        """Return the values laid over a node for this run."""
        return self.overrides.get(node.id, {})

    def _on_completed(self, event: NodeCompleted) -> None:
        run = self._emit(event.node_run, event.outputs)
        self.node_ms += event.duration_ms
        self.simulated_count += event.simulated is not None
        self.pinned_count += event.is_pinned is True
        self._finish(run, NodeRunStatus.COMPLETED)
        self._return(run, None)

    def _on_started(self, event: NodeStarted) -> None:
        run = self._live(event.node_run)
        run.status, run.attempt = NodeRunStatus.RUNNING, event.attempt
        run.is_past_break = True

    def _on_exchanged(self, event: NodeExchanged) -> None:
        """Change nothing: what was asked has its consequences in what comes after."""

    def _on_output(self, event: NodeOutput) -> None:
        self._emit(event.node_run, event.outputs)

    def _on_retried(self, event: NodeRetried) -> None:
        run = self._live(event.node_run)
        run.status, run.attempt, run.due_at = NodeRunStatus.QUEUED, event.attempt, event.due_at
        run.is_past_break = True

    def _on_waiting(self, event: NodeWaiting) -> None:
        run = self._live(event.node_run)
        run.status, run.wait, run.due_at = NodeRunStatus.WAITING, event, event.due_at
        run.is_past_break = event.wait != WaitKind.BREAKPOINT
        if event.wait == WaitKind.TOOLS:
            self._start_tools(run, event)
        elif event.kept is not None:
            run.kept, run.kept_waits, run.kept_emitted = event.kept, event.index + 1, run.emitted

    def _on_resumed(self, event: NodeResumed) -> None:
        run = self._live(event.node_run)
        wait, run.wait, run.due_at = run.wait, None, None
        if wait is None:
            raise ValueError(f"event {self.seq}: node run {event.node_run} does not wait")
        run.status = NodeRunStatus.QUEUED
        answer = event.answer
        if wait.wait == WaitKind.ACTION:
            run.approval = answer if is_object(answer) else {}
        elif wait.wait == WaitKind.OUTCOME:
            run.attempt += 1
        elif wait.wait == WaitKind.BREAKPOINT:
            self._let_go(run, answer if is_object(answer) else {})
        else:
            run.answers[wait.index] = answer
        if is_object(answer) and answer.get("auto_approve") is True:
            self.trusted.add(run.node.id)
        self.ready.append(run)

    def _let_go(self, run: NodeRun, answer: Mapping[str, Json]) -> None:
        run.is_past_break = True
        run.edited = answer.get("inputs") or {}
        self.is_stepping = answer.get("step") is True

    def _on_run_completed(self, event: RunCompleted) -> None:
        self.status = RunStatus.COMPLETED

    def _on_run_failed(self, event: RunFailed) -> None:
        self.status, self.end = RunStatus.FAILED, event

    def _on_run_cancelled(self, event: RunCancelled) -> None:
        self.status, self.end = RunStatus.CANCELLED, event

    def _on_run_started(self, event: RunStarted) -> None:
        self.inputs, self.overrides = event.inputs, event.overrides
        self.is_recorded, self.dry_run = event.is_recorded is True, event.dry_run
        self.asks = frozenset((WaitKind.REVIEW,) if event.asks is None else event.asks)
        self.until, self.pinned = event.until, event.pinned or {}
        self.breakpoints = frozenset(event.breakpoints or ())
        self.request_id, self.trace = event.request_id, event.trace
        self.plan = narrowed(self.plan, event.until, self.pinned)
        for index in starting(self.plan, event.overrides):
            node = self.plan.nodes[index]
            if node.input_name is not None and node.input_name in event.inputs:
                self._queue(node, {INPUT_VALUE_PIN: event.inputs[node.input_name]})
            else:
                self._queue(node, {})

    def _start_tools(self, caller: NodeRun, event: NodeWaiting) -> None:
        uses = event.uses or ()
        caller.used = event.used or {}
        caller.rounds.append(Round(event.kept, [None] * len(uses)))
        by_id = {node.id: node for node in self.plan.nodes}
        for place, use in enumerate(uses):
            node = by_id[use["node"]]
            join = self._joins.get(node.index)
            arrived = {**(join.sticky if join else {}), **use["values"]}
            self._queue(node, arrived, (caller.number, place))

    def _return(self, run: NodeRun, error: str | None) -> None:
        """Hand what came of a tool to the node run that had it run; with the last one, that goes on."""
        if run.caller is None or (caller := self.live.get(run.caller[0])) is None:
            return
        results = caller.rounds[-1].results
        results[run.caller[1]] = {"outputs": run.given} | ({"error": error} if error else {})
        if None not in results:
            caller.wait, caller.status = None, NodeRunStatus.QUEUED
            self.ready.append(caller)

    def _queue(
        self, node: NodePlan, arrived: Mapping[str, Json], caller: tuple[int, int] | None = None
    ) -> None:
        self.count += 1
        run = NodeRun(self.count, node, arrived, caller=caller)
        self.live[run.number] = run
        self._in_order.setdefault(node.index, deque()).append(run)
        self.ready.append(run)

    def _live(self, number: int) -> NodeRun:
        run = self.live.get(number)
        if run is None:
            raise ValueError(f"event {self.seq}: node run {number} is not live")
        return run

    def _emit(self, number: int, outputs: Sequence[Output]) -> NodeRun:
        run = self._live(number)
        if outputs:
            run.emitted += len(outputs)
            if run.caller is not None:
                for pin, value in outputs:
                    run.given.setdefault(pin, []).append(value)
            if self._in_order[run.node.index][0] is run:
                self._route(run.node, outputs)
            else:
                run.held.extend(outputs)
        return run

    def _on_failed(self, event: NodeFailed) -> None:
        run = self._emit(event.node_run, event.outputs)
        node = run.node
        handled = (
            ERROR_PIN in node.routes or node.on_error is OnError.IGNORE or run.caller is not None
        )
        self.errors.append(
            NodeError(node.id, run.number, event.code, event.message, handled=handled)
        )
        self.failed_count += 1
        self.node_ms += event.duration_ms
        self.must_stop |= not handled and (
            node.on_error is OnError.FAIL_FAST or self.plan.fail_fast
        )
        if ERROR_PIN in node.routes:
            self._emit(event.node_run, ((ERROR_PIN, event.message),))
        self._finish(run, NodeRunStatus.FAILED)
        self._return(run, event.message)

    def _finish(self, run: NodeRun, status: NodeRunStatus) -> None:
        run.status = status
        del self.live[run.number]
        queue = self._in_order[run.node.index]
        while queue and queue[0].number not in self.live:
            queue.popleft()
            if queue and queue[0].held:
                held, queue[0].held = queue[0].held, []
                self._route(queue[0].node, held)

    def _route(self, node: NodePlan, outputs: Sequence[Output]) -> None:
        for pin, value in outputs:
            if node.result_name is not None and pin == OUTPUT_PIN:
                self.outputs.setdefault(node.result_name, []).append(value)
            for route in node.routes.get(pin, ()):
                found = select(value, route.path) if route.path else value
                if found is not NOTHING:
                    self._arrive(route, found)

    def _arrive(self, route: Route, value: Json) -> None:
        sink = self.plan.nodes[route.sink]
        join = self._joins.get(route.sink)
        if join is None:
            join = self._joins[route.sink] = Join(sink.linked, sink.static_pins, sink.loop)
        for complete in join.arrive(route.pin, value, static=route.static):
            self._queue(sink, complete)

    _HANDLERS: ClassVar[Mapping[type[Event], Callable[..., None]]] = {
        RunStarted: _on_run_started,
        NodeStarted: _on_started,
        NodeExchanged: _on_exchanged,
        NodeOutput: _on_output,
        NodeCompleted: _on_completed,
        NodeFailed: _on_failed,
        NodeRetried: _on_retried,
        NodeWaiting: _on_waiting,
        NodeResumed: _on_resumed,
        RunCompleted: _on_run_completed,
        RunFailed: _on_run_failed,
        RunCancelled: _on_run_cancelled,
    }
