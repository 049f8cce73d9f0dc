"""Use cases of a person's agents as they keep them: found, put in order, put away, taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from autograph.features.accounts.models import Principal
from autograph.features.agents.service import AgentService
from autograph.features.integrations.service import WebhookService
from autograph.features.library.models import (
    AgentSort,
    Cursor,
    Filter,
    LibraryAgent,
    LibraryPage,
    Wanted,
)
from autograph.features.library.repository import LibraryRepository, PresetRepository
from autograph.graph.portable import write_agent

MAX_PAGE: Final = 200


class LibraryService:
    """Shows agents with how they are, and keeps what their person says about them.

    Every agent is in its owner's library from the moment it is saved: there is nothing to make, so nothing
    can be missing or there twice.
    """

    def __init__(
        self,
        library: LibraryRepository,
        presets: PresetRepository,
        agents: AgentService,
        webhooks: WebhookService,
    ) -> None:
        """Use all of them."""
        self._library = library
        self._presets = presets
        self._agents = agents
        self._webhooks = webhooks

    async def list_page(
        self,
        principal: Principal,
        wanted: Filter,
        sort: AgentSort = AgentSort.UPDATED,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> LibraryPage:
        """Return a page of a person's agents; with the first one, how many each filter would show.

        Args:
            principal: Whose.
            wanted: Which.
            sort: In which order.
            limit: How many at most, up to 200.
            cursor: `next_cursor` of the page before; None for the first one.

        Raises:
            CursorInvalid: No list in this order gave that cursor.
        """
        after = None if cursor is None else Cursor.read(cursor, sort)
        agents, end = await self._library.list_page(
            principal, wanted, sort, limit=min(limit, MAX_PAGE), after=after
        )
        counts = await self._library.counts(principal, wanted) if after is None else None
        return LibraryPage(agents, counts, None if end is None else end.text())

    async def get(self, principal: Principal, graph_id: UUID) -> LibraryAgent:
        """Return an agent.

        Raises:
            GraphNotFound: There is none.
        """
        return await self._library.get(principal, graph_id)

    async def change(
        self, principal: Principal, graph_ids: Sequence[UUID], wanted: Wanted
    ) -> Sequence[LibraryAgent]:
        """Keep what is said about agents, about all or none of them; return them as they are then.

        Raises:
            GraphNotFound: One of them is not there.
            FolderNotFound: There is no such folder.
        """
        await self._library.change(principal, graph_ids, wanted)
        return [await self._library.get(principal, one) for one in graph_ids]

    async def duplicate(
        self, principal: Principal, graph_id: UUID, name: str | None = None
    ) -> LibraryAgent:
        """Save the active version of an agent as another one, in the same folder.

        Args:
            principal: Whose.
            graph_id: Which.
            name: What to call it; None for the same, and "(copy)".

        Raises:
            GraphNotFound: There is none.
            GraphInvalid: It cannot be saved any more as it is: a block of it is gone.
        """
        before = await self._library.get(principal, graph_id)
        graph = (await self._agents.get(principal, graph_id)).graph
        named = replace(graph, name=f"{graph.name} (copy)" if name is None else name)
        saved = await self._agents.create(principal, write_agent(named))
        if before.folder_id is not None:
            moved = Wanted(is_moved=True, folder_id=before.folder_id)
            await self._library.change(principal, [saved.id], moved)
        return await self._library.get(principal, saved.id)

    async def delete(self, principal: Principal, graph_id: UUID) -> None:
        """Take an agent out of sight; its triggers start nothing any more. Its runs and presets stay.

        Raises:
            GraphNotFound: There is none.
        """
        await self._agents.delete(principal, graph_id)
        await self._switch(principal, graph_id, is_active=False)

    async def restore(self, principal: Principal, graph_id: UUID) -> LibraryAgent:
        """Take a deleted agent back, as it was; triggers that were on are on again, at the same addresses.

        Raises:
            GraphNotFound: There is none that is deleted.
        """
        await self._agents.restore(principal, graph_id)
        await self._switch(principal, graph_id, is_active=True)
        return await self._library.get(principal, graph_id)

    async def _switch(self, principal: Principal, graph_id: UUID, *, is_active: bool) -> None:
        # A preset says whether it is wanted; what listens for it is what is switched here.
        for one in await self._presets.listening(principal.user_id, graph_id):
            await self._webhooks.switch(principal, one, is_active=is_active)
