"""Hands mails to mail servers of others: by SMTP, encrypted where they are outside."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from email.message import EmailMessage
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from autograph.infra.egress.ports import Dialer
from autograph.infra.mail.ports import (
    MailRefused,
    MailServer,
    MailUnauthorised,
    MailUnavailable,
)

if TYPE_CHECKING:
    from aiosmtplib import SMTP

_TLS_PORT: Final = 465
_SECONDS: Final = 60


class SmtpPost:
    """Implements `Post`."""

    def __init__(self, dialer: Dialer) -> None:
        """Connect by `dialer`."""
        self._dialer = dialer

    async def send(self, server: MailServer, message: EmailMessage, people: Sequence[str]) -> None:
        """Hand a mail over, and return when the server has taken it.

        Raises:
            MailRefused: The server does not take it.
            MailUnavailable: It does not answer in time.
        """
        opened = await self._dialer.connect(server.host, server.port)
        try:
            async with asyncio.timeout(_SECONDS):
                await _send(message, list(people), server, opened)
        except TimeoutError as error:
            raise MailUnavailable(
                f"{server.host} did not take the mail within {_SECONDS} s."
            ) from error
        finally:
            opened.close()


async def _send(
    message: EmailMessage, people: list[str], server: MailServer, opened: socket.socket
) -> None:
    """Hand a mail over.

    Raises:
        MailRefused: The server does not take it.
        MailUnauthorised: It does not take the account.
    """
    from aiosmtplib import (  # noqa: PLC0415 - not needed at start
        SMTP,
        SMTPAuthenticationError,
        SMTPException,
        SMTPRecipientsRefused,
    )

    is_inside = not ip_address(opened.getpeername()[0]).is_global
    client = SMTP(
        hostname=server.host,
        sock=opened,
        use_tls=server.port == _TLS_PORT,
        start_tls=False,
        local_hostname="[127.0.0.1]",
        timeout=_SECONDS,
    )
    try:
        await client.connect()
        await _encrypt(client, server, is_inside=is_inside)
        if server.password:
            await client.login(server.username, server.password)
        await client.send_message(message, recipients=people)
        await client.quit()
    except SMTPAuthenticationError as error:
        raise MailUnauthorised(
            f"The mail server does not take the account's name and password: {error.message}"
        ) from error
    except SMTPRecipientsRefused as error:
        refused = "; ".join(f"{one.recipient}: {one.message}" for one in error.recipients)
        raise MailRefused(f"The mail server takes no mail for {refused}") from error
    except (SMTPException, OSError, ValueError) as error:
        raise MailRefused(f"The mail server did not take the mail: {error}") from error
    finally:
        client.close()


async def _encrypt(client: SMTP, server: MailServer, *, is_inside: bool) -> None:
    """Let nobody listen (RFC 3207); only a server on one's own network may be spoken to in the open.

    Raises:
        MailRefused: Somebody could.
    """
    if server.port == _TLS_PORT:
        return
    await client.ehlo()
    if client.supports_extension("starttls"):
        await client.starttls()
    elif not is_inside:
        raise MailRefused(
            "The mail server does not encrypt at this port, so the password is not sent. Try port 587 or 465."
        )
