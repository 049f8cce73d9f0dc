"""What has to be so before a run is accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from autograph.engine.debug import check, pinned_outputs, running
from autograph.engine.events import RunStarted
from autograph.engine.planner import PAYLOAD_PIN
from autograph.engine.ports import GraphRef, PlanSource
from autograph.features.accounts.models import Principal
from autograph.features.integrations.service import NeedService
from autograph.features.runs.errors import NeedsTrigger
from autograph.features.runs.models import Debug, Order
from autograph.features.storage.service import StorageService
from autograph.graph.credentials import CredentialNeed, needs_of
from autograph.graph.model import Json
from autograph.graph.schemas import check_inputs, input_schema, triggers
from autograph.graph.spec import BlockSpec
from autograph.infra.json import canonical

_KEPT: Final = 1_000


class Intake:
    """Checks that there is room, and that inputs are what a graph version takes."""

    def __init__(
        self,
        plans: PlanSource,
        specs: Mapping[str, BlockSpec],
        storage: StorageService,
        credentials: NeedService,
    ) -> None:
        """Read graphs from `plans`; ask `storage` for room and `credentials` for what serves."""
        self._plans = plans
        self._specs = specs
        self._storage = storage
        self._credentials = credentials
        self._needs: dict[GraphRef, Sequence[CredentialNeed]] = {}
        self._schemas: dict[GraphRef, Mapping[str, Json]] = {}
        self._started_by: dict[GraphRef, tuple[str, ...]] = {}

    async def require_room(self, principal: Principal) -> None:
        """Make sure that a person's runs may keep more.

        Raises:
            StorageFull: They keep all they may.
        """
        await self._storage.check_room(principal)

    async def debugged(self, graph: GraphRef, debug: Debug) -> RunStarted:
        """Return what a run is told, as its first event has it; the rest of that is not said yet.

        Raises:
            UnknownTarget: It names a node or a pin that there is not.
            NotFound: There is no such graph version.
        """
        if not debug:
            return RunStarted({})
        told = RunStarted(
            {},
            until=None if debug.until is None else tuple(dict.fromkeys(debug.until)),
            pinned={
                node: tuple((pin, canonical(one)[1]) for pin, one in pinned_outputs(pins))
                for node, pins in debug.pinned.items()
            }
            or None,
            breakpoints=tuple(dict.fromkeys(debug.breakpoints)) or None,
        )
        check(told, await self._plans.plan(graph))
        return told

    async def accept(
        self, graph: GraphRef, inputs: Mapping[str, Json], told: RunStarted | None = None
    ) -> Mapping[str, Json]:
        """Return inputs, coerced to what a graph takes.

        Args:
            graph: What runs.
            inputs: By name.
            told: What the run was told: inputs of nodes that do not run may be left out.

        Raises:
            InvalidInputs: Every input that does not fit, in `details`.
            NotFound: There is no such graph version.
        """
        schema = await self._schema(graph)
        if told is not None and (only := await self._running(graph, told)) is not None:
            plan = await self._plans.plan(graph)
            asked = {node.input_name for node in plan.nodes if node.id in only}
            schema = {**schema, "required": [one for one in schema["required"] if one in asked]}
        fitted: Mapping[str, Json] = canonical(check_inputs(schema, inputs))[1]
        return fitted

    async def _running(self, graph: GraphRef, told: RunStarted) -> frozenset[str] | None:
        """Return the nodes that a run which was told so may run; None for all of them."""
        if told.until is None and not told.pinned:
            return None
        return running(await self._plans.plan(graph), told)

    async def overrides(
        self, principal: Principal, graph: GraphRef, order: Order, told: RunStarted
    ) -> Mapping[str, Mapping[str, Json]]:
        """Return what is laid over nodes for a run: credentials that were chosen, and what its trigger brings.

        Args:
            principal: For whom it runs.
            graph: What runs.
            order: What is wanted.
            told: What the run is told: nodes that do not run need no credential, and wait for no trigger.

        Raises:
            NeedsTrigger: A trigger starts the agent, and the order brings nothing; or the other way round.
            CredentialsMissing: Nodes would not start without; `details.errors` has them.
            NotFound: There is no such graph version.
        """
        laid: dict[str, dict[str, Json]] = {}
        only = await self._running(graph, told)
        found = await self._triggers(graph)
        came_to = None if order.payload is None else _came_to(found, order.trigger)
        if came_to is not None and len(found) > 1:
            all_of_it = only or running(await self._plans.plan(graph), told)
            only = all_of_it - (set(found) - {came_to})
        if order.dry_run is None:  # a dry run opens no credential, so it needs none
            chosen = await self._choose(principal, graph, order.credentials, only)
            laid = {node: dict(pins) for node, pins in chosen.items()}
        if order.payload is not None and came_to is not None:
            own = laid.setdefault(came_to, {})
            own |= {**order.config, PAYLOAD_PIN: dict(order.payload)}
        elif any(only is None or node in only for node in found):
            raise NeedsTrigger(
                "The agent is started by what happens elsewhere. Make a preset with a trigger, or give the run a "
                "`payload` to try it with.",
                triggers=list(found),
            )
        return laid

    async def _triggers(self, graph: GraphRef) -> tuple[str, ...]:
        """Return the nodes that start a graph version; they are looked up once."""
        found = self._started_by.get(graph)
        if found is None:
            whole = (await self._plans.plan(graph)).graph
            found = tuple(node.id for node, _ in triggers(whole, self._specs))
            if len(self._started_by) >= _KEPT:
                self._started_by.clear()
            self._started_by[graph] = found
        return found

    async def choose(
        self, principal: Principal, graph: GraphRef, chosen: Mapping[str, Json]
    ) -> Mapping[str, Mapping[str, Json]]:
        """Return the credentials that are laid over nodes: `{node: {pin: reference}}`.

        Args:
            principal: Whose they are.
            graph: What runs.
            chosen: What they chose, by the names in the graph's `credentials_input_schema`.

        Raises:
            CredentialsMissing: Nodes would not start without; `details.errors` has them.
            NotFound: There is no such graph version.
        """
        return await self._choose(principal, graph, chosen, None)

    async def _choose(
        self,
        principal: Principal,
        graph: GraphRef,
        chosen: Mapping[str, Json],
        only: frozenset[str] | None,
    ) -> Mapping[str, Mapping[str, Json]]:
        needs = await self.needs(graph)
        if only is not None:
            left = [
                replace(one, pins=[pin for pin in one.pins if pin.node_id in only]) for one in needs
            ]
            idle = {one.name for one in left if not one.pins}
            needs = [one for one in left if one.pins]
            chosen = {name: one for name, one in chosen.items() if name not in idle}
        if not needs and not chosen:
            return {}
        return await self._credentials.choose(principal, needs, chosen)

    async def needs(self, graph: GraphRef) -> Sequence[CredentialNeed]:
        """Return which credentials a graph version needs.

        Raises:
            NotFound: There is none.
        """
        found = self._needs.get(graph)
        if found is None:
            found = needs_of((await self._plans.plan(graph)).graph, self._specs)
            if len(self._needs) >= _KEPT:
                self._needs.clear()
            self._needs[graph] = found
        return found

    async def _schema(self, graph: GraphRef) -> Mapping[str, Json]:
        """Return what a graph version takes; versions never change, so it is derived once."""
        schema = self._schemas.get(graph)
        if schema is None:
            schema = input_schema((await self._plans.plan(graph)).graph, self._specs)
            if len(self._schemas) >= _KEPT:
                self._schemas.clear()
            self._schemas[graph] = schema
        return schema


def _came_to(found: Sequence[str], wanted: str | None) -> str:
    """Return the trigger that a payload is for: the one that is wanted, else the only one.

    Raises:
        NeedsTrigger: There is none, or it has to be chosen.
    """
    if wanted is None and len(found) == 1:
        return found[0]
    if wanted is not None and wanted in found:
        return wanted
    which = ", ".join(found)
    if not found:
        said = "The agent has no trigger that a payload could arrive at."
    elif wanted is None:
        said = f"The agent has {len(found)} triggers. Say which of them it is for: {which}."
    else:
        said = f"The agent has no trigger {wanted}. It has: {which}."
    raise NeedsTrigger(said, triggers=list(found))
