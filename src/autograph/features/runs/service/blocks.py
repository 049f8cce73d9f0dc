"""Use cases of single blocks: run one by hand, outside any run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import InputError
from autograph.engine.executor import Executor, Failed, Waits
from autograph.engine.planner import compile_plan
from autograph.engine.ports import GraphRef, RunRef
from autograph.engine.state import NodeRun
from autograph.features.accounts.models import Principal
from autograph.features.runs.errors import BlockFailed, BlockWaits
from autograph.features.runs.models import BlockResult
from autograph.graph.model import Graph, Json, Node, Policy
from autograph.graph.schemas import InvalidInputs
from autograph.infra.ids import new_id

MOST_TIME: Final = timedelta(minutes=5)
"""How long somebody waits for a block; what takes longer belongs into an agent."""
_AT_ONCE: Final = 32
_BY_HAND: Final = UUID(int=0)
"""The agent that blocks run by hand seem to belong to: what they remember by agent, they share."""


class BlockService:
    """Runs blocks by hand."""

    def __init__(self, catalog: Catalog, executor: Executor) -> None:
        """Run blocks of `catalog` by `executor`."""
        self._catalog = catalog
        self._executor = executor
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def run(
        self, principal: Principal, block_id: str, values: Mapping[str, Json]
    ) -> BlockResult:
        """Run a block once, with the person's credentials and stored values; nothing of it is journaled.

        Args:
            principal: For whom.
            block_id: Id or name.
            values: Its inputs, as they are: nothing is coerced (decision 0006).

        Raises:
            UnknownBlock: There is none.
            InvalidInputs: A value does not fit.
            BlockFailed: It failed.
            BlockWaits: It waits for something.
        """
        block = self._catalog.get(block_id)
        try:
            block.accept(values)
        except InputError as error:
            raise InvalidInputs(error.message, errors={error.pin: error.message}) from None
        node = Node("block", block.id, values, policy=Policy(timeout=MOST_TIME))
        plan = compile_plan(Graph("by-hand", block.name, nodes=(node,)), self._catalog.specs())
        if not plan.nodes:
            raise BlockFailed(f"{block.name} is a note: it does nothing.", block_code="block.note")
        run = RunRef(
            new_id(), principal.user_id, GraphRef(_BY_HAND, 1), timezone=principal.timezone
        )
        async with self._turn:
            outcome = await self._executor.attempt(
                run, NodeRun(1, plan.nodes[0], {}), {}, asks_people=True
            )
        if isinstance(outcome, Waits):
            raise BlockWaits(
                f"{block.name} waits ({outcome.wait.kind}). Put it into an agent: a run can wait."
            )
        outputs: dict[str, list[Json]] = {}
        for pin, value in outcome.outputs:
            outputs.setdefault(pin, []).append(value)
        if isinstance(outcome, Failed):
            raise BlockFailed(outcome.message, block_code=outcome.code, outputs=outputs)
        return BlockResult(outputs, outcome.duration_ms, outcome.credits)
