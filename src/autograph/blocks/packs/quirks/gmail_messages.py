"""Mail as Gmail keeps it and as it is sent: read out of the API's parts, written as MIME (RFC 5322). PURE."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses, parseaddr
from html.parser import HTMLParser
from typing import Any, Final

from autograph.blocks.sdk import BlockError
from autograph.graph.model import Json, is_object
from autograph.infra.json import encode

MAX_MESSAGE: Final = 36_700_160
"""Bytes of a message with its attachments (`users.messages.send`: 35 MB)."""
MAX_RECIPIENTS: Final = 500
"""In To, Cc and Bcc together (Gmail's sending limits)."""
_MAX_SUBJECT: Final = 1_000
_MAX_DEPTH: Final = 50
_HTML: Final = re.compile(
    r"<!doctype html|</?(?:html|body|div|p|br|a|b|i|em|strong|span|table|tr|td|ul|ol|li|img|h[1-6])(?:\s[^<>]*|/)?>",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")
_MESSAGE_IDS: Final = re.compile(r"<[^<>\s]{1,900}>")
_BREAKS: Final = frozenset(
    {"br", "p", "div", "tr", "li", "ul", "ol", "table", "blockquote", "hr", "h1", "h2", "h3"}
)
_HIDDEN: Final = frozenset({"script", "style", "head", "title"})


class BadMessage(BlockError):
    """This is no message that can be sent."""

    def __init__(self, message: str) -> None:
        """Say why."""
        super().__init__(message, code="block.bad_input")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message that is to be sent.

    Attributes:
        in_reply_to: The `Message-ID` of what it answers; empty for nothing.
        references: Those of the conversation so far, oldest first.
    """

    to: Sequence[str]
    subject: str
    body: str
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()
    is_html: bool = False
    attachments: Sequence[Attachment] = ()
    in_reply_to: str = ""
    references: Sequence[str] = field(default_factory=list[str])

    def mime(self) -> bytes:
        """Return it as it goes over the wire; the sender is put in by Gmail.

        Raises:
            BadMessage: It goes to nobody or to too many, or a recipient is no address.
        """
        if not [*self.to, *self.cc, *self.bcc]:
            raise BadMessage("to: name at least one recipient.")
        if len(self.to) + len(self.cc) + len(self.bcc) > MAX_RECIPIENTS:
            raise BadMessage(f"to: a message goes to at most {MAX_RECIPIENTS} recipients.")
        message = EmailMessage(policy=SMTP)
        for name, recipients in (("To", self.to), ("Cc", self.cc), ("Bcc", self.bcc)):
            if recipients:
                message[name] = [_address(one) for one in recipients]
        message["Subject"] = one_line(self.subject)
        if self.in_reply_to:
            message["In-Reply-To"] = self.in_reply_to
            message["References"] = " ".join(dict.fromkeys([*self.references, self.in_reply_to]))
        message.set_content(self.body, subtype="html" if self.is_html else "plain")
        for one in self.attachments:
            main, _, sub = one.media_type.partition("/")
            message.add_attachment(
                one.content,
                maintype=main or "application",
                subtype=sub or "octet-stream",
                filename=one_line(one.name) or "file",
            )
        if self.attachments:
            # Made of what it separates: the same message is the same bytes when it is tried again.
            message.set_boundary(_boundary(self.body, [one.content for one in self.attachments]))
        made = message.as_bytes()
        if len(made) > MAX_MESSAGE:
            raise BadMessage(
                f"attachments: the message has {len(made)} bytes, at most {MAX_MESSAGE}."
            )
        return made


def uploaded(metadata: Json, message: bytes) -> tuple[str, bytes]:
    """Return the type and the body of an upload: what is said about a message, and the message."""
    boundary = hashlib.sha256(message).hexdigest()
    body = b"".join(
        (
            f"--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n".encode(),
            encode(metadata),
            f"\r\n--{boundary}\r\nContent-Type: message/rfc822\r\n\r\n".encode(),
            message,
            f"\r\n--{boundary}--\r\n".encode(),
        )
    )
    return f"multipart/related; boundary={boundary}", body


def is_html(body: str, kind: str | None) -> bool:
    """Tell whether a body is sent as HTML: as `kind` says, or because there are tags of HTML in it."""
    return kind == "html" or (kind != "plain" and _HTML.search(body) is not None)


def one_line(text: str) -> str:
    """Return a header's text without breaks.

    Raises:
        BadMessage: It is too long for a header.
    """
    if len(text) > _MAX_SUBJECT:
        raise BadMessage(f"subject: at most {_MAX_SUBJECT} characters, got {len(text)}.")
    return " ".join(text.split())


def _address(text: str) -> Address:
    line = " ".join(text[:_MAX_SUBJECT].split())
    name, address = parseaddr(line)
    is_whole = line == address or line.endswith(f"<{address}>")
    if not is_whole or _ADDRESS.fullmatch(address) is None:
        raise BadMessage(f"{text[:100]!r} is no e-mail address: write ann@example.com.")
    try:
        return Address(name, addr_spec=address)
    except (ValueError, IndexError, MessageError) as error:
        raise BadMessage(f"{text[:100]!r} is no e-mail address: {error}.") from error


def _boundary(body: str, contents: Sequence[bytes]) -> str:
    digest = hashlib.sha256(body.encode())
    for one in contents:
        digest.update(one)
    return digest.hexdigest()


def header(message: Mapping[str, Any], name: str) -> str:
    """Return a header of a message of the API; empty where it has none."""
    payload: Mapping[str, Any] = message.get("payload") or {}
    found: Sequence[Mapping[str, Any]] = payload.get("headers") or ()
    return next((str(one["value"]) for one in found if one["name"].lower() == name.lower()), "")


def addresses(text: str) -> list[str]:
    """Return the addresses in a header, without names."""
    return [address for _, address in getaddresses([text]) if address]


def message_ids(text: str) -> list[str]:
    """Return the ids in a header such as `References`."""
    return _MESSAGE_IDS.findall(text)


def parts(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the leaves of a message of the API: bodies and attachments."""
    left: list[tuple[Any, int]] = [(message.get("payload") or {}, 0)]
    while left:
        part, depth = left.pop(0)
        if part.get("parts") and depth < _MAX_DEPTH:
            left = [*((one, depth + 1) for one in part["parts"]), *left]
        else:
            yield part


def body_part(message: Mapping[str, Any], *kinds: str) -> Mapping[str, Any] | None:
    """Return the part that is the text of a message, of the first of `kinds` that it has."""
    for kind in kinds:
        for part in parts(message):
            if part.get("mimeType") == kind and not part.get("filename"):
                return part
    return None


def attached(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the parts of a message that are attachments."""
    return [one for one in parts(message) if one.get("filename")]


def text_of(part: Mapping[str, Any], data: str) -> str:
    """Return the text of a part, HTML as plain text."""
    text = unpacked(data).decode("utf-8", "replace")
    return plain(text) if part.get("mimeType") == "text/html" else text


def unpacked(data: str) -> bytes:
    """Return the bytes of a field of the API (base64url, padded or not).

    Raises:
        BlockError: It is none.
    """
    try:
        return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
    except (binascii.Error, ValueError) as error:
        raise BlockError(
            "Google's answer breaks its shape: Base64 was expected.", code="provider.bad_answer"
        ) from error


def email_of(message: Mapping[str, Any], body: str) -> dict[str, Json]:
    """Return a message of the API as blocks give it out."""
    return {
        "threadId": message["threadId"],
        "labelIds": message.get("labelIds") or [],
        "id": message["id"],
        "subject": header(message, "Subject"),
        "snippet": message.get("snippet", ""),
        "from_": next(iter(addresses(header(message, "From"))), header(message, "From")),
        "to": addresses(header(message, "To")),
        "cc": addresses(header(message, "Cc")),
        "bcc": addresses(header(message, "Bcc")),
        "date": header(message, "Date"),
        "body": body,
        "sizeEstimate": message.get("sizeEstimate", 0),
        "attachments": [_listed(one) for one in attached(message)],
    }


def _listed(part: Mapping[str, Any]) -> dict[str, Json]:
    body: Mapping[str, Any] = part.get("body") or {}
    return {
        "filename": part["filename"],
        "content_type": part.get("mimeType", ""),
        "size": body.get("size", 0),
        "attachment_id": body.get("attachmentId"),
    }


def messages_of(value: Json) -> Sequence[Mapping[str, Any]]:
    """Return what a list of the API holds; it leaves an empty one out."""
    found = value.get("messages") if is_object(value) else None
    return found or ()


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        if tag in _BREAKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(self._hidden - (tag in _HIDDEN), 0)
        if tag in _BREAKS and tag != "br":
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(re.sub(r"\s+", " ", data))


def plain(text: str) -> str:
    """Return HTML as plain text: without tags, a block a line."""
    parser = _Plain()
    parser.feed(text)
    parser.close()
    lines = [line.strip() for line in "".join(parser.pieces).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
