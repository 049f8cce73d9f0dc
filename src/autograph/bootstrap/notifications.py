"""Puts notifications together, and has them told."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Final

import structlog

from autograph.bootstrap.dispatch import Dispatch, ended
from autograph.bootstrap.ground import Ground
from autograph.features.notifications.repository import CHANNEL, NotificationRepository
from autograph.features.notifications.service import NotificationService
from autograph.infra.errors import OperationalError

_log = structlog.stdlib.get_logger(__name__)
_LOOK_EVERY: Final = timedelta(seconds=0.5)
_TIDY_EVERY: Final = 1_200
"""Looks between two sweeps of what is older than the retention."""


def make_notifications(ground: Ground, dispatch: Dispatch) -> NotificationService:
    """Return the use cases of notifications, which hear of changes in other processes by `dispatch`."""
    settings = ground.settings
    made = NotificationService(
        NotificationRepository(ground.database),
        ground.mailer,
        ground.clock,
        retention=settings.notification_retention,
        public_url=settings.reached_at,
        sends_mail=settings.smtp_url is not None,
    )
    dispatch.channels[CHANNEL] = made.hear
    return made


def inform_people(ground: Ground, notifications: NotificationService) -> None:
    """Tell and mail what happens, until the process ends."""
    for work, name in (
        (_tell_people(notifications), "notifications"),
        (_mail_people(notifications), "mails"),
    ):
        ground.stack.push_async_callback(ended, asyncio.create_task(work, name=name))


async def _tell_people(notifications: NotificationService) -> None:
    """Tell what happens, until cancelled."""
    looks = 0
    while True:
        try:
            await notifications.tell()
            if looks % _TIDY_EVERY == 0:
                await notifications.tidy()
            looks += 1
        except OperationalError as error:
            _log.warning("nobody is told what happens", error=error.message)
        except Exception:  # noqa: BLE001 - a border: what cannot be told now must not end the process
            _log.exception("telling people failed")
        await asyncio.sleep(_LOOK_EVERY.total_seconds() * random.uniform(0.8, 1.2))


async def _mail_people(notifications: NotificationService) -> None:
    """Send the mails that are due, until cancelled."""
    while True:
        try:
            await notifications.send_mails()
        except OperationalError as error:
            _log.warning("nobody is mailed", error=error.message)
        except Exception:  # noqa: BLE001 - a border: what cannot be mailed now must not end the process
            _log.exception("mailing people failed")
        await asyncio.sleep(4 * _LOOK_EVERY.total_seconds() * random.uniform(0.8, 1.2))
