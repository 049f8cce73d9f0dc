"""The person's own agents, listed."""

from __future__ import annotations

import math
from typing import Final

from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    InputError,
    Json,
    Outputs,
    pin,
)

Entries = dict[str, Json]
Listed = list[Entries]
_MOST: Final = 200
_LAST: Final = 1_000_000


class ListLibraryAgentsInput(BlockInput):
    """Which agents."""

    search_query: str | None = pin(
        None,
        description="What their name or description has; all agents without.",
        max_length=1_000,
        advanced=True,
    )
    limit: int = pin(50, description="How many on a page.", ge=1, le=_MOST, advanced=True)
    page: int = pin(1, description="Which page, from 1.", ge=1, le=_LAST, advanced=True)


class ListLibraryAgentsOutput(BlockOutput):
    """Agents."""

    agents: Listed = pin(description="The agents on the page, by name, in one list.")
    agent: Entries = pin(
        description="An agent: its id, which AgentExecutor takes as graph_id, its version, name and description; comes "
        "once for each."
    )
    total_count: int = pin(description="How many there are on all pages.")
    page: int = pin(description="Which page this is.")
    total_pages: int = pin(description="How many pages there are.")


class ListLibraryAgents(Block[ListLibraryAgentsInput]):
    """The person's own agents."""

    id = "082602d3-a74d-4600-9e9c-15b3af7eae98"
    name = "ListLibraryAgents"
    description = "Lists the agents in your library, by name. Those that are archived or deleted are left out."
    categories = (Category.BASIC, Category.DATA)
    effect = Effect.READ
    aliases = ("my agents", "find agent")
    Input = ListLibraryAgentsInput
    Output = ListLibraryAgentsOutput
    examples = (
        Example(
            {"search_query": "tea"},
            [("agents", []), ("total_count", 0), ("page", 1), ("total_pages", 0)],
        ),
        Example({"limit": 0}, error="limit"),
    )

    async def run(self, input: ListLibraryAgentsInput, ctx: Context) -> Outputs:
        """Yield the agents.

        Raises:
            InputError: What is searched for can stand in no name.
        """
        search = (input.search_query or "").strip()
        if not _is_plain(search):
            raise InputError("search_query", "it has a character that no text can have.")
        found = await ctx.library.agents(search, limit=input.limit, page=input.page)
        listed = [one.as_json() for one in found.agents]
        yield "agents", list(listed)
        for one in listed:
            yield "agent", one
        yield "total_count", found.total
        yield "page", input.page
        yield "total_pages", math.ceil(found.total / input.limit)


def _is_plain(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
