"""Forks: which work of a run stands in a new run, and which is done anew. PURE.

The new run is the fold of the old run's events, as far as they fit: whenever a node run becomes ready in
the new run that is the same as one of the old run, and that one ended, its outputs and its end are written
into the new journal, which makes further node runs ready. What is left ready in the end runs.

"The same" is: the node's id, its block, its constants and what is laid over them, and the values that
arrived, pin by pin; the first with the first where several are. Policies do not count. So whatever comes
after a node run that is done again, or after a node that was changed, is simply not there yet.

    old run    a ─▶ b ─▶ c ─▶ d         again = {b}
                    └──▶ e
    new run    a   (b)                  a is reused, b runs, and c, d and e after it

Values of one node's runs leave it in the order of the runs. What a reused node run gave out after one of
the same node that is done again is therefore held until that one ends, and what follows it runs again.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TypeGuard

from autograph.engine.events import (
    Event,
    NodeCompleted,
    NodeFailed,
    NodeOutput,
    NodeWaiting,
    RunStarted,
    WaitKind,
)
from autograph.engine.planner import ERROR_PIN, NodePlan, Plan
from autograph.engine.state import NodeRun, NodeRunStatus, RunState
from autograph.graph.content import canonical_text, content_hash
from autograph.graph.model import Graph, Json, OnError
from autograph.graph.spec import BlockKind
from autograph.infra.json import encode

_COPIED = NodeOutput | NodeCompleted | NodeFailed | NodeWaiting
_Key = tuple[str, bytes]


@dataclass(slots=True)
class Step:
    """A node run of the run that is forked.

    Attributes:
        run: As the run's events leave it.
        is_handled: It did not fail, or somebody saw to its failure.
        events: What it gave out, which tools it had run, and how it ended.
    """

    run: NodeRun
    is_handled: bool = True
    events: list[_COPIED] = field(default_factory=list[_COPIED])

    @property
    def number(self) -> int:
        """Its number in its run."""
        return self.run.number

    @property
    def is_over(self) -> bool:
        """Whether it ended."""
        return self.run.status in {NodeRunStatus.COMPLETED, NodeRunStatus.FAILED}


@dataclass(frozen=True, slots=True)
class History:
    """A run that is forked.

    Attributes:
        events: Its journal, from the first event on; it may still go on.
        steps: Its node runs, number 1 first.
    """

    plan: Plan
    events: Sequence[Event]
    steps: Sequence[Step]

    @property
    def started(self) -> RunStarted:
        """Its first event."""
        first = self.events[0]
        assert isinstance(first, RunStarted)
        return first


@dataclass(frozen=True, slots=True)
class Reused:
    """A node run of the old run that stands in the new one."""

    source: int
    number: int
    node: str


@dataclass(frozen=True, slots=True)
class Fork:
    """A new run that goes on from another one.

    Attributes:
        events: Its journal after `run.started`.
        state: After these events; what is live in it runs.
        reused: In the order in which they ended.
        again: Node runs of the old run whose work is done anew: for certain when they are in `certain`,
            otherwise when what comes before them leads there.
        certain: Those of `again` that the new run begins with, by their number there.
        gone: Node runs of the old run whose node there is no more.
        new_nodes: Nodes that the old run's graph did not have.
    """

    events: Sequence[Event]
    state: RunState
    reused: Sequence[Reused]
    again: Sequence[int]
    certain: Mapping[int, int]
    gone: Sequence[int]
    new_nodes: Sequence[str]


def read(plan: Plan, events: Sequence[Event]) -> History:
    """Return what happened in a run, node run by node run.

    Args:
        plan: The run's graph.
        events: Its journal so far, from the first event on.
    """
    state = RunState(plan)
    steps: list[Step] = []
    for event in events:
        state.apply(event)
        steps += [Step(state.live[number]) for number in range(len(steps) + 1, state.count + 1)]
        if _is_copied(event):
            steps[event.node_run - 1].events.append(event)
    for error in state.errors:
        steps[error.node_run - 1].is_handled = error.handled
    return History(plan, events, steps)


def to_retry(source: History) -> frozenset[int]:
    """Return the node runs that a retry does again: failures nobody handled, and what never ended."""
    return frozenset(
        step.number for step in source.steps if not step.is_over or not step.is_handled
    )


def fork(source: History, target: Plan, started: RunStarted, again: Collection[int]) -> Fork:
    """Return a new run that goes on from `source`.

    A node run that had not ended runs again, and so does a failure that would stop the new run at once.
    Attempts, waits and answers are not taken over, nor is a person's trust in a node: what was decided
    stands in what the node gave out. An agent's run is reused with what it gave out, without a run of its
    own; when the agent travels with the graph and was changed, it runs again.

    Does every node run give the same again, the new run ends with the outputs of the old one, as long as
    no pin has two links and no static link brings several values. Where it does, values pair up in the
    order in which they come, in a fork as in any two runs.

    Args:
        source: The run to go on from.
        target: The new run's graph.
        started: The new run's first event.
        again: Numbers of its node runs that are not reused.
    """
    replay = _Replay(source, target, started, frozenset(again))
    for event in source.events:
        if _is_copied(event):
            replay.follow(event)
    return replay.end()


class _Replay:
    """Follows the old run's events in order and does in the new run what fits."""

    def __init__(
        self, source: History, target: Plan, started: RunStarted, again: frozenset[int]
    ) -> None:
        self._source = source
        self._target = target
        self._again = again
        self._state = RunState(target)
        self._events: list[Event] = []
        self._reused: list[Reused] = []
        self._seen: dict[int, int] = {}  # how many events of an old node run have come by
        self._place: dict[int, int] = {}  # old node run: its number in the new run
        self._standing: set[int] = set()  # those of them that are reused
        self._next = 1  # the first new node run that has not been looked at
        self._old_key = _Keys(source.plan, source.started)
        self._new_key = _Keys(target, started)
        self._free: dict[_Key, deque[Step]] = {}
        for step in source.steps:
            self._free.setdefault(self._old_key(step.run), deque()).append(step)
        self._state.apply(started)
        self._look()

    def follow(self, event: _COPIED) -> None:
        """Take in the next event of the old run."""
        number = event.node_run
        self._seen[number] = self._seen.get(number, 0) + 1
        if number in self._standing:
            self._write(event)
            self._look()

    def end(self) -> Fork:
        """Return what came of it."""
        nodes = {node.id for node in self._target.nodes}
        left = [step for step in self._source.steps if step.number not in self._standing]
        return Fork(
            events=self._events,
            state=self._state,
            reused=self._reused,
            again=[step.number for step in left if step.run.node.id in nodes],
            certain=self._certain(left),
            gone=[step.number for step in left if step.run.node.id not in nodes],
            new_nodes=[
                node.id
                for node in self._target.nodes
                if node.id not in {one.id for one in self._source.plan.nodes}
            ],
        )

    def _certain(self, left: Sequence[Step]) -> dict[int, int]:
        """Return which old node runs those stand for that the new run begins with."""
        found = {
            step.number: self._place[step.number] for step in left if step.number in self._place
        }
        changed: dict[str, deque[int]] = {}
        for step in left:
            if step.number not in found:
                changed.setdefault(step.run.node.id, deque()).append(step.number)
        taken = set(found.values())
        for run in self._state.live.values():
            if run.number not in taken and changed.get(run.node.id):
                found[changed[run.node.id].popleft()] = run.number
        return found

    def _look(self) -> None:
        """Find the old node run of each new one that has become ready, and let it end the same way."""
        while self._next <= self._state.count:
            run = self._state.live[self._next]
            self._next += 1
            same = self._free.get(self._new_key(run))
            if not same:
                continue
            step = same.popleft()
            self._place[step.number] = run.number
            if self._stands(step, run.node):
                self._standing.add(step.number)
                for event in step.events[: self._seen.get(step.number, 0)]:
                    self._write(event)

    def _stands(self, step: Step, node: NodePlan) -> bool:
        if not step.is_over or step.number in self._again:
            return False
        stops = node.on_error is OnError.FAIL_FAST or self._target.fail_fast
        is_seen_to = ERROR_PIN in node.routes or node.on_error is OnError.IGNORE
        return step.run.status is NodeRunStatus.COMPLETED or is_seen_to or not stops

    def _write(self, event: _COPIED) -> None:
        number = self._place[event.node_run]
        written: Event
        if isinstance(event, (NodeOutput, NodeWaiting)):
            written = replace(event, node_run=number)
        else:
            self._reused.append(Reused(event.node_run, number, event.node))
            source = event.node_run
            if isinstance(event, NodeCompleted):
                written = NodeCompleted(
                    number,
                    event.node,
                    event.outputs,
                    reused_from=source,
                    is_pinned=event.is_pinned,
                )
            else:
                written = NodeFailed(
                    number, event.node, event.code, event.message, event.outputs, reused_from=source
                )
        self._events.append(written)
        self._state.apply(written)


def _is_copied(event: Event) -> TypeGuard[_COPIED]:
    """Whether an event stands in a fork: what was given out, how it ended, and which tools it had run."""
    if isinstance(event, NodeWaiting):
        return event.wait == WaitKind.TOOLS
    return isinstance(event, (NodeOutput, NodeCompleted, NodeFailed))


class _Keys:
    """What a node run has to share with another one to be the same."""

    def __init__(self, plan: Plan, started: RunStarted) -> None:
        self._overrides = started.overrides
        self._pinned = started.pinned or {}
        self._agents = {one.id: one for one in plan.graph.sub_graphs}
        self._of_node: dict[int, bytes] = {}

    def __call__(self, run: NodeRun) -> _Key:
        index = run.node.index
        found = self._of_node.get(index)
        if found is None:
            found = self._of_node[index] = self._of(run.node)
        arrived = sorted(run.arrived.items())
        return run.node.id, hashlib.sha256(found + encode(arrived)).digest()

    def _of(self, node: NodePlan) -> bytes:
        laid_over = self._overrides.get(node.id, {})
        parts: list[Json] = [node.spec.id, dict(node.constants), dict(laid_over)]
        if node.spec.kind is BlockKind.AGENT and self._travels(node):
            parts.append({one.id: _content(one) for one in self._agents.values()})
        if node.id in self._pinned:
            parts.append({"pinned": [list(one) for one in self._pinned[node.id]]})
        return canonical_text(parts).encode() + b"\n"

    def _travels(self, node: NodePlan) -> bool:
        """Whether the agent travels with the graph; taken for certain where a link brings its id."""
        return "graph_id" in node.linked or node.constants.get("graph_id") in self._agents


@cache
def _content(graph: Graph) -> str:
    return content_hash(graph)
