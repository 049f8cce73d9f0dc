"""Messages by Streamable HTTP (basic/transports#streamable-http): each is a POST, answered by JSON or by events.

Redirects are not followed: what proves who asks goes to the host that was named, and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from autograph.blocks.builtin.mcp.client import SOON, McpFailed, Message, read, short, written
from autograph.blocks.sdk import (
    BlockError,
    EventReader,
    Http,
    HttpRequest,
    Stream,
    TooLong,
    is_object,
)

_MAX_ANSWER: Final = 16 * 1024 * 1024
_MAX_REFUSAL: Final = 2_000


class HttpLine:
    """Implements `Line`."""

    def __init__(self, http: Http, url: str, proof: Mapping[str, str], credential: str) -> None:
        """Ask `url` by `http`.

        Args:
            http: The way out.
            url: The server's endpoint.
            proof: Headers that prove who asks.
            credential: The title of what they come from; empty for none.
        """
        self._http = http
        self._url = url
        self._proof = proof
        self._credential = credential
        self._agreed: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The server's host."""
        return urlsplit(self._url).netloc

    async def ask(self, message: Message, limit: timedelta) -> AsyncGenerator[Message]:
        """Send a request, and yield what comes.

        Raises:
            BlockError: The server refuses, or what comes is no message.
        """
        async with self._http.stream(self._request("POST", message, limit)) as answer:
            if answer.status >= 300:
                await self._refuse(answer)
            if message.get("method") == "initialize" and (
                session := answer.headers.get("mcp-session-id")
            ):
                self._agreed["Mcp-Session-Id"] = session
            async with aclosing(self._messages(answer)) as said:
                async for one in said:
                    yield one

    async def tell(self, message: Message) -> None:
        """Send what is not answered.

        Raises:
            BlockError: The server refuses.
        """
        async with self._http.stream(self._request("POST", message, SOON)) as answer:
            if answer.status >= 300:
                await self._refuse(answer)

    def agreed(self, revision: str) -> None:
        """Name the revision in every request from here."""
        self._agreed["MCP-Protocol-Version"] = revision

    async def end(self) -> None:
        """Let the server forget the conversation; what it says to that does not matter."""
        if "Mcp-Session-Id" not in self._agreed:
            return
        with suppress(Exception):
            async with self._http.stream(self._request("DELETE", None, SOON)):
                pass

    async def _messages(self, answer: Stream) -> AsyncGenerator[Message]:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            yield read(self.name, b"".join([piece async for piece in answer.pieces()]))
            return
        if kind != "text/event-stream":
            raise McpFailed(
                self.name,
                f"answered with {short(kind) or 'nothing'}, not as an MCP server does. "
                "Does its address end in /mcp?",
            )
        reader = EventReader()
        try:
            async for piece in answer.pieces():
                for data in reader.take(piece):
                    if data:
                        yield read(self.name, data)
            for data in reader.end():
                if data:
                    yield read(self.name, data)
        except TooLong:
            raise McpFailed(self.name, "sends an event that does not end.") from None

    def _request(self, method: str, message: Message | None, timeout: timedelta) -> HttpRequest:
        headers = {
            **self._proof,
            **self._agreed,
            "Accept": "application/json, text/event-stream",
        }
        body: bytes | None = None
        if message is not None:
            headers["Content-Type"] = "application/json"
            body = written(message)
        return HttpRequest(
            method,
            self._url,
            headers,
            body=body,
            timeout=timeout,
            max_bytes=_MAX_ANSWER,
            follows=False,
        )

    async def _refuse(self, answer: Stream) -> NoReturn:
        status = answer.status
        if status in {401, 403}:
            raise BlockError(self._unauthorized(status), code="mcp.unauthorized")
        if status < 400:
            place = short(answer.headers.get("location", ""))
            raise McpFailed(self.name, f"has moved to {place}. Name that address at this node.")
        text = b""
        async for piece in answer.pieces():
            text += piece
            if len(text) >= _MAX_REFUSAL:
                break
        raise McpFailed(
            self.name, f"answered {status}: {_said(text)}", passes=status == 429 or status >= 500
        )

    def _unauthorized(self, status: int) -> str:
        if self._credential:
            return (
                f"{self.name} does not accept the credential {self._credential!r} ({status}). "
                "Renew it, or choose another one at this node."
            )
        return (
            f"{self.name} wants to know who asks ({status}). Add a credential of the provider MCP server, "
            "and choose it at this node."
        )


def _said(text: bytes) -> str:
    """Return the words of a refusal, whatever form they have."""
    with suppress(ValueError, RecursionError):
        found: Any = json.loads(text)
        failed = found.get("error") if is_object(found) else None
        if is_object(failed) and isinstance(failed.get("message"), str):
            return short(failed["message"])
    return short(text.decode(errors="replace"))
