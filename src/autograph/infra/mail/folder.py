"""Mails as files, for an installation without a mail server: whoever runs it can open them."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from pathlib import Path

import structlog

from autograph.infra.ids import new_id
from autograph.infra.mail.ports import Mail, MailUndelivered

_log = structlog.stdlib.get_logger(__name__)


class FolderMailer:
    """Implements `Mailer`: writes `<folder>/<time-ordered id>.eml`, readable by its owner alone."""

    def __init__(self, folder: Path, *, sender: str) -> None:
        """Write to `folder`."""
        self._folder = folder
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Write a mail; one that cannot be written is logged."""
        try:
            await self.deliver(mail)
        except MailUndelivered as error:
            _log.warning("a mail could not be written", error=error.message)

    async def deliver(self, mail: Mail) -> None:
        """Write a mail.

        Raises:
            MailUndelivered: It could not be written.
        """
        path = self._folder / f"{new_id()}.eml"
        try:
            await asyncio.to_thread(_write, path, message_of(mail, self._sender))
        except OSError as error:
            raise MailUndelivered(f"A mail could not be written to {path}: {error}") from error
        _log.info("a mail was written (setting: AUTOGRAPH_SMTP_URL sends them)", path=str(path))


def message_of(mail: Mail, sender: str) -> EmailMessage:
    """Return a mail as RFC 5322 has it."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
    message.set_content(mail.text)
    return message


def _write(path: Path, message: EmailMessage) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_bytes(message.as_bytes())
