"""Use cases of saved graphs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from autograph.features.accounts.models import Principal
from autograph.features.agents.errors import GraphInvalid, GraphNotFound
from autograph.features.agents.models import (
    GraphSettings,
    GraphSummary,
    GraphVersion,
    SavedGraph,
)
from autograph.features.agents.repository import GraphRepository
from autograph.graph.content import content_hash
from autograph.graph.diff import GraphDiff, diff
from autograph.graph.model import Graph, Json
from autograph.graph.portable import MAX_SUB_GRAPHS, NotAnAgent, read_agent, restore_secrets
from autograph.graph.report import Report
from autograph.graph.spec import BlockKind, BlockSpec
from autograph.graph.validate import validate
from autograph.infra.ids import new_id


class AgentService:
    """Saves, reads and checks graphs."""

    def __init__(self, graphs: GraphRepository, specs: Mapping[str, BlockSpec]) -> None:
        """Use `graphs`, and check them against the blocks in `specs`."""
        self._graphs = graphs
        self._specs = specs

    async def create(self, principal: Principal, document: Json) -> SavedGraph:
        """Save a graph under a fresh id.

        Args:
            principal: Whose it will be.
            document: An agent in our own or AutoGPT's shape, bare or as `{"graph": …}`.

        Raises:
            NotAnAgent: The document is no agent.
            GraphInvalid: Validation found errors; nothing is stored.

        Writes: the graph and its version 1.
        """
        graph_id = new_id()
        graph = self._checked(await self._whole(principal, read_agent(document)))
        graph = replace(graph, id=str(graph_id), version=1)
        return await self._graphs.add(principal, graph_id, graph)

    async def ensure(self, principal: Principal, document: Json) -> SavedGraph:
        """Return the graph with the same content, saved when there is none yet.

        Raises:
            NotAnAgent: The document is no agent.
            GraphInvalid: Validation found errors; nothing is stored.

        Idempotent: by content.
        """
        graph = await self._whole(principal, read_agent(document))
        found = await self._graphs.find_by_content(principal, content_hash(graph))
        return found or await self.create(principal, document)

    async def update(
        self,
        principal: Principal,
        graph_id: UUID,
        document: Json,
        *,
        base_version: int | None = None,
    ) -> SavedGraph:
        """Save the next version of a graph; it becomes the active one. An unchanged graph stays the version it is.

        Args:
            principal: Whose it is.
            graph_id: The graph.
            document: As for `create`; secrets that it lacks are taken from the base version.
            base_version: The version the change was made on; None to overwrite whatever there is.

        Raises:
            NotAnAgent: The document is no agent.
            GraphInvalid: Validation found errors; nothing is stored.
            GraphNotFound: There is no such graph.
            StaleGraph: It was saved meanwhile.
        """
        graph = read_agent(document)
        # Screens are shown graphs without secrets, so a graph comes back without them, too.
        base = await self._graphs.get(principal, graph_id, base_version)
        graph = await self._whole(principal, restore_secrets(graph, base.graph, self._specs))
        graph = self._checked(graph)
        return await self._graphs.add_version(
            principal, graph_id, replace(graph, id=str(graph_id)), base_version=base_version
        )

    async def get(
        self, principal: Principal, graph_id: UUID, version: int | None = None
    ) -> SavedGraph:
        """Return a version of a graph, the active one where none is named.

        Raises:
            GraphNotFound: There is none.
        """
        saved = await self._graphs.get(principal, graph_id, version)
        return replace(saved, graph=replace(saved.graph, version=saved.version))

    async def list_page(
        self,
        principal: Principal,
        *,
        limit: int = 50,
        before: UUID | None = None,
        name: str | None = None,
        search: str | None = None,
    ) -> Sequence[GraphSummary]:
        """Return a page of a person's graphs, newest first.

        Args:
            principal: Whose they are.
            limit: How many at most.
            before: The page after this id.
            name: Only those of exactly this name.
            search: Only those that have it in their name or description, large or small.
        """
        return await self._graphs.list_page(
            principal, limit=limit, before=before, name=name, search=search
        )

    async def versions(self, principal: Principal, graph_id: UUID) -> Sequence[GraphVersion]:
        """Return a graph's history, newest first.

        Raises:
            GraphNotFound: There is none.
        """
        return await self._graphs.versions(principal, graph_id)

    async def compare(self, principal: Principal, graph_id: UUID, old: int, new: int) -> GraphDiff:
        """Return what changed between two versions.

        Raises:
            GraphNotFound: One of them does not exist.
        """
        before = await self._graphs.get(principal, graph_id, old)
        after = await self._graphs.get(principal, graph_id, new)
        return diff(before.graph, after.graph, self._specs)

    async def activate(self, principal: Principal, graph_id: UUID, version: int) -> SavedGraph:
        """Make a version the one that runs when none is named.

        Raises:
            GraphNotFound: There is no such version.
        """
        return await self._graphs.activate(principal, graph_id, version)

    async def settings(self, principal: Principal, graph_id: UUID) -> GraphSettings:
        """Return how the runs of a graph are held back.

        Raises:
            GraphNotFound: There is none.
        """
        return await self._graphs.settings(principal, graph_id)

    async def set_settings(
        self, principal: Principal, graph_id: UUID, settings: GraphSettings
    ) -> None:
        """Hold the runs of a graph back that way from now on; runs that were accepted keep theirs.

        Raises:
            GraphNotFound: There is none.
        """
        await self._graphs.set_settings(principal, graph_id, settings)

    async def delete(self, principal: Principal, graph_id: UUID) -> None:
        """Take a graph out of sight; its runs stay.

        Raises:
            GraphNotFound: There is none.
        """
        await self._graphs.delete(principal, graph_id)

    async def restore(self, principal: Principal, graph_id: UUID) -> None:
        """Bring a graph that was deleted back into sight.

        Raises:
            GraphNotFound: There is none that is deleted.
        """
        await self._graphs.restore(principal, graph_id)

    def check(self, graph: Graph) -> Report:
        """Return everything that is wrong with a graph."""
        return validate(graph, self._specs)

    async def _whole(self, principal: Principal, graph: Graph) -> Graph:
        """Let the saved agents that nodes name travel with a graph, in the versions that they name.

        A version of a graph is whole from then on: what happens to those agents later changes nothing in it.

        Raises:
            NotAnAgent: They are too many.
        """
        inside = {one.id: one for one in graph.sub_graphs}
        waiting = [graph, *graph.sub_graphs]
        while waiting:
            for graph_id, version in self._agents_of(waiting.pop()):
                if graph_id in inside or graph_id == graph.id:
                    continue
                try:
                    saved = await self._graphs.get(principal, UUID(graph_id), version)
                except (ValueError, GraphNotFound):
                    continue  # the check says so, at the node
                for one in (
                    replace(saved.graph, id=graph_id, sub_graphs=()),
                    *saved.graph.sub_graphs,
                ):
                    if one.id not in inside:
                        inside[one.id] = one
                        waiting.append(one)
                if len(inside) > MAX_SUB_GRAPHS:
                    raise NotAnAgent(f"More than {MAX_SUB_GRAPHS} agents travel with this one.")
        return replace(graph, sub_graphs=tuple(inside.values()))

    def _agents_of(self, graph: Graph) -> Iterator[tuple[str, int | None]]:
        """Yield the ids and versions of the agents that a graph's nodes run."""
        for node in graph.nodes:
            spec = self._specs.get(node.block_id)
            graph_id, version = node.constants.get("graph_id"), node.constants.get("graph_version")
            if spec is not None and spec.kind is BlockKind.AGENT and isinstance(graph_id, str):
                yield graph_id, version if isinstance(version, int) else None

    def _checked(self, graph: Graph) -> Graph:
        report = self.check(graph)
        if not report.ok:
            count = sum(len(pins) for pins in report.errors().values())
            raise GraphInvalid(
                f"The graph {graph.name!r} has {count} error{'s' if count != 1 else ''}; nothing was saved.",
                errors=report.errors(),
                warnings=report.warnings(),
            )
        return graph
