"""Use cases of cassettes: a recorded run as a regression test."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from autograph.blocks.sdk.exchanges import MASK
from autograph.blocks.tape.exchange import Exchange, scrubbed, told
from autograph.engine.cassette import Cassette, unhandled
from autograph.engine.events import (
    Event,
    NodeExchanged,
    NodeFailed,
    NodeResumed,
    NodeWaiting,
    RunStarted,
    WaitKind,
)
from autograph.engine.ports import GraphRef, JournalStore, PlanSource
from autograph.engine.waits import Choice
from autograph.features.accounts.models import Principal
from autograph.features.runs.errors import NotRecorded, RunIsGoing
from autograph.features.runs.repository import RunRepository
from autograph.graph.model import Graph, Json, Node, is_list, is_object
from autograph.graph.portable import read_agent, write_agent
from autograph.graph.portable.secrets import public_constants
from autograph.graph.schemas import input_schema
from autograph.graph.spec import BlockSpec
from autograph.infra.json import encode

_ANSWERED: Final = frozenset({WaitKind.REVIEW, WaitKind.ACTION, WaitKind.CALL})
_CALL: Final = re.compile(r"https?://[^\s\"'<>/]+/api/v1/calls/[A-Za-z0-9_-]{32}")
_CALL_SHOWN: Final = f"https://autograph.invalid/api/v1/calls/{MASK}"
_SHORTEST: Final = 4
"""Characters of a text that is taken out wherever it stands; a shorter one would take half the words along."""


@dataclass(slots=True)
class _Read:
    """What the journals of a run and of those inside it say."""

    exchanges: list[Exchange] = field(default_factory=list[Exchange])
    answers: list[Mapping[str, Json]] = field(default_factory=list[Mapping[str, Json]])
    children: dict[str, str] = field(default_factory=dict[str, str])


class CassetteService:
    """Makes cassettes of runs."""

    def __init__(
        self,
        runs: RunRepository,
        journal: JournalStore,
        plans: PlanSource,
        specs: Mapping[str, BlockSpec],
    ) -> None:
        """Read runs, journals and graphs from these."""
        self._runs = runs
        self._journal = journal
        self._plans = plans
        self._specs = specs

    async def cassette(self, principal: Principal, run_id: UUID) -> Cassette:
        """Return a recorded run as a cassette, without what is secret.

        Raises:
            RunNotFound: There is none.
            RunIsGoing: It has not ended.
            NotRecorded: It was not recorded, or something in it is too large for a cassette.
        """
        row = await self._runs.get(principal, run_id)
        if row.result is None:
            raise RunIsGoing(f"Run {run_id} is {row.status.value}. Wait for its end.")
        events = await self._journal.load(run_id)
        started = events[0] if events else None
        if not isinstance(started, RunStarted) or not started.is_recorded:
            raise NotRecorded(
                f"Run {run_id} was not recorded: what its nodes asked of the world was not kept. Run the agent "
                "again with `autograph run --record`, or `record` in the request."
            )
        graph = (await self._plans.plan(GraphRef(row.graph_id, row.graph_version))).graph
        read = _Read()
        await self._read(principal, read, run_id, "", events)
        _require_whole(read.exchanges)
        made = Cassette(
            inputs=started.inputs,
            outputs=row.result.outputs,
            name=graph.name,
            run_id=run_id,
            at=row.started_at or row.queued_at,
            timezone=principal.timezone,
            overrides=_overrides(started.overrides),
            agent=graph,
            exchanges=read.exchanges,
            answers=read.answers,
            children=read.children,
            status=row.result.status,
            errors=unhandled(row.result),
        )
        return _public(made, graph, self._specs)

    async def _read(
        self,
        principal: Principal,
        read: _Read,
        run_id: UUID,
        agent: str,
        events: Sequence[Event],
    ) -> None:
        read.answers += _answers(agent, events)
        for event in events:
            if isinstance(event, NodeExchanged):
                read.exchanges += event.exchanges
            elif isinstance(event, NodeWaiting) and event.child is not None:
                child = UUID(event.child)
                read.children[f"{run_id}:{event.node_run}"] = event.child
                row = await self._runs.get(principal, child)
                inside = await self._journal.load(child)
                await self._read(principal, read, child, row.sub_graph_id or "", inside)


def _answers(agent: str, events: Sequence[Event]) -> Iterator[Mapping[str, Json]]:
    """Yield what people and other systems answered."""
    waiting: dict[int, NodeWaiting] = {}
    for event in events:
        if isinstance(event, NodeWaiting):
            waiting[event.node_run] = event
            continue
        if not isinstance(event, (NodeResumed, NodeFailed)):
            continue
        wait = waiting.pop(event.node_run, None)
        if wait is None or wait.wait not in _ANSWERED:
            continue
        if isinstance(event, NodeResumed):
            given = event.answer
            answer: Json = (
                {key: one for key, one in given.items() if key != "by"}
                if is_object(given) and wait.wait != WaitKind.CALL
                else given
            )
        else:
            said = event.message.partition(": ")[2]
            answer = {"decision": Choice.REJECT.value, "data": None, "message": said}
        yield {"agent": agent, "node": event.node, "kind": wait.wait, "answer": answer}


def _require_whole(exchanges: Sequence[Exchange]) -> None:
    """Make sure that nothing was too large to be kept.

    Raises:
        NotRecorded: Something was.
    """
    for one in exchanges:
        if "left_out" in one:
            raise NotRecorded(
                f"This run makes no cassette: {told(one)} brought {one['left_out']}, which was not kept."
            )


def _overrides(overrides: Mapping[str, Mapping[str, Json]]) -> dict[str, dict[str, Json]]:
    """Return what was laid over nodes; of a credential, what it is and not what its owner calls it."""
    return {
        node: {
            pin: _nameless(value) if pin.endswith("credentials") and is_object(value) else value
            for pin, value in pins.items()
        }
        for node, pins in overrides.items()
    }


def _nameless(reference: Mapping[str, Json]) -> dict[str, Json]:
    return {key: one for key, one in reference.items() if key in {"id", "provider", "type"}}


def _public(made: Cassette, graph: Graph, specs: Mapping[str, BlockSpec]) -> Cassette:
    """Return a cassette without what people typed into inputs and nodes as a secret."""
    overrides = {node: dict(pins) for node, pins in made.overrides.items()}
    texts: set[str] = set()
    for node in (*graph.nodes, *(one for inner in graph.sub_graphs for one in inner.nodes)):
        for pin, value in _lost(node, specs.get(node.block_id)):
            laid = overrides.setdefault(node.id, {})
            if isinstance(value, str):
                texts.add(value)
                laid.setdefault(pin, MASK)
            else:
                laid.setdefault(pin, _nameless(value))
    inputs = dict(made.inputs)
    properties: Mapping[str, Any] = input_schema(graph, specs)["properties"]
    for name, value in made.inputs.items():
        if isinstance(value, str) and value and properties.get(name, {}).get("secret") is True:
            texts.add(value)
            inputs[name] = MASK
    known = sorted((one for one in texts if len(one) >= _SHORTEST), key=len, reverse=True)

    def without(value: Json) -> Any:
        return _without_calls(scrubbed(value, known))

    return replace(
        made,
        inputs=without(inputs),
        overrides=without(overrides),
        agent=_exported(graph, specs),
        exchanges=without(list(made.exchanges)),
        answers=without(list(made.answers)),
        outputs=without(dict(made.outputs)),
    )


def _lost(node: Node, spec: BlockSpec | None) -> Iterator[tuple[str, Any]]:
    """Yield what an exported node lacks: texts that are secret, and which credentials it uses."""
    public = public_constants(node, spec)
    accesses: Collection[str] = spec.credential_fields if spec else ()
    for pin, value in node.constants.items():
        is_text = isinstance(value, str) and value
        if pin not in public and (is_text or (pin in accesses and is_object(value))):
            yield pin, value


def _exported(graph: Graph, specs: Mapping[str, BlockSpec]) -> Graph:
    return read_agent(encode(write_agent(graph, specs, keep_secrets=False)))


def _without_calls(value: Json) -> Json:
    """Return a value in which no address is left at which calls were taken."""
    if isinstance(value, str):
        return _CALL.sub(_CALL_SHOWN, value)
    if is_list(value):
        return [_without_calls(one) for one in value]
    if is_object(value):
        return {name: _without_calls(one) for name, one in value.items()}
    return value
