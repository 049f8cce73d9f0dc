"""What is kept of people's files, for the export and the deletion of their account."""

from __future__ import annotations

from uuid import UUID

from autograph.features.files.service import FileService
from autograph.infra.json import Json


class FileData:
    """Implements `PersonalData` of accounts."""

    name = "files"

    def __init__(self, files: FileService) -> None:
        """Use `files`."""
        self._files = files

    async def export(self, user_id: UUID) -> Json:
        """Return what is known of somebody's files, newest first, and where each is downloaded."""
        return [
            {
                "id": str(one.id),
                "name": one.name,
                "media_type": one.media_type,
                "size_bytes": one.size_bytes,
                "sha256": one.digest,
                "run_id": one.run_id and str(one.run_id),
                "expires_at": one.expires_at and one.expires_at.isoformat(),
                "created_at": one.created_at.isoformat(),
                "content": f"/api/v1/files/{one.id}/content",
            }
            for one in await self._files.all_of(user_id)
        ]

    async def erase(self, user_id: UUID) -> None:
        """Delete all of somebody's files, and what is in them. Idempotent."""
        await self._files.erase(user_id)
