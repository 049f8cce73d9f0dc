"""The place for bytes, opened by its first use: its library is not loaded at start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from uuid import UUID

from autograph.infra.storage.ports import FileStorage, ObjectWriter, StoredObject


class LateStorage:
    """Implements `FileStorage`."""

    def __init__(self, open_it: Callable[[], FileStorage]) -> None:
        """Call `open_it` once, when it is needed."""
        self._open = open_it
        self._made: FileStorage | None = None

    def create(self, object_id: UUID) -> ObjectWriter:
        """Return what writes a new object."""
        return self._storage().create(object_id)

    def read(self, object_id: UUID, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` up to and without `end`."""
        return self._storage().read(object_id, start, end)

    async def exists(self, object_id: UUID) -> bool:
        """Tell whether an object is there."""
        return await self._storage().exists(object_id)

    async def delete(self, object_ids: Sequence[UUID]) -> None:
        """Delete objects. Idempotent."""
        if object_ids:
            await self._storage().delete(object_ids)

    def list_all(self) -> AsyncIterator[Sequence[StoredObject]]:
        """Yield all objects, in pages."""
        return self._storage().list_all()

    async def sweep(self, before: datetime) -> int:
        """Delete what writers left that were dropped before a moment with their process."""
        return await self._storage().sweep(before)

    def _storage(self) -> FileStorage:
        if self._made is None:
            self._made = self._open()
        return self._made
