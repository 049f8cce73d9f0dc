"""What is asked of a place for bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol
from uuid import UUID

from autograph.infra.errors import OperationalError


class StorageUnavailable(OperationalError):
    """The folder or the bucket does not do what it is asked."""

    code: ClassVar[str] = "files.storage_unavailable"


class ObjectMissing(OperationalError):
    """The bytes that should be there are not: they were lost, or deleted by hand."""

    code: ClassVar[str] = "files.content_missing"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """Bytes that lie there.

    Attributes:
        changed_at: When they became whole.
    """

    id: UUID
    size_bytes: int
    changed_at: datetime


class ObjectWriter(Protocol):
    """Takes an object piece by piece. Nobody sees it before it is closed; one that is dropped was never there."""

    async def write(self, piece: bytes) -> None:
        """Take the next piece."""
        ...

    async def close(self) -> None:
        """Make the object whole and visible, durably."""
        ...


class FileStorage(Protocol):
    """Keeps objects by their ids. All of its methods raise `StorageUnavailable` where the place fails."""

    def create(self, object_id: UUID) -> ObjectWriter:
        """Return what writes a new object."""
        ...

    def read(self, object_id: UUID, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` up to and without `end`.

        Raises:
            ObjectMissing: There is no such object.
        """
        ...

    async def exists(self, object_id: UUID) -> bool:
        """Tell whether an object is there."""
        ...

    async def delete(self, object_ids: Sequence[UUID]) -> None:
        """Delete objects. Idempotent."""
        ...

    def list_all(self) -> AsyncIterator[Sequence[StoredObject]]:
        """Yield all objects, in pages."""
        ...

    async def sweep(self, before: datetime) -> int:
        """Delete what writers left that were dropped before a moment with their process; return how many."""
        ...
