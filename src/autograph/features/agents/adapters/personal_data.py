"""What is kept of people's agents, for the export and the deletion of their account."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from autograph.features.agents.repository import GraphRepository
from autograph.graph.portable import write_agent
from autograph.graph.spec import BlockSpec
from autograph.infra.json import Json


class AgentData:
    """Implements `PersonalData` of accounts."""

    name = "agents"

    def __init__(self, graphs: GraphRepository, specs: Mapping[str, BlockSpec]) -> None:
        """Use `graphs`; `specs` say which of their pins are secret."""
        self._graphs = graphs
        self._specs = specs

    async def export(self, user_id: UUID) -> Json:
        """Return the newest version of each of somebody's agents, as agent files without secrets."""
        return [
            write_agent(one.graph, self._specs, keep_secrets=False)
            for one in await self._graphs.all_of(user_id)
        ]

    async def erase(self, user_id: UUID) -> None:
        """Delete all of somebody's agents. Idempotent."""
        await self._graphs.erase(user_id)
