"""The agents that blocks see: those of whoever the run is of."""

from __future__ import annotations

from autograph.blocks.sdk import AgentList, OwnAgent
from autograph.engine.ports import RunRef
from autograph.features.accounts.models import Principal
from autograph.features.library.repository import LibraryRepository


class OwnAgents:
    """Makes the `Library` of each run."""

    def __init__(self, library: LibraryRepository) -> None:
        """Read `library`."""
        self._library = library

    def of(self, run: RunRef) -> _OwnersLibrary:
        """Return the agents of a run's owner."""
        return _OwnersLibrary(self._library, Principal(run.owner_id, ""))


class _OwnersLibrary:
    """Implements the SDK's `Library`."""

    def __init__(self, library: LibraryRepository, owner: Principal) -> None:
        self._library = library
        self._owner = owner

    async def agents(self, search: str, *, limit: int, page: int) -> AgentList:
        """Return a page of the owner's agents."""
        found, total = await self._library.list_named(
            self._owner, search, limit=limit, skip=(page - 1) * limit
        )
        return AgentList(
            [OwnAgent(str(one.id), one.name, one.description, one.active_version) for one in found],
            total,
        )
