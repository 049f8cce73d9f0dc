"""What can go wrong with files.

UserError
├── FileMissing    there is no such file, or it is somebody else's
├── FileInvalid    this cannot be a file of ours
├── FileTooLarge   it is larger than files may be
├── FilesFull      a person's files use all the room they have
└── FileInfected   the scanner has found something in it
OperationalError
└── ScannerUnavailable   nobody can say whether a file is clean, so it is not taken
"""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import Conflict, Invalid, NotFound, OperationalError, TooLarge


class FileMissing(NotFound):
    """There is no such file, or it is somebody else's."""

    code: ClassVar[str] = "file.not_found"


class FileInvalid(Invalid):
    """This cannot be a file of ours."""

    code: ClassVar[str] = "file.invalid"


class FileTooLarge(TooLarge):
    """It is larger than files may be."""

    code: ClassVar[str] = "file.too_large"


class FilesFull(Conflict):
    """A person's files use all the room they have."""

    code: ClassVar[str] = "files.full"


class FileInfected(Invalid):
    """The scanner has found something in it; nothing of it is kept."""

    code: ClassVar[str] = "file.infected"


class ScannerUnavailable(OperationalError):
    """Nobody can say whether a file is clean, so it is not taken."""

    code: ClassVar[str] = "files.scanner_unavailable"
