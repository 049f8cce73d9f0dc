"""Use cases of files."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from autograph.features.accounts.models import Principal
from autograph.features.files.errors import FileInvalid, FilesFull, FileTooLarge
from autograph.features.files.models import (
    File,
    FileChange,
    FilePage,
    FileUsage,
    NewFile,
    Origin,
    clean_name,
)
from autograph.features.files.ports import Scan, Scanner
from autograph.features.files.repository import GRACE, FileRepository, no_room
from autograph.infra.clock import Clock
from autograph.infra.ids import new_id
from autograph.infra.media_types import HEAD, media_type_of
from autograph.infra.storage.ports import FileStorage

_log = structlog.stdlib.get_logger(__name__)
_ORPHANS_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How much is kept, and for how long.

    Attributes:
        file_bytes: The largest file.
        user_bytes: What one person's files may take; None for anything.
        run_files: How long what a run makes is kept at most, where nobody keeps it.
    """

    file_bytes: int
    user_bytes: int | None
    run_files: timedelta | None


class FileService:
    """Takes files in, gives them out, and lets them go."""

    def __init__(
        self,
        files: FileRepository,
        storage: FileStorage,
        scanner: Scanner | None,
        clock: Clock,
        limits: FileLimits,
    ) -> None:
        """Keep what is known in `files` and the bytes in `storage`; without a `scanner` nobody looks into them."""
        self._files = files
        self._storage = storage
        self._scanner = scanner
        self._clock = clock
        self._limits = limits
        self._orphans_due: datetime | None = None

    @property
    def limits(self) -> FileLimits:
        """How much is kept, and for how long."""
        return self._limits

    async def upload(
        self, principal: Principal, new: NewFile, content: AsyncIterable[bytes]
    ) -> File:
        """Take a file in. It is there when all of it is, and not at all otherwise.

        Raises:
            UserError: It is too large, infected, there is no room for it, or it would have expired already.
            OperationalError: It cannot be kept now, or nobody looks into it.
        """
        return await self.save(Origin(principal.user_id), new, content)

    async def save(self, origin: Origin, new: NewFile, content: AsyncIterable[bytes]) -> File:
        """Take a file in for its owner, or for a run of theirs.

        Raises:
            FileInvalid: It would have expired already.
            FileTooLarge: It is.
            FilesFull: There is no room.
            FileInfected: Something was found in it.
            StorageUnavailable: It cannot be kept.
            ScannerUnavailable: Nobody looks into it.
        """
        now = self._clock.now()
        if new.expires_at is not None and new.expires_at <= now:
            raise FileInvalid("The file would have expired already.")
        if self._limits.user_bytes is not None:
            _, used = await self._files.usage(origin.user_id, now)
            if used >= self._limits.user_bytes:
                raise FilesFull(no_room(used, self._limits.user_bytes))
        object_id = new_id()
        taken = await self._take(object_id, content)
        name = clean_name(new.name)
        file = File(
            id=new_id(),
            name=name,
            media_type=media_type_of(taken.head, name, new.media_type),
            size_bytes=taken.size_bytes,
            digest=taken.digest,
            object_id=object_id,
            run_id=origin.run_id,
            expires_at=self._expiry(origin, new, now),
            created_at=now,
        )
        try:
            content_id, kept = await self._files.add(
                origin.user_id, file, max_bytes=self._limits.user_bytes
            )
        except BaseException:
            await self._storage.delete([object_id])
            raise
        if kept == object_id:
            return file
        if await self._storage.exists(kept):
            await self._storage.delete([object_id])
            return replace(file, object_id=kept)
        # What was there under the same hash has been lost; what has just come takes its place.
        await self._files.move(content_id, object_id)
        return file

    async def get(self, user_id: UUID, file_id: UUID) -> File:
        """Return what is known of a file.

        Raises:
            FileMissing: There is none.
        """
        return await self._files.get(user_id, file_id, self._clock.now())

    def read(self, file: File, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield what is in a file, from `start` up to and without `end`.

        Raises:
            ObjectMissing: It was lost.
            StorageUnavailable: It cannot be had.
        """
        return self._storage.read(
            file.object_id, start, file.size_bytes if end is None else min(end, file.size_bytes)
        )

    async def list_page(
        self, principal: Principal, *, limit: int = 50, before: UUID | None = None
    ) -> FilePage:
        """Return a page of a person's files, newest first."""
        found = await self._files.list_page(
            principal.user_id, self._clock.now(), limit=limit + 1, before=before
        )
        shown = found[:limit]
        return FilePage(shown, shown[-1].id if len(found) > limit else None)

    async def all_of(self, user_id: UUID) -> Sequence[File]:
        """Return all of somebody's files."""
        now = self._clock.now()
        files: list[File] = []
        before: UUID | None = None
        while page := await self._files.list_page(user_id, now, limit=500, before=before):
            files.extend(page)
            before = page[-1].id
        return files

    async def usage(self, principal: Principal) -> FileUsage:
        """Return what a person's files take."""
        files, size = await self._files.usage(principal.user_id, self._clock.now())
        return FileUsage(files, size, self._limits.user_bytes)

    async def change(self, principal: Principal, file_id: UUID, change: FileChange) -> File:
        """Rename a file, or say how long it is kept: what a run has made is its owner's from then on.

        Raises:
            FileMissing: There is none.
            FileInvalid: It would have expired already.
        """
        now = self._clock.now()
        if change.sets_expiry and change.expires_at is not None and change.expires_at <= now:
            raise FileInvalid("The file would have expired already; delete it instead.")
        if change.name is not None:
            change = replace(change, name=clean_name(change.name))
        await self._files.change(principal.user_id, file_id, change, now)
        return await self._files.get(principal.user_id, file_id, now)

    async def delete(self, principal: Principal, file_id: UUID) -> None:
        """Delete a file, and what is in it where no other file holds the same.

        Raises:
            FileMissing: There is none.
        """
        content_id = await self._files.delete(principal.user_id, file_id)
        await self._storage.delete(await self._files.collect([content_id]))

    async def erase(self, user_id: UUID) -> None:
        """Delete all of somebody's files. Idempotent."""
        contents = await self._files.erase(user_id)
        while objects := await self._files.collect(contents):
            await self._storage.delete(objects)

    async def tend(self) -> None:
        """Do once what has to be done again and again; any number of processes may.

        Files that have expired go, and those of runs that are gone; then what no file holds any more; and once
        an hour, what uploads have left in the storage that never came to their end.
        """
        async with self._files.alone() as is_alone:
            if not is_alone:
                return
            now = self._clock.now()
            ended = await self._files.delete_ended(now)
            collected = 0
            while objects := await self._files.collect():
                await self._storage.delete(objects)
                collected += len(objects)
            orphans = 0
            if self._orphans_due is None or now >= self._orphans_due:
                orphans = await self.sweep()
                self._orphans_due = now + _ORPHANS_EVERY
            if ended or collected or orphans:
                _log.info("files were tidied", ended=ended, collected=collected, orphans=orphans)

    async def sweep(self) -> int:
        """Delete what lies in the storage and was never a file; return how many objects."""
        before = self._clock.now() - GRACE
        swept = await self._storage.sweep(before)
        async for page in self._storage.list_all():
            old = [one.id for one in page if one.changed_at < before]
            orphans = await self._files.unknown(old) if old else ()
            await self._storage.delete(orphans)
            swept += len(orphans)
        return swept

    def _expiry(self, origin: Origin, new: NewFile, now: datetime) -> datetime | None:
        if new.expires_at is None and origin.run_id is not None and self._limits.run_files:
            return now + self._limits.run_files
        return new.expires_at

    async def _take(self, object_id: UUID, content: AsyncIterable[bytes]) -> _Taken:
        """Write a content to the storage piece by piece, and look into it on the way.

        Raises:
            FileTooLarge: It is.
        """
        digest = hashlib.sha256()
        head, size = b"", 0
        writer = self._storage.create(object_id)
        async with self._scan() as scan:
            async for piece in content:
                size += len(piece)
                if size > self._limits.file_bytes:
                    raise FileTooLarge(
                        f"The file is larger than {self._limits.file_bytes / 2**20:g} MiB "
                        "(setting: AUTOGRAPH_MAX_FILE_BYTES).",
                        limit=self._limits.file_bytes,
                    )
                if len(head) < HEAD:
                    head += piece[: HEAD - len(head)]
                digest.update(piece)
                await writer.write(piece)
                if scan is not None:
                    await scan.feed(piece)
            if scan is not None:
                await scan.finish()
        await writer.close()
        return _Taken(head, size, digest.hexdigest())

    @asynccontextmanager
    async def _scan(self) -> AsyncGenerator[Scan | None]:
        async with AsyncExitStack() as stack:
            yield (
                None
                if self._scanner is None
                else await stack.enter_async_context(self._scanner.scan())
            )


@dataclass(frozen=True, slots=True)
class _Taken:
    head: bytes
    size_bytes: int
    digest: str
