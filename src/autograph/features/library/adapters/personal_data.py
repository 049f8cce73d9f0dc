"""What is kept of people's libraries and triggers, for the export and the deletion of their account."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from autograph.features.integrations.service import DeliveryService, WebhookService
from autograph.features.library.repository import (
    FolderRepository,
    LibraryRepository,
    PresetRepository,
)
from autograph.infra.json import Json

_ALL = 10_000


class LibraryData:
    """Implements `PersonalData` of accounts."""

    name = "library"

    def __init__(
        self,
        presets: PresetRepository,
        library: LibraryRepository,
        folders: FolderRepository,
        webhooks: WebhookService,
        deliveries: DeliveryService,
    ) -> None:
        """Use all of them."""
        self._presets = presets
        self._library = library
        self._folders = folders
        self._webhooks = webhooks
        self._deliveries = deliveries

    async def export(self, user_id: UUID) -> Json:
        """Return somebody's folders, what is in them, and presets, and what came to their triggers lately.

        Addresses are secrets, and stay.
        """
        found = await self._presets.list_page(user_id, limit=_ALL, before=None, graph_id=None)
        folders = await self._folders.list_all(user_id)
        return {
            "folders": [
                {
                    "id": str(one.id),
                    "name": one.name,
                    "icon": one.icon,
                    "color": one.color,
                    "parent_id": None if one.parent_id is None else str(one.parent_id),
                    "created_at": one.created_at.isoformat(),
                }
                for one in folders
            ],
            "agents": [
                {
                    "graph_id": str(graph_id),
                    "folder_id": None if folder_id is None else str(folder_id),
                    "is_favorite": is_favorite,
                    "is_archived": is_archived,
                }
                for graph_id, folder_id, is_favorite, is_archived in await self._library.export(
                    user_id
                )
            ],
            "presets": [
                {
                    "id": str(one.id),
                    "name": one.name,
                    "description": one.description,
                    "graph_id": str(one.graph_id),
                    "version": one.version,
                    "inputs": one.inputs,
                    "credentials": {key: str(value) for key, value in one.credentials.items()},
                    "trigger": None if one.trigger is None else asdict(one.trigger),
                    "is_active": one.is_active,
                    "created_at": one.created_at.isoformat(),
                }
                for one in found
            ],
            "deliveries": await self._deliveries.export(user_id),
        }

    async def erase(self, user_id: UUID) -> None:
        """Delete it all; providers are asked to send no more. Idempotent."""
        await self._webhooks.farewell(user_id)
        await self._presets.erase(user_id)
        await self._folders.erase(user_id)
