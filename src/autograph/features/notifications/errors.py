"""What can be wrong with notifications."""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import NotFound


class NotificationNotFound(NotFound):
    """There is none, or it is somebody else's."""

    code: ClassVar[str] = "notification.not_found"
