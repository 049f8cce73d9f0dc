"""A folder or a bucket, by obstore. Import this module late: it loads a library of 30 MB."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from autograph.infra.errors import Invalid
from autograph.infra.storage.ports import ObjectMissing, StorageUnavailable, StoredObject

if TYPE_CHECKING:
    from obstore import AsyncWritableFile, ObjectMeta

_PART: Final = 5 * 1024 * 1024
"""Up to this an object is one request; longer ones go in parts of it, the smallest that S3 takes."""
_PARTS_AT_ONCE: Final = 2
_PIECE: Final = 256 * 1024
_PAGE: Final = 500
_UNFINISHED: Final = re.compile(r"[0-9a-f]{32}#\d+")
_LATER: Final = timedelta(seconds=2)


class ObjectStorage:
    """Implements `FileStorage`, but for what differs between places."""

    def __init__(self, store: LocalStore | S3Store) -> None:
        """Keep objects in `store`."""
        self._store = store

    def create(self, object_id: UUID) -> _Writer:
        """Return what writes a new object."""
        key = _key(object_id)
        writer = obstore.open_writer_async(
            self._store, key, buffer_size=_PART, max_concurrency=_PARTS_AT_ONCE
        )
        return _Writer(writer, self, key)

    async def settle(self, key: str) -> None:
        """Make sure that an object which was just closed outlives a power cut."""

    async def read(self, object_id: UUID, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` up to and without `end`.

        Raises:
            ObjectMissing: There is no such object.
            StorageUnavailable: The place fails.
        """
        if start >= end:
            return
        with _translated():
            found = await obstore.get_async(
                self._store, _key(object_id), options={"range": (start, end)}
            )
            async for piece in found.stream(min_chunk_size=_PIECE):
                yield bytes(piece)

    async def exists(self, object_id: UUID) -> bool:
        """Tell whether an object is there.

        Raises:
            StorageUnavailable: The place fails.
        """
        try:
            with _translated():
                await obstore.head_async(self._store, _key(object_id))
        except ObjectMissing:
            return False
        return True

    async def delete(self, object_ids: Sequence[UUID]) -> None:
        """Delete objects. Idempotent.

        Raises:
            StorageUnavailable: The place fails.
        """
        for object_id in object_ids:
            try:
                with _translated():
                    await obstore.delete_async(self._store, _key(object_id))
            except ObjectMissing:
                continue

    async def list_all(self) -> AsyncIterator[Sequence[StoredObject]]:
        """Yield all objects, in pages.

        Raises:
            StorageUnavailable: The place fails.
        """
        with _translated():
            pages: AsyncIterator[Sequence[ObjectMeta]] = obstore.list(  # type: ignore[reportUnknownMemberType]
                self._store, chunk_size=_PAGE
            )
            async for page in pages:
                named = ((one["path"].rsplit("/", 1)[-1], one) for one in page)
                yield [
                    StoredObject(UUID(name), one["size"], one["last_modified"])
                    for name, one in named
                    if len(name) == 32 and all(letter in "0123456789abcdef" for letter in name)
                ]

    async def sweep(self, before: datetime) -> int:
        """Delete nothing: a bucket's own lifecycle rule ends uploads that were never completed."""
        return 0


class DiskStorage(ObjectStorage):
    """A folder that is read by its owner alone."""

    def __init__(self, folder: Path) -> None:
        """Keep objects in `folder`, made where it is missing.

        Raises:
            StorageUnavailable: It cannot be.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StorageUnavailable(f"Files cannot be kept in {folder}: {error}.") from error
        super().__init__(LocalStore(folder))
        self._folder = folder

    async def settle(self, key: str) -> None:
        """Have the object and its name on the disk.

        Raises:
            StorageUnavailable: The disk fails.
        """
        with _translated():
            await asyncio.to_thread(_sync, self._folder / key)

    async def sweep(self, before: datetime) -> int:
        """Delete the parts of objects that were never closed; return how many.

        Raises:
            StorageUnavailable: The disk fails.
        """
        with _translated():
            return await asyncio.to_thread(_sweep, self._folder, before)


def on_s3(
    url: str,
    *,
    endpoint: str | None,
    region: str | None,
    access_key_id: str | None,
    secret_access_key: str | None,
) -> ObjectStorage:
    """Return a bucket, `s3://bucket/folder`; what is None is found as AWS's own programs find it.

    Raises:
        Invalid: The address is none.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise Invalid(
            f"Files are kept at s3://bucket/folder, not at {url!r} (setting: AUTOGRAPH_FILES_URL)."
        )
    given = {
        "endpoint": endpoint,
        "region": region,
        "access_key_id": access_key_id,
        "secret_access_key": secret_access_key,
    }
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        config={name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type] - keys of a TypedDict
        client_options={"allow_http": (endpoint or "").startswith("http://")},
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
    )
    return ObjectStorage(store)


class _Writer:
    """Implements `ObjectWriter`. Dropped before it is closed, it takes along what it has written."""

    def __init__(self, writer: AsyncWritableFile, storage: ObjectStorage, key: str) -> None:
        self._writer = writer
        self._storage = storage
        self._key = key

    async def write(self, piece: bytes) -> None:
        """Take the next piece.

        Raises:
            StorageUnavailable: The place fails.
        """
        with _translated():
            await self._writer.write(piece)

    async def close(self) -> None:
        """Make the object whole and visible, durably.

        Raises:
            StorageUnavailable: The place fails.
        """
        with _translated():
            await self._writer.close()
        await self._storage.settle(self._key)


def _key(object_id: UUID) -> str:
    """Return where an object lies: no folder gets too full, and no name is a person's."""
    return f"{object_id.hex[-2:]}/{object_id.hex}"


@contextmanager
def _translated() -> Generator[None]:
    """Turn what the place raises into our words.

    Raises:
        ObjectMissing: There is no such object.
        StorageUnavailable: The place fails.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissing(
            "What is in this file cannot be found where files are kept. It was lost, or deleted by hand."
        ) from error
    except (BaseError, OSError) as error:
        first = str(error).split("\n", 1)[0]
        raise StorageUnavailable(
            f"The place where files are kept does not answer: {first[:300]}.", retry_after=_LATER
        ) from error


def _sync(path: Path) -> None:
    for one in (path, path.parent):
        descriptor = os.open(one, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sweep(folder: Path, before: datetime) -> int:
    swept = 0
    for path in folder.glob("*/*"):
        if not _UNFINISHED.fullmatch(path.name):
            continue
        try:
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                path.unlink()
                swept += 1
        except FileNotFoundError:
            continue  # it was closed, or swept by another process
    return swept
