"""The journal's vocabulary: everything that can happen to a run. PURE.

A run's state is the fold of these, in order of `seq`, from 1 without gaps. The `kind` texts and the
fields are a contract with every journal ever written: fields are only ever added, with a default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from autograph.graph.model import Json

Output = tuple[str, Json]
"""What a block yielded: `(output pin, value)`."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run was accepted. Always seq 1.

    Attributes:
        inputs: The agent's inputs by name, as coerced when the run was accepted.
        overrides: Constants laid over nodes for this run: `{node id: {pin: value}}`.
    """

    kind: ClassVar[str] = "run.started"
    inputs: Mapping[str, Json]
    overrides: Mapping[str, Mapping[str, Json]] = field(
        default_factory=dict[str, Mapping[str, Json]]
    )


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """An attempt of a node run with an effect began; pure nodes are journaled when they end."""

    kind: ClassVar[str] = "node.started"
    node_run: int
    node: str
    attempt: int = 1


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
    """

    kind: ClassVar[str] = "node.completed"
    node_run: int
    node: str
    outputs: Sequence[Output] = ()
    duration_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class NodeFailed:
    """A node run ended badly; what it had yielded stands.

    Attributes:
        code: Stable, dotted: `block.failed`, `block.bad_input`, `node.timeout`.
        message: For its user.
    """

    kind: ClassVar[str] = "node.failed"
    node_run: int
    node: str
    code: str
    message: str
    outputs: Sequence[Output] = ()
    duration_ms: float = 0.0


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
    """

    kind: ClassVar[str] = "node.waiting"
    node_run: int
    node: str
    child: str | None = None


@dataclass(frozen=True, slots=True)
class RunCompleted:
    """Nothing is left to do and every failure was handled."""

    kind: ClassVar[str] = "run.completed"


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
    | NodeOutput
    | NodeCompleted
    | NodeFailed
    | NodeRetried
    | NodeWaiting
    | RunCompleted
    | RunFailed
    | RunCancelled
)

EVENTS: Final[Mapping[str, type[Event]]] = {
    one.kind: one
    for one in (
        RunStarted,
        NodeStarted,
        NodeOutput,
        NodeCompleted,
        NodeFailed,
        NodeRetried,
        NodeWaiting,
        RunCompleted,
        RunFailed,
        RunCancelled,
    )
}
"""Every event class by its kind."""

TERMINAL_KINDS: Final = frozenset({RunCompleted.kind, RunFailed.kind, RunCancelled.kind})
"""The kinds after which nothing follows."""
