"""An engine in memory whose world is a recording: it plays cassettes. No database, no network, no files, no waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import (
    ApiKeySecret,
    CredentialRef,
    Dialer,
    Files,
    HostScopedSecret,
    Http,
    Json,
    KeyValueStore,
    Library,
    Models,
    OAuth2Secret,
    Post,
    Rate,
    Sandbox,
    Secret,
    Sql,
    UserPasswordSecret,
)
from autograph.blocks.sdk.models import World
from autograph.blocks.tape.matching import PLACEHOLDER, Who
from autograph.blocks.tape.player import Player
from autograph.engine.cassette import Cassette, compare, is_mask_of
from autograph.engine.events import RunStarted, WaitKind
from autograph.engine.executor import Executor, Failed, Keep, Outcome, Stream, Waits
from autograph.engine.journal.memory import MemoryJournal
from autograph.engine.limits import Limits
from autograph.engine.planner import Plan, compile_plan
from autograph.engine.ports import GraphRef, Message, News, Partial, Question, RunRef, RunResult
from autograph.engine.recording import agent_of
from autograph.engine.state import NodeRun
from autograph.engine.worker import Capacity, Parts, Worker
from autograph.features.agents.errors import GraphNotFound
from autograph.graph.model import Graph, Node, Policy, Retry
from autograph.graph.schemas import check_inputs, input_schema
from autograph.graph.spec import BlockSpec
from autograph.infra.clock import SystemClock
from autograph.infra.errors import AutographError, OperationalError

_NODE_TIME: Final = timedelta(seconds=30)
_WORKER: Final = 1
CALL_URL: Final = "https://autograph.invalid/api/v1/calls/"
"""Where calls seem to be taken while a recording plays."""
_SECRETS: Final[Mapping[str, Secret]] = {
    "api_key": ApiKeySecret(PLACEHOLDER),
    "oauth2": OAuth2Secret(PLACEHOLDER),
    "user_password": UserPasswordSecret(PLACEHOLDER, PLACEHOLDER),
    "host_scoped": HostScopedSecret("*", {}),
}


@dataclass(frozen=True, slots=True)
class Played:
    """What came of playing a cassette.

    Attributes:
        different: What came out otherwise than it was recorded, in sentences.
        otherwise: What was asked otherwise.
    """

    result: RunResult
    different: Sequence[str]
    otherwise: Sequence[str]

    @property
    def problems(self) -> list[str]:
        """All of both; none where the test passes."""
        return [*self.different, *self.otherwise]


async def play(cassette: Cassette, graph: Graph, catalog: Catalog) -> Played:
    """Run an agent with a recording for its world.

    Args:
        cassette: The recording.
        graph: The agent as it is today.
        catalog: The blocks.

    Raises:
        InvalidInputs: The agent does not take the recorded inputs any more.
        OperationalError: The run did not come to an end.
    """
    specs = catalog.specs()
    player = Player(cassette.exchanges, at=cassette.at, script=cassette.script)
    run = RunRef(cassette.run_id, UUID(int=0), GraphRef(UUID(int=1), 1), timezone=cassette.timezone)
    plans = _Plans(graph, specs)
    offline = _Offline(cassette, player, catalog, plans)
    inputs = check_inputs(input_schema(graph, specs), cassette.inputs)
    asks = tuple(sorted({str(one["kind"]) for one in cassette.answers}))
    started = RunStarted(inputs, cassette.overrides, asks=asks)
    result = await offline.run(run, started)
    unasked = [f"Recorded, and not asked for any more: {one}" for one in player.unasked]
    return Played(result, compare(cassette, result), [*player.problems, *unasked])


async def prove(cassette: Cassette, catalog: Catalog) -> tuple[Cassette, list[str]]:
    """Play a cassette that was just made; return it as it plays, and what comes out otherwise than in the run.

    Where something secret was masked in an answer, it is masked in what came of it, too.
    """
    if cassette.agent is None:
        return cassette, []
    try:
        played = await play(cassette, cassette.agent, catalog)
    except AutographError as error:
        return cassette, [error.message]
    outputs = {name: list(values) for name, values in played.result.outputs.items()}
    if not is_mask_of(outputs, {name: list(one) for name, one in cassette.outputs.items()}):
        return cassette, played.problems
    made = replace(cassette, outputs=outputs)
    # What was asked of the recording does not depend on what is compared in the end.
    return made, [*compare(made, played.result), *played.otherwise]


class _Offline:
    """The engine of one cassette. Implements `EventSink`: it answers questions when they become durable."""

    def __init__(self, cassette: Cassette, player: Player, catalog: Catalog, plans: _Plans) -> None:
        self._answers = list(cassette.answers)
        self._player = player
        clock = SystemClock()
        self._journal = MemoryJournal(clock)
        self._executor = _Hasty(catalog, _RecordedHost(player), cassette.children)
        self._runs: dict[UUID, RunRef] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        parts = Parts(
            store=self._journal,
            liveness=self._live,
            executor=self._executor,
            plans=plans,
            clock=clock,
            sink=self,
            source=None,
        )
        drain = Capacity(drain=timedelta(0))
        self._worker = Worker(parts, limits=Limits(), capacity=drain)

    async def _live(self) -> _Alive:
        self._journal.alive.add(_WORKER)
        return _Alive()

    async def run(self, run: RunRef, started: RunStarted) -> RunResult:
        """Carry a run to its end.

        Raises:
            OperationalError: It did not end.
        """
        await self._worker.start()
        try:
            end = await self._worker.submit(run, started)
            result = None if end is None else await end
        finally:
            await self._worker.stop()
        if result is None:
            raise OperationalError("The run did not come to an end.")
        return result

    def announce(self, news: News) -> None:
        """Answer what was asked by this commit, as it was answered when it was recorded."""
        self._runs.update((run.id, run) for run, _, _ in news.heads)
        for wait_id, (run_id, question) in list(self._journal.questions.items()):
            task = asyncio.get_running_loop().create_task(self._answer(wait_id, run_id, question))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, wait_id: UUID, run_id: UUID, question: Question) -> None:
        run = self._runs.get(run_id)
        who = ("" if run is None else agent_of(run), question.node)
        asked = (*who, question.kind)
        for one in self._answers:
            if (one.get("agent", ""), one["node"], one["kind"]) == asked:
                self._answers.remove(one)
                await self._journal.answer(wait_id, one["answer"])
                break
        else:
            if wait_id not in self._journal.questions:
                return
            message = f"Not in the recording: an answer to {question.title!r} ({question.kind})."
            self._player.problem(who, message)
            await self._journal.send(run_id, Message("cancel", {"reason": message}))
        self._worker.notice_messages(run_id)


class _Alive:
    """Implements `Liveness`: as long as the process lives, and nobody else is there."""

    worker = _WORKER

    async def lost(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        """There is nothing to give up."""


class _Hasty(Executor):
    """An executor that nothing waits for: timers and delays are over at once."""

    def __init__(self, catalog: Catalog, host: _RecordedHost, children: Mapping[str, str]) -> None:
        super().__init__(catalog, host, node_timeout=_NODE_TIME)
        self._recorded = children
        self._ids: dict[UUID, UUID] = {}

    async def attempt(
        self,
        ref: RunRef,
        run: NodeRun,
        overrides: Mapping[str, Json],
        stream: Stream | None = None,
        *,
        asks_people: bool = False,
        keep: Keep | None = None,
    ) -> Outcome:
        """Run a block once, in the name of the run that was recorded."""
        known = replace(ref, id=self._recorded_id(ref))
        outcome = await super().attempt(
            known, run, overrides, stream, asks_people=asks_people, keep=keep
        )
        if isinstance(outcome, Waits) and outcome.wait.kind is WaitKind.TIMER:
            return replace(outcome, wait=replace(outcome.wait, due_in=timedelta(0)))
        return replace(outcome, retry_after=None) if isinstance(outcome, Failed) else outcome

    def _recorded_id(self, ref: RunRef) -> UUID:
        """Return the id that a run had when it was recorded: what is drawn at random depends on it."""
        if ref.parent_id is None:
            return ref.id
        if ref.id not in self._ids:
            parent = self._ids.get(ref.parent_id, ref.parent_id)
            found = self._recorded.get(f"{parent}:{ref.parent_node_run}")
            self._ids[ref.id] = ref.id if found is None else UUID(found)
        return self._ids[ref.id]


class _RecordedHost:
    """Implements `BlockHost` over a recording."""

    def __init__(self, player: Player) -> None:
        self._player = player

    def models(self, run: RunRef, node: str, world: World) -> Models:
        return self._player.models(_who(run, node))

    def now(self, run: RunRef, node: str) -> datetime:
        return self._player.now(_who(run, node))

    def show(self, run: RunRef, partial: Partial) -> None:
        """Nobody watches."""

    def store(self, run: RunRef, node: str) -> KeyValueStore:
        return self._player.store(_who(run, node))

    def library(self, run: RunRef, node: str) -> Library:
        return self._player.library(_who(run, node))

    def call_url(self, token: str) -> str:
        return f"{CALL_URL}{PLACEHOLDER}"

    def http(self, run: RunRef, node: str) -> Http:
        return self._player.http(_who(run, node))

    def dialer(self, run: RunRef, node: str) -> Dialer:
        return self._player.dialer(_who(run, node))

    def sql(self, run: RunRef, node: str) -> Sql:
        return self._player.sql(_who(run, node))

    def post(self, run: RunRef, node: str) -> Post:
        return self._player.post(_who(run, node))

    def sandbox(self, run: RunRef, node: str) -> Sandbox:
        return self._player.sandbox(_who(run, node))

    def files(self, run: RunRef, node: str) -> Files:
        return self._player.files(_who(run, node))

    async def credential(self, run: RunRef, reference: CredentialRef) -> Secret:
        if reference.provider == "smtp":  # whose name is the address that mails come from
            return UserPasswordSecret(f"{PLACEHOLDER}@example.com", PLACEHOLDER)
        return _SECRETS.get(reference.type, _SECRETS["api_key"])

    async def turn(self, run: RunRef, key: str, rate: Rate) -> timedelta:
        return timedelta(0)


class _Plans:
    """Implements `PlanSource` over one graph and the agents that travel with it."""

    def __init__(self, graph: Graph, specs: Mapping[str, BlockSpec]) -> None:
        self._specs = specs
        self._graph = graph
        self._plans: dict[GraphRef, Plan] = {}

    async def plan(self, graph: GraphRef) -> Plan:
        if graph not in self._plans:
            self._plans[graph] = compile_plan(
                _hasty(self._document(graph), self._specs), self._specs
            )
        return self._plans[graph]

    def _document(self, graph: GraphRef) -> Graph:
        whole = self._graph
        if graph.sub_graph_id is None:
            return whole
        inner = next(one for one in whole.sub_graphs if one.id == graph.sub_graph_id)
        return replace(inner, sub_graphs=whole.sub_graphs)

    async def resolve(self, parent: RunRef, graph_id: str, version: int | None) -> GraphRef:
        plan = await self.plan(parent.graph)
        if plan.sub_graph(graph_id) is not None:
            return replace(parent.graph, sub_graph_id=graph_id)
        if graph_id == self._graph.id:
            return replace(parent.graph, sub_graph_id=None)
        raise GraphNotFound(f"The agent {graph_id} does not travel with this one.")


def _hasty(graph: Graph, specs: Mapping[str, BlockSpec]) -> Graph:
    """Return a graph in which nothing is waited for before it is tried again, and every credential is there."""
    return replace(
        graph,
        policy=_without_delay(graph.policy),
        nodes=tuple(_node(one, specs.get(one.block_id)) for one in graph.nodes),
    )


def _node(node: Node, spec: BlockSpec | None) -> Node:
    """Return a node that knows credentials where it needs some: files of agents have none."""
    needed: list[str] = list(spec.input_schema.get("required", [])) if spec else []
    given = {
        pin: {
            "id": "recorded",
            "provider": schema["credentials_provider"][0],
            "type": schema["credentials_types"][0],
        }
        for pin, schema in (spec.credential_fields.items() if spec else ())
        if pin in needed and not node.constants.get(pin)
    }
    constants = {**node.constants, **given}
    return replace(node, constants=constants, policy=_without_delay(node.policy))


def _without_delay(policy: Policy) -> Policy:
    retry: Retry | None = policy.retry
    return policy if retry is None else replace(policy, retry=replace(retry, backoff=timedelta(0)))


def _who(run: RunRef, node: str) -> Who:
    return agent_of(run), node


__all__ = ["CALL_URL", "Played", "play", "prove"]
