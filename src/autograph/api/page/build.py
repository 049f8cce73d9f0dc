"""The built web app: its files, and the compressed ones that were laid beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from autograph.graph.model import Json, is_list, is_object
from autograph.infra.json import decode

_MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
_MANIFEST: Final = "manifest.json"
_ENTRY: Final = "index.html"
_COMPRESSED: Final = {"br": ".br", "gzip": ".gz"}
"""Endings of compressed files by coding, the better one first."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file to send, and the headers that say how it is coded."""

    content: bytes
    media_type: str
    headers: Mapping[str, str]


class Build:
    """The files of a build, as they are now: it may be built anew at any moment."""

    def __init__(self, folder: Path) -> None:
        """Look into `folder`, which may not be there: then there is no file."""
        self._folder = folder
        self._written = 0
        self._chunks: Mapping[str, Json] = {}

    def find(self, name: str, accepted: str) -> Found | None:
        """Return a file in the best coding that is accepted; None where there is no such file.

        Args:
            name: Its path in the build: `assets/index-3f2a.js`.
            accepted: The header Accept-Encoding; what is refused by `q=0` counts as refused.
        """
        path = PurePosixPath(name)
        media_type = _MEDIA_TYPES.get(path.suffix)
        if media_type is None or path.is_absolute() or ".." in path.parts:
            return None
        plain = self._read(name)
        if plain is None:
            return None
        for coding, ending in _COMPRESSED.items():
            compressed = self._read(name + ending) if _accepts(accepted, coding) else None
            if compressed is not None:
                coded = {"Content-Encoding": coding, "Vary": "Accept-Encoding"}
                return Found(compressed, media_type, coded)
        return Found(plain, media_type, {"Vary": "Accept-Encoding"})

    def needed_by(self, module: str) -> tuple[str, ...]:
        """Return the files that a page needs besides those that the page itself names, each once.

        Args:
            module: The source of a page: `src/features/library/library-page.tsx`; nothing is known of others.
        """
        try:
            written = (self._folder / _MANIFEST).stat().st_mtime_ns
        except OSError:
            return ()
        if written != self._written:
            chunks = decode((self._folder / _MANIFEST).read_bytes())
            self._chunks = chunks if is_object(chunks) else {}
            self._written = written
        named = self._files_of(_ENTRY)
        return tuple(file for file in self._files_of(module) if file not in named)

    def _files_of(self, module: str) -> dict[str, None]:
        """Return the files of a chunk and of all that it imports, once each, in order."""
        found: dict[str, None] = {}
        seen: set[str] = set()
        waiting = [module]
        while waiting:
            name = waiting.pop()
            chunk = self._chunks.get(name)
            if name in seen or not is_object(chunk):
                continue
            seen.add(name)
            imported, styles = chunk.get("imports", ()), chunk.get("css", ())
            waiting += [str(one) for one in imported if is_list(imported)]
            found |= dict.fromkeys(
                [str(chunk["file"]), *(str(one) for one in styles if is_list(styles))]
            )
        return found

    def _read(self, name: str) -> bytes | None:
        # Whole, and here: a file that is sent in pieces may be gone between two of them.
        try:
            return (self._folder / name).read_bytes()
        except OSError:
            return None


def _accepts(accepted: str, coding: str) -> bool:
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() == coding:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
