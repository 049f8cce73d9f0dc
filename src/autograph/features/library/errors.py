"""What can go wrong in the library.

UserError
├── PresetNotFound        no such preset, or it is somebody else's
├── PresetInvalid         parts of a preset do not fit its agent
├── FolderNotFound        no such folder, or it is somebody else's
├── FolderInvalid         its name, icon or color cannot be kept
├── FolderExists          there is one of that name in the same place
├── FolderInside          a folder cannot go into itself, nor into what is in it
├── FoldersFull           a person has as many as they may
└── CursorInvalid         a list cannot go on from there
"""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import Conflict, Invalid, NotFound


class PresetNotFound(NotFound):
    """There is no such preset, or it is somebody else's."""

    code: ClassVar[str] = "preset.not_found"


class PresetInvalid(Invalid):
    """Parts of a preset do not fit its agent; `details.errors` has them by name."""

    code: ClassVar[str] = "preset.invalid"


class FolderNotFound(NotFound):
    """There is no such folder, or it is somebody else's."""

    code: ClassVar[str] = "folder.not_found"


class FolderInvalid(Invalid):
    """Its name, icon or color cannot be kept."""

    code: ClassVar[str] = "folder.invalid"


class FolderExists(Conflict):
    """There is a folder of that name in the same place, large or small letters."""

    code: ClassVar[str] = "folder.exists"


class FolderInside(Conflict):
    """A folder cannot go into itself, nor into a folder that is in it."""

    code: ClassVar[str] = "folder.inside"


class FoldersFull(Conflict):
    """A person has as many folders as they may; `details.max` says how many."""

    code: ClassVar[str] = "folder.too_many"


class CursorInvalid(Invalid):
    """A list cannot go on from there: the cursor is not one that it gave, or is that of another order."""

    code: ClassVar[str] = "library.cursor_invalid"
