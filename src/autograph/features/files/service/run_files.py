"""The files of a run's owner, as its blocks see them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from autograph.blocks.sdk import BlockError, FileInfo, FileStream, Http
from autograph.blocks.sdk.files import (
    OpenedFiles,
    file_id_of,
    open_elsewhere,
    pieces_of,
    shortened,
)
from autograph.features.files.models import File, NewFile, Origin
from autograph.features.files.service.files import FileService


class RunFiles(OpenedFiles):
    """Implements the SDK's `Files` for one run."""

    def __init__(self, files: FileService, http: Http, origin: Origin) -> None:
        """Read and write `origin`'s files, and fetch what lies elsewhere by `http`."""
        self._files = files
        self._http = http
        self._origin = origin

    @asynccontextmanager
    async def open(self, reference: str) -> AsyncGenerator[FileStream]:
        """Lend a file, to be read piece by piece."""
        if not reference.startswith("file:"):
            async with open_elsewhere(
                reference, self._http, max_bytes=self._files.limits.file_bytes
            ) as stream:
                yield stream
            return
        file = await self._files.get(self._origin.user_id, _id(reference))
        yield _Stream(self._files, file)

    async def write(
        self, name: str, content: bytes | AsyncIterable[bytes], media_type: str = ""
    ) -> str:
        """Keep a file for the run's owner; return the reference to it.

        Raises:
            UserError: It is too large, there is no room, or something was found in it.
            OperationalError: It cannot be kept now.
        """
        pieces = pieces_of(content) if isinstance(content, bytes) else content
        file = await self._files.save(self._origin, NewFile(name, media_type), pieces)
        return file.reference


class _Stream:
    """Implements `FileStream`."""

    def __init__(self, files: FileService, file: File) -> None:
        self._files = files
        self._file = file
        self.info = FileInfo(file.name, file.media_type, file.size_bytes)

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield what is in it."""
        return self._files.read(self._file)


def _id(reference: str) -> UUID:
    found = file_id_of(reference)
    if found is None:
        raise BlockError(
            f"{shortened(reference)} names no file. A reference is file:// and the file's id.",
            code="file.bad_reference",
        )
    return found
