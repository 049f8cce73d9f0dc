"""What the engine needs of the world, as Protocols, and the values that cross them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from autograph.blocks.sdk import (
    CredentialRef,
    Dialer,
    Files,
    Http,
    KeyValueStore,
    Library,
    Models,
    Post,
    Rate,
    Sandbox,
    Secret,
    Sql,
)
from autograph.blocks.sdk.models import World
from autograph.engine.events import Event
from autograph.engine.journal.codec import Entry
from autograph.engine.planner import Plan
from autograph.engine.state import RunStatus
from autograph.graph.model import Json


@dataclass(frozen=True, slots=True)
class GraphRef:
    """Which graph a run runs.

    Attributes:
        graph_id: A graph that somebody saved.
        version: Which of its versions; they never change.
        sub_graph_id: An agent that travels with that version; None for the graph itself.
    """

    graph_id: UUID
    version: int
    sub_graph_id: str | None = None


@dataclass(frozen=True, slots=True)
class RunRef:
    """What every part of the engine knows of a run.

    Attributes:
        owner_id: The person it runs for.
        parent_id: The run that waits for it.
        parent_node_run: Which of the parent's node runs waits.
        depth: How many parents it has, 0 for none.
        timezone: IANA name of the owner's time zone.
        priority: Its turn among its owner's runs: high 1, normal 0, low -1.
    """

    id: UUID
    owner_id: UUID
    graph: GraphRef
    parent_id: UUID | None = None
    parent_node_run: int | None = None
    depth: int = 0
    timezone: str = "UTC"
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to write a run's journal; every write carries its epoch.

    Attributes:
        crashes: How many workers died while they held the run.
        inbox_count: How many messages it was ever sent.
    """

    run: RunRef
    epoch: int
    crashes: int = 0
    inbox_count: int = 0


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    Attributes:
        outputs: By name, every value in order.
        errors: Node failures, as `NodeError.as_json`.
        starved: Nodes that waited for a pin that never came, with `has`, `missing` and `sets`.
        stats: `node_runs`, `node_errors`, `node_ms`; of a dry run `simulated`, how many of them did not run.
        error: Why it failed or was cancelled, `{code, message}`.
    """

    status: RunStatus
    outputs: Mapping[str, Sequence[Json]]
    errors: Sequence[Mapping[str, Json]] = field(default_factory=lambda: [])
    starved: Sequence[Mapping[str, Json]] = field(default_factory=lambda: [])
    stats: Mapping[str, Json] = field(default_factory=lambda: {})
    error: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """Something the world tells a run. Delivered once, in order.

    `cancel {reason}`, `child.ended {run_id, status}`, `wait.answered {wait_id, answer}`, `discard {reason}`.
    """

    kind: str
    body: Mapping[str, Json]
    id: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A row of `waits`: what a node run asks the world.

    Attributes:
        kind: `review`, `action`, `outcome` or `call`.
        payload: What is decided on.
        token: What a caller from outside has to know.
        due_at: When it is answered by default, ISO 8601 in UTC.
    """

    id: UUID
    node_run: int
    node: str
    kind: str
    title: str
    payload: Json
    is_editable: bool
    token: str | None
    due_at: str | None


@dataclass(frozen=True, slots=True)
class Charge:
    """What one node run cost, in credits; settled once, with its end."""

    node_run: int
    node: str
    block_id: str
    credits: int


@dataclass(slots=True)
class RunWrite:
    """What one commit does to one run; all of it or nothing.

    Attributes:
        epoch: Of the claim that writes.
        is_new: The run is made by this; claimed by `worker` from the start (epoch 1), else queued (epoch 0).
        entries: `(seq, event)`, without gaps.
        result: The run ends with it.
        consumed: Ids of messages taken in.
        children: Runs it starts, each with its first event and the worker that claims it at once, if any.
        messages: What it tells other runs.
        questions: What it asks the world.
        charges: What its node runs cost.
        closes: The run ends with open questions, or was set aside: they are closed with it.
    """

    run: RunRef
    epoch: int
    is_new: bool = False
    worker: int | None = None
    entries: list[tuple[int, Entry]] = field(default_factory=lambda: [])
    result: RunResult | None = None
    consumed: list[int] = field(default_factory=lambda: [])
    children: list[tuple[RunRef, Entry, int | None]] = field(default_factory=lambda: [])
    messages: list[tuple[UUID, Message]] = field(default_factory=lambda: [])
    questions: list[Question] = field(default_factory=lambda: [])
    charges: list[Charge] = field(default_factory=lambda: [])
    closes: bool = False

    @property
    def run_id(self) -> UUID:
        """The run."""
        return self.run.id


@dataclass(frozen=True, slots=True)
class Inbox:
    """A run's messages that nobody has taken in yet.

    Attributes:
        count: How many it was ever sent; `park` needs it to notice one that came in between.
    """

    count: int
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Journal:
    """What a run has written.

    Attributes:
        events: In order of `seq`.
        size: Bytes of them, values kept apart included.
    """

    events: Sequence[Event]
    size: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What a worker has room for.

    Attributes:
        worker: Which.
        room: Runs it can take now.
        share: Runs of one person it may hold at once, those it holds included.
        per_person: Runs of one person everywhere, where the person's own limit does not say; None: any.
        per_graph: Runs of one graph everywhere, where the graph's own limit does not say; None: any.
    """

    worker: int
    room: int
    share: int
    per_person: int | None = None
    per_graph: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a worker got.

    Attributes:
        claims: In the order of their turns.
        is_more: Others are queued still: no room, or not their turn.
        newest: The newest journal format among queued runs that is too new for this worker; None when
            there are none.
    """

    claims: Sequence[Claim]
    is_more: bool = False
    newest: int | None = None


class JournalStore(Protocol):
    """Keeps runs and their journals. The database is the truth; every adapter passes one contract suite."""

    async def write(self, writes: Sequence[RunWrite]) -> set[UUID]:
        """Commit all of it, durably, in one go.

        Returns:
            The runs whose epoch had passed to another worker; nothing of theirs was written.

        Raises:
            JournalLost: Nobody knows what was written.
        """
        ...

    async def load(self, run_id: UUID) -> Sequence[Event]:
        """Return a run's events in order of `seq`."""
        ...

    async def load_all(self, run_ids: Sequence[UUID]) -> Mapping[UUID, Journal]:
        """Return the journals of several runs."""
        ...

    async def length(self, run_id: UUID) -> int:
        """Return the number of a run's last event, also of a journal that cannot be read."""
        ...

    async def take(self, turn: Turn) -> Taken:
        """Claim queued runs whose turn it is; their epoch rises by one.

        Turns go round: the person who has the fewest runs going, by their weight, is next, with the
        oldest of their runs of the highest priority. Whoever is at a limit waits and holds up nobody.
        """
        ...

    async def give_back(self, claims: Sequence[Claim], *, crashed: bool = False) -> Sequence[UUID]:
        """Queue runs again that this worker holds; returns those that it still held.

        Args:
            claims: What it holds.
            crashed: Count it as a crash: a run that does this every time is stopped.
        """
        ...

    async def park(
        self, claim: Claim, *, inbox_count: int, wake_in: timedelta | None = None
    ) -> bool:
        """Let a run wait without a worker; False when a message came since `inbox_count` was read.

        Args:
            claim: What the worker holds.
            inbox_count: How many messages it has seen.
            wake_in: When `wake` is to queue it, at the latest; None for not before a message comes.
        """
        ...

    async def bury(self, claim: Claim, *, inbox_count: int, code: str, message: str) -> bool:
        """Set a run aside as a dead letter; False when a message came since `inbox_count` was read."""
        ...

    async def redrive(self, run_id: UUID) -> bool:
        """Queue a run again that was set aside, its crashes forgotten; False when it was not."""
        ...

    async def answer(self, wait_id: UUID, answer: Mapping[str, Json] | None) -> bool:
        """Answer a question and tell its run; False when it was answered before, or closed."""
        ...

    async def inbox(self, run_id: UUID) -> Inbox:
        """Return the messages nobody has taken in yet, oldest first."""
        ...

    async def send(self, run_id: UUID, message: Message) -> bool:
        """Tell a run something; a waiting run is queued. False when it is over, or there is none."""
        ...

    async def reap(self) -> Sequence[UUID]:
        """Queue the runs of dead workers again; returns them."""
        ...

    async def wake(self, *, ahead: timedelta) -> Sequence[UUID]:
        """Queue waiting runs that are due now, or within `ahead`; returns them."""
        ...

    async def result(self, run_id: UUID) -> RunResult | None:
        """Return how a run ended, None when it has not."""
        ...


class Liveness(Protocol):
    """A worker's proof of life: it holds while the process lives, and not a moment longer."""

    @property
    def worker(self) -> int:
        """The id under which this worker claims runs."""
        ...

    async def lost(self) -> None:
        """Return when the proof is gone; the worker must then stop every run at once."""
        ...

    async def close(self) -> None:
        """Give the proof up."""
        ...


class PlanSource(Protocol):
    """Finds graphs and compiles them."""

    async def plan(self, graph: GraphRef) -> Plan:
        """Return a graph version, compiled; cheap the second time.

        Raises:
            NotFound: It was deleted.
        """
        ...

    async def resolve(self, parent: RunRef, graph_id: str, version: int | None) -> GraphRef:
        """Return the agent that an agent-executor node names: it travels with the parent, or its owner saved it.

        Raises:
            NotFound: There is none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Partial:
    """A piece of a text that a node run is making.

    Attributes:
        offset: How many characters of it came before; 0 begins it, perhaps anew.
    """

    node_run: int
    node: str
    pin: str
    offset: int
    text: str


class BlockHost(Protocol):
    """Gives blocks their world. Where a node is named, it is the one that asks."""

    def models(self, run: RunRef, node: str, world: World) -> Models:
        """Return language models, asked in the name of an attempt whose `world` it is."""
        ...

    def now(self, run: RunRef, node: str) -> datetime:
        """Return the current moment, aware, in UTC."""
        ...

    def show(self, run: RunRef, partial: Partial) -> None:
        """Show a piece of a text to whoever watches the run; never waits, and keeps nothing."""
        ...

    def store(self, run: RunRef, node: str) -> KeyValueStore:
        """Return the stored values of the run's owner."""
        ...

    def library(self, run: RunRef, node: str) -> Library:
        """Return the agents of the run's owner."""
        ...

    def call_url(self, token: str) -> str:
        """Return the address at which a call with `token` is taken."""
        ...

    def http(self, run: RunRef, node: str) -> Http:
        """Return the way out for a run of this owner."""
        ...

    def dialer(self, run: RunRef, node: str) -> Dialer:
        """Return the way out of a run of this owner for protocols that are not HTTP."""
        ...

    def sql(self, run: RunRef, node: str) -> Sql:
        """Return what asks databases of others for a run of this owner."""
        ...

    def post(self, run: RunRef, node: str) -> Post:
        """Return what hands mails to mail servers for a run of this owner."""
        ...

    def sandbox(self, run: RunRef, node: str) -> Sandbox:
        """Return where code that people wrote is run."""
        ...

    def files(self, run: RunRef, node: str) -> Files:
        """Return the files of the run's owner."""
        ...

    async def credential(self, run: RunRef, reference: CredentialRef) -> Secret:
        """Open a credential of the run's owner.

        Raises:
            BlockError: There is none, it is another one than the reference says, or it has ended.
        """
        ...

    async def turn(self, run: RunRef, key: str, rate: Rate) -> timedelta:
        """Reserve the next turn under a rate that the owner's runs share; return how long it is off."""
        ...


@dataclass(frozen=True, slots=True)
class News:
    """What one commit changed.

    Attributes:
        heads: How far journals have come: `(run, seq, whether it is over)`.
        told: Runs that were sent messages.
    """

    heads: Sequence[tuple[RunRef, int, bool]]
    told: frozenset[UUID]


class EventSink(Protocol):
    """Is told what became durable. Best effort: who needs everything reads the journal."""

    def announce(self, news: News) -> None:
        """Take in what a commit changed. Must not block."""
        ...


class WorkSource(Protocol):
    """Says that runs are queued. Best effort: every worker looks for itself twice a second."""

    async def receive(self, limit: int) -> Sequence[UUID]:
        """Wait for word of queued runs; at most `limit` of them."""
        ...

    async def publish(self, run_ids: Sequence[UUID]) -> None:
        """Say that runs are queued."""
        ...
