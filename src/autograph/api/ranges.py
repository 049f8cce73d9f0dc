"""Parts of what is downloaded (RFC 9110, section 14): one range; what asks for more gets all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from autograph.infra.errors import UserError

_ONE: Final = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE)


class RangeRefused(UserError):
    """There is nothing at the asked range."""

    code: ClassVar[str] = "request.range"


@dataclass(frozen=True, slots=True)
class Part:
    """What is sent: from `start` up to and without `end`, of `size`."""

    start: int
    end: int
    size: int

    @property
    def headers(self) -> dict[str, str]:
        """What is said of it."""
        return {
            "Content-Length": str(self.end - self.start),
            "Content-Range": f"bytes {self.start}-{self.end - 1}/{self.size}",
        }


def part_of(header: str | None, size: int) -> Part | None:
    """Return which part a `Range` header asks for; None for all.

    Raises:
        RangeRefused: There is nothing there.
    """
    found = _ONE.fullmatch(header or "")
    if found is None or not (found[1] or found[2]):
        return None
    if found[1]:
        start, end = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
        if found[2] and int(found[2]) < start:
            return None  # no range at all; such a header is to be ignored
    else:
        start, end = max(0, size - int(found[2])), size
    if start >= end:
        raise RangeRefused(f"There are {size} bytes, and none at {header}.", size=size)
    return Part(start, end, size)
