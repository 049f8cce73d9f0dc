"""Files, as blocks name and read them.

A value never holds a file. It holds a reference: `file://<id>` for one that is kept here. A pin of
`Format.FILE` also takes a `data:` URI and an `https://` address, and a block does not see the difference:

    async with ctx.files.open(input.file) as stream:      # stream.info.media_type, stream.pieces()
        ...
    text = await ctx.files.read(input.file, max_bytes=1_000_000)
    yield "picture", await ctx.files.write("plot.png", png)       # "file://…"
"""

from __future__ import annotations

import base64
import binascii
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import unquote, unquote_to_bytes, urlsplit
from uuid import UUID

from autograph.blocks.sdk.errors import BlockError
from autograph.infra.egress.ports import Http, HttpRequest
from autograph.infra.media_types import HEAD, media_type_of

MAX_READ: Final = 64 * 1024 * 1024
"""So much is read at once where a block does not say how much it can bear."""
_PIECE: Final = 256 * 1024
_REFERENCE: Final = re.compile(r"file://([0-9a-fA-F-]{36})")
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What is known of a file.

    Attributes:
        media_type: Told by what is in it, whatever its sender says.
        size_bytes: None for one elsewhere whose server does not say.
    """

    name: str
    media_type: str
    size_bytes: int | None


class FileStream(Protocol):
    """A file that is read piece by piece."""

    @property
    def info(self) -> FileInfo:
        """What is known of it."""
        ...

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield what is in it."""
        ...


class Files(Protocol):
    """The person's files, and those that values name."""

    async def info(self, reference: str) -> FileInfo:
        """Return what is known of a file.

        Raises:
            BlockError: There is none.
        """
        ...

    async def read(self, reference: str, *, max_bytes: int = MAX_READ) -> bytes:
        """Return what is in a file.

        Raises:
            BlockError: There is none, or it is larger than `max_bytes`.
        """
        ...

    def open(self, reference: str) -> AbstractAsyncContextManager[FileStream]:
        """Lend a file, to be read piece by piece; raises what `info` raises."""
        ...

    async def write(
        self, name: str, content: bytes | AsyncIterable[bytes], media_type: str = ""
    ) -> str:
        """Keep a file for the person; return the reference to it.

        What a run has made goes with it, where nobody keeps it.

        Args:
            name: What it is called; its folders are left out.
            content: What is in it.
            media_type: What it is; believed among kinds of text alone.
        """
        ...


class OpenedFiles(ABC):
    """What of `Files` follows from lending a file: who implements `open` has the rest."""

    @abstractmethod
    def open(self, reference: str) -> AbstractAsyncContextManager[FileStream]:
        """Lend a file, to be read piece by piece."""

    async def info(self, reference: str) -> FileInfo:
        """Return what is known of a file.

        Raises:
            BlockError: There is none.
        """
        async with self.open(reference) as stream:
            return stream.info

    async def read(self, reference: str, *, max_bytes: int = MAX_READ) -> bytes:
        """Return what is in a file.

        Raises:
            BlockError: There is none, or it is larger than `max_bytes`.
        """
        async with self.open(reference) as stream:
            return await read_stream(stream, max_bytes)


def file_id_of(reference: str) -> UUID | None:
    """Return the id that a `file://` reference names; None where it is none."""
    found = _REFERENCE.fullmatch(reference)
    try:
        return UUID(found[1]) if found else None
    except ValueError:
        return None


async def pieces_of(content: bytes) -> AsyncIterator[bytes]:
    """Yield bytes in pieces."""
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]


async def held(content: bytes | AsyncIterable[bytes]) -> bytes:
    """Return what is to be written, all of it."""
    return content if isinstance(content, bytes) else b"".join([one async for one in content])


async def read_stream(stream: FileStream, max_bytes: int) -> bytes:
    """Return all of a file.

    Raises:
        BlockError: It is larger than `max_bytes`.
    """
    too_large = BlockError(
        f"The file {stream.info.name!r} is larger than the {max_bytes / 2**20:,.1f} MiB that are read here.",
        code="file.too_large",
    )
    if (stream.info.size_bytes or 0) > max_bytes:
        raise too_large
    read = bytearray()
    async for piece in stream.pieces():
        read += piece
        if len(read) > max_bytes:
            raise too_large
    return bytes(read)


@asynccontextmanager
async def open_elsewhere(
    reference: str, http: Http, *, max_bytes: int
) -> AsyncGenerator[FileStream]:
    """Lend what a `data:` URI holds, or an address leads to.

    Raises:
        BlockError: It is neither, or nothing is there.
    """
    if reference[:5].lower() == "data:":
        yield _data(reference)
        return
    if reference[:8].lower() not in {"https://"} and reference[:7].lower() != "http://":
        raise BlockError(
            f"{shortened(reference)} names no file. A file is file:// and its id, a data: URI, or an https:// address.",
            code="file.bad_reference",
        )
    async with http.stream(HttpRequest("GET", reference, max_bytes=max_bytes)) as answer:
        if not 200 <= answer.status < 300:
            raise BlockError(
                f"{shortened(reference)} answered {answer.status} where a file should be.",
                code="file.not_fetched",
            )
        pieces = answer.pieces()
        first = b""
        async for piece in pieces:
            first += piece
            if len(first) >= HEAD:
                break
        name = unquote(urlsplit(reference).path).rsplit("/", 1)[-1] or "file"
        said = answer.headers.get("content-length", "")
        is_plain = answer.headers.get("content-encoding", "identity") == "identity"
        info = FileInfo(
            name[:200],
            media_type_of(first[:HEAD], name, answer.headers.get("content-type", "")),
            int(said) if said.isdigit() and is_plain else None,
        )
        yield _Begun(info, first, pieces)


class _Begun:
    """Implements `FileStream` for one whose first bytes were read already."""

    def __init__(self, info: FileInfo, first: bytes, rest: AsyncIterator[bytes]) -> None:
        self.info = info
        self._first = first
        self._rest = rest

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield what is in it."""
        if self._first:
            yield self._first
        async for piece in self._rest:
            yield piece


class HeldFile:
    """Implements `FileStream` for bytes that are at hand."""

    def __init__(self, name: str, content: bytes, media_type: str = "") -> None:
        """Hold `content`."""
        self.content = content
        self.info = FileInfo(name, media_type_of(content[:HEAD], name, media_type), len(content))

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield what is in it."""
        return pieces_of(self.content)


def _data(uri: str) -> HeldFile:
    head, comma, body = uri[5:].partition(",")
    if not comma:
        raise BlockError(
            f"{shortened(uri)} is no data: URI: it has no comma.", code="file.bad_reference"
        )
    media_type, _, last = head.rpartition(";")
    is_encoded = last.strip().lower() == "base64"
    try:
        content = base64.b64decode(body, validate=True) if is_encoded else unquote_to_bytes(body)
    except (binascii.Error, ValueError) as error:
        raise BlockError(
            f"{shortened(uri)} is no data: URI: what follows the comma is not Base64.",
            code="file.bad_reference",
        ) from error
    return HeldFile("file", content, media_type if is_encoded else head)


def shortened(reference: str) -> str:
    """Return a reference as messages show it."""
    return repr(reference if len(reference) <= _SHOWN else f"{reference[:_SHOWN]}…")
