"""What the engine needs of the world, as Protocols, and the values that cross them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from autograph.blocks.sdk import KeyValueStore
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
    """

    id: UUID
    owner_id: UUID
    graph: GraphRef
    parent_id: UUID | None = None
    parent_node_run: int | None = None
    depth: int = 0
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to write a run's journal; every write carries its epoch.

    Attributes:
        crashes: How many workers died while they held the run.
    """

    run: RunRef
    epoch: int
    crashes: int = 0


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    Attributes:
        outputs: By name, every value in order.
        errors: Node failures, as `NodeError.as_json`.
        starved: Nodes that waited for a pin that never came, with `has`, `missing` and `sets`.
        stats: `node_runs`, `node_errors`, `node_ms`.
        error: Why it failed or was cancelled, `{code, message}`.
    """

    status: RunStatus
    outputs: Mapping[str, Sequence[Json]]
    errors: Sequence[Mapping[str, Json]] = field(default_factory=list[Mapping[str, Json]])
    starved: Sequence[Mapping[str, Json]] = field(default_factory=list[Mapping[str, Json]])
    stats: Mapping[str, Json] = field(default_factory=dict[str, Json])
    error: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """Something the world tells a run: `cancel`, `child.ended`. Delivered once, in order."""

    kind: str
    body: Mapping[str, Json]
    id: int = 0


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
    """

    run: RunRef
    epoch: int
    is_new: bool = False
    worker: int | None = None
    entries: list[tuple[int, Entry]] = field(default_factory=list[tuple[int, Entry]])
    result: RunResult | None = None
    consumed: list[int] = field(default_factory=list[int])
    children: list[tuple[RunRef, Entry, int | None]] = field(
        default_factory=list[tuple[RunRef, Entry, int | None]]
    )
    messages: list[tuple[UUID, Message]] = field(default_factory=list[tuple[UUID, Message]])

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

    async def claim(self, run_ids: Sequence[UUID], *, worker: int) -> Sequence[Claim]:
        """Take those of the runs that are queued; their epoch rises by one."""
        ...

    async def give_back(self, claims: Sequence[Claim], *, crashed: bool = False) -> Sequence[UUID]:
        """Queue runs again that this worker holds; returns those that it still held.

        Args:
            claims: What it holds.
            crashed: Count it as a crash: a run that does this every time is stopped.
        """
        ...

    async def park(self, claim: Claim, *, inbox_count: int) -> bool:
        """Let a run wait without a worker; False when a message came since `inbox_count` was read."""
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

    async def stray(self, *, older_than: timedelta) -> Sequence[UUID]:
        """Return queued runs that have been so for longer: their wake-up may be lost."""
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


class BlockHost(Protocol):
    """Gives blocks their world."""

    def store(self, run: RunRef) -> KeyValueStore:
        """Return the stored values of the run's owner."""
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
    """Says which runs may be claimed, and which have messages. Best effort: `reap` and `stray` make good."""

    async def receive(self, limit: int) -> Sequence[UUID]:
        """Wait for runs that may be queued; at most `limit` of them."""
        ...

    async def publish(self, run_ids: Sequence[UUID]) -> None:
        """Say that runs are queued."""
        ...
