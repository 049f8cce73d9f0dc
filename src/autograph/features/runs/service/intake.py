"""What has to be so before a run is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from autograph.engine.ports import GraphRef, PlanSource
from autograph.features.accounts.models import Principal
from autograph.features.storage.service import StorageService
from autograph.graph.model import Json
from autograph.graph.schemas import check_inputs, input_schema
from autograph.graph.spec import BlockSpec
from autograph.infra.json import canonical

_KEPT: Final = 1_000


class Intake:
    """Checks that there is room, and that inputs are what a graph version takes."""

    def __init__(
        self, plans: PlanSource, specs: Mapping[str, BlockSpec], storage: StorageService
    ) -> None:
        """Read graphs from `plans`, and ask `storage` for room."""
        self._plans = plans
        self._specs = specs
        self._storage = storage
        self._schemas: dict[GraphRef, Mapping[str, Json]] = {}

    async def require_room(self, principal: Principal) -> None:
        """Make sure that a person's runs may keep more.

        Raises:
            StorageFull: They keep all they may.
        """
        await self._storage.check_room(principal)

    async def accept(self, graph: GraphRef, inputs: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return inputs, coerced to what a graph takes.

        Raises:
            InvalidInputs: Every input that does not fit, in `details`.
            NotFound: There is no such graph version.
        """
        fitted: Mapping[str, Json] = canonical(check_inputs(await self._schema(graph), inputs))[1]
        return fitted

    async def _schema(self, graph: GraphRef) -> Mapping[str, Json]:
        """Return what a graph version takes; versions never change, so it is derived once."""
        schema = self._schemas.get(graph)
        if schema is None:
            schema = input_schema((await self._plans.plan(graph)).graph, self._specs)
            if len(self._schemas) >= _KEPT:
                self._schemas.clear()
            self._schemas[graph] = schema
        return schema
