"""A graph and its parts, as values.

A graph is immutable: an edit makes another one. Links are stored once, in the graph; constants are
the values a person typed into a node; where a node stands on the canvas is kept apart from what it
means (`Node.position` never enters the content hash).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeGuard

Json = Any
"""A JSON value: null, boolean, number, text, list or object. (`Any`, because pyright cannot narrow a
recursive alias through third-party JSON without a cast at every step.)"""


def is_list(value: Json) -> TypeGuard[list[Json]]:
    """Tell whether a JSON value is a list."""
    return isinstance(value, list)


def is_object(value: Json) -> TypeGuard[dict[str, Json]]:
    """Tell whether a JSON value is an object."""
    return isinstance(value, dict)


class OnError(StrEnum):
    """What a node's failure means for its run.

    ROUTE: the message leaves by the `error` pin; if that pin is not linked, the run ends failed.
    IGNORE: the failure is handled by being noted.
    FAIL_FAST: the run stops at once.
    """

    ROUTE = "route"
    IGNORE = "ignore"
    FAIL_FAST = "fail_fast"


@dataclass(frozen=True, slots=True)
class Retry:
    """When a failed node run is tried again.

    Attributes:
        max: Further attempts after the first, 0 to 100.
        backoff: Wait before the first retry; doubled for each one after it.
        on: Error codes that are worth another try; empty means every failure.
    """

    max: int = 0
    backoff: timedelta = timedelta(seconds=1)
    on: tuple[str, ...] = ()


class OutcomeUnknown(StrEnum):
    """What happens to a node with an effect whose worker died while it ran.

    ASK: it waits for a person's word.
    RETRY: it runs again, with the same idempotency key.
    FAIL: it fails.
    """

    ASK = "ask"
    RETRY = "retry"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """What becomes of a review that nobody answers.

    Attributes:
        deadline: How long people have; None for ever.
        approves: What the deadline decides: True approves, False rejects.
    """

    deadline: timedelta | None = None
    approves: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """How a node run is bounded. None means: what the graph says, else what the installation says."""

    timeout: timedelta | None = None
    retry: Retry | None = None
    on_error: OnError | None = None
    outcome_unknown: OutcomeUnknown | None = None
    review: ReviewPolicy | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a node stands on the canvas, in canvas pixels."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Link:
    """A way for values from an output pin to an input pin.

    Attributes:
        source: Node id the value comes from.
        source_pin: Output pin, perhaps with a selector: `item_#_name`.
        sink: Node id the value goes to.
        sink_pin: Input pin, perhaps with a path to build: `values_#_who`.
        static: The last value stays and fills that pin in every later set.
    """

    source: str
    source_pin: str
    sink: str
    sink_pin: str
    static: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A block placed in a graph.

    Attributes:
        id: Stable across versions; opaque text, unique in its graph.
        block_id: Which block; it may be unknown here.
        constants: Values for pins that are not linked.
        name: What the person called it, None for the block's own name.
        credentials_optional: Run it even when no credential was chosen.
        metadata: Anything else that other programs keep with a node, carried along untouched.
    """

    id: str
    block_id: str
    constants: Mapping[str, Json] = field(default_factory=dict[str, Json])
    name: str | None = None
    position: Position | None = None
    policy: Policy = Policy()
    credentials_optional: bool = False
    metadata: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class Origin:
    """The graph version that this one was copied from."""

    graph_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Graph:
    """A versioned definition of an agent.

    Attributes:
        id: UUID as text.
        version: 1 and up; a stored version never changes.
        instructions: For the person who runs it.
        schedule_cron: A schedule its author recommends, five cron fields.
        nodes: In the author's order; start nodes start in this order.
        links: In order; values of one pin go over its links in this order.
        sub_graphs: Agents that travel with this one, flat: every graph that an agent-executor node
            of this graph, or of another in the list, names.
        policy: Defaults for the nodes' policies.
    """

    id: str
    name: str
    version: int = 1
    description: str = ""
    instructions: str | None = None
    schedule_cron: str | None = None
    forked_from: Origin | None = None
    nodes: tuple[Node, ...] = ()
    links: tuple[Link, ...] = ()
    sub_graphs: tuple[Graph, ...] = ()
    policy: Policy = Policy()
