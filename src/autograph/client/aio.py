"""The client of programs that do other things meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import Any, TypeVar

import httpx2

from autograph import __version__
from autograph.client import calls
from autograph.client.calls import STREAM_SILENCE, Access, Call, Decision, Execution, Id, Pages
from autograph.client.errors import ApiError, ClientError, ConnectionFailed, WaitedInVain, error_of
from autograph.client.events import Reading
from autograph.client.models import (
    Block,
    BlockResult,
    Credential,
    CredentialUse,
    Event,
    Graph,
    GraphSummary,
    GraphVersion,
    Identity,
    Json,
    NodeRun,
    Review,
    Run,
    RunSummary,
)
from autograph.client.retries import Retries, may_repeat

T = TypeVar("T")


class AsyncClient:
    """Autograph's external API. One client serves many tasks of one event loop.

    Attributes:
        blocks: What agents are built of.
        graphs: The person's agents.
        runs: What agents did and do.
        reviews: What runs ask people.
        credentials: What the person uses elsewhere.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        key: str | None = None,
        timeout: float = 30.0,
        retries: Retries | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            url: Where Autograph is; else AUTOGRAPH_URL, else this machine.
            key: An API key or the access token of an app; else AUTOGRAPH_API_KEY.
            timeout: Seconds that the server may take for an answer, beside what it was asked to wait.
            retries: How patient the client is.
            transport: Another way to the server, for tests.

        Raises:
            NotConfigured: There is no key.
        """
        self._access = Access.of(url, key, os.environ)
        self._timeout = timeout
        self._retries = retries or Retries()
        self._http = httpx2.AsyncClient(
            base_url=self._access.url,
            headers=self._access.headers(__version__),
            timeout=timeout,
            transport=transport,
        )
        self.blocks = Blocks(self)
        self.graphs = Graphs(self)
        self.runs = Runs(self)
        self.reviews = Reviews(self)
        self.credentials = Credentials(self)

    def __repr__(self) -> str:
        return f"AsyncClient({self._access.url!r})"

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()

    async def me(self) -> Identity:
        """Return whose key it is, and how far it goes."""
        return await self.send(calls.identity())

    async def send(self, call: Call[T]) -> T:
        """Send a request, again where that helps and does nothing twice; return what its answer says.

        Raises:
            ApiError: Autograph refused it.
            ConnectionFailed: Nobody answers.
        """
        tried = 0
        while True:
            failure, delay = await self._try(call, tried := tried + 1)
            if delay is None:
                if isinstance(failure, ClientError):
                    raise failure
                return call.read(failure)
            await asyncio.sleep(delay)

    async def _try(self, call: Call[T], tried: int) -> tuple[Any, float | None]:
        """Return an answer, or an error and how long to wait before the next try; None for none."""
        try:
            answer = await self._http.request(
                call.method,
                f"{calls.PREFIX}{call.path}",
                params=dict(call.params),
                content=None if call.body is None else json.dumps(call.body),
                headers={**call.headers, **_JSON} if call.body is not None else dict(call.headers),
                timeout=httpx2.Timeout(self._timeout, read=self._timeout + call.waits),
            )
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            return _lost(self._access, error), self._retries.delay(tried)
        except httpx2.TransportError as error:
            delay = self._retries.delay(tried) if call.is_idempotent else None
            return _lost(self._access, error), delay
        if answer.is_success:
            return (json.loads(answer.content) if answer.content else None), None
        refused = error_of(answer.status_code, answer.headers, answer.content)
        if may_repeat(refused, is_idempotent=call.is_idempotent):
            return refused, self._retries.delay(tried, refused.retry_after)
        return refused, None

    async def each(self, pages: Pages[T]) -> AsyncIterator[T]:
        """Yield the items of a list, page by page as they are asked for."""
        cursor: str | int | None = None
        while True:
            page = await self.send(pages(cursor))
            for item in page.items:
                yield item
            if (cursor := page.cursor) is None:
                return

    async def follow(self, run_id: Id, after: int) -> AsyncIterator[Event]:
        """Yield a run's events until it is over, over as many connections as it takes.

        Raises:
            ApiError: Autograph refused it.
            ConnectionFailed: Nobody answers any more.
        """
        reading = Reading(after)
        while True:
            try:
                async with aclosing(self._listen(run_id, reading)) as events:
                    async for event in events:
                        yield event
            except httpx2.TransportError as error:
                failure: ClientError = _lost(self._access, error)
            except ApiError as error:
                if not may_repeat(error, is_idempotent=True):
                    raise
                failure = error
            else:
                if reading.is_over:
                    return
                failure = ConnectionFailed(f"{self._access.url} ended the stream.")
            reading.failures += 1
            again_after = failure.retry_after if isinstance(failure, ApiError) else None
            delay = self._retries.delay(reading.failures, again_after)
            if delay is None:
                raise failure
            await asyncio.sleep(delay)

    async def _listen(self, run_id: Id, reading: Reading) -> AsyncGenerator[Event]:
        reading.begin()
        async with self._http.stream(
            "GET",
            calls.stream_path(run_id),
            params={"after": reading.after},
            headers={"Accept": "text/event-stream"},
            timeout=httpx2.Timeout(self._timeout, read=STREAM_SILENCE),
        ) as answer:
            if not answer.is_success:
                raise error_of(answer.status_code, answer.headers, await answer.aread())
            async for line in answer.aiter_lines():
                event = reading.take(line)
                if event is not None:
                    yield event
                if reading.is_over:
                    return


_JSON = {"Content-Type": "application/json"}


def _lost(access: Access, error: httpx2.TransportError) -> ConnectionFailed:
    failed = ConnectionFailed(f"{access.url}: {error or type(error).__name__}.")
    failed.__cause__ = error
    return failed


class Blocks:
    """What agents are built of."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self) -> list[Block]:
        """Return every block, by name."""
        return await self._client.send(calls.list_blocks())

    async def get(self, block: str) -> Block:
        """Return a block by id or name."""
        return await self._client.send(calls.get_block(block))

    async def execute(self, block: str, inputs: Mapping[str, Json]) -> BlockResult:
        """Run a block once, outside any agent, and wait for its end."""
        return await self._client.send(calls.execute_block(block, inputs))


class Graphs:
    """The person's agents."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def list(self, *, name: str | None = None, page_size: int = 100) -> AsyncIterator[GraphSummary]:
        """Yield the agents, newest first."""
        return self._client.each(calls.list_graphs(name, page_size))

    async def create(self, document: Mapping[str, Json]) -> Graph:
        """Save an agent, ours or AutoGPT's, under a fresh id."""
        return await self._client.send(calls.create_graph(document))

    async def get(self, graph_id: Id, *, version: int | None = None) -> Graph:
        """Return a version of an agent, the active one where none is named."""
        return await self._client.send(calls.get_graph(graph_id, version))

    async def update(
        self, graph_id: Id, document: Mapping[str, Json], *, base_version: int | None = None
    ) -> Graph:
        """Save the next version; `Conflict` when `base_version` is not the latest any more."""
        return await self._client.send(calls.update_graph(graph_id, document, base_version))

    async def delete(self, graph_id: Id) -> None:
        """Take an agent out of sight. Its runs stay."""
        await self._client.send(calls.delete_graph(graph_id))

    async def export(
        self, graph_id: Id, *, version: int | None = None, form: str = "autograph"
    ) -> dict[str, Json]:
        """Return an agent as a file without secrets, in the form `autograph` or `autogpt`."""
        return await self._client.send(calls.export_graph(graph_id, version, form))

    async def versions(self, graph_id: Id) -> list[GraphVersion]:
        """Return an agent's versions, newest first."""
        return await self._client.send(calls.list_versions(graph_id))

    async def activate(self, graph_id: Id, version: int) -> Graph:
        """Make a version the one that runs when none is named."""
        return await self._client.send(calls.activate_version(graph_id, version))

    async def execute(
        self,
        graph_id: Id,
        inputs: Mapping[str, Json] | None = None,
        *,
        wait: float = 0,
        version: int | None = None,
        priority: calls.Priority = "normal",
        attended: bool = True,
        idempotency_key: str | None = None,
    ) -> Run:
        """Start a run, and wait for its end for up to `wait` seconds; it goes on in any case.

        Args:
            graph_id: What runs.
            inputs: The agent's inputs by name.
            wait: Seconds, up to 300; for longer there is `client.runs.wait`.
            version: Which version; the active one where none is named.
            priority: Its turn among the person's runs.
            attended: Somebody is there to say what became of a node whose worker died.
            idempotency_key: A second call with it returns the first call's run, also from another program.
        """
        how = Execution(inputs or {}, version, priority, attended, wait, idempotency_key)
        return await self._client.send(calls.execute_graph(graph_id, how))


class Runs:
    """What agents did and do."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def list(
        self, *, graph_id: Id | None = None, status: str | None = None, page_size: int = 100
    ) -> AsyncIterator[RunSummary]:
        """Yield the runs, newest first."""
        return self._client.each(calls.list_runs(graph_id, status, page_size))

    async def get(self, run_id: Id) -> Run:
        """Return a run with what it came to, or has come to so far."""
        return await self._client.send(calls.get_run(run_id))

    def node_runs(self, run_id: Id, *, page_size: int = 100) -> AsyncIterator[NodeRun]:
        """Yield what came of the run's node runs, in their order."""
        return self._client.each(calls.list_node_runs(run_id, page_size))

    def stream(self, run_id: Id, *, after: int = 0) -> AsyncIterator[Event]:
        """Yield a run's events after seq `after`, without gaps, until it is over.

        A connection that is lost is made again, and goes on behind the last event.
        """
        return self._client.follow(run_id, after)

    async def wait(self, run_id: Id, *, at_most: float | None = None) -> Run:
        """Return a run when it is over.

        Raises:
            WaitedInVain: It is not over after `at_most` seconds; it goes on.
        """
        until = None if at_most is None else time.monotonic() + at_most
        pause = 0.05
        while not (run := await self.get(run_id)).is_over:
            if until is not None and time.monotonic() + pause > until:
                raise WaitedInVain(f"Run {run_id} is {run.status} after {at_most:g} s; it goes on.")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 2.0)
        return run

    async def stop(self, run_id: Id) -> Run:
        """Ask a run to stop, and the runs inside it."""
        return await self._client.send(calls.stop_run(run_id))

    async def delete(self, run_id: Id) -> None:
        """Delete a run that is over, with its journal."""
        await self._client.send(calls.delete_run(run_id))


class Reviews:
    """What runs ask people."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def list(
        self, *, run_id: Id | None = None, status: str = "open", page_size: int = 100
    ) -> AsyncIterator[Review]:
        """Yield questions, newest first: `open`, or `closed`."""
        return self._client.each(calls.list_reviews(run_id, status, page_size))

    async def get(self, review_id: Id) -> Review:
        """Return a question, with its answer if there is one."""
        return await self._client.send(calls.get_review(review_id))

    async def answer(
        self, review_id: Id, decision: Decision, *, message: str = "", data: Json = None
    ) -> Review:
        """Answer a question; the run goes on. `Conflict` with the first answer when there was one."""
        return await self._client.send(calls.answer_review(review_id, decision, message, data))


class Credentials:
    """What the person uses elsewhere. Secrets go in, and never come out."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self, *, provider: str | None = None) -> list[Credential]:
        """Return the credentials, newest first."""
        return await self._client.send(calls.list_credentials(provider))

    async def add_api_key(self, provider: str, title: str, api_key: str) -> Credential:
        """Keep a key."""
        secret = {"type": "api_key", "api_key": api_key}
        return await self._client.send(calls.add_credential(provider, title, secret))

    async def add_user_password(
        self, provider: str, title: str, username: str, password: str
    ) -> Credential:
        """Keep a name and a password."""
        secret = {"type": "user_password", "username": username, "password": password}
        return await self._client.send(calls.add_credential(provider, title, secret))

    async def add_host_headers(
        self, provider: str, title: str, host: str, headers: Mapping[str, str]
    ) -> Credential:
        """Keep headers for one host."""
        secret = {"type": "host_scoped", "host": host, "headers": dict(headers)}
        return await self._client.send(calls.add_credential(provider, title, secret))

    async def delete(
        self, provider: str, credential_id: Id, *, force: bool = False
    ) -> list[CredentialUse]:
        """Delete a credential; return what that breaks. `Conflict` where agents use it, unless `force`."""
        return await self._client.send(
            calls.delete_credential(provider, credential_id, force=force)
        )
