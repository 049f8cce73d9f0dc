"""Puts notifications together, and has them told."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from autograph.bootstrap.chores import begin
from autograph.bootstrap.dispatch import Dispatch
from autograph.bootstrap.ground import Ground
from autograph.features.notifications.repository import CHANNEL, NotificationRepository
from autograph.features.notifications.service import NotificationService

_TELL_EVERY: Final = timedelta(seconds=0.5)
_MAIL_EVERY: Final = timedelta(seconds=2)
_TIDY_EVERY: Final = timedelta(minutes=10)


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
    stack = ground.stack
    begin(stack, "tell people", notifications.tell, every=_TELL_EVERY)
    begin(stack, "mail people", notifications.send_mails, every=_MAIL_EVERY)
    begin(stack, "forget old notifications", notifications.tidy, every=_TIDY_EVERY)
