"""The MCP block against a server made with the protocol's own library, and against servers that behave badly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from aiohttp import web
from mcp.server.mcpserver import MCPServer

from autograph.blocks.builtin.mcp.listing import ListMCPTools
from autograph.blocks.builtin.mcp.tool import MCPTool
from autograph.blocks.sdk import ApiKeySecret, BlockError, HostScopedSecret
from autograph.blocks.sdk.testing import FakeContext
from autograph.infra.egress.ports import ResponseTooLarge
from tests.servers import free_port

KEY = "a-token-nobody-sees"
MINE = {"id": "c", "provider": "mcp", "type": "api_key", "title": "My server"}
Handler = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


def peer() -> MCPServer:
    server = MCPServer("peer")

    @server.tool()
    def add(a: int, b: int) -> dict[str, int]:
        return {"sum": a + b}

    @server.tool(structured_output=False)
    def greet(who: str) -> str:
        return f"Good day, {who}!"

    @server.tool()
    def fail() -> str:
        raise ValueError("no more paper")

    return server


@asynccontextmanager
async def served(*, as_json: bool) -> AsyncIterator[str]:
    port = free_port()
    app = peer().streamable_http_app(json_response=as_json)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def odd(call: Handler, asked: list[Any] | None = None) -> AsyncIterator[str]:
    """A server whose `tools/call` does what `call` does."""

    async def take(request: web.Request) -> web.StreamResponse:
        message = await request.json() if request.method == "POST" else {"method": "DELETE"}
        if asked is not None:
            asked.append((message, dict(request.headers)))
        if message.get("method") == "initialize":
            result = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {}}
            return web.json_response(
                {"jsonrpc": "2.0", "id": message["id"], "result": result},
                headers={"Mcp-Session-Id": "s1"},
            )
        if message.get("method") == "tools/call":
            return await call(request, message)
        return web.Response(status=202)

    app = web.Application()
    app.router.add_route("*", "/mcp", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/mcp"
    finally:
        await runner.cleanup()


async def call(url: str, tool: str, ctx: FakeContext | None = None, **more: Any) -> Any:
    made = ctx or FakeContext()
    values = {"server_url": url, "selected_tool": tool, **more}
    try:
        [(pin, value)] = [
            one
            async for one in MCPTool().run(MCPTool.prepare(values), made)  # type: ignore[arg-type]
        ]
    finally:
        await made.http.close()  # type: ignore[attr-defined]
    assert pin == "result"
    return value


async def listed(url: str, ctx: FakeContext | None = None, **more: Any) -> Any:
    made = ctx or FakeContext()
    block = ListMCPTools()
    try:
        [(pin, value)] = [
            one
            async for one in block.run(block.prepare({"server_url": url, **more}), made)  # type: ignore[arg-type]
        ]
    finally:
        await made.http.close()  # type: ignore[attr-defined]
    assert pin == "tools"
    return value


def events(*messages: Any) -> Handler:
    async def answer(request: web.Request, asked: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for one in messages:
            said = {**one, "id": asked["id"]} if "result" in one else one
            await response.write(f"event: message\ndata: {json.dumps(said)}\n\n".encode())
        return response

    return answer


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "events"])
class TestTheProtocolsOwnServer:
    async def test_pins_of_the_node_are_the_tools_arguments(self, as_json: bool) -> None:
        async with served(as_json=as_json) as url:
            assert await call(url, "add", a=2, tool_arguments={"b": 3}) == {"sum": 5}

    async def test_a_text_is_a_text(self, as_json: bool) -> None:
        async with served(as_json=as_json) as url:
            assert await call(url, "greet", who="Ada") == "Good day, Ada!"

    async def test_a_tool_that_fails_fails_the_node(self, as_json: bool) -> None:
        async with served(as_json=as_json) as url:
            with pytest.raises(BlockError, match="The tool 'fail' failed") as caught:
                await call(url, "fail")
        assert caught.value.code == "mcp.tool_failed"

    async def test_without_a_tool_the_servers_tools_are_named(self, as_json: bool) -> None:
        async with served(as_json=as_json) as url:
            with pytest.raises(BlockError, match="add, greet, fail"):
                await call(url, "")


async def test_a_session_is_kept_to_and_ended() -> None:
    asked: list[Any] = []
    async with odd(events({"jsonrpc": "2.0", "result": {"content": []}}), asked) as url:
        await call(url, "any")

    assert [one["method"] for one, _ in asked] == [
        "initialize",
        "notifications/initialized",
        "tools/call",
        "DELETE",
    ]
    for _, headers in asked[1:]:
        assert headers["Mcp-Session-Id"] == "s1"
        assert headers["MCP-Protocol-Version"] == "2025-06-18"


async def test_what_a_server_says_and_asks_meanwhile_is_no_answer() -> None:
    asked: list[Any] = []
    said = (
        {"jsonrpc": "2.0", "method": "notifications/progress", "params": {}},
        {"jsonrpc": "2.0", "id": 3, "method": "ping"},
        {"jsonrpc": "2.0", "id": 2, "method": "sampling/createMessage"},
        {"jsonrpc": "2.0", "result": {"content": [{"type": "text", "text": "007"}]}},
    )
    async with odd(events(*said), asked) as url:
        assert await call(url, "any") == "007"

    replies = [one for one, _ in asked if "method" not in one]
    assert replies[0] == {"jsonrpc": "2.0", "id": 3, "result": {}}
    assert replies[1]["error"]["code"] == -32601


async def test_a_refused_credential_is_named_and_never_shown() -> None:
    async def refuse(request: web.Request, _: dict[str, Any]) -> web.Response:
        return web.Response(status=401, text=request.headers["Authorization"])

    async with odd(refuse) as url:
        ctx = FakeContext(secrets={"c": ApiKeySecret(KEY)})
        with pytest.raises(BlockError, match=r"'My server'.*choose another") as caught:
            await call(url, "any", ctx, credentials=MINE)
    assert caught.value.code == "mcp.unauthorized"
    assert KEY not in caught.value.message


async def test_headers_for_a_host_go_to_no_other() -> None:
    asked: list[Any] = []
    mine = {**MINE, "type": "host_scoped"}
    async with odd(events(), asked) as url:
        ctx = FakeContext(secrets={"c": HostScopedSecret("mcp.example.com", {"X-Key": KEY})})
        with pytest.raises(BlockError, match=r"is for mcp\.example\.com"):
            await call(url, "any", ctx, credentials=mine)
    assert asked == []


async def test_a_redirect_takes_the_credential_nowhere() -> None:
    async def move(_: web.Request, __: dict[str, Any]) -> web.Response:
        return web.Response(status=307, headers={"Location": "http://127.0.0.2/mcp"})

    async with odd(move) as url:
        ctx = FakeContext(secrets={"c": ApiKeySecret(KEY)})
        with pytest.raises(BlockError, match=r"has moved to http://127\.0\.0\.2/mcp"):
            await call(url, "any", ctx, credentials=MINE)


async def test_a_stream_that_breaks_off_says_that_the_outcome_is_unknown() -> None:
    async with odd(events()) as url:
        with pytest.raises(BlockError, match="whether it was done is not known"):
            await call(url, "any")


async def test_an_answer_that_does_not_end_is_left() -> None:
    async def flood(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b"x" * 1_000_000)

    async with odd(flood) as url:
        with pytest.raises(ResponseTooLarge):
            await call(url, "any")


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{", b'"text"', b"[]"])
async def test_what_is_no_message_is_said_to_be_none(body: bytes) -> None:
    async def answer(_: web.Request, __: dict[str, Any]) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    async with odd(answer) as url:
        with pytest.raises(BlockError, match="what is no message") as caught:
            await call(url, "any")
    assert len(caught.value.message) < 500


async def test_a_refusal_has_the_servers_own_words() -> None:
    async def answer(_: web.Request, asked: dict[str, Any]) -> web.Response:
        error = {"code": -32602, "message": "Unknown tool: any"}
        return web.json_response({"jsonrpc": "2.0", "id": asked["id"], "error": error})

    async with odd(answer) as url:
        with pytest.raises(BlockError, match="Unknown tool: any"):
            await call(url, "any")


class TestWhatAServerHas:
    @pytest.mark.parametrize("as_json", [True, False])
    async def test_is_told_with_what_each_tool_takes(self, as_json: bool) -> None:
        async with served(as_json=as_json) as url:
            tools = {one["name"]: one for one in await listed(url)}

        assert set(tools) == {"add", "greet", "fail"}
        assert tools["add"]["input_schema"]["required"] == ["a", "b"]
        assert tools["greet"]["input_schema"]["properties"]["who"]["type"] == "string"

    async def test_is_not_asked_of_what_is_no_address(self) -> None:
        with pytest.raises(BlockError, match="no http:// or https:// address"):
            await listed("ftp://example.com/mcp")
