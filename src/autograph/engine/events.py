"""The journal's vocabulary: everything that can happen to a run. PURE.

A run's state is the fold of these, in order of `seq`, from 1 without gaps. The `kind` texts and the
fields are a contract with every journal ever written: fields are only ever added, with a default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final

from autograph.graph.model import Json

FORMAT: Final = 6
"""The journal's format: raised when a kind of event is added, or one gets a field.

A worker takes up no run that was written in a newer one. 1: the first. 2: `node.resumed`, waits other
than children, forks. 3: nodes that run as tools. 4: `node.exchanged`, dry runs. 5: runs that go to some
nodes, pinned values, breakpoints. 6: runs that know which request they are from.
"""

Output = tuple[str, Json]
"""What a block yielded: `(output pin, value)`."""


class WaitKind(StrEnum):
    """What a waiting node run waits for.

    CHILD: the end of a run of another agent.
    TIMER: a moment.
    REVIEW: a person's decision that its block asked for.
    ACTION: a person's decision before its block runs, because what the block does is sensitive.
    OUTCOME: a person's word on whether its block took effect; the worker died while it ran.
    CALL: an HTTP call from outside.
    TOOLS: the ends of other node runs, which it had started as tools.
    BREAKPOINT: a person's word that it may begin.
    """

    CHILD = "child"
    TIMER = "timer"
    REVIEW = "review"
    ACTION = "action"
    OUTCOME = "outcome"
    CALL = "call"
    TOOLS = "tools"
    BREAKPOINT = "breakpoint"


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run was accepted. Always seq 1.

    Attributes:
        inputs: The agent's inputs by name, as coerced when the run was accepted.
        overrides: Constants laid over nodes for this run: `{node id: {pin: value}}`.
        asks: Which questions people are there to answer: `review`, `action`, `outcome`. What is not in it
            is decided without them. None in journals of format 1: reviews only.
        forked_from: `{run_id, node_runs}`: the run whose node runs this one goes on from, and those
            of them that it runs again.
        is_recorded: What its nodes ask of the world is kept, as `node.exchanged`; None for not.
        dry_run: Nodes that are not pure are simulated, and by what (`simulation.Means.as_json`); None: they run.
        until: Only what these nodes need runs; None for everything.
        pinned: Nodes that are not run, and what they give out instead.
        breakpoints: Nodes that wait, each time they are ready, until a person lets them go on.
        request_id: Of the request that it was accepted in, or that a run above it was; None outside of all.
        trace: The span that its own belong to, as a `traceparent`; None where nothing was traced.
    """

    kind: ClassVar[str] = "run.started"
    inputs: Mapping[str, Json]
    overrides: Mapping[str, Mapping[str, Json]] = field(
        default_factory=dict[str, Mapping[str, Json]]
    )
    asks: Sequence[str] | None = None
    forked_from: Mapping[str, Json] | None = None
    is_recorded: bool | None = None
    dry_run: Mapping[str, Json] | None = None
    until: Sequence[str] | None = None
    pinned: Mapping[str, Sequence[Output]] | None = None
    breakpoints: Sequence[str] | None = None
    request_id: str | None = None
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """An attempt of a node run with an effect began; pure nodes are journaled when they end."""

    kind: ClassVar[str] = "node.started"
    node_run: int
    node: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class NodeExchanged:
    """What an attempt of a node run asked of the world and was answered, in a run that is recorded.

    Attributes:
        exchanges: As `blocks.tape` has them, without secrets.
    """

    kind: ClassVar[str] = "node.exchanged"
    node_run: int
    node: str
    attempt: int
    exchanges: Sequence[Json]


@dataclass(frozen=True, slots=True)
class NodeOutput:
    """A node run that goes on yielded values."""

    kind: ClassVar[str] = "node.output"
    node_run: int
    node: str
    outputs: Sequence[Output]


@dataclass(frozen=True, slots=True)
class NodeCompleted:
    """A node run ended well.

    Attributes:
        outputs: What it yielded since its last `NodeOutput`.
        duration_ms: Wall time of the last attempt.
        reused_from: In a fork, the node run of the other run that ended so; it did not run here.
        credits: What it cost; `charges` has a row with the same, written in the same commit.
        simulated: In a dry run, where its outputs are from (`simulation.Source`); None: it ran.
        is_pinned: Its outputs were pinned, it did not run; None for not.
    """

    kind: ClassVar[str] = "node.completed"
    node_run: int
    node: str
    outputs: Sequence[Output] = ()
    duration_ms: float = 0.0
    reused_from: int | None = None
    credits: int = 0
    simulated: str | None = None
    is_pinned: bool | None = None


@dataclass(frozen=True, slots=True)
class NodeFailed:
    """A node run ended badly; what it had yielded stands.

    Attributes:
        code: Stable, dotted: `block.failed`, `block.bad_input`, `node.timeout`.
        message: For its user.
        reused_from: In a fork, the node run of the other run that ended so; it did not run here.
    """

    kind: ClassVar[str] = "node.failed"
    node_run: int
    node: str
    code: str
    message: str
    outputs: Sequence[Output] = ()
    duration_ms: float = 0.0
    reused_from: int | None = None


@dataclass(frozen=True, slots=True)
class NodeRetried:
    """An attempt failed and another one follows; what the failed attempt yielded is dropped.

    Attributes:
        attempt: The attempt that follows.
        due_at: When it may begin, ISO 8601 in UTC.
    """

    kind: ClassVar[str] = "node.retried"
    node_run: int
    node: str
    attempt: int
    due_at: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class NodeWaiting:
    """A node run waits for something outside, holding no worker.

    Attributes:
        child: The run of another agent that it waits for.
        wait: A `WaitKind`.
        wait_id: Row of `waits` that is to be answered; None for children and timers.
        due_at: When the wait ends by itself, ISO 8601 in UTC.
        index: Which of the waits that its block asks for, from 0.
        uses: Node runs that begin with this event, as tools: `{node, values}`. It goes on when all have ended.
        kept: What its block wants to be told again then.
        used: What it consumed so far: units by kind.
    """

    kind: ClassVar[str] = "node.waiting"
    node_run: int
    node: str
    child: str | None = None
    wait: str = WaitKind.CHILD
    wait_id: str | None = None
    due_at: str | None = None
    index: int = 0
    uses: Sequence[Mapping[str, Json]] | None = None
    kept: Json = None
    used: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class NodeResumed:
    """What a node run waited for has come; it goes on.

    Attributes:
        answer: A person's decision (`Answer.as_json`, `Release.as_json`), the body of a call, None for a timer.
    """

    kind: ClassVar[str] = "node.resumed"
    node_run: int
    node: str
    answer: Json = None


@dataclass(frozen=True, slots=True)
class RunCompleted:
    """Nothing is left to do and every failure was handled.

    Attributes:
        until: The nodes it was to go to, where it ended; None where it went to its end.
    """

    kind: ClassVar[str] = "run.completed"
    until: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class RunFailed:
    """A failure nobody handled, or a limit."""

    kind: ClassVar[str] = "run.failed"
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class RunCancelled:
    """Somebody cancelled it."""

    kind: ClassVar[str] = "run.cancelled"
    reason: str = ""


Event = (
    RunStarted
    | NodeStarted
    | NodeExchanged
    | NodeOutput
    | NodeCompleted
    | NodeFailed
    | NodeRetried
    | NodeWaiting
    | NodeResumed
    | RunCompleted
    | RunFailed
    | RunCancelled
)

EVENTS: Final[Mapping[str, type[Event]]] = {
    one.kind: one
    for one in (
        RunStarted,
        NodeStarted,
        NodeExchanged,
        NodeOutput,
        NodeCompleted,
        NodeFailed,
        NodeRetried,
        NodeWaiting,
        NodeResumed,
        RunCompleted,
        RunFailed,
        RunCancelled,
    )
}
"""Every event class by its kind."""
