"""The `Context` that a block sees during one attempt of one node run."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from autograph.blocks.sdk import KeyValueStore
from autograph.engine.ports import BlockHost, RunRef
from autograph.engine.state import NodeRun
from autograph.graph.model import Json
from autograph.infra.clock import Clock

_log = structlog.stdlib.get_logger("autograph.block")


class NodeContext:
    """Implements `autograph.blocks.sdk.Context`. Made for every attempt, so everything in it is lazy."""

    __slots__ = ("_clock", "_host", "_random", "_run", "_started")

    def __init__(self, run: RunRef, started: NodeRun, host: BlockHost, clock: Clock) -> None:
        """Belong to one attempt of one node run."""
        self._run = run
        self._started = started
        self._host = host
        self._clock = clock
        self._random: random.Random | None = None

    @property
    def run_id(self) -> UUID:
        """The run."""
        return self._run.id

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
        return self._host.store(self._run)

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""
        return self._clock.now()

    async def sleep(self, duration: timedelta) -> None:
        """Wait; ends early when the run is cancelled."""
        await asyncio.sleep(duration.total_seconds())

    def log(self, message: str, **facts: Json) -> None:
        """Add a line to the log."""
        _log.info(message, run_id=str(self._run.id), node_run=self._started.number, **facts)
