"""What the API answers, as values. Fields that a newer server adds are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from autograph.client.errors import RunFailed

Json = Any
_OVER: Final = frozenset({"completed", "failed", "cancelled"})


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Identity:
    """The person in whose name the key acts."""

    id: str
    name: str
    email: str | None
    timezone: str
    scopes: Sequence[str]

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> Identity:
        """Read an answer."""
        return cls(said["id"], said["name"], said["email"], said["timezone"], said["scopes"])


@dataclass(frozen=True, slots=True)
class Block:
    """What agents are built of.

    Attributes:
        input_schema: What it takes (JSON Schema).
        output_schema: What it gives.
        effect: What it does to the world.
    """

    id: str
    name: str
    description: str
    categories: Sequence[str]
    kind: str
    effect: str
    input_schema: Mapping[str, Json]
    output_schema: Mapping[str, Json]

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> Block:
        """Read an answer."""
        return cls(**{name: said[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class BlockResult:
    """What a block gave out: by pin, every value in order."""

    outputs: Mapping[str, Sequence[Json]]
    duration_ms: float
    credits: int

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> BlockResult:
        """Read an answer."""
        return cls(said["outputs"], said["duration_ms"], said["credits"])


@dataclass(frozen=True, slots=True)
class GraphSummary:
    """An agent in a list."""

    id: str
    name: str
    description: str
    active_version: int
    latest_version: int

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> GraphSummary:
        """Read an answer."""
        return cls(**{name: said[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Graph:
    """A version of an agent.

    Attributes:
        document: The agent as a file, without secrets.
        input_schema: What it takes (JSON Schema).
        output_schema: What it gives.
    """

    id: str
    version: int
    is_active: bool
    name: str
    description: str
    document: Mapping[str, Json]
    input_schema: Mapping[str, Json]
    output_schema: Mapping[str, Json]
    credentials_input_schema: Mapping[str, Json]

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> Graph:
        """Read an answer."""
        given: dict[str, Any] = {**said, "document": said["graph"]}
        return cls(**{name: given[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class GraphVersion:
    """A version in an agent's history."""

    version: int
    name: str
    content_hash: str
    is_active: bool

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> GraphVersion:
        """Read an answer."""
        return cls(**{name: said[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class NodeFailure:
    """A node that failed; `handled` where the agent saw to it."""

    node: str
    node_run: int
    code: str
    message: str
    handled: bool

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> NodeFailure:
        """Read an answer."""
        return cls(**{name: said[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that a run waits for; `review_id` where somebody has to answer."""

    node: str
    node_run: int
    kind: str
    review_id: str | None
    due_at: datetime | None

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> Wait:
        """Read an answer."""
        return cls(
            said["node"],
            said["node_run"],
            said["kind"],
            said["review_id"],
            _moment(said["due_at"]),
        )


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in a list."""

    id: str
    graph_id: str
    graph_version: int
    status: str
    error: Mapping[str, Json] | None
    stats: Mapping[str, Json]
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> RunSummary:
        """Read an answer."""
        return cls(**_run_fields(said))


@dataclass(frozen=True, slots=True)
class Run:
    """A run: where it is, and what it came to, or has come to so far.

    Attributes:
        status: queued, running, waiting, completed, failed, cancelled.
        outputs: By name, every value in order.
        errors: Nodes that failed.
        error: Why it failed or was cancelled, `{code, message}`.
        waits_for: What it waits for now.
    """

    id: str
    graph_id: str
    graph_version: int
    status: str
    error: Mapping[str, Json] | None
    stats: Mapping[str, Json]
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    inputs: Mapping[str, Json]
    outputs: Mapping[str, Sequence[Json]]
    errors: Sequence[NodeFailure]
    waits_for: Sequence[Wait]

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> Run:
        """Read an answer."""
        return cls(
            **_run_fields(said),
            inputs=said["inputs"],
            outputs=said["outputs"],
            errors=[NodeFailure.read(one) for one in said["errors"]],
            waits_for=[Wait.read(one) for one in said["waits_for"]],
        )

    @property
    def is_over(self) -> bool:
        """Whether nothing follows."""
        return self.status in _OVER

    def raise_if_failed(self) -> None:
        """Raise where the run ended, and not well.

        Raises:
            RunFailed: It did.
        """
        if self.status in {"failed", "cancelled"}:
            error = self.error or {}
            raise RunFailed(
                self.id,
                str(error.get("code", f"run.{self.status}")),
                str(error.get("message", f"It {self.status}.")),
            )


def _run_fields(said: Mapping[str, Json]) -> dict[str, Any]:
    return {
        "id": said["id"],
        "graph_id": said["graph_id"],
        "graph_version": said["graph_version"],
        "status": said["status"],
        "error": said["error"],
        "stats": said["stats"],
        "queued_at": _moment(said["queued_at"]),
        "started_at": _moment(said["started_at"]),
        "ended_at": _moment(said["ended_at"]),
    }


@dataclass(frozen=True, slots=True)
class NodeRun:
    """What came of a node run.

    Attributes:
        inputs: Values that arrived, by linked pin.
        outputs: By pin, every value in order.
    """

    node_run: int
    node: str
    block: str
    status: str
    inputs: Mapping[str, Json]
    outputs: Mapping[str, Sequence[Json]]
    error: Mapping[str, Json] | None

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> NodeRun:
        """Read an answer."""
        return cls(**{name: said[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a run's journal; `seq` counts from 1, without gaps."""

    seq: int
    kind: str
    body: Mapping[str, Json]
    at: datetime

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> Event:
        """Read an answer."""
        return cls(said["seq"], said["kind"], said["body"], datetime.fromisoformat(said["at"]))


@dataclass(frozen=True, slots=True)
class Review:
    """A question that a run waits on.

    Attributes:
        kind: review, action, outcome.
        status: waiting, answered, void.
        payload: What is decided on.
    """

    id: str
    run_id: str
    graph_id: str
    node: str
    kind: str
    status: str
    title: str
    payload: Json
    is_editable: bool
    answer: Mapping[str, Json] | None
    due_at: datetime | None

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> Review:
        """Read an answer."""
        given: dict[str, Any] = {**said, "due_at": _moment(said["due_at"])}
        return cls(**{name: given[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential, without what is secret about it."""

    id: str
    provider: str
    type: str
    title: str
    scopes: Sequence[str]
    account: str | None
    expires_at: datetime | None

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> Credential:
        """Read an answer."""
        given: dict[str, Any] = {**said, "expires_at": _moment(said["expires_at"])}
        return cls(**{name: given[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class CredentialUse:
    """A node of an agent that named a credential, and lacks it now."""

    graph_id: str
    graph: str
    node: str

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> CredentialUse:
        """Read an answer."""
        return cls(**{name: said[name] for name in cls.__dataclass_fields__})
