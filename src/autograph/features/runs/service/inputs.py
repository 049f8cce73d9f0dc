"""What runs are started with, as their graph takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from autograph.engine.ports import GraphRef, PlanSource
from autograph.graph.model import Json
from autograph.graph.schemas import check_inputs, input_schema
from autograph.graph.spec import BlockSpec
from autograph.infra.json import canonical

_KEPT: Final = 1_000


class InputCheck:
    """Checks inputs against what a graph version takes; versions never change, so that is derived once."""

    def __init__(self, plans: PlanSource, specs: Mapping[str, BlockSpec]) -> None:
        """Read graphs from `plans`."""
        self._plans = plans
        self._specs = specs
        self._schemas: dict[GraphRef, Mapping[str, Json]] = {}

    async def fitted(self, graph: GraphRef, inputs: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return inputs, coerced to what a graph takes.

        Raises:
            InvalidInputs: Every input that does not fit, in `details`.
            NotFound: There is no such graph version.
        """
        fitted: Mapping[str, Json] = canonical(check_inputs(await self._schema(graph), inputs))[1]
        return fitted

    async def _schema(self, graph: GraphRef) -> Mapping[str, Json]:
        schema = self._schemas.get(graph)
        if schema is None:
            schema = input_schema((await self._plans.plan(graph)).graph, self._specs)
            if len(self._schemas) >= _KEPT:
                self._schemas.clear()
            self._schemas[graph] = schema
        return schema
