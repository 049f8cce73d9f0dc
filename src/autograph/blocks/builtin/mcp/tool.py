"""A tool of an MCP server as a block: its arguments are pins of the node."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from autograph.blocks.builtin.mcp.client import McpRefused, McpSession, conversation
from autograph.blocks.builtin.mcp.http import HttpLine
from autograph.blocks.builtin.mcp.stdio import StdioLine
from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockKind,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Effect,
    Example,
    HostScopedSecret,
    InputError,
    Json,
    Outputs,
    UserPasswordSecret,
    credential_pin,
    is_list,
    is_object,
    pin,
)
from autograph.blocks.sdk.credentials import texts_of

Entries = dict[str, Json]
_PROGRAM: Final = "stdio:"


class MCPToolInput(BlockInput):
    """Which tool of which server, and what it gets. Its arguments are pins of this node, too."""

    server_url: str = pin(
        description="The server's address, which often ends in /mcp; or stdio: and a program that this installation allows.",
        placeholder="https://mcp.example.com/mcp",
    )
    credentials: CredentialRef | None = credential_pin(
        "mcp",
        kinds=("api_key", "host_scoped", "oauth2"),
        description="What the server knows you by, where it asks.",
        optional=True,
    )
    selected_tool: str = pin("", description="The tool's name.")
    tool_input_schema: Entries = pin(
        default_factory=Entries, description="What the tool takes.", hidden=True
    )
    tool_description: str = pin("", description="What the tool does.", hidden=True)
    tool_arguments: Entries = pin(
        default_factory=Entries, description="What it gets, by the names of its arguments."
    )


class MCPToolOutput(BlockOutput):
    """What came of it."""

    result: Json = pin(
        description="What the tool gave: its structured result, else its text, else the list of its parts."
    )


class MCPTool(Block[MCPToolInput]):
    """Call a tool of an MCP server."""

    id = "a0a4b1c2-d3e4-4f56-a7b8-c9d0e1f2a3b4"
    name = "MCPTool"
    description = "Calls a tool of any server that speaks the Model Context Protocol, and gives out its result."
    categories = (Category.DEVELOPER_TOOLS,)
    kind = BlockKind.MCP_TOOL
    effect = Effect.EFFECT
    aliases = ("model context protocol", "mcp server")
    Input = MCPToolInput
    Output = MCPToolOutput
    examples = (
        Example(
            {"server_url": "ftp://example.com/mcp", "selected_tool": "forecast"},
            error="http",
            title="An address that no MCP server has",
        ),
        Example(
            {"server_url": "stdio:rm -rf /", "selected_tool": "forecast"},
            error="may not start a program",
            title="A program that the installation does not name",
        ),
        Example(
            {
                "server_url": "https://mcp.example.com/mcp",
                "selected_tool": "forecast",
                "tool_input_schema": {"type": "object", "required": ["city"]},
            },
            error="city: this argument",
            title="A tool that lacks an argument: nothing is sent",
        ),
    )

    @classmethod
    def prepare(cls, values: Mapping[str, Json]) -> BlockInput:
        """Make the `Input`: what is no pin of the block is an argument of the tool."""
        return super().prepare(_collected(values))

    @classmethod
    def accept(cls, values: Mapping[str, Json]) -> BlockInput:
        """Make the `Input` by hand; arguments may be named as pins here, too."""
        return super().accept(_collected(values))

    async def run(self, input: MCPToolInput, ctx: Context) -> Outputs:
        """Yield the tool's result.

        Raises:
            InputError: The address is none, or an argument is missing.
            BlockError: The server or the tool failed.
        """
        parts = urlsplit(input.server_url)
        is_program = input.server_url.startswith(_PROGRAM)
        if not is_program and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise InputError(
                "server_url", "this is no http:// or https:// address, and no stdio: program."
            )
        required = input.tool_input_schema.get("required")
        for name in required if is_list(required) else []:
            if isinstance(name, str) and input.tool_arguments.get(name) is None:
                raise InputError(name, f"this argument of {input.selected_tool!r} needs a value.")
        if is_program:
            name, secret = input.server_url.removeprefix(_PROGRAM), await _secret(input, ctx)
            async with (
                ctx.sandbox.program(name, secret=secret) as program,
                conversation(StdioLine(program, name)) as session,
            ):
                yield "result", await _called(session, input)
            return
        proof, title = await _proof(input, ctx)
        async with conversation(HttpLine(ctx.http, input.server_url, proof, title)) as session:
            yield "result", await _called(session, input)


async def _secret(input: MCPToolInput, ctx: Context) -> str | None:
    """Return what a program gets into its environment.

    Raises:
        BlockError: The credential is for hosts.
    """
    if input.credentials is None:
        return None
    secret = await ctx.credential(input.credentials)
    if isinstance(secret, (HostScopedSecret, UserPasswordSecret)):
        title = input.credentials.title or input.credentials.id
        raise BlockError(
            f"{title!r} is no key or token, which is all that a program takes. Choose another one.",
            code="credential.mismatch",
        )
    return texts_of(secret)[0]


async def _proof(input: MCPToolInput, ctx: Context) -> tuple[Mapping[str, str], str]:
    """Return the headers that prove who asks, and what their owner calls them.

    Raises:
        BlockError: The credential is not for this server.
    """
    reference = input.credentials
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
    headers = secret.headers(urlsplit(input.server_url).netloc)
    if not headers:
        raise BlockError(
            f"The credential {title!r} is for {secret.host}; it is not sent to another host. Choose another one.",
            code="credential.mismatch",
        )
    return headers, title


async def _called(session: McpSession, input: MCPToolInput) -> Json:
    if not input.selected_tool:
        names = ", ".join((await session.tools())[:50]) or "none"
        raise InputError("selected_tool", f"choose a tool. The server has: {names}.")
    try:
        result = await session.call(input.selected_tool, input.tool_arguments)
    except McpRefused as refused:
        raise await _explained(session, input.selected_tool, refused) from None
    content = result.get("content")
    parts = [one for one in content if is_object(one)] if is_list(content) else []
    if result.get("isError") is True:
        said = "\n".join(str(one.get("text")) for one in parts if one.get("type") == "text")
        raise BlockError(
            f"The tool {input.selected_tool!r} failed: {said[:2_000] or 'it does not say why.'}",
            code="mcp.tool_failed",
        )
    structured = result.get("structuredContent")
    return structured if structured is not None else _given(parts)


async def _explained(session: McpSession, tool: str, refused: McpRefused) -> BlockError:
    """Return why a call was refused: most often the server has no such tool."""
    names: list[str] = []
    with suppress(BlockError):
        names = await session.tools()
    if tool in names or not names:
        return refused
    nearest = difflib.get_close_matches(tool, names, n=3, cutoff=0.4) or names[:10]
    return BlockError(
        f"The server has no tool {tool!r}. Did you mean {', '.join(nearest)}?",
        code="mcp.unknown_tool",
    )


def _given(parts: Sequence[Mapping[str, Json]]) -> Json:
    values: list[Any] = [
        _text(str(one.get("text"))) if one.get("type") == "text" else dict(one) for one in parts
    ]
    return values[0] if len(values) == 1 else values


def _text(text: str) -> Json:
    """Return the object or list that a text is, else the text: `007` stays what it is."""
    if text[:1] in {"{", "["}:
        with suppress(ValueError, RecursionError):
            return json.loads(text)
    return text


def _collected(values: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return values in which what is no pin of the block is among the tool's arguments."""
    pins = MCPToolInput.model_fields
    arguments = {
        name: value for name, value in values.items() if name not in pins and value is not None
    }
    if not arguments:
        return values
    typed = values.get("tool_arguments")
    own = {name: value for name, value in values.items() if name in pins}
    return {**own, "tool_arguments": {**(typed if is_object(typed) else {}), **arguments}}
