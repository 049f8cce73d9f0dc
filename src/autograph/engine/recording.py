"""The blocks' world with a recorder between: what one attempt asks of it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from autograph.blocks.sdk import (
    CostKind,
    CredentialRef,
    Dialer,
    Files,
    Http,
    Json,
    KeyValueStore,
    Library,
    Models,
    Post,
    Rate,
    Sandbox,
    Secret,
    Sql,
)
from autograph.blocks.sdk.models import World
from autograph.blocks.tape.recorder import Recorder
from autograph.engine.ports import BlockHost, Partial, RunRef


def agent_of(run: RunRef) -> str:
    """Return how recordings name the agent of a run: nothing for the one that others travel with."""
    return run.graph.sub_graph_id or ""


class RecordingHost:
    """Implements `BlockHost` for one attempt."""

    def __init__(self, inner: BlockHost, recorder: Recorder) -> None:
        """Keep in `recorder` what is asked of `inner`."""
        self._inner = inner
        self._recorder = recorder

    def models(self, run: RunRef, node: str, world: World) -> Models:
        """Return models whose answers are kept; what they send on the way is not."""
        unrecorded = _Unrecorded(world, self._inner.http(run, node))
        return self._recorder.models(self._inner.models(run, node, unrecorded))

    def now(self, run: RunRef, node: str) -> datetime:
        """Return the current moment, which is kept."""
        moment = self._inner.now(run, node)
        self._recorder.keep("now", at=moment.isoformat())
        return moment

    def show(self, run: RunRef, partial: Partial) -> None:
        """Show a piece of a text to whoever watches the run."""
        self._inner.show(run, partial)

    def store(self, run: RunRef, node: str) -> KeyValueStore:
        """Return the stored values of the run's owner."""
        return self._recorder.store(self._inner.store(run, node))

    def library(self, run: RunRef, node: str) -> Library:
        """Return the agents of the run's owner."""
        return self._recorder.library(self._inner.library(run, node))

    def call_url(self, token: str) -> str:
        """Return the address at which a call with `token` is taken."""
        return self._inner.call_url(token)

    def http(self, run: RunRef, node: str) -> Http:
        """Return the way out."""
        return self._recorder.http(self._inner.http(run, node))

    def dialer(self, run: RunRef, node: str) -> Dialer:
        """Return the way out for other protocols; what is said there is not kept, and that is."""
        return self._recorder.dialer(self._inner.dialer(run, node))

    def sql(self, run: RunRef, node: str) -> Sql:
        """Return what asks databases of others."""
        return self._recorder.sql(self._inner.sql(run, node))

    def post(self, run: RunRef, node: str) -> Post:
        """Return what hands mails to mail servers."""
        return self._recorder.post(self._inner.post(run, node))

    def sandbox(self, run: RunRef, node: str) -> Sandbox:
        """Return where code that people wrote is run."""
        return self._recorder.sandbox(self._inner.sandbox(run, node))

    def files(self, run: RunRef, node: str) -> Files:
        """Return the files of the run's owner."""
        return self._recorder.files(self._inner.files(run, node))

    async def credential(self, run: RunRef, reference: CredentialRef) -> Secret:
        """Open a credential of the run's owner."""
        return await self._inner.credential(run, reference)

    async def turn(self, run: RunRef, key: str, rate: Rate) -> timedelta:
        """Reserve the next turn under a rate; return how long it is off."""
        return await self._inner.turn(run, key, rate)


@dataclass(frozen=True, slots=True)
class _Unrecorded:
    """An attempt's world, with the way out that nothing is kept of."""

    world: World
    http: Http

    async def credential(self, reference: CredentialRef) -> Secret:
        return await self.world.credential(reference)

    def now(self) -> datetime:
        return self.world.now()

    def used(self, kind: CostKind, units: float) -> None:
        self.world.used(kind, units)

    def log(self, message: str, **facts: Json) -> None:
        self.world.log(message, **facts)
