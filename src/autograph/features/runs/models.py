"""Runs as people see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from autograph.engine.ports import RunResult
from autograph.engine.state import RunStatus
from autograph.graph.model import Json


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
class Run:
    """A run, whole.

    Attributes:
        inputs: As they were accepted.
        result: What it came to, or has come to so far.
        seq: Number of the last event in it.
    """

    row: RunRow
    inputs: Mapping[str, Json]
    result: RunResult
    seq: int


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
