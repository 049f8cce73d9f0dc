"""Storage as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the database on disk.

    Attributes:
        name: A table, or a month of one.
        size_bytes: With its indexes and what is stored out of line.
        rows: An estimate.
    """

    name: str
    size_bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class Eater:
    """A run, or a graph with its runs, and what it keeps.

    Attributes:
        runs: How many.
        stored_bytes: Journals and payloads of those that are over.
    """

    id: UUID
    name: str
    runs: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class FileEater:
    """A person, and what their files take.

    Attributes:
        stored_bytes: Each file counts, also where others hold the same.
    """

    id: UUID
    name: str
    files: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class Report:
    """What eats the disk.

    Attributes:
        total_bytes: The whole database.
        parts: The largest first.
        payload_bytes: Values kept apart, as they are on disk.
        graphs: Those whose runs keep most, first.
        runs: Those that keep most, first.
        file_bytes: What files take beside the database; what several hold counts once.
        files: People whose files take most, first.
    """

    total_bytes: int
    parts: Sequence[Part]
    payload_bytes: int
    graphs: Sequence[Eater]
    runs: Sequence[Eater]
    file_bytes: int
    files: Sequence[FileEater]


@dataclass(frozen=True, slots=True)
class Usage:
    """What a person's runs and memories keep.

    Attributes:
        runs: Runs that are over.
        stored_bytes: Their journals and payloads, and memories; a payload that several share counts for each.
        max_bytes: What they may keep; None for anything.
    """

    runs: int
    stored_bytes: int
    max_bytes: int | None


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was deleted, or would be.

    Attributes:
        runs: Runs that were over, those inside them included.
        stored_bytes: What they kept.
        payloads: Values nobody refers to any more.
        oldest: When the oldest of them ended.
    """

    runs: int = 0
    stored_bytes: int = 0
    payloads: int = 0
    oldest: datetime | None = None
