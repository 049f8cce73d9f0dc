"""Folders, as values, and what may be made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from autograph.features.library.errors import FolderInvalid

MAX_FOLDERS: Final = 500
"""Folders of one person; lists of them have no pages."""
_MAX_NAME: Final = 100
_MAX_ICON: Final = 16
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Folder:
    """A place for agents, and for folders.

    Attributes:
        icon: An emoji; None for the usual one.
        color: `#RRGGBB`; None for the usual one.
        parent_id: The folder it is in; None where it is in none.
        agent_count: Agents right in it that are neither archived nor deleted.
        subfolder_count: Folders right in it.
    """

    id: UUID
    name: str
    icon: str | None
    color: str | None
    parent_id: UUID | None
    created_at: datetime
    updated_at: datetime
    agent_count: int = 0
    subfolder_count: int = 0


def checked_name(name: str) -> str:
    """Return a folder's name as it is kept: without space around it.

    Raises:
        FolderInvalid: It is empty, or longer than 100 characters.
    """
    squeezed = " ".join(name.split())
    if not squeezed or len(squeezed) > _MAX_NAME:
        raise FolderInvalid(f"A folder has a name of 1 to {_MAX_NAME} characters.")
    return squeezed


def check_look(icon: str | None, color: str | None) -> None:
    """Make sure that a folder can look like that.

    Raises:
        FolderInvalid: The icon is no emoji, or the color not `#RRGGBB`.
    """
    # An emoji is up to a dozen code points; none of them is a letter, a digit alone or a space.
    if icon is not None and not (0 < len(icon) <= _MAX_ICON and not re.search(r"[\w\s<>]", icon)):
        raise FolderInvalid(f"A folder's icon is one emoji, got {icon[:_MAX_ICON]!r}.")
    if color is not None and not _COLOR.fullmatch(color):
        raise FolderInvalid(f"A folder's color is #RRGGBB, got {color[:_MAX_ICON]!r}.")


def is_inside(parents: Mapping[UUID, UUID | None], folder_id: UUID, other: UUID | None) -> bool:
    """Return whether a place is a folder itself, or anywhere in it.

    Args:
        parents: What each folder of the person is in.
        folder_id: The folder.
        other: The place; None for that of what is in no folder.
    """
    while other is not None:
        if other == folder_id:
            return True
        other = parents.get(other)
    return False
