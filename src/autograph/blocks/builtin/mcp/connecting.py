"""How a server is reached: over HTTP at its address, or as a program that the installation allows."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

from autograph.blocks.builtin.mcp.client import McpSession, conversation
from autograph.blocks.builtin.mcp.http import HttpLine
from autograph.blocks.builtin.mcp.stdio import StdioLine
from autograph.blocks.sdk import (
    BlockError,
    Context,
    CredentialRef,
    HostScopedSecret,
    InputError,
    UserPasswordSecret,
)
from autograph.blocks.sdk.credentials import texts_of

_PROGRAM: Final = "stdio:"


@asynccontextmanager
async def connected(
    ctx: Context, server_url: str, reference: CredentialRef | None
) -> AsyncGenerator[McpSession]:
    """Lend a conversation with a server that has begun, and end it.

    Args:
        ctx: Of the block that asks.
        server_url: `http://…`, `https://…`, or `stdio:` and a program's name.
        reference: What the server knows one by; None for nothing.

    Raises:
        InputError: `server_url` is none of these.
        BlockError: The credential is not for this server, or the server does not answer as it should.
    """
    if server_url.startswith(_PROGRAM):
        name, secret = server_url.removeprefix(_PROGRAM), await _secret(ctx, reference)
        async with (
            ctx.sandbox.program(name, secret=secret) as program,
            conversation(StdioLine(program, name)) as session,
        ):
            yield session
        return
    parts = urlsplit(server_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InputError(
            "server_url", "this is no http:// or https:// address, and no stdio: program."
        )
    proof, title = await _proof(ctx, server_url, reference)
    async with conversation(HttpLine(ctx.http, server_url, proof, title)) as session:
        yield session


async def _secret(ctx: Context, reference: CredentialRef | None) -> str | None:
    """Return what a program gets into its environment.

    Raises:
        BlockError: The credential is for hosts.
    """
    if reference is None:
        return None
    secret = await ctx.credential(reference)
    if isinstance(secret, (HostScopedSecret, UserPasswordSecret)):
        raise BlockError(
            f"{reference.title or reference.id!r} is no key or token, which is all that a program takes. "
            "Choose another one.",
            code="credential.mismatch",
        )
    return texts_of(secret)[0]


async def _proof(
    ctx: Context, url: str, reference: CredentialRef | None
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
