"""Recorded HTTP exchanges: made of real ones, as JSON and back, and compared with what is sent. PURE.

    {"request": "POST https://api.example.com/items?page=1", "body": {"title": "A"},
     "status": 201, "response_headers": {"x-page": "1"}, "response": {"id": 7}}

A body sent is `body` (JSON), `form`, `multipart` or `raw`; one that came back is `response` (JSON), `text` or
`base64`. An exchange that is made of a real one holds nothing that is secret by its name: headers of the request are
left out, and other headers, parameters and fields such as `password` are masked.
"""

from __future__ import annotations

import base64
import email
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import Message
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from autograph.blocks.sdk.examples import Exchanged
from autograph.blocks.sdk.fields import Json
from autograph.graph.model import is_list, is_object
from autograph.infra.json import NotJson, decode, encode

MASK: Final = "•••"
"""Stands where something secret stood."""
BODIES: Final = ("body", "form", "multipart", "raw")
ANSWERS: Final = ("response", "text", "base64")
_SECRET_FIELDS: Final = frozenset(
    {
        "access_token",
        "api_key",
        "apikey",
        "authorization",
        "client_secret",
        "envdaccesstoken",
        "id_token",
        "password",
        "private_key",
        "refresh_token",
        "secret",
        "trafficaccesstoken",
    }
)
_NAMES: Final = "|".join(sorted(_SECRET_FIELDS))
_WRITTEN: Final = re.compile(rf'("(?:{_NAMES})"\s*:\s*")(?:[^"\\]|\\.)*(")', re.IGNORECASE)
_QUOTED: Final = re.compile(rf'(\\+"(?:{_NAMES})\\+"\s*:\s*\\+").*?(\\+")', re.IGNORECASE)
_SECRET_PARAMETERS: Final = _SECRET_FIELDS | {"appid", "auth", "key", "sig", "signature", "token"}
_SECRET_HEADER: Final = re.compile(r"auth|cookie|key|secret|session|token")
_OF_THE_CONNECTION: Final = frozenset(
    {"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"}
)
"""Headers that say how an answer came, not what it is."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it goes out.

    Attributes:
        url: Without its query.
        query: Parameters in any order.
        headers: By name in lower case.
    """

    method: str
    url: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    content: bytes

    @classmethod
    def of(
        cls,
        method: str,
        url: str,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        content: bytes | None,
    ) -> Sent:
        """Return a request whose address may have a query, and whose parameters stand beside it."""
        parts = urlsplit(url)
        query = [*parse_qsl(parts.query, keep_blank_values=True), *params.items()]
        host = parts.netloc.rpartition("@")[2]
        return cls(
            method.upper(),
            f"{parts.scheme}://{host}{parts.path or '/'}",
            query,
            {name.lower(): text for name, text in headers.items()},
            content or b"",
        )

    def read(self, how: str) -> Json:
        """Return the body, read as `body`, `form`, `multipart` or `raw`."""
        kind = self.headers.get("content-type", "")
        if how == "body":
            try:
                is_json = kind.startswith("application/json")
                return decode(self.content) if is_json else f"{kind}: {self.content!r}"
            except NotJson:
                return self.content.decode("utf-8", "replace")
        if how == "form":
            return dict(parse_qsl(self.content.decode("utf-8", "replace"), keep_blank_values=True))
        if how == "multipart":
            return _parts(kind, self.content)
        return self.content.decode("utf-8", "replace")

    def body(self) -> dict[str, Json]:
        """Return how the body is best read → what it is; nothing for no body."""
        if not self.content:
            return {}
        kind = self.headers.get("content-type", "")
        if kind.startswith("application/json"):
            return {"body": self.read("body")}
        if kind.startswith("application/x-www-form-urlencoded"):
            return {"form": self.read("form")}
        if kind.startswith("multipart/form-data"):
            return {"multipart": self.read("multipart")}
        return {"raw": self.read("raw")}


def exchanged(sent: Sent, *, status: int, headers: Mapping[str, str], content: bytes) -> Exchanged:
    """Return an exchange that took place, without what is secret by its name."""
    kept = {name: text for name, text in headers.items() if name not in _OF_THE_CONNECTION}
    return masked(
        Exchanged(
            method=sent.method,
            url=sent.url,
            query=list(sent.query),
            body=sent.body(),
            status=status,
            response_headers=kept,
            response=_answer(headers.get("content-type", ""), content),
        )
    )


def masked(one: Exchanged) -> Exchanged:
    """Return an exchange without what is secret by its name."""
    return replace(
        one,
        query=_masked_query(one.query),
        body={how: masked_value(value) for how, value in one.body.items()},
        response_headers={
            name: MASK if _SECRET_HEADER.search(name.lower()) else text
            for name, text in one.response_headers.items()
        },
        response={how: masked_value(value) for how, value in one.response.items()},
    )


def masked_value(value: Json) -> Json:
    """Return a value in which texts under names such as `password` and `access_token` are masked.

    They are also where a text is JSON, or quotes some.
    """
    if isinstance(value, str):
        return _QUOTED.sub(rf"\g<1>{MASK}\g<2>", _WRITTEN.sub(rf"\g<1>{MASK}\g<2>", value))
    if is_list(value):
        return [masked_value(one) for one in value]
    if not is_object(value):
        return value
    return {
        name: MASK if isinstance(one, str) and name.lower() in _SECRET_FIELDS else masked_value(one)
        for name, one in value.items()
    }


def differences(expected: Exchanged, sent: Sent, *, is_masked: bool = False) -> list[str]:
    """Return where a request is not the one that was recorded.

    Args:
        expected: The recorded one.
        sent: What goes out.
        is_masked: What was recorded is masked, so what is sent is before it is compared.
    """
    query = _masked_query(sent.query) if is_masked else sent.query
    found: list[tuple[str, Json, Json]] = [
        ("method", expected.method, sent.method),
        ("address", expected.url, sent.url),
        ("query", sorted(expected.query), sorted(query)),
    ]
    found += [
        (f"header {name}", text, sent.headers.get(name.lower()))
        for name, text in expected.request_headers.items()
    ]
    if not expected.body:
        found.append(("body", b"", sent.content))
    for how, wanted in expected.body.items():
        read = sent.read(how)
        found.append((how, wanted, masked_value(read) if is_masked else read))
    return [
        f"{what}: recorded {one!r}, sent {other!r}" for what, one, other in found if one != other
    ]


def answer_of(expected: Exchanged) -> tuple[dict[str, str], bytes]:
    """Return the headers, by name in lower case, and the body of a recorded answer."""
    headers = {name.lower(): text for name, text in expected.response_headers.items()}
    if "response" in expected.response:
        headers.setdefault("content-type", "application/json")
        return headers, encode(expected.response["response"])
    if "base64" in expected.response:
        return headers, base64.b64decode(expected.response["base64"])
    headers.setdefault("content-type", "text/plain; charset=utf-8")
    return headers, str(expected.response.get("text", "")).encode()


def as_json(one: Exchanged) -> dict[str, Json]:
    """Return an exchange as files have it."""
    query = f"?{urlencode(one.query)}" if one.query else ""
    written: dict[str, Json] = {"request": f"{one.method} {one.url}{query}"}
    if one.request_headers:
        written["headers"] = dict(one.request_headers)
    written |= one.body
    if one.status != 200:
        written["status"] = one.status
    if one.response_headers:
        written["response_headers"] = dict(one.response_headers)
    return written | dict(one.response)


def from_json(said: Mapping[str, Any]) -> Exchanged:
    """Return the exchange that a file has; its request names the whole address."""
    method, _, address = str(said["request"]).partition(" ")
    parts = urlsplit(address)
    return Exchanged(
        method=method,
        url=f"{parts.scheme}://{parts.netloc}{parts.path or '/'}",
        query=parse_qsl(parts.query, keep_blank_values=True),
        request_headers=said.get("headers", {}),
        body={how: said[how] for how in BODIES if how in said},
        status=said.get("status", 200),
        response_headers=said.get("response_headers", {}),
        response={how: said[how] for how in ANSWERS if how in said},
    )


def _masked_query(query: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, MASK if name.lower() in _SECRET_PARAMETERS else text) for name, text in query]


def _answer(kind: str, content: bytes) -> dict[str, Json]:
    if not content:
        return {}
    if (
        "json" in kind
    ):  # written otherwise than we do, it stays a text: blocks may look at it as one
        try:
            value = decode(content)
        except NotJson:
            pass
        else:
            if encode(value) == content:
                return {"response": value}
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _parts(kind: str, body: bytes) -> dict[str, str]:
    message = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    found: dict[str, str] = {}
    for part in message.walk():
        name = _parameter(part, "name")
        if name is not None:
            content: Any = part.get_payload(decode=True)
            found[name] = content.decode("utf-8", "replace")
    return found


def _parameter(part: Message, name: str) -> str | None:
    found = part.get_param(name, header="content-disposition")
    return found if isinstance(found, str) else None
