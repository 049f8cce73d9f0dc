"""Server-sent events (html.spec.whatwg.org, section 9.2), as far as models and tools use them: their data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

MAX_EVENT: Final = 4 * 1024 * 1024


class TooLong(Exception):
    """An event does not end."""


class EventReader:
    """Cuts a body that comes in pieces into the data of its events."""

    def __init__(self) -> None:
        self._left = b""
        self._data: list[bytes] = []

    def take(self, piece: bytes) -> Iterator[bytes]:
        """Take in the next piece; yield the data of every event that it ends.

        Raises:
            TooLong: An event has more than `MAX_EVENT` bytes.
        """
        lines = (self._left + piece).split(b"\n")
        self._left = lines.pop()
        if len(self._left) > MAX_EVENT:
            raise TooLong
        for line in lines:
            yield from self._line(line.rstrip(b"\r"))

    def end(self) -> Iterator[bytes]:
        """Yield the data of an event that the body ended in: some servers leave the empty line out."""
        yield from self._line(self._left.rstrip(b"\r"))
        yield from self._line(b"")
        self._left = b""

    def _line(self, line: bytes) -> Iterator[bytes]:
        if line.startswith(b"data:"):
            self._data.append(line[5:].lstrip(b" "))
        elif not line and self._data:
            yield b"\n".join(self._data)
            self._data = []
