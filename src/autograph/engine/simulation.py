"""Dry runs: what stands in for the nodes that would touch the world.

A node that is not pure is not run. What it gives out is, in this order,

    recording          what it gave out in an earlier run, for the same values
    similar_recording  what it gave out there for other values, the next one each time
    model              what a model made of its description and its values: where one is named, and its schema
                       leaves open what the outputs look like
    sample             what its block's example gives out, in the shape that its links need

and its end says which. Pure nodes run, as in any run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from autograph.blocks.sdk import ANY, Cost, CostKind, Example, Message, ModelError, ModelRequest
from autograph.engine.events import NodeWaiting, Output
from autograph.engine.executor import Done, Executor, Failed, Outcome
from autograph.engine.fork import History, Step, read
from autograph.engine.planner import ERROR_PIN, NodePlan, Plan, node_values
from autograph.engine.ports import GraphRef, JournalStore, PlanSource, RunRef
from autograph.engine.prices import credits_of
from autograph.engine.state import NodeRun, NodeRunStatus
from autograph.graph import pins
from autograph.graph.model import Json, is_list, is_object
from autograph.graph.samples import is_open, sample
from autograph.graph.spec import JsonSchema
from autograph.infra.errors import Invalid, NotFound
from autograph.infra.json import canonical, decode, encode

_PRICE: Final = (Cost(150, CostKind.COST_USD),)
"""What a model costs on the installation's account, as for the blocks that ask one."""
_STAND_IN: Final = (
    "You stand in for a step of a program in a rehearsal, so that nothing real happens. Answer with what the step "
    "would plausibly give out for its inputs: JSON of the schema, and nothing else."
)


class Source(StrEnum):
    """Where the outputs of a node are from that did not run."""

    RECORDING = "recording"
    SIMILAR_RECORDING = "similar_recording"
    SAMPLE = "sample"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Means:
    """By what a dry run simulates.

    Attributes:
        model: Asked where a schema says too little; None for nobody.
        run_id: An earlier run of the agent; None where there is none.
        version: The version of the graph that it ran.
    """

    model: str | None = None
    run_id: UUID | None = None
    version: int = 1

    def as_json(self) -> dict[str, Json]:
        """Return it as the journal has it."""
        earlier = {"run": str(self.run_id), "version": self.version}
        return {"model": self.model, "recording": earlier if self.run_id else None}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Means:
        """Return what `as_json` wrote."""
        earlier = said.get("recording")
        if earlier is None:
            return cls(said.get("model"))
        return cls(said.get("model"), UUID(earlier["run"]), earlier["version"])


class Simulation:
    """Stands in for nodes of one dry run."""

    def __init__(
        self, run: RunRef, means: Means, store: JournalStore, plans: PlanSource, executor: Executor
    ) -> None:
        """Simulate by `means`; read earlier runs from `store` and `plans`, ask models by `executor`."""
        self._run = run
        self._means = means
        self._store = store
        self._plans = plans
        self._executor = executor
        self._history: History | None = None
        self._is_read = False
        self._taken: Counter[str] = Counter()

    async def outcome(self, plan: Plan, run: NodeRun, overrides: Mapping[str, Json]) -> Outcome:
        """Return what stands for a node run."""
        values = node_values(run.node, run.arrived, overrides)
        found = await self._recorded(run.node, values)
        if found is not None:
            source, outputs = found
            return Done(outputs, 0.0, simulated=source.value)
        wanted = _wanted(plan, run.node, self._executor.examples(run.node.spec.id))
        if self._means.model is not None and any(one.is_open for one in wanted.values()):
            return await self._imagined(run, values, wanted, self._means.model)
        outputs = [(pin, one.value) for pin, one in wanted.items()]
        return Done(outputs, 0.0, simulated=Source.SAMPLE.value)

    async def inside(self, node: str) -> Mapping[str, Json]:
        """Return by what the next run of the agent of a node simulates: as it went in the earlier run."""
        history = await self._read()
        children = [
            UUID(event.child)
            for event in (history.events if history else ())
            if isinstance(event, NodeWaiting) and event.node == node and event.child
        ]
        place = self._taken[node]
        self._taken[node] += 1
        child = children[min(place, len(children) - 1)] if children else None
        return Means(self._means.model, child, self._means.version).as_json()

    async def _recorded(
        self, node: NodePlan, values: Mapping[str, Json]
    ) -> tuple[Source, list[Output]] | None:
        history = await self._read()
        steps = [
            one
            for one in (history.steps if history else ())
            if one.run.node.id == node.id
            and one.run.node.spec.id == node.spec.id
            and one.run.status is NodeRunStatus.COMPLETED
        ]
        if not steps or history is None:
            return None
        plain = _without_credentials(node, values)
        same = [one for one in steps if _values_of(history, one) == plain]
        key = f"{node.id} {encode(plain)!r}" if same else node.id
        place = self._taken[key]
        self._taken[key] += 1
        chosen = (same or steps)[min(place, len(same or steps) - 1)]
        outputs = [
            output
            for event in chosen.events
            if not isinstance(event, NodeWaiting)
            for output in event.outputs
        ]
        return (Source.RECORDING if same else Source.SIMILAR_RECORDING), outputs

    async def _read(self) -> History | None:
        if not self._is_read and self._means.run_id is not None:
            events = await self._store.load(self._means.run_id)
            graph = self._run.graph
            earlier = GraphRef(graph.graph_id, self._means.version, graph.sub_graph_id)
            try:
                self._history = read(await self._plans.plan(earlier), events) if events else None
            except NotFound:
                self._history = None
        self._is_read = True
        return self._history

    async def _imagined(
        self, run: NodeRun, values: Mapping[str, Json], wanted: Mapping[str, _Wanted], model: str
    ) -> Outcome:
        spec = run.node.spec
        plain = _without_credentials(run.node, values)
        schema: dict[str, Json] = {
            "type": "object",
            "properties": {pin: one.schema for pin, one in wanted.items()},
            "required": list(wanted),
        }
        asked = f"The step {spec.name}: {spec.description}\n\nIts inputs: {encode(plain).decode()}"
        messages = [Message.system(_STAND_IN), Message.user(asked)]
        request = ModelRequest(model, messages, schema=schema)
        try:
            answer, usage = await self._executor.ask(self._run, run, request)
            said = decode(answer.text)
        except (ModelError, Invalid) as error:
            return Failed([], 0.0, "simulation.failed", f"{model} did not stand in: {error}")
        outputs = [(pin, said[pin]) for pin in wanted if is_object(said) and pin in said]
        credits = credits_of(_PRICE, {}, seconds=0.0, usage=usage)
        return Done(outputs, 0.0, credits, simulated=Source.MODEL.value)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An output that is simulated.

    Attributes:
        is_open: Its schema leaves open what it looks like.
    """

    value: Json
    schema: dict[str, Json]
    is_open: bool


def _wanted(plan: Plan, node: NodePlan, examples: Sequence[Example]) -> dict[str, _Wanted]:
    """Return the outputs that a node gives out when all goes well, each with a sample of its value."""
    known = node.spec.output_pins
    example = next((one for one in examples if one.outputs and one.error is None), None)
    given = dict(example.outputs) if example else {}
    names = [pin for pin in known if pin in given] or [pin for pin in known if pin != ERROR_PIN]
    return {pin: _shaped(plan, node, pin, known[pin], given.get(pin, ANY)) for pin in names}


def _shaped(plan: Plan, node: NodePlan, pin: str, schema: JsonSchema, given: Any) -> _Wanted:
    """Return an output in the shape that the links which leave it need."""
    value = sample(schema, pin) if _has_any(given) else canonical(given)[1]
    asked: dict[str, Json] = dict(schema)
    for route in node.routes.get(pin, ()):
        if not route.path or pins.select(value, route.path) is not pins.NOTHING:
            continue
        sink = pins.parse(route.pin)
        wanted: JsonSchema = {}
        if not sink.path:
            wanted = plan.nodes[route.sink].spec.input_pins.get(sink.base, wanted)
        value = pins.put(value, route.path, sample(wanted, str(route.path[-1])))
        if isinstance(route.path[0], str):
            inner = asked.get("properties")
            asked |= {
                "type": "object",
                "properties": {**(inner if is_object(inner) else {}), route.path[0]: dict(wanted)},
            }
    return _Wanted(value, asked, is_open(schema))


def _has_any(value: Any) -> bool:
    if is_list(value):
        return any(map(_has_any, value))
    return any(map(_has_any, value.values())) if is_object(value) else value is ANY


def _values_of(history: History, step: Step) -> Mapping[str, Json]:
    node = step.run.node
    overrides = history.started.overrides.get(node.id, {})
    return _without_credentials(node, node_values(node, step.run.arrived, overrides))


def _without_credentials(node: NodePlan, values: Mapping[str, Json]) -> dict[str, Json]:
    accesses = node.spec.credential_fields
    return {pin: one for pin, one in values.items() if pin not in accesses and one is not None}
