"""Saved graphs as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from autograph.graph.model import Graph


@dataclass(frozen=True, slots=True)
class GraphSummary:
    """A graph in a list."""

    id: UUID
    name: str
    description: str
    active_version: int
    latest_version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class GraphVersion:
    """One version in a graph's history."""

    version: int
    name: str
    content_hash: str
    created_at: datetime
    is_active: bool


@dataclass(frozen=True, slots=True)
class SavedGraph:
    """One version of a graph, whole.

    Attributes:
        is_active: Runs that name no version run this one.
    """

    graph: Graph
    id: UUID
    version: int
    is_active: bool
    content_hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """How the runs of a graph are held back. They belong to the graph, not to a version of it.

    Attributes:
        human_in_the_loop_safe_mode: Review nodes wait for a person; otherwise they approve at once.
        sensitive_action_safe_mode: A person is asked before nodes whose action is sensitive.
        max_runs: How many run at once in all workers; None for as many as the installation allows.
        egress_hosts: The only hosts that its runs may ask, `*.example.com` for all below; None for all that
            its owner may.
    """

    human_in_the_loop_safe_mode: bool = True
    sensitive_action_safe_mode: bool = False
    max_runs: int | None = None
    egress_hosts: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Runnable:
    """What a request to run a graph would run."""

    version: int
    settings: GraphSettings
