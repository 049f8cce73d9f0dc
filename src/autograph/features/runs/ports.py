"""What this feature needs of whoever carries runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from autograph.engine.events import Event, RunStarted
from autograph.engine.ports import RunRef, RunResult


class RunStarter(Protocol):
    """Accepts runs: durable when `submit` returns."""

    async def submit(
        self,
        run: RunRef,
        started: RunStarted,
        *,
        further: Sequence[Event] = (),
        may_begin: bool = True,
    ) -> asyncio.Task[RunResult | None] | None:
        """Accept a run; its end when it runs in this process, None when it went to the queue."""
        ...

    def end_of(self, run_id: UUID) -> asyncio.Task[RunResult | None] | None:
        """Return the end of a run that is held in this process."""
        ...

    def notice_messages(self, run_id: UUID) -> None:
        """Say that a run was sent a message."""
        ...
