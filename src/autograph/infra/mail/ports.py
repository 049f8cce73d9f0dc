"""The port of mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import ClassVar, Protocol

from autograph.infra.errors import OperationalError, UserError


class MailRefused(UserError):
    """A mail server does not take a mail; the message says why, in its words."""

    code: ClassVar[str] = "mail.refused"


class MailUnauthorised(MailRefused):
    """A mail server does not take the account's name and password."""

    code: ClassVar[str] = "provider.unauthorised"


class MailUnavailable(OperationalError):
    """A mail server does not answer in time."""

    code: ClassVar[str] = "mail.unavailable"


class MailUndelivered(OperationalError):
    """The installation's mail server has not taken a mail; it may later."""

    code: ClassVar[str] = "mail.undelivered"


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
            MailUndelivered: It was not.
        """
        ...


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server, and as whom it is asked.

    Attributes:
        port: 465 for TLS from the start.
        password: Empty where nobody logs in.
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)


class Post(Protocol):
    """Hands mails of people to their own mail servers."""

    async def send(self, server: MailServer, message: EmailMessage, people: Sequence[str]) -> None:
        """Hand a mail over, and return when the server has taken it.

        Args:
            server: Which sends it.
            message: The mail (RFC 5322).
            people: The addresses that get it.

        Raises:
            MailRefused: The server does not take it.
            MailUnavailable: It does not answer in time.
            EgressRefused: It is somewhere that may not be reached from here.
            Unreachable: Nobody answers there.
        """
        ...
