"""Agents as their library shows them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from autograph.engine.state import RunStatus
from autograph.features.library.errors import CursorInvalid
from autograph.infra.errors import AutographError
from autograph.infra.json import decode, encode

MAX_COUNTED: Final = 10_000
"""Runs of one agent that are counted; a number one above means that there are more."""


class Shelf(StrEnum):
    """Where agents are: in sight, put away, or on the way out."""

    KEPT = "kept"
    ARCHIVED = "archived"
    DELETED = "deleted"


class AgentStatus(StrEnum):
    """What agents can be looked for by. One agent may be several of them.

    running    a run of it is queued, going on, or waiting
    attention  it asks its person something, its last run failed, or a trigger of it does not work
    listening  a trigger of it starts runs
    idle       none of these
    """

    RUNNING = "running"
    ATTENTION = "attention"
    LISTENING = "listening"
    IDLE = "idle"


class AgentSort(StrEnum):
    """In which order agents are listed: by name from A, by time from the newest."""

    NAME = "name"
    CREATED = "created"
    UPDATED = "updated"
    LAST_RUN = "last_run"


Key = str | datetime | UUID


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a list goes on: after the agent with this key, of this id."""

    sort: AgentSort
    key: Key
    id: UUID

    def text(self) -> str:
        """Return it as lists hand it out."""
        key = self.key.isoformat() if isinstance(self.key, datetime) else str(self.key)
        return base64.urlsafe_b64encode(encode([self.sort.value, key, str(self.id)])).decode()

    @classmethod
    def read(cls, text: str, sort: AgentSort) -> Cursor:
        """Return what a list handed out.

        Raises:
            CursorInvalid: It did not, or in another order.
        """
        try:
            of, key, last = decode(base64.urlsafe_b64decode(text))
            if of == sort.value and isinstance(key, str) and "\0" not in key:
                return cls(sort, _KEYS[sort](key), UUID(last))
        except (ValueError, TypeError, AttributeError, AutographError):
            pass
        raise CursorInvalid(
            f"A list by {sort.value} cannot go on from there. Ask for its first page."
        )


_KEYS: Final = {
    AgentSort.NAME: str,
    AgentSort.CREATED: datetime.fromisoformat,
    AgentSort.UPDATED: datetime.fromisoformat,
    AgentSort.LAST_RUN: UUID,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which agents are wanted.

    Attributes:
        shelf: Where they are.
        search: In their names and descriptions, large or small letters; None for all.
        status: None for any.
        is_favorite: Only favorites.
        folder_id: Only those right in that folder; None for all.
        is_root_only: Only those in no folder.
    """

    shelf: Shelf = Shelf.KEPT
    search: str | None = None
    status: AgentStatus | None = None
    is_favorite: bool = False
    folder_id: UUID | None = None
    is_root_only: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many agents a filter would show, for each that could be chosen instead, in all folders.

    Attributes:
        total: On the shelf, with what is searched for.
        favorites: Of these.
        running, attention, listening, idle: Of these, or of the favorites where only they are wanted.
    """

    total: int
    favorites: int
    running: int
    attention: int
    listening: int
    idle: int


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run of an agent.

    Attributes:
        error: What it failed with; None where it did not.
    """

    id: UUID
    status: RunStatus
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class LibraryAgent:
    """An agent, and how it is.

    Attributes:
        id: The graph's.
        runs: How many there are, up to `MAX_COUNTED`, one more for all above.
        running: Runs that are queued, going on, or waiting.
        reviews: Questions to its person that are open.
        presets: Those that are run by a word.
        triggers: Presets that something else starts.
        listening: Of the triggers, those that start runs.
        broken: Of the triggers, those that should, and do not work.
    """

    id: UUID
    name: str
    description: str
    active_version: int
    latest_version: int
    created_at: datetime
    updated_at: datetime
    is_favorite: bool
    folder_id: UUID | None
    archived_at: datetime | None
    deleted_at: datetime | None
    runs: int
    running: int
    reviews: int
    presets: int
    triggers: int
    listening: int
    broken: int
    last_run: LastRun | None

    @property
    def needs_attention(self) -> bool:
        """Whether somebody should look at it; `AgentStatus.ATTENTION` in the repository's SQL is the same."""
        has_failed = self.last_run is not None and self.last_run.status is RunStatus.FAILED
        return self.reviews > 0 or self.broken > 0 or has_failed


@dataclass(frozen=True, slots=True)
class NamedAgent:
    """An agent, and no more of it than what one needs to run it.

    Attributes:
        id: The graph's.
    """

    id: UUID
    name: str
    description: str
    active_version: int


@dataclass(frozen=True, slots=True)
class LibraryPage:
    """A page of agents.

    Attributes:
        counts: With the first page alone.
        next_cursor: Where the next one begins; None after the last.
    """

    agents: Sequence[LibraryAgent]
    counts: Counts | None
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be different about an agent; None where it stays.

    Attributes:
        is_moved: It goes to `folder_id`: into that folder, or out of all where that is None.
    """

    is_favorite: bool | None = None
    is_archived: bool | None = None
    is_moved: bool = False
    folder_id: UUID | None = None
