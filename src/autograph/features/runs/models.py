"""Runs as people see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from autograph.engine.ports import RunResult
from autograph.engine.state import RunStatus
from autograph.graph.model import Json


class Priority(StrEnum):
    """A run's turn among the runs of its person; it takes nothing from anybody else."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """As the queue counts it: higher goes first."""
        return {Priority.HIGH: 1, Priority.NORMAL: 0, Priority.LOW: -1}[self]


@dataclass(frozen=True, slots=True)
class DryRun:
    """By what a dry run simulates nodes, besides samples.

    Attributes:
        recording: A run of the same agent; None for the newest that completed, where there is one.
        model: Asked where a block's schema leaves open what its outputs look like; None for no model.
    """

    recording: UUID | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Debug:
    """How a run is debugged: where it ends early, what stands for nodes, and where it waits for a person.

    Attributes:
        until: Nodes to run to: only what they need runs; None for everything.
        pinned: Nodes that are not run, and by output pin what they give out: a list of values, or the one value.
        breakpoints: Nodes that wait before they begin, in agents that travel with this one, too.
    """

    until: Sequence[str] | None = None
    pinned: Mapping[str, Mapping[str, Json]] = field(default_factory=dict[str, Mapping[str, Json]])
    breakpoints: Sequence[str] = ()

    def __bool__(self) -> bool:
        """Whether the run is told anything."""
        return self.until is not None or bool(self.pinned or self.breakpoints)

    def as_json(self) -> dict[str, Json]:
        """Return it as every door shows it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Order:
    """A run that is wanted.

    Attributes:
        graph_id: What runs.
        inputs: The agent's inputs by name.
        version: Which version; None for the active one.
        idempotency_key: A second order with it is the first one's run.
        is_known_by_key: Whatever else is in a second order with the same key, it is the same order.
        priority: Its turn among the person's runs.
        is_attended: Somebody is there to say what became of a node whose worker died.
        payload: What arrives at the agent's trigger; None where nothing does.
        trigger: Id of the node that it arrives at; None where there is one trigger.
        config: Values of the trigger node's pins, laid over its constants.
        credentials: What to use, by the names in the graph's `credentials_input_schema`: references or ids.
        is_recorded: What its nodes ask of the world is kept, so that a cassette can be made of it.
        dry_run: Nodes that would touch the world are simulated; None: they run.
        debug: Where it ends early, what is pinned, and where it waits.
    """

    graph_id: UUID
    inputs: Mapping[str, Json]
    version: int | None = None
    idempotency_key: str | None = None
    is_known_by_key: bool = False
    priority: Priority = Priority.NORMAL
    is_attended: bool = True
    payload: Mapping[str, Json] | None = None
    trigger: str | None = None
    config: Mapping[str, Json] = field(default_factory=dict[str, Json])
    credentials: Mapping[str, Json] = field(default_factory=dict[str, Json])
    is_recorded: bool = False
    dry_run: DryRun | None = None
    debug: Debug = field(default_factory=Debug)


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in a list.

    Attributes:
        worker: Id of the worker that holds it, None when none does.
        crashes: How many workers died while they held it.
        result: How it ended; None while it goes on.
    """

    id: UUID
    owner_id: UUID
    graph_id: UUID
    graph_version: int
    sub_graph_id: str | None
    parent_id: UUID | None
    status: RunStatus
    worker: int | None
    crashes: int
    result: RunResult | None
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wait:
    """What a run that waits is waiting for.

    Attributes:
        kind: `child`, `timer`, `review`, `action`, `outcome`, `call` or `breakpoint`.
        review_id: The question that a person, or a call, answers; None for all others.
        due_at: When it ends by itself.
    """

    node: str
    node_run: int
    kind: str
    review_id: UUID | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Break:
    """A node run that waits at its breakpoint.

    Attributes:
        run_id: Its run: the one that was asked for, or one inside it.
        inputs: What it will get, by input pin.
    """

    id: UUID
    run_id: UUID
    node_run: int
    node: str
    inputs: Mapping[str, Json]
    since: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a queued run stands.

    Attributes:
        position: Its place among its owner's queued runs, from 1.
        queued: Runs that are queued in all.
        people: People whose runs are queued: turns go round among them.
        is_held: A limit of the owner or the graph holds it back, whatever the workers have room for.
    """

    position: int
    queued: int
    people: int
    is_held: bool


@dataclass(frozen=True, slots=True)
class Run:
    """A run, whole.

    Attributes:
        inputs: As they were accepted.
        result: What it came to, or has come to so far.
        seq: Number of the last event in it.
        waits_for: Everything it waits for now.
        place: Where it stands while it is queued.
        debug: What it was told.
        breaks: Node runs in it, or in runs inside it, that wait at breakpoints; oldest first.
    """

    row: RunRow
    inputs: Mapping[str, Json]
    result: RunResult
    seq: int
    waits_for: Sequence[Wait] = ()
    place: Place | None = None
    debug: Debug = field(default_factory=Debug)
    breaks: Sequence[Break] = ()


@dataclass(frozen=True, slots=True)
class JournalRow:
    """An event as the journal keeps it.

    Attributes:
        body: The event's fields; a large value stands as its digest (see `engine.journal.codec`).
    """

    seq: int
    kind: str
    body: Mapping[str, Json]
    at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A page of runs, newest first; `next_before` asks for the one after it."""

    rows: Sequence[RunRow]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class Review:
    """A question that a node run waits on.

    Attributes:
        kind: `review` (a review node asks), `action` (may a sensitive node do it?), `outcome` (did the node
            of a dead worker take effect?), or `call` (another system is to call).
        status: `waiting`, `answered`, or `void` when its run ended without it.
        payload: What is decided on.
        due_at: When it is answered by default.
        answer: `{decision, data, message, by, auto_approve}`; for a call what it brought.
    """

    id: UUID
    run_id: UUID
    node_run: int
    node_id: str
    graph_id: UUID
    graph_version: int
    kind: str
    status: str
    title: str
    payload: Json
    is_editable: bool
    due_at: datetime | None
    answer: Json
    created_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A page of questions, newest first; `next_before` asks for the one after it."""

    rows: Sequence[Review]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class NodeRunRef:
    """A node run, by its number, and its node."""

    node_run: int
    node: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A run that was set aside.

    Attributes:
        crashes: How many workers had died over it.
        decision: `redriven`, `discarded`, or None while nobody has decided.
        in_flight: Node runs whose journaled attempt has no end. Pure nodes are journaled when they end: one
            of those that kills its worker is not among them.
    """

    run_id: UUID
    graph_id: UUID
    code: str
    message: str
    crashes: int
    created_at: datetime
    decision: str | None
    decided_at: datetime | None
    in_flight: Sequence[NodeRunRef]


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """A page of dead letters; `next_before` asks for the one after it."""

    rows: Sequence[DeadLetter]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class StepRef:
    """A node run, named.

    Attributes:
        block: Name of its block.
        status: Where it is, as `engine.state.NodeRunStatus` has it.
    """

    node_run: int
    node: str
    block: str
    status: str

    def as_json(self) -> dict[str, Json]:
        """Return it as every door shows it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ForkPlan:
    """What a fork would do.

    Attributes:
        reused: Node runs of the other run whose outputs stand.
        again: Those that are done again, as far as what comes before them leads there.
        gone: Those whose node there is no more.
        new_nodes: Nodes that the other run's graph did not have.
        credits_before: What those of `again` cost in the other run: an estimate of what they will.
    """

    reused: Sequence[StepRef]
    again: Sequence[StepRef]
    gone: Sequence[StepRef]
    new_nodes: Sequence[str]
    credits_before: int


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What came of a node run.

    Attributes:
        block: Name of its block.
        status: Where it is, as `engine.state.NodeRunStatus` has it.
        inputs: The values that arrived, by linked pin; what is set at the node itself is in the graph.
        outputs: By pin, every value in order.
        error: `{code, message}` where it failed.
        simulated: In a dry run, where its outputs are from (`engine.simulation.Source`); None: it ran.
        is_pinned: Its outputs were pinned; it did not run.
    """

    node_run: int
    node: str
    block: str
    status: str
    inputs: Mapping[str, Json]
    outputs: Mapping[str, Sequence[Json]]
    error: Mapping[str, Json] | None
    simulated: str | None = None
    is_pinned: bool = False


@dataclass(frozen=True, slots=True)
class NodeResultPage:
    """A page of node runs; `next_after` asks for the one after it."""

    rows: Sequence[NodeResult]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs of a list are wanted; what is None or empty leaves all of them.

    Attributes:
        text: Part of the agent's name, of an output or of an error, or the first letters of the run's id.
        since: Accepted at this moment or later.
        until: Accepted before this moment.
    """

    graph_id: UUID | None = None
    status: RunStatus | None = None
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """That a run is shown to whoever has its link. The link itself is known only when it is made.

    Attributes:
        expires_at: From then on the link shows nothing; None for never.
    """

    run_id: UUID
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenedShare:
    """What the link of a run leads to.

    Attributes:
        owner_id: Whose run it is: its files are read in their name. Nobody else is told.
        agent: Name of the agent, in the version that ran.
        outputs: By name, every value in order; empty until the run is over.
    """

    owner_id: UUID
    agent: str
    status: RunStatus
    outputs: Mapping[str, Sequence[Json]]


class Verdict(StrEnum):
    """Whether a run did what its person wanted."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person says of a run; one for each of both, the last one counts.

    Attributes:
        words: Why; may be empty.
    """

    run_id: UUID
    graph_id: UUID
    verdict: Verdict
    words: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class FeedbackPage:
    """A page of what was said, that of the newest runs first; `next_before` asks for the one after it.

    Attributes:
        good: How many runs were found good in all, whatever the page is filtered by.
        bad: How many were not.
    """

    rows: Sequence[Feedback]
    next_before: UUID | None
    good: int
    bad: int


@dataclass(frozen=True, slots=True)
class BlockResult:
    """What a block gave out that was run by hand: by pin, every value in order."""

    outputs: Mapping[str, Sequence[Json]]
    duration_ms: float
    credits: int


@dataclass(frozen=True, slots=True)
class EgressDay:
    """What somebody's runs asked of one host on one day.

    Attributes:
        day: In UTC.
        host: Its name; `(others)` for what was left over when there were too many to name.
        requests: How many, redirects followed not counted.
        failures: Those among them that had no answer, or one with a status of 400 or more.
        sent_bytes: Of the requests' bodies.
        received_bytes: Of the answers' bodies.
    """

    day: date
    host: str
    requests: int = 0
    failures: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
