"""Use cases of breakpoints: node runs that wait until a person lets them go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from autograph.engine.planner import NodePlan
from autograph.engine.ports import GraphRef, JournalStore, PlanSource
from autograph.engine.waits import Release
from autograph.features.accounts.models import Principal
from autograph.features.runs.errors import AnswerInvalid, BreakNotFound, NotPaused
from autograph.features.runs.models import Break
from autograph.features.runs.repository import RunRepository
from autograph.features.runs.service.reviews import fitted_pins
from autograph.graph.model import Graph, Json, is_object
from autograph.graph.schemas import node_input_pins


class BreakService:
    """Lets node runs go on from their breakpoints."""

    def __init__(self, runs: RunRepository, journal: JournalStore, plans: PlanSource) -> None:
        """Use all of these."""
        self._runs = runs
        self._journal = journal
        self._plans = plans

    async def let_go(
        self,
        principal: Principal,
        run_id: UUID,
        *,
        break_id: UUID | None = None,
        inputs: Mapping[str, Json] | None = None,
        step: bool = False,
    ) -> Sequence[Break]:
        """Let what waits at breakpoints in a run go on; return what was let go.

        Args:
            principal: Who says so; noted with the answer.
            run_id: The run; what waits in runs inside it counts, too.
            break_id: Which one; None for all that wait.
            inputs: Values that the node run gets instead of its own, by input pin; only where one goes on.
            step: Every node run of its run that gets ready after it waits, too, until one goes on without.

        Raises:
            RunNotFound: There is no such run.
            NotPaused: Nothing in it waits at a breakpoint, or somebody was faster.
            BreakNotFound: Nothing with that id does.
            AnswerInvalid: The inputs do not fit, or several wait and it is not said whose they are.

        Writes: the answers, and a message to each run. Idempotent: the first answer stands.
        """
        await self._runs.get(principal, run_id)
        waiting = await self._runs.breaks(principal, run_id)
        if not waiting:
            raise NotPaused(f"Nothing in run {run_id} waits at a breakpoint.")
        chosen = [one for one in waiting if break_id in (None, one.id)]
        if not chosen:
            raise BreakNotFound(f"Nothing in run {run_id} waits at a breakpoint as {break_id}.")
        if inputs and len(chosen) > 1:
            errors = {"break_id": f"Say which: {len(chosen)} node runs wait"}
            raise AnswerInvalid(f"The answer does not fit. {errors['break_id']}.", errors=errors)
        laid_over: Json = {}
        if inputs:
            laid_over = fitted_pins(inputs, await self._pins(principal, chosen[0]), "inputs")
        release = Release(
            laid_over if is_object(laid_over) else {}, step=step, by=principal.name
        ).as_json()
        let_go = [one for one in chosen if await self._journal.answer(one.id, release)]
        if not let_go:
            raise NotPaused(f"Somebody else let run {run_id} go on.")
        return let_go

    async def _pins(self, principal: Principal, found: Break) -> Mapping[str, Mapping[str, Json]]:
        row = await self._runs.get(principal, found.run_id)
        plan = await self._plans.plan(GraphRef(row.graph_id, row.graph_version, row.sub_graph_id))
        node = next(one for one in plan.nodes if one.id == found.node)
        return _input_pins(node, plan.graph)


def _input_pins(node: NodePlan, graph: Graph) -> Mapping[str, Mapping[str, Json]]:
    placed = next(one for one in graph.nodes if one.id == node.id)
    return node_input_pins(placed, node.spec)
