"""Finds the graphs that runs run, and compiles them once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID

from autograph.engine.planner import Plan, compile_plan
from autograph.engine.ports import GraphRef, RunRef
from autograph.features.accounts.models import Principal
from autograph.features.agents.errors import GraphNotFound
from autograph.features.agents.repository import GraphRepository
from autograph.graph.spec import BlockSpec
from autograph.infra.cache.flight import Flight

_KEPT: Final = 512


class SavedPlans:
    """Implements `PlanSource` over the saved graphs; versions never change, so plans are kept."""

    def __init__(self, graphs: GraphRepository, specs: Mapping[str, BlockSpec]) -> None:
        """Read from `graphs`."""
        self._graphs = graphs
        self._specs = specs
        self._plans: OrderedDict[GraphRef, Plan] = OrderedDict()
        self._making: Flight[Plan] = Flight()

    async def plan(self, graph: GraphRef) -> Plan:
        """Return a graph version, compiled; however many ask for it at once, it is read once.

        Raises:
            GraphNotFound: There is none.
        """
        plan = self._plans.get(graph)
        if plan is not None:
            self._plans.move_to_end(graph)
            return plan
        return await self._making.join(str(graph), lambda _: self._make(graph))

    async def _make(self, graph: GraphRef) -> Plan:
        document = await self._graphs.document(graph.graph_id, graph.version)
        if graph.sub_graph_id is not None:
            inner = next((one for one in document.sub_graphs if one.id == graph.sub_graph_id), None)
            if inner is None:
                raise GraphNotFound(
                    f"Graph {graph.graph_id} carries no agent {graph.sub_graph_id}."
                )
            document = replace(inner, sub_graphs=document.sub_graphs)
        plan = self._plans[graph] = compile_plan(document, self._specs)
        if len(self._plans) > _KEPT:
            self._plans.popitem(last=False)
        return plan

    async def resolve(self, parent: RunRef, graph_id: str, version: int | None) -> GraphRef:
        """Return the agent that a node names: it travels with the parent, or its owner saved it.

        Raises:
            GraphNotFound: There is none.
        """
        plan = await self.plan(parent.graph)
        if plan.sub_graph(graph_id) is not None:
            return GraphRef(parent.graph.graph_id, parent.graph.version, graph_id)
        try:
            wanted = UUID(graph_id)
        except ValueError as error:
            raise GraphNotFound(f"{graph_id!r} is no graph id.") from error
        owner = Principal(parent.owner_id, "")
        saved = await self._graphs.get(owner, wanted, version)
        return GraphRef(saved.id, saved.version)
