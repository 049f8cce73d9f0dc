"""The person's agents, as blocks see them: to be read, and nobody else's.

found = await ctx.library.agents("tea", limit=50, page=1)
for one in found.agents:
    yield "agent", one.as_json()
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from autograph.blocks.sdk.fields import Json


@dataclass(frozen=True, slots=True)
class OwnAgent:
    """An agent in its person's library.

    Attributes:
        id: The graph's; AgentExecutor takes it as `graph_id`.
        version: The active one.
    """

    id: str
    name: str
    description: str
    version: int

    def as_json(self) -> dict[str, Json]:
        """Return it as blocks give it out. An agent has one id here, in the library as well."""
        return {
            "library_agent_id": self.id,
            "agent_id": self.id,
            "agent_version": self.version,
            "agent_name": self.name,
            "description": self.description,
        }


@dataclass(frozen=True, slots=True)
class AgentList:
    """A page of agents, by name.

    Attributes:
        total: How many there are on all pages.
    """

    agents: Sequence[OwnAgent]
    total: int


class Library(Protocol):
    """A person's agents: those in sight, neither put away nor deleted."""

    async def agents(self, search: str, *, limit: int, page: int) -> AgentList:
        """Return a page of them.

        Args:
            search: What their name or description has, large or small letters; empty for all. Without U+0000.
            limit: How many on a page, from 1.
            page: Which, from 1; there is nothing on one after the last.
        """
        ...
