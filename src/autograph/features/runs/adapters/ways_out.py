"""The way out of every run: through its person's and its agent's lists of hosts, and past a meter."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog

from autograph.engine.ports import RunRef
from autograph.features.runs.models import EgressDay
from autograph.features.runs.repository import EgressRepository
from autograph.infra.clock import Clock
from autograph.infra.egress.ports import (
    Dialer,
    EgressRefused,
    Http,
    HttpRequest,
    HttpResponse,
    Rules,
    Stream,
    Unreachable,
)
from autograph.infra.errors import OperationalError

_log = structlog.stdlib.get_logger(__name__)
REMEMBERED: Final = timedelta(seconds=5)
_WRITTEN_EVERY: Final = timedelta(seconds=2)
_MOST: Final = 1_000
"""Hosts that are counted by name between two writes, and people and agents whose rules are remembered."""
_OTHERS: Final = "(others)"
_FAILED: Final = 400
_OPENED: Final = 200


@dataclass(slots=True)
class Seen:
    """What came of a request; no status where nobody answered."""

    sent: int = 0
    status: int | None = None
    received: int = 0


class WaysOut:
    """Gives every run its way out."""

    def __init__(
        self, http: Http, dialer: Dialer, rules: Rules, egress: EgressRepository, clock: Clock
    ) -> None:
        """Ask by `http` and `dialer`, by the installation's `rules`, narrowed by what `egress` has of a run."""
        self._http = http
        self._dialer = dialer
        self._rules = rules
        self._egress = egress
        self._clock = clock
        self._remembered: dict[tuple[UUID, UUID, UUID | None], tuple[float, Rules]] = {}
        self._counted: dict[tuple[UUID, date, str], EgressDay] = {}
        self._writing: asyncio.Task[None] | None = None

    def of(self, run: RunRef) -> Http:
        """Return the way out of a run."""
        return _WayOut(self, self._http, run)

    def dialer_of(self, run: RunRef) -> Dialer:
        """Return the way out of a run for protocols that are not HTTP."""
        return _DialOut(self, self._dialer, run)

    async def close(self) -> None:
        """Write what was counted."""
        if self._writing is not None:
            self._writing.cancel()
        await self._write()

    async def rules_for(self, run: RunRef) -> Rules:
        """Return where a run may go; a change counts within five seconds.

        Its person's list holds, its agent's, and those of the agents that called it: a list would bind nobody
        if calling another agent were a way past it.

        Raises:
            OperationalError: Nobody can tell just now, so it goes nowhere.
        """
        now = asyncio.get_running_loop().time()
        key = (run.owner_id, run.graph.graph_id, run.parent_id)
        until, rules = self._remembered.get(key, (0.0, self._rules))
        if now < until:
            return rules
        lists = await self._egress.lists_of(run)
        rules = replace(self._rules, lists=(*self._rules.lists, *lists)) if lists else self._rules
        if len(self._remembered) >= _MOST:
            self._remembered.clear()
        self._remembered[key] = (now + REMEMBERED.total_seconds(), rules)
        return rules

    @contextmanager
    def counting(self, owner_id: UUID, request: HttpRequest) -> Generator[Seen]:
        """Count what goes out in the block, however it ends.

        Raises:
            EgressRefused: The block did. What the rules refuse goes nowhere, and is not counted.
        """
        seen = Seen(sent=len(request.body or b""))
        is_refused = False
        try:
            yield seen
        except EgressRefused:
            is_refused = seen.status is None
            raise
        finally:
            if not is_refused:
                self.count(owner_id, urlsplit(request.url).hostname or _OTHERS, seen)

    def count(self, owner_id: UUID, host: str, seen: Seen) -> None:
        """Count what went out."""
        key = (owner_id, self._clock.now().date(), host)
        if key not in self._counted and len(self._counted) >= _MOST:
            key = (*key[:2], _OTHERS)
        found = self._counted.get(key) or EgressDay(key[1], key[2])
        self._counted[key] = replace(
            found,
            requests=found.requests + 1,
            failures=found.failures + (seen.status is None or seen.status >= _FAILED),
            sent_bytes=found.sent_bytes + seen.sent,
            received_bytes=found.received_bytes + seen.received,
        )
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_soon())

    async def _write_soon(self) -> None:
        await asyncio.sleep(_WRITTEN_EVERY.total_seconds())
        await self._write()

    async def _write(self) -> None:
        counted, self._counted = self._counted, {}
        if not counted:
            return
        try:
            await self._egress.add(counted)
        except OperationalError as error:
            _log.warning("requests were not metered", error=error.message, hosts=len(counted))


@dataclass(frozen=True, slots=True)
class _WayOut:
    """Implements `Http` for one run. Where it may go is not for its blocks to say: theirs are not looked at."""

    ways: WaysOut
    http: Http
    run: RunRef

    async def send(self, request: HttpRequest, rules: Rules | None = None) -> HttpResponse:
        """Send a request and return the whole answer."""
        allowed = await self.ways.rules_for(self.run)
        with self.ways.counting(self.run.owner_id, request) as seen:
            answer = await self.http.send(request, allowed)
            seen.status, seen.received = answer.status, len(answer.body)
        return answer

    def stream(
        self, request: HttpRequest, rules: Rules | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        """Send a request and lend the answer."""
        return self._stream(request)

    @asynccontextmanager
    async def _stream(self, request: HttpRequest) -> AsyncGenerator[Stream]:
        allowed = await self.ways.rules_for(self.run)
        with self.ways.counting(self.run.owner_id, request) as seen:
            async with self.http.stream(request, allowed) as answer:
                seen.status = answer.status
                yield _Metered(answer, seen)


@dataclass(frozen=True, slots=True)
class _DialOut:
    """Implements `Dialer` for one run. Connections are counted; what goes over them is not."""

    ways: WaysOut
    dialer: Dialer
    run: RunRef

    async def address(self, host: str, port: int, *, rules: Rules | None = None) -> str:
        """Return the address to connect to."""
        allowed = await self.ways.rules_for(self.run)
        found = await self.dialer.address(host, port, rules=allowed)
        self.ways.count(self.run.owner_id, host, Seen(status=_OPENED))
        return found

    async def connect(self, host: str, port: int, *, rules: Rules | None = None) -> socket.socket:
        """Return a connected socket that does not block.

        Raises:
            Unreachable: Nobody answers there.
        """
        allowed = await self.ways.rules_for(self.run)
        try:
            made = await self.dialer.connect(host, port, rules=allowed)
        except Unreachable:
            self.ways.count(self.run.owner_id, host, Seen())
            raise
        self.ways.count(self.run.owner_id, host, Seen(status=_OPENED))
        return made


class _Metered:
    """Implements `Stream`, and counts what comes."""

    def __init__(self, answer: Stream, seen: Seen) -> None:
        self._answer = answer
        self._seen = seen

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        return self._answer.headers

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes."""
        async for piece in self._answer.pieces():
            self._seen.received += len(piece)
            yield piece
