"""Mails by SMTP. Import this module late: a mail server is optional."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from autograph.infra.mail.folder import message_of
from autograph.infra.mail.ports import Mail, MailUndelivered

_log = structlog.stdlib.get_logger(__name__)
_TRIES: Final = 5
_TIMEOUT_SECONDS: Final = 30
_PORTS: Final = {"smtp": 587, "smtps": 465}


class SmtpMailer:
    """Implements `Mailer`: sends in the background, trying again for about a minute."""

    def __init__(self, url: str, *, sender: str) -> None:
        """Send by `url`: `smtp://user:password@host:587` (STARTTLS where offered) or `smtps://…:465`."""
        parts = urlsplit(url)
        self._sender = sender
        self._host = parts.hostname or "localhost"
        self._port = parts.port or _PORTS.get(parts.scheme, 587)
        self._is_tls = parts.scheme == "smtps"
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sending: set[asyncio.Task[None]] = set()

    async def send(self, mail: Mail) -> None:
        """Begin to send a mail."""
        task = asyncio.create_task(self._send(mail), name="mail")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def close(self) -> None:
        """Wait for what is being sent, for a while."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=_TIMEOUT_SECONDS)

    async def deliver(self, mail: Mail) -> None:
        """Send a mail, and wait until the server has taken it.

        Raises:
            MailUndelivered: It did not.
        """
        try:
            await aiosmtplib.send(
                message_of(mail, self._sender),
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._is_tls,
                timeout=_TIMEOUT_SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailUndelivered(f"{self._host} did not take a mail: {error}") from error

    async def _send(self, mail: Mail) -> None:
        for attempt in range(_TRIES):
            try:
                await self.deliver(mail)
            except MailUndelivered as error:
                _log.warning("a mail was not taken", attempt=attempt + 1, error=error.message)
                await asyncio.sleep(2**attempt)
            else:
                return
        _log.error("a mail is given up", subject=mail.subject)
