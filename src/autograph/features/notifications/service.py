"""Use cases of notifications: telling what happened, and what people do with what they were told.

What happened is a row, written by its own commit (`infra/happenings.py`). One process at a time takes such rows and
turns them into rows of inboxes and mails that are due, in one commit: each is told once, whoever dies meanwhile. A
mail is sent at least once: a process that dies between the mail server's word and its own leaves it to be sent again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from autograph.features.accounts.models import Principal
from autograph.features.notifications.models import (
    CLOSED,
    Channel,
    DueMail,
    Kind,
    NotificationPage,
    Preferences,
    kind_of,
    mail_of,
    tellings,
)
from autograph.features.notifications.repository import Batch, NotificationRepository
from autograph.infra.clock import Clock
from autograph.infra.errors import OperationalError
from autograph.infra.mail.ports import Mail, Mailer

_log = structlog.stdlib.get_logger(__name__)
MAX_PAGE: Final = 200
_AT_ONCE: Final = 500
_MAILS_AT_ONCE: Final = 10
_LEASE: Final = timedelta(minutes=5)
_FIRST_RETRY: Final = timedelta(seconds=30)
_LAST_RETRY: Final = timedelta(hours=1)
_MAIL_TRIES: Final = 20
_NOBODY: Final = Preferences({})


class NotificationService:
    """Tells people what happened, and keeps what they were told."""

    def __init__(
        self,
        notifications: NotificationRepository,
        mailer: Mailer,
        clock: Clock,
        *,
        retention: timedelta,
        public_url: str,
        sends_mail: bool,
    ) -> None:
        """Use all of them.

        Args:
            notifications: Keeps them.
            mailer: Sends mails.
            clock: Tells how old they are.
            retention: How long they are kept.
            public_url: Where people reach this installation.
            sends_mail: There is a mail server; without one nobody is mailed.
        """
        self._notifications = notifications
        self._mailer = mailer
        self._clock = clock
        self._retention = retention
        self._public_url = public_url.rstrip("/")
        self.sends_mail = sends_mail
        self._listeners: dict[UUID, set[asyncio.Event]] = {}

    async def list_page(
        self,
        principal: Principal,
        *,
        limit: int = 50,
        before: UUID | None = None,
        unread_only: bool = False,
    ) -> NotificationPage:
        """Return a page of somebody's inbox, newest first."""
        limit = min(limit, MAX_PAGE)
        rows, unread = await self._notifications.list_page(
            principal, limit=limit, before=before, unread_only=unread_only
        )
        return NotificationPage(rows, unread, rows[-1].id if len(rows) == limit else None)

    async def unread(self, principal: Principal) -> int:
        """Return how many somebody has not read."""
        return await self._notifications.unread(principal)

    async def mark(self, principal: Principal, notification_id: UUID, *, is_read: bool) -> None:
        """Count one as read, or as unread.

        Raises:
            NotificationNotFound: There is none, or it is somebody else's.
        """
        at = self._clock.now() if is_read else None
        await self._notifications.mark(principal, notification_id, at)

    async def mark_all(self, principal: Principal, *, until: UUID | None = None) -> int:
        """Count all as read, or those no newer than `until`; return how many."""
        return await self._notifications.mark_all(principal, until, self._clock.now())

    async def preferences(self, principal: Principal) -> Preferences:
        """Return what somebody wants to hear of, and by which way."""
        return await self._notifications.preferences(principal)

    async def choose(
        self, principal: Principal, changes: Mapping[Kind, Mapping[Channel, bool]]
    ) -> Preferences:
        """Change what somebody wants to hear of; what is not named stays."""
        before = await self._notifications.preferences(principal)
        after = before.with_changes(changes)
        await self._notifications.choose(principal, after)
        return after

    @asynccontextmanager
    async def listen(self, principal: Principal) -> AsyncGenerator[asyncio.Event]:
        """Lend an event that is set whenever somebody's inbox has changed; who waits for it clears it."""
        changed = asyncio.Event()
        everybody = self._listeners.setdefault(principal.user_id, set())
        everybody.add(changed)
        try:
            yield changed
        finally:
            everybody.discard(changed)
            if not everybody:
                self._listeners.pop(principal.user_id, None)

    def hear(self, payload: str | None) -> None:
        """Take in whose inbox has changed; None where some may have been missed."""
        people = list(self._listeners) if payload is None else [UUID(payload)]
        for person in people:
            for changed in self._listeners.get(person, ()):
                changed.set()

    async def tell(self) -> int:
        """Tell everybody what has happened; return how much that was. Any number of processes may."""
        told = 0
        while True:
            async with self._notifications.take(_AT_ONCE) as batch:
                if batch.rows:
                    await self._tell(batch)
            told += len(batch.rows)
            if len(batch.rows) < _AT_ONCE:
                return told

    async def _tell(self, batch: Batch) -> None:
        concerned = await batch.recipients()
        people = {person for some in concerned.values() for person in some}
        chosen = await batch.preferences(people)

        def wants(person: UUID, kind: Kind | None, channel: Channel) -> bool:
            is_open = channel is Channel.INBOX or self.sends_mail
            return is_open and kind is not None and chosen.get(person, _NOBODY).wants(kind, channel)

        recipients = {
            one.id: [
                person
                for person in concerned[one.id]
                if any(wants(person, kind_of(one.kind), channel) for channel in Channel)
            ]
            for one in batch.rows
        }
        # Few want to hear of every run that is done: of the others nothing is looked up.
        described = await batch.describe([one for one in batch.rows if recipients[one.id]])
        changed: set[UUID] = set()
        for telling in tellings(described, recipients):
            in_inbox = wants(telling.user_id, telling.kind, Channel.INBOX)
            is_new = await batch.tell(telling, in_inbox=in_inbox)
            if is_new and wants(telling.user_id, telling.kind, Channel.MAIL):
                await batch.mail(telling)
            if in_inbox:
                changed.add(telling.user_id)
        closed = [one.subject for one in batch.rows if one.kind == CLOSED]
        if closed:
            changed |= set(await batch.close(closed, self._clock.now()))
        await batch.announce(changed)

    async def send_mails(self) -> int:
        """Send the mails that are due; return how many were taken."""
        sent = 0
        while some := await self._notifications.due_mails(
            self._clock.now(), _LEASE, _MAILS_AT_ONCE
        ):
            sent += sum(await asyncio.gather(*(self._send(mail) for mail in some)))
        return sent

    async def _send(self, mail: DueMail) -> bool:
        if mail.email is None:
            await self._notifications.end_mail(mail)
            return False
        subject, text = mail_of(mail, self._public_url)
        try:
            await self._mailer.deliver(Mail(mail.email, subject, text))
        except OperationalError as error:
            await self._put_off(mail, error)
            return False
        await self._notifications.end_mail(mail)
        return True

    async def _put_off(self, mail: DueMail, error: OperationalError) -> None:
        if mail.tries + 1 >= _MAIL_TRIES:
            _log.error("a mail is given up", user=str(mail.user_id), error=error.message)
            await self._notifications.end_mail(mail)
            return
        _log.warning("a mail was not taken", tries=mail.tries + 1, error=error.message)
        wait = min(_LAST_RETRY, _FIRST_RETRY * 2 ** min(mail.tries, 10)) * random.uniform(0.8, 1.2)
        await self._notifications.put_off(mail, self._clock.now() + wait)

    async def tidy(self) -> int:
        """Delete what is older than the retention; return how many."""
        return await self._notifications.delete_before(self._clock.now() - self._retention)
