"""Files, and what they may be called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

_MAX_NAME: Final = 200
_SEPARATORS: Final = re.compile(r"[/\\]")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a person.

    Attributes:
        media_type: What it is, told by what is in it.
        digest: SHA-256 of what is in it, in hexadecimal.
        object_id: Where that lies in the file storage.
        run_id: The run that has made it.
        expires_at: From then on it is gone; None for never.
    """

    id: UUID
    name: str
    media_type: str
    size_bytes: int
    digest: str
    object_id: UUID
    run_id: UUID | None
    expires_at: datetime | None
    created_at: datetime

    @property
    def reference(self) -> str:
        """How values name it."""
        return f"file://{self.id}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose a new file is, and where it comes from.

    Attributes:
        run_id: The run that makes it; None where its owner uploads it.
    """

    user_id: UUID
    run_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewFile:
    """What is said of a file that comes.

    Attributes:
        name: What its sender calls it, cleaned before it is kept.
        media_type: What its sender says that it is; little of that is believed.
        expires_at: From when it is gone.
    """

    name: str
    media_type: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FileChange:
    """What is to change about a file.

    Attributes:
        name: None leaves it.
        expires_at: Only looked at where `sets_expiry`; None is for never.
    """

    name: str | None = None
    sets_expiry: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FilePage:
    """Files, newest first.

    Attributes:
        next_before: What the next page is asked with; None on the last one.
    """

    files: Sequence[File]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class FileUsage:
    """What a person's files take.

    Attributes:
        size_bytes: Each file counts, also where others hold the same.
        max_bytes: What they may take; None for anything.
    """

    files: int
    size_bytes: int
    max_bytes: int | None


def clean_name(sent: str) -> str:
    """Return what a file is called: no folders, no control characters, nothing that hides its ending.

    A name is shown and sent, and names nothing on any disk of ours.
    """
    last = _SEPARATORS.split(unicodedata.normalize("NFC", sent))[-1]
    shown = "".join(one for one in last if unicodedata.category(one)[0] != "C").strip(" .")
    if len(shown) > _MAX_NAME:
        stem, dot, ending = shown.rpartition(".")
        shown = (
            f"{stem[: _MAX_NAME - len(ending) - 1]}.{ending}"
            if dot and len(ending) <= 20
            else shown[:_MAX_NAME]
        )
    return shown or "file"
