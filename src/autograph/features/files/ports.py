"""What files need from outside."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Scan(Protocol):
    """A file on its way through the scanner."""

    async def feed(self, piece: bytes) -> None:
        """Show the next piece.

        Raises:
            ScannerUnavailable: It does not look.
            FileInfected: It has seen enough.
        """
        ...

    async def finish(self) -> None:
        """Return when all was looked at and nothing found.

        Raises:
            FileInfected: Something was found.
            ScannerUnavailable: It does not say.
        """
        ...


class Scanner(Protocol):
    """Looks into files before they are kept."""

    def scan(self) -> AbstractAsyncContextManager[Scan]:
        """Begin to look into a file.

        Raises:
            ScannerUnavailable: It cannot be reached.
        """
        ...
