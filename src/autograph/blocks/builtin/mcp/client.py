"""The part of the Model Context Protocol that a caller of tools needs, over the egress client.

Revision 2025-06-18 (modelcontextprotocol.io/specification/2025-06-18): the lifecycle (basic/lifecycle), Streamable HTTP
(basic/transports#streamable-http) and tools (server/tools). Every message is one POST, answered by JSON or by
events. Redirects are not followed: what proves who asks goes to the host that was named, and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from autograph.blocks.sdk import (
    BlockError,
    Context,
    CredentialRef,
    EventReader,
    HostScopedSecret,
    Http,
    HttpRequest,
    InputError,
    Json,
    Stream,
    TooLong,
    UserPasswordSecret,
    is_list,
    is_object,
)

PROTOCOL: Final = "2025-06-18"
_SPOKEN: Final = frozenset({"2025-03-26", PROTOCOL, "2025-11-25"})
"""Revisions in which what is used here is the same."""
_MAX_ANSWER: Final = 16 * 1024 * 1024
_MAX_REFUSAL: Final = 2_000
_MAX_PAGES: Final = 20
_SOON: Final = timedelta(seconds=30)
_CALL: Final = timedelta(minutes=10)
"""For a tool's answer; the node's own time limit is usually shorter."""
_NO_SUCH_METHOD: Final = -32601


@dataclass(frozen=True, slots=True)
class McpTool:
    """A tool, as its server describes it.

    Attributes:
        input_schema: JSON Schema of its arguments; empty where the server sends none.
    """

    name: str
    description: str
    input_schema: Mapping[str, Json]


class McpSession:
    """One conversation with a server."""

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
        self._host = urlsplit(url).netloc
        self._agreed: dict[str, str] = {}
        self._last_id = 0

    async def begin(self) -> None:
        """Agree on a revision with the server.

        Raises:
            BlockError: It speaks none that is spoken here, or does not answer as it should.
        """
        found = await self._ask(
            "initialize",
            {
                "protocolVersion": PROTOCOL,
                "capabilities": {},
                "clientInfo": {"name": "autograph", "version": "1"},
            },
            _SOON,
        )
        spoken = found.get("protocolVersion")
        if not isinstance(spoken, str) or spoken not in _SPOKEN:
            raise self._error(
                f"speaks another revision of the protocol, {_short(spoken)}; here it is {PROTOCOL}."
            )
        self._agreed["MCP-Protocol-Version"] = spoken
        await self._tell({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def end(self) -> None:
        """Let the server forget the conversation; what it says to that does not matter."""
        if "Mcp-Session-Id" not in self._agreed:
            return
        with suppress(Exception):
            async with self._http.stream(self._request("DELETE", None, _SOON)):
                pass

    async def tools(self) -> list[McpTool]:
        """Return the server's tools, as many pages of them as are read.

        Raises:
            BlockError: It does not answer as it should.
        """
        found: list[McpTool] = []
        cursor: Json = None
        for _ in range(_MAX_PAGES):
            page = await self._ask("tools/list", {"cursor": cursor} if cursor else {}, _SOON)
            listed = page.get("tools")
            for one in listed if is_list(listed) else []:
                if is_object(one) and isinstance(one.get("name"), str):
                    found.append(_tool(one))
            cursor = page.get("nextCursor")
            if not isinstance(cursor, str) or not cursor:
                break
        return found

    async def call(self, tool: str, arguments: Mapping[str, Json]) -> Mapping[str, Json]:
        """Have a tool do its work, and return its result as it came.

        Raises:
            BlockError: The server refused, or did not answer as it should.
        """
        return await self._ask("tools/call", {"name": tool, "arguments": dict(arguments)}, _CALL)

    async def _ask(
        self, method: str, params: Mapping[str, Json], limit: timedelta
    ) -> Mapping[str, Json]:
        self._last_id += 1
        asked = self._last_id
        message = {"jsonrpc": "2.0", "id": asked, "method": method, "params": params}
        async with self._http.stream(self._request("POST", message, limit)) as answer:
            if answer.status >= 300:
                await self._refuse(answer)
            if method == "initialize" and (session := answer.headers.get("mcp-session-id")):
                self._agreed["Mcp-Session-Id"] = session
            async with aclosing(self._messages(answer)) as said:
                async for one in said:
                    if one.get("id") == asked and "method" not in one:
                        return self._result(one, method)
                    if "id" in one and isinstance(one.get("method"), str):
                        await self._reply(one)
        raise self._error(
            f"broke off before it had answered {method}; whether it was done is not known."
        )

    async def _messages(self, answer: Stream) -> AsyncGenerator[Mapping[str, Json]]:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            yield self._message(b"".join([piece async for piece in answer.pieces()]))
            return
        if kind != "text/event-stream":
            raise self._error(
                f"answered with {_short(kind) or 'nothing'}, not as an MCP server does. "
                "Does its address end in /mcp?"
            )
        reader = EventReader()
        try:
            async for piece in answer.pieces():
                for data in reader.take(piece):
                    if data:
                        yield self._message(data)
            for data in reader.end():
                if data:
                    yield self._message(data)
        except TooLong:
            raise self._error("sends an event that does not end.") from None

    def _message(self, text: bytes) -> Mapping[str, Json]:
        try:
            found: Any = json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            found = None
        if not is_object(found):
            raise self._error(f"sent what is no message: {_short(text.decode(errors='replace'))}")
        return found

    def _result(self, message: Mapping[str, Json], method: str) -> Mapping[str, Json]:
        failed = message.get("error")
        if is_object(failed):
            said = _short(failed.get("message"))
            raise McpRefused(self._named(f"refused {method}: {said} ({failed.get('code')})"), said)
        result = message.get("result")
        if not is_object(result):
            raise self._error(f"answered {method} with neither a result nor an error.")
        return result

    async def _reply(self, asked: Mapping[str, Json]) -> None:
        """Answer what a server asks while it works: that we are there, and that we do nothing for it."""
        reply: dict[str, Json] = {"jsonrpc": "2.0", "id": asked["id"]}
        if asked["method"] == "ping":
            reply["result"] = {}
        else:
            reply["error"] = {"code": _NO_SUCH_METHOD, "message": "This client only calls tools."}
        await self._tell(reply)

    async def _tell(self, message: Mapping[str, Json]) -> None:
        async with self._http.stream(self._request("POST", message, _SOON)) as answer:
            if answer.status >= 300:
                await self._refuse(answer)

    def _request(
        self, method: str, message: Mapping[str, Json] | None, timeout: timedelta
    ) -> HttpRequest:
        headers = {
            **self._proof,
            **self._agreed,
            "Accept": "application/json, text/event-stream",
        }
        body: bytes | None = None
        if message is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(message, ensure_ascii=False, allow_nan=False).encode()
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
            place = _short(answer.headers.get("location", ""))
            raise self._error(f"has moved to {place}. Name that address at this node.")
        text = b""
        async for piece in answer.pieces():
            text += piece
            if len(text) >= _MAX_REFUSAL:
                break
        raise self._error(
            f"answered {status}: {_said(text)}", passes=status == 429 or status >= 500
        )

    def _unauthorized(self, status: int) -> str:
        if self._credential:
            return (
                f"{self._host} does not accept the credential {self._credential!r} ({status}). "
                "Renew it, or choose another one at this node."
            )
        return (
            f"{self._host} wants to know who asks ({status}). Add a credential of the provider MCP server, "
            "and choose it at this node."
        )

    def _named(self, what: str) -> str:
        return f"The MCP server {self._host} {what}"

    def _error(self, what: str, *, passes: bool = False) -> BlockError:
        return BlockError(self._named(what), code="mcp.unavailable" if passes else "mcp.failed")


def _tool(found: Mapping[str, Json]) -> McpTool:
    said, schema = found.get("description") or found.get("title"), found.get("inputSchema")
    return McpTool(
        str(found["name"]),
        said if isinstance(said, str) else "",
        schema if is_object(schema) else {},
    )


class McpRefused(BlockError):
    """The server understood, and refused (a JSON-RPC error).

    Attributes:
        said: Its own words, shortened.
    """

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message, code="mcp.refused")
        self.said = said


@asynccontextmanager
async def conversation(
    ctx: Context, url: str, reference: CredentialRef | None
) -> AsyncGenerator[McpSession]:
    """Lend a conversation that has begun, and end it.

    Raises:
        InputError: `url` is no address of a server.
        BlockError: The credential is not for this server, or the server does not answer as it should.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InputError("server_url", "this is no http:// or https:// address.")
    proof, title = await _proof(url, reference, ctx)
    session = McpSession(ctx.http, url, proof, title)
    try:
        await session.begin()
        yield session
    finally:
        await session.end()


async def _proof(
    url: str, reference: CredentialRef | None, ctx: Context
) -> tuple[Mapping[str, str], str]:
    """Return the headers that prove who asks, and what their owner calls them.

    Raises:
        BlockError: The credential is not for this server.
    """
    if reference is None:
        return {}, ""
    title = reference.title or reference.id
    secret = await ctx.credential(reference)
    if isinstance(secret, UserPasswordSecret):
        raise BlockError(
            f"{title!r} is a name and a password, which no MCP server takes. Choose another one.",
            code="credential.mismatch",
        )
    if not isinstance(secret, HostScopedSecret):
        return secret.headers(), title
    headers = secret.headers(urlsplit(url).netloc)
    if not headers:
        raise BlockError(
            f"The credential {title!r} is for {secret.host}; it is not sent to another host. Choose another one.",
            code="credential.mismatch",
        )
    return headers, title


def _said(text: bytes) -> str:
    """Return the words of a refusal, whatever form they have."""
    with suppress(ValueError, RecursionError):
        found: Any = json.loads(text)
        failed = found.get("error") if is_object(found) else None
        if is_object(failed) and isinstance(failed.get("message"), str):
            return _short(failed["message"])
    return _short(text.decode(errors="replace"))


def _short(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 300 else f"{text[:300]}…"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
