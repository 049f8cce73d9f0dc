"""Pieces of texts that runs are making: for who watches a run, while they do; kept nowhere, waited for by nobody.

Where nobody watches, showing something costs one look into a dictionary. Between processes it is the same: a process
says which runs are watched in it, and the others send the pieces of those runs and of no others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import monotonic
from typing import Any, Final, cast
from uuid import UUID

from autograph.dispatch.ports import RunPartial
from autograph.infra.ids import new_id
from autograph.infra.json import NotJson, decode, encode

MAX_WAITING: Final = 200
"""Pieces a watcher may be behind before it misses the oldest."""
_GATHER_SECONDS: Final = 0.05
"""Pieces of this long go to other processes together."""
_WANTED_SECONDS: Final = 30.0
"""For how long a process that said it watches a run is believed."""
_RENEW_SECONDS: Final = 10.0


class Watchers:
    """Who watches which run, in one process."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._of: dict[UUID, set[asyncio.Queue[RunPartial]]] = {}

    @property
    def runs(self) -> list[UUID]:
        """The runs that somebody watches."""
        return list(self._of)

    def show(self, partial: RunPartial) -> None:
        """Show a piece to who watches its run; never waits."""
        for queue in self._of.get(partial.run_id, ()):
            if queue.qsize() >= MAX_WAITING:
                queue.get_nowait()
            queue.put_nowait(partial)

    @asynccontextmanager
    async def watch(self, run_id: UUID) -> AsyncGenerator[AsyncIterator[RunPartial]]:
        """Watch a run until the context ends."""
        queue: asyncio.Queue[RunPartial] = asyncio.Queue()
        self._of.setdefault(run_id, set()).add(queue)
        try:
            yield _pieces(queue)
        finally:
            self._of[run_id].discard(queue)
            if not self._of[run_id]:
                del self._of[run_id]


class PartialRelay:
    """Watchers in several processes. `hear` must be called for every message that another one sent."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]], *, max_bytes: int) -> None:
        """Reach the others by `send`, in messages of at most `max_bytes`."""
        self._send = send
        self._max_bytes = max_bytes
        self._here = Watchers()
        self._self = new_id().hex
        self._wanted: dict[UUID, float] = {}
        self._wants: set[UUID] = set()
        self._outgoing: list[RunPartial] = []
        self._sender: asyncio.Task[None] | None = None
        self._renewer: asyncio.Task[None] | None = None

    def show(self, partial: RunPartial) -> None:
        """Show a piece to who watches its run, here and elsewhere; never waits."""
        self._here.show(partial)
        until = self._wanted.get(partial.run_id)
        if until is None:
            return
        if until < monotonic():
            del self._wanted[partial.run_id]
        elif len(self._outgoing) < MAX_WAITING:
            self._outgoing.append(partial)
            self._begin()

    def watch(self, run_id: UUID) -> AbstractAsyncContextManager[AsyncIterator[RunPartial]]:
        """Watch a run until the context ends."""
        return self._watch(run_id)

    @asynccontextmanager
    async def _watch(self, run_id: UUID) -> AsyncGenerator[AsyncIterator[RunPartial]]:
        async with self._here.watch(run_id) as pieces:
            self._wants.add(run_id)
            self._begin()
            if self._renewer is None:
                self._renewer = asyncio.create_task(self._renew(), name="watched runs")
            yield pieces

    def hear(self, payload: str | bytes | None) -> None:
        """Take in what another process sent; what nobody understands is of another release, and left out."""
        if payload is None:
            return
        try:
            sender, kind, rows = decode(payload)
            if sender == self._self:
                return
            if kind == "want":
                until = monotonic() + _WANTED_SECONDS
                self._wanted.update((UUID(run), until) for run in rows)
            elif kind == "show":
                for row in rows:
                    self._here.show(_partial(row))
        except (NotJson, ValueError, TypeError):
            return

    async def close(self) -> None:
        """Stop."""
        tasks = [one for one in (self._sender, self._renewer) if one is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self) -> None:
        if self._sender is None:
            self._sender = asyncio.create_task(self._send_all(), name="partials")

    async def _send_all(self) -> None:
        while self._wants or self._outgoing:
            wants, self._wants = self._wants, set()
            outgoing, self._outgoing = self._outgoing, []
            if wants:
                await self._send(encode([self._self, "want", [str(one) for one in wants]]))
            await self._send_pieces(outgoing)
            await asyncio.sleep(_GATHER_SECONDS)
        self._sender = None

    async def _send_pieces(self, outgoing: list[RunPartial]) -> None:
        """Send pieces in as few messages as they fit into; one that fits into none is left out."""
        room = self._max_bytes - len(encode([self._self, "show", []]))
        rows: list[Any] = []
        size = 0
        for one in outgoing:
            row = _row(one)
            more = len(encode(row)) + 1
            if more > room:
                continue
            if size + more > room:
                await self._send(encode([self._self, "show", rows]))
                rows, size = [], 0
            rows.append(row)
            size += more
        if rows:
            await self._send(encode([self._self, "show", rows]))

    async def _renew(self) -> None:
        """Say again and again which runs are watched here, as long as any are."""
        while runs := self._here.runs:
            self._wants.update(runs)
            self._begin()
            await asyncio.sleep(_RENEW_SECONDS)
        self._renewer = None


async def _pieces(queue: asyncio.Queue[RunPartial]) -> AsyncGenerator[RunPartial]:
    while True:
        yield await queue.get()


def _row(one: RunPartial) -> list[Any]:
    return [str(one.run_id), one.node_run, one.node, one.pin, one.offset, one.text]


def _partial(row: Any) -> RunPartial:
    run, node_run, node, pin, offset, text = cast("list[Any]", row)
    return RunPartial(UUID(run), node_run, node, pin, offset, text)
