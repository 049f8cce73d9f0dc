"""What a block gets of the world: a `Context`, handed to `run`. There is no other way out."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from autograph.blocks.sdk.cost import CostKind
from autograph.blocks.sdk.credentials import CredentialRef, Secret
from autograph.blocks.sdk.fields import Json
from autograph.blocks.sdk.files import Files
from autograph.blocks.sdk.library import Library
from autograph.blocks.sdk.memory import Collection, Memo, Question, Recalled, Scope
from autograph.blocks.sdk.models import Models
from autograph.blocks.sdk.tools import Tools
from autograph.infra.egress.ports import Dialer, Http
from autograph.infra.mail.ports import Post
from autograph.infra.rates.ports import Rate
from autograph.infra.sandbox.ports import Sandbox
from autograph.infra.sql.ports import Sql


class KeyValueStore(Protocol):
    """What a person's agents keep: values by their keys, which have at most 512 characters, and texts by their meaning."""

    async def get(self, key: str, *, scope: Scope) -> Json | None:
        """Return the value kept under `key`, None when there is none."""
        ...

    async def set(self, key: str, value: Json, *, scope: Scope) -> None:
        """Keep `value` under `key`, replacing what was there. Idempotent."""
        ...

    async def remember(self, collection: Collection, memos: Sequence[Memo]) -> Sequence[str]:
        """Keep texts by their meaning; return their ids. Idempotent: the same text with the same metadata is one.

        Raises:
            BlockError: One is too large, or there are more than a person may keep.
            AutographError: The person's room is used up.
        """
        ...

    async def recall(self, collection: Collection, question: Question) -> Sequence[Recalled]:
        """Return the texts that are nearest to a place, the nearest first.

        Raises:
            BlockError: The place is none.
        """
        ...

    async def forget(self, collection: Collection, ids: Sequence[str] | None) -> int:
        """Delete texts, or with None all of a collection by whatever model; return how many went."""
        ...


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person, or the deadline's default, decided on a review.

    Attributes:
        data: What was shown to them, perhaps edited.
        message: What they wrote to it.
    """

    approved: bool
    data: Json
    message: str = ""


class Call(Protocol):
    """An HTTP call from outside that a node run waits for."""

    @property
    def url(self) -> str:
        """Where to send it (POST, any JSON); works once."""
        ...

    def body(self) -> Awaitable[Json]:
        """Wait for the call and return what it brought."""
        ...


class Context(Protocol):
    """One attempt of one node run, as its block sees it.

    `sleep`, `review` and `Call.body` may take days and hold nothing meanwhile: the attempt ends there,
    and once what it waits for has come, `run` begins again from its first line. A wait that is over
    returns at once then, and what was yielded before is not given out twice. So a block that waits
    does the same before its waits every time; it must not be `Effect.EFFECT`, for which `sleep` holds
    the attempt and the others refuse.
    """

    @property
    def run_id(self) -> UUID:
        """The run."""
        ...

    @property
    def owner_id(self) -> UUID:
        """The person it runs for: a number that says nothing of them."""
        ...

    @property
    def graph_id(self) -> str:
        """The graph that runs."""
        ...

    @property
    def node_id(self) -> str:
        """The node."""
        ...

    @property
    def node_run(self) -> int:
        """Number of this node run in its run, from 1."""
        ...

    @property
    def attempt(self) -> int:
        """Number of this try, from 1."""
        ...

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of this node run, also after a crash; hand it to services that take one."""
        ...

    @property
    def timezone(self) -> str:
        """IANA name of the person's time zone, "UTC" when unknown."""
        ...

    @property
    def random(self) -> random.Random:
        """Seeded by the idempotency key, so that a repeated attempt draws the same numbers."""
        ...

    @property
    def store(self) -> KeyValueStore:
        """The person's stored values."""
        ...

    @property
    def http(self) -> Http:
        """The way out. Requests go where the person, their agent and the installation allow, and nowhere else."""
        ...

    @property
    def dialer(self) -> Dialer:
        """The way out for protocols that are not HTTP, by the same rules."""
        ...

    @property
    def sql(self) -> Sql:
        """Databases of others."""
        ...

    @property
    def post(self) -> Post:
        """Mail servers of the person's."""
        ...

    @property
    def models(self) -> Models:
        """Language models."""
        ...

    @property
    def tools(self) -> Tools:
        """The nodes that the `tools` output of this one leads to; none for most blocks."""
        ...

    def stream(self, pin: str, text: str) -> None:
        """Show the next piece of a text to whoever watches the run; an empty one begins it anew.

        It is shown and kept nowhere: what counts is what is yielded in the end.
        """
        ...

    @property
    def files(self) -> Files:
        """The person's files, and those that values name. Pure and blocking blocks have none: they may not wait."""
        ...

    @property
    def library(self) -> Library:
        """The person's agents, as they keep them."""
        ...

    @property
    def sandbox(self) -> Sandbox:
        """Where code that people wrote is run; code is never run anywhere else."""
        ...

    async def credential(self, reference: CredentialRef) -> Secret:
        """Open a credential of the person for this attempt. Keep it in no output and no log.

        Raises:
            BlockError: There is none, it is another one than the reference says, or it has ended.
        """
        ...

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""
        ...

    @property
    def kept(self) -> Json:
        """What the last `sleep` of an earlier attempt was given to keep; None where nothing was."""
        ...

    async def sleep(self, duration: timedelta, *, keep: Json = None) -> None:
        """Wait; ends early when the run is cancelled. Longer than a second, it survives everything.

        Args:
            duration: How long.
            keep: Where the block is. `run` then begins again with this as `kept`, and goes on from there: what
                it yielded before is not yielded anew, and the waits before are not waited again. For a block
                that goes round and round and sees something else each time.
        """
        ...

    async def review(self, data: Json, *, title: str, is_editable: bool = True) -> Decision:
        """Wait for a person to approve or reject `data`.

        Approves at once where the agent's settings say that nobody is asked, and where a person has
        trusted this node for the rest of the run.

        Raises:
            BlockError: A block with `Effect.EFFECT` asked.
        """
        ...

    def call(self, *, title: str) -> Call:
        """Return an address and wait, in `Call.body`, for somebody to call it."""
        ...

    async def throttle(self, key: str, rate: Rate) -> None:
        """Wait for one's turn under a rate that every run of the person shares, without holding others up.

        Args:
            key: What the rate is of, such as a credential's id.
            rate: How often.
        """
        ...

    def used(self, kind: CostKind, units: float) -> None:
        """Note what this attempt consumed, for `Block.costs` of that kind."""
        ...

    def log(self, message: str, **facts: Json) -> None:
        """Add a line to the node run's log. Never put a secret into it."""
        ...
