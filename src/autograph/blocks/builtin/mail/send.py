"""Sending mail by one's own mail server."""

from __future__ import annotations

import hashlib
import re
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Effect,
    Example,
    Format,
    InputError,
    Json,
    MailRefused,
    MailServer,
    MailUnavailable,
    Outputs,
    UserPasswordSecret,
    credential_pin,
    pin,
)

_MAX_BODY: Final = 10 * 1024 * 1024
_MAX_PEOPLE: Final = 100
_MAX_LISTED: Final = 50_000
_MAX_ADDRESS: Final = 320
_BETWEEN_COMMAS: Final = re.compile(r'(?:"[^"]*"|[^,"])+')
_NAMED: Final = re.compile(r"[^<>]*<([^<>]*)>")
_MINE: Final[dict[str, Json]] = {"id": "example", "provider": "smtp", "type": "user_password"}
_MAIL: Final[dict[str, Json]] = {
    "to_email": "ann@example.com",
    "subject": "Tea",
    "body": "It is ready.",
    "config": {"smtp_server": "mail.example.com", "smtp_port": 587},
    "credentials": _MINE,
}


class SMTPConfig(BaseModel):
    """A mail server."""

    model_config = ConfigDict(title="SMTP Config")

    smtp_server: str = Field(description="Name of the mail server.")
    smtp_port: int = Field(
        default=25, description="Its port: 587, or 465 for TLS from the start, or 25."
    )


class SendEmailInput(BlockInput):
    """A mail."""

    to_email: str = pin(
        description="Who gets it; several with commas between.", placeholder="ann@example.com"
    )
    subject: str = pin(description="What it is about.")
    body: str = pin(description="What it says, as plain text.", format=Format.LONG_TEXT)
    config: SMTPConfig = pin(description="Which mail server sends it.")
    credentials: CredentialRef = credential_pin(
        "smtp", kinds=("user_password",), description="Whose account sends it."
    )


class SendEmailOutput(BlockOutput):
    """What came of it."""

    status: str = pin(description="That the server has taken it.")


class SendEmail(Block[SendEmailInput]):
    """A mail."""

    id = "4335878a-394e-4e67-adf2-919877ff49ae"
    name = "SendEmail"
    description = (
        "Sends a mail by a mail server of your own (SMTP), from your account's address there."
    )
    categories = (Category.OUTPUT,)
    effect = Effect.EFFECT
    is_sensitive = True
    Input = SendEmailInput
    Output = SendEmailOutput
    examples = (
        Example(
            {**_MAIL, "to_email": "nobody"},
            error="'nobody' is no mail address",
            secrets={"example": UserPasswordSecret("me@example.com", "example-pass")},
        ),
        Example(
            {**_MAIL, "config": {"smtp_server": "10.0.0.1"}},
            error="not on the public internet",
            secrets={"example": UserPasswordSecret("me@example.com", "example-pass")},
        ),
    )

    async def run(self, input: SendEmailInput, ctx: Context) -> Outputs:
        """Send it and yield that it was taken.

        Raises:
            BlockError: It was not.
        """
        secret = await ctx.credential(input.credentials)
        if not isinstance(secret, UserPasswordSecret):
            raise BlockError("The credential is no name and password.")
        message, people = _message(input, secret.username, ctx)
        config = input.config
        server = MailServer(
            config.smtp_server.strip(), config.smtp_port, secret.username, secret.password
        )
        try:
            await ctx.post.send(server, message, people)
        except (MailRefused, MailUnavailable) as error:
            raise BlockError(error.message, code=error.code) from error
        yield "status", "Sent."


def _message(input: SendEmailInput, sender: str, ctx: Context) -> tuple[EmailMessage, list[str]]:
    """Return a mail (RFC 5322), and who gets it.

    Raises:
        InputError: One of its parts cannot be.
    """
    if len(input.body) > _MAX_BODY:
        raise InputError("body", f"it has more than {_MAX_BODY} characters.")
    if any(ord(one) < 0x20 for one in input.to_email):
        raise InputError("to_email", "it holds characters that no address does.")
    listed = [one.strip() for one in _BETWEEN_COMMAS.findall(input.to_email[:_MAX_LISTED])]
    people = [_address(one, "to_email") for one in listed if one]
    if not 0 < len(people) <= _MAX_PEOPLE:
        raise InputError("to_email", f"expected 1 to {_MAX_PEOPLE} addresses, got {len(people)}")
    message = EmailMessage()
    known_by = hashlib.sha256(ctx.idempotency_key.encode()).hexdigest()[:32]
    try:
        message["From"] = sender = _address(sender, "credentials")
        message["To"] = ", ".join(people)
        message["Subject"] = input.subject
        message["Date"] = format_datetime(ctx.now())
        # The same for every attempt: who gets it twice can see that it is one.
        message["Message-ID"] = f"<{known_by}@{sender.rpartition('@')[2]}>"
        message.set_content(input.body)
        message.as_bytes()
    except (ValueError, MessageError) as error:
        raise InputError("subject", f"this cannot be sent: {error}.") from error
    return message, people


def _address(text: str, name: str) -> str:
    """Return a mail address.

    Raises:
        InputError: It is none.
    """
    named = _NAMED.fullmatch(text)
    try:
        found = Address(addr_spec=(named[1] if named else text)[:_MAX_ADDRESS])
    except (ValueError, IndexError, MessageError):
        found = None
    if found is None or not found.username or not found.domain:
        raise InputError(name, f"{text[:100]!r} is no mail address.")
    return found.addr_spec
