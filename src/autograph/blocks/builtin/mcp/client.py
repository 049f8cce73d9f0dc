"""The part of the Model Context Protocol that a caller of tools needs.

Revision 2025-06-18 (modelcontextprotocol.io/specification/2025-06-18): the lifecycle (basic/lifecycle) and tools
(server/tools). How messages get there and back is a `Line`: `http.py`, `stdio.py`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any, Final, NoReturn, Protocol

from autograph.blocks.sdk import BlockError, Json, is_list, is_object

PROTOCOL: Final = "2025-06-18"
_SPOKEN: Final = frozenset({"2025-03-26", PROTOCOL, "2025-11-25"})
"""Revisions in which what is used here is the same."""
_MAX_PAGES: Final = 20
SOON: Final = timedelta(seconds=30)
_CALL: Final = timedelta(minutes=10)
"""For a tool's answer; the node's own time limit is usually shorter."""
_NO_SUCH_METHOD: Final = -32601

Message = Mapping[str, Json]


class Line(Protocol):
    """How messages get to a server, and back.

    Attributes:
        name: The server's, as errors name it.
    """

    @property
    def name(self) -> str:
        """The server's, as errors name it."""
        ...

    def ask(self, message: Message, limit: timedelta) -> AsyncGenerator[Message]:
        """Send a request, and yield what comes until it is answered, or nothing more comes.

        Raises:
            BlockError: It cannot be sent, or what comes is no message.
        """
        ...

    async def tell(self, message: Message) -> None:
        """Send what is not answered.

        Raises:
            BlockError: It cannot be sent.
        """
        ...

    def agreed(self, revision: str) -> None:
        """Note which revision is spoken from here."""
        ...

    async def end(self) -> None:
        """Let the server forget the conversation."""
        ...


class McpSession:
    """One conversation with a server."""

    def __init__(self, line: Line) -> None:
        """Speak by `line`."""
        self._line = line
        self._last_id = 0

    async def begin(self) -> None:
        """Agree on a revision with the server.

        Raises:
            McpFailed: It speaks none that is spoken here, or does not answer as it should.
        """
        found = await self._ask(
            "initialize",
            {
                "protocolVersion": PROTOCOL,
                "capabilities": {},
                "clientInfo": {"name": "autograph", "version": "1"},
            },
            SOON,
        )
        spoken = found.get("protocolVersion")
        if not isinstance(spoken, str) or spoken not in _SPOKEN:
            raise McpFailed(
                self._line.name,
                f"speaks another revision of the protocol, {short(spoken)}; here it is {PROTOCOL}.",
            )
        self._line.agreed(spoken)
        await self._line.tell({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def tools(self) -> list[str]:
        """Return the names of the server's tools.

        Raises:
            BlockError: It does not answer as it should.
        """
        names: list[str] = []
        cursor: Json = None
        for _ in range(_MAX_PAGES):
            page = await self._ask("tools/list", {"cursor": cursor} if cursor else {}, SOON)
            listed = page.get("tools")
            for one in listed if is_list(listed) else []:
                if is_object(one) and isinstance(one.get("name"), str):
                    names.append(one["name"])
            cursor = page.get("nextCursor")
            if not isinstance(cursor, str) or not cursor:
                break
        return names

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
        async with aclosing(self._line.ask(message, limit)) as said:
            async for one in said:
                if one.get("id") == asked and "method" not in one:
                    return self._result(one, method)
                if "id" in one and isinstance(one.get("method"), str):
                    await self._reply(one)
        raise McpFailed(
            self._line.name,
            f"broke off before it had answered {method}; whether it was done is not known.",
        )

    def _result(self, message: Message, method: str) -> Mapping[str, Json]:
        refused = message.get("error")
        if is_object(refused):
            said = short(refused.get("message"))
            why = f"refused {method}: {said} ({refused.get('code')})"
            raise McpRefused(f"The MCP server {self._line.name} {why}", said)
        result = message.get("result")
        if not is_object(result):
            raise McpFailed(
                self._line.name, f"answered {method} with neither a result nor an error."
            )
        return result

    async def _reply(self, asked: Message) -> None:
        """Answer what a server asks while it works: that we are there, and that we do nothing for it."""
        reply: dict[str, Json] = {"jsonrpc": "2.0", "id": asked["id"]}
        if asked["method"] == "ping":
            reply["result"] = {}
        else:
            reply["error"] = {"code": _NO_SUCH_METHOD, "message": "This client only calls tools."}
        await self._line.tell(reply)


class McpFailed(BlockError):
    """A server did not do as it should (`mcp.failed`), or cannot now (`mcp.unavailable`)."""

    def __init__(self, server: str, what: str, *, passes: bool = False) -> None:
        code = "mcp.unavailable" if passes else "mcp.failed"
        super().__init__(f"The MCP server {server} {what}", code=code)


class McpRefused(BlockError):
    """The server understood, and refused (a JSON-RPC error).

    Attributes:
        said: Its own words, shortened.
    """

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message, code="mcp.refused")
        self.said = said


@asynccontextmanager
async def conversation(line: Line) -> AsyncGenerator[McpSession]:
    """Lend a conversation that has begun, and end it."""
    session = McpSession(line)
    try:
        await session.begin()
        yield session
    finally:
        await line.end()


def written(message: Message) -> bytes:
    """Return a message as it goes out: one line."""
    return json.dumps(message, ensure_ascii=False, allow_nan=False).encode()


def read(server: str, text: bytes) -> Message:
    """Return the message that a text is.

    Raises:
        McpFailed: It is none.
    """
    try:
        found: Any = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        found = None
    if not is_object(found):
        raise McpFailed(server, f"sent what is no message: {short(text.decode(errors='replace'))}")
    return found


def short(value: Json) -> str:
    """Return a value in so few words that a message can hold it."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 300 else f"{text[:300]}…"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
