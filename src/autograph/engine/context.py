"""The `Context` that a block sees during one attempt of one node run."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, quote_plus
from uuid import UUID

import structlog

from autograph.blocks.sdk import (
    BlockError,
    CostKind,
    CredentialRef,
    Decision,
    Dialer,
    Files,
    Http,
    KeyValueStore,
    Library,
    Models,
    Post,
    Rate,
    Sandbox,
    Secret,
    Sql,
    Tools,
)
from autograph.blocks.sdk.credentials import texts_of
from autograph.engine.events import WaitKind
from autograph.engine.partials import Partials
from autograph.engine.ports import BlockHost, RunRef
from autograph.engine.state import NodeRun
from autograph.engine.toolbox import NodeTools
from autograph.engine.waits import Choice, Suspended, Wait
from autograph.graph.model import Json, is_list, is_object
from autograph.graph.spec import Effect

_log = structlog.stdlib.get_logger("autograph.block")
_WORTH_SUSPENDING: Final = timedelta(seconds=1)
"""Sleeps up to this are slept in place: two commits would cost more than they save."""


class NodeContext:
    """Implements `autograph.blocks.sdk.Context`. Made for every attempt, so everything in it is lazy."""

    __slots__ = (
        "_asks_people",
        "_host",
        "_opened",
        "_partials",
        "_random",
        "_run",
        "_started",
        "_usage",
        "_waits",
    )

    def __init__(
        self, run: RunRef, started: NodeRun, host: BlockHost, *, asks_people: bool
    ) -> None:
        """Belong to one attempt of one node run; where `asks_people` is not set, reviews approve at once."""
        self._run = run
        self._started = started
        self._host = host
        self._asks_people = asks_people
        self._waits = started.kept_waits
        self._opened: list[str] = []
        self._usage: dict[CostKind, float] | None = (
            {CostKind(kind): units for kind, units in started.used.items()}
            if started.used
            else None
        )
        self._random: random.Random | None = None
        self._partials: Partials | None = None

    @property
    def usage(self) -> dict[CostKind, float]:
        """What this attempt noted with `used`."""
        return self._usage or {}

    @property
    def run_id(self) -> UUID:
        """The run."""
        return self._run.id

    @property
    def owner_id(self) -> UUID:
        """The person."""
        return self._run.owner_id

    @property
    def graph_id(self) -> str:
        """The graph that runs."""
        return self._run.graph.sub_graph_id or str(self._run.graph.graph_id)

    @property
    def node_id(self) -> str:
        """The node."""
        return self._started.node.id

    @property
    def node_run(self) -> int:
        """Number of this node run in its run, from 1."""
        return self._started.number

    @property
    def attempt(self) -> int:
        """Number of this try, from 1."""
        return self._started.attempt

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of this node run, also after a crash."""
        return f"{self._run.id}:{self._started.number}"

    @property
    def timezone(self) -> str:
        """IANA name of the person's time zone."""
        return self._run.timezone

    @property
    def random(self) -> random.Random:
        """Seeded by the idempotency key."""
        if self._random is None:
            self._random = random.Random(self.idempotency_key)
        return self._random

    @property
    def store(self) -> KeyValueStore:
        """The person's stored values."""
        return self._host.store(self._run, self.node_id)

    @property
    def library(self) -> Library:
        """The person's agents, as they keep them."""
        self._refuse_pure()
        return self._host.library(self._run, self.node_id)

    @property
    def http(self) -> Http:
        """The way out."""
        self._refuse_pure()
        return self._host.http(self._run, self.node_id)

    @property
    def dialer(self) -> Dialer:
        """The way out for protocols that are not HTTP."""
        self._refuse_pure()
        return self._host.dialer(self._run, self.node_id)

    @property
    def sql(self) -> Sql:
        """Databases of others."""
        self._refuse_pure()
        return self._host.sql(self._run, self.node_id)

    @property
    def post(self) -> Post:
        """Mail servers of the person's."""
        self._refuse_pure()
        return self._host.post(self._run, self.node_id)

    @property
    def models(self) -> Models:
        """Language models."""
        self._refuse_pure()
        return self._host.models(self._run, self.node_id, self)

    @property
    def tools(self) -> Tools:
        """The nodes that this one can have run as tools."""
        return NodeTools(self._started, lambda: self.usage)

    @property
    def files(self) -> Files:
        """The person's files, and those that values name."""
        return self._host.files(self._run, self.node_id)

    @property
    def sandbox(self) -> Sandbox:
        """Where code that people wrote is run."""
        self._refuse_pure()
        return self._host.sandbox(self._run, self.node_id)

    def stream(self, pin: str, text: str) -> None:
        """Show the next piece of a text to whoever watches the run; an empty one begins it anew."""
        if self._partials is None:
            self._partials = Partials(self._run, self._started, self._host)
        self._partials.add(pin, self.redacted(text) if self._opened else text)

    def close(self) -> None:
        """Show nothing more: the attempt is over."""
        if self._partials is not None:
            self._partials.close()

    async def credential(self, reference: CredentialRef) -> Secret:
        """Open a credential of the person for this attempt."""
        secret = await self._host.credential(self._run, reference)
        texts = list(filter(None, texts_of(secret)))
        written = [*texts, *(quote(one, safe="") for one in texts), *map(quote_plus, texts)]
        # The longest first: one may be a part of another.
        self._opened = sorted({*self._opened, *written}, key=len)[::-1]
        return secret

    @property
    def opened(self) -> Sequence[str]:
        """What this attempt has opened, also as addresses write it."""
        return self._opened

    def redacted(self, text: str) -> str:
        """Return a text without what this attempt has opened."""
        for secret in self._opened:
            text = text.replace(secret, "•••")
        return text

    def without_secrets(self, value: Json) -> Json:
        """Return a value without what this attempt has opened, in whatever text of it that stands.

        The journal, the page and other nodes have it from here: what a block gives out of a secret is lost.
        """
        if not self._opened:
            return value
        if isinstance(value, str):
            return self.redacted(value)
        if is_list(value):
            return [self.without_secrets(one) for one in value]
        if is_object(value):
            return {self.redacted(name): self.without_secrets(one) for name, one in value.items()}
        return value

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""
        return self._host.now(self._run, self.node_id)

    @property
    def kept(self) -> Json:
        """What the last `sleep` was given to keep."""
        return self._started.kept

    async def sleep(self, duration: timedelta, *, keep: Json = None) -> None:
        """Wait; ends early when the run is cancelled. Longer than a second, it survives everything.

        Raises:
            Suspended: The attempt ends here; the next one is past this wait.
        """
        index = self._next_wait()
        if duration <= _WORTH_SUSPENDING or self._has_effect:
            await asyncio.sleep(duration.total_seconds())
        elif index not in self._started.answers:
            kept = self.without_secrets(keep)
            raise Suspended(Wait(WaitKind.TIMER, index, due_in=duration, kept=kept))

    async def review(self, data: Json, *, title: str, is_editable: bool = True) -> Decision:
        """Wait for a person to approve or reject `data`.

        Raises:
            BlockError: The block has an effect: what it did before would be done again.
            Suspended: The attempt ends here; the next one is told the decision.
        """
        self._refuse_effects()
        index = self._next_wait()
        if index not in self._started.answers:
            if not self._asks_people:
                return Decision(approved=True, data=data)
            deadline = self._started.node.review.deadline
            raise Suspended(Wait(WaitKind.REVIEW, index, deadline, title, data, is_editable))
        answer = self._started.answers[index]
        found = answer if is_object(answer) else {}
        edited = found.get("data")
        return Decision(
            approved=found.get("decision") == Choice.APPROVE,
            data=data if edited is None or not is_editable else edited,
            message=str(found.get("message", "")),
        )

    def call(self, *, title: str) -> _Call:
        """Return an address and wait, in `body`, for somebody to call it.

        Raises:
            BlockError: The block has an effect: what it did before would be done again.
        """
        self._refuse_effects()
        token = secrets.token_urlsafe(24)
        deadline = self._started.node.review.deadline
        wait = Wait(WaitKind.CALL, self._next_wait(), deadline, title, token=token)
        return _Call(self._host.call_url(token), wait, self._started)

    async def throttle(self, key: str, rate: Rate) -> None:
        """Wait for one's turn under a rate that every run of the person shares, without holding others up."""
        delay = await self._host.turn(self._run, key, rate)
        if delay:
            await asyncio.sleep(delay.total_seconds())

    def used(self, kind: CostKind, units: float) -> None:
        """Note what this attempt consumed."""
        if self._usage is None:
            self._usage = {}
        self._usage[kind] = self._usage.get(kind, 0.0) + units

    @property
    def _has_effect(self) -> bool:
        return self._started.node.spec.effect is Effect.EFFECT

    def _refuse_effects(self) -> None:
        if self._has_effect:
            raise BlockError(
                f"{self._started.node.spec.name} has an effect, so it cannot wait for anybody.",
                code="block.cannot_wait",
            )

    def _refuse_pure(self) -> None:
        """Hold a pure block to its word: it runs in dry runs, out of which nothing goes.

        Raises:
            BlockError: It is one.
        """
        if self._started.node.is_pure:
            name = self._started.node.spec.name
            raise BlockError(f"{name} says that it is pure, so it reaches nothing.")

    def _next_wait(self) -> int:
        self._waits += 1
        return self._waits - 1

    def log(self, message: str, **facts: Json) -> None:
        """Add a line to the log."""
        facts = {name: self.without_secrets(value) for name, value in facts.items()}
        _log.info(
            self.redacted(message), run_id=str(self._run.id), node_run=self._started.number, **facts
        )


class _Call:
    """Implements `Call`."""

    def __init__(self, url: str, wait: Wait, started: NodeRun) -> None:
        self._url = url
        self._wait = wait
        self._started = started

    @property
    def url(self) -> str:
        """Where to send it; works once."""
        return self._url

    async def body(self) -> Json:
        """Wait for the call and return what it brought.

        Raises:
            BlockError: Nobody called in time.
            Suspended: The attempt ends here; the next one is told what the call brought.
        """
        if self._wait.index not in self._started.answers:
            raise Suspended(self._wait)
        brought = self._started.answers[self._wait.index]
        if not is_object(brought) or "body" not in brought:
            raise BlockError("Nobody called in time.", code="wait.timed_out")
        return brought["body"]
