"""What an MCP server has to offer."""

from __future__ import annotations

from autograph.blocks.builtin.mcp.connecting import connected
from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Effect,
    Example,
    Json,
    Outputs,
    credential_pin,
    pin,
)

Tools = list[dict[str, Json]]


class ListMCPToolsInput(BlockInput):
    """Which server."""

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


class ListMCPToolsOutput(BlockOutput):
    """What it has."""

    tools: Tools = pin(
        description="Its tools: the name, the description and the input_schema of each."
    )


class ListMCPTools(Block[ListMCPToolsInput]):
    """Ask an MCP server for its tools."""

    id = "14e9d6a2-4343-44c2-8588-b8cb0506582f"
    name = "ListMCPTools"
    description = "Gives out the tools of any server that speaks the Model Context Protocol, with what each takes."
    categories = (Category.DEVELOPER_TOOLS,)
    effect = Effect.READ
    aliases = ("model context protocol", "mcp server", "discover tools")
    Input = ListMCPToolsInput
    Output = ListMCPToolsOutput
    examples = (
        Example(
            {"server_url": "ftp://example.com/mcp"},
            error="http",
            title="An address that no MCP server has",
        ),
    )

    async def run(self, input: ListMCPToolsInput, ctx: Context) -> Outputs:
        """Yield the tools.

        Raises:
            InputError: The address is none.
            BlockError: The server failed, or does not let one in.
        """
        async with connected(ctx, input.server_url, input.credentials) as session:
            found = await session.tools()
        yield (
            "tools",
            [
                {
                    "name": one.name,
                    "description": one.description,
                    "input_schema": dict(one.input_schema),
                }
                for one in found
            ],
        )
