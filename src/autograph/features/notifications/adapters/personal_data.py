"""What people were told, for the export and the deletion of their account."""

from __future__ import annotations

from uuid import UUID

from autograph.features.notifications.repository import NotificationRepository
from autograph.infra.json import Json


class NotificationData:
    """Implements `PersonalData` of accounts."""

    name = "notifications"

    def __init__(self, notifications: NotificationRepository) -> None:
        """Use `notifications`."""
        self._notifications = notifications

    async def export(self, user_id: UUID) -> Json:
        """Return what somebody was told, newest first, and what they chose."""
        return await self._notifications.export(user_id)

    async def erase(self, user_id: UUID) -> None:
        """Delete it all. Idempotent."""
        await self._notifications.erase(user_id)
