"""The port of mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from autograph.infra.errors import OperationalError


class MailRefused(OperationalError):
    """The mail server does not answer, or does not take a mail."""

    code: ClassVar[str] = "mail.refused"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one person, as plain text."""

    to: str
    subject: str
    text: str


class Mailer(Protocol):
    """Sends mails."""

    async def send(self, mail: Mail) -> None:
        """Hand a mail over. Never fails and never waits for the other side: what cannot be sent is logged."""
        ...

    async def deliver(self, mail: Mail) -> None:
        """Hand a mail over, once, and wait until it was taken.

        Raises:
            MailRefused: It was not.
        """
        ...
