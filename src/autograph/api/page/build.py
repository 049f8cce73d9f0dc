"""The built web app: its files, and the compressed ones that were laid beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".png": "image/png",
}
_COMPRESSED: Final = {"br": ".br", "gzip": ".gz"}
"""Endings of compressed files by coding, the better one first."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file to send, and the headers that say how it is coded."""

    path: Path
    media_type: str
    headers: Mapping[str, str]


class Build:
    """The files of a build, as they were when the process started."""

    def __init__(self, folder: Path) -> None:
        """Look into `folder`, which may not be there: then there is no file."""
        self._files = {
            path.relative_to(folder).as_posix(): path
            for path in folder.rglob("*")
            if path.is_file()
        }

    def find(self, name: str, accepted: str) -> Found | None:
        """Return a file in the best coding that is accepted; None where there is no such file.

        Args:
            name: Its path in the build: `assets/index-3f2a.js`.
            accepted: The header Accept-Encoding; what is refused by `q=0` counts as refused.
        """
        plain = self._files.get(name)
        media_type = None if plain is None else _MEDIA_TYPES.get(plain.suffix)
        if plain is None or media_type is None:
            return None
        for coding, ending in _COMPRESSED.items():
            compressed = self._files.get(name + ending)
            if compressed is not None and _accepts(accepted, coding):
                coded = {"Content-Encoding": coding, "Vary": "Accept-Encoding"}
                return Found(compressed, media_type, coded)
        return Found(plain, media_type, {"Vary": "Accept-Encoding"})


def _accepts(accepted: str, coding: str) -> bool:
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() == coding:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
