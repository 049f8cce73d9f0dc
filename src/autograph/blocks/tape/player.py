"""Answers blocks from recorded exchanges, and from nowhere else."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from autograph.blocks.models import demo
from autograph.blocks.sdk import (
    BlockError,
    Dialer,
    Files,
    FileStream,
    Http,
    HttpRequest,
    HttpResponse,
    Json,
    KeyValueStore,
    Library,
    ModelAnswer,
    ModelRequest,
    Models,
    Post,
    Sandbox,
    Scope,
    Sql,
    Stream,
)
from autograph.blocks.sdk.exchanges import Sent, answer_of, from_json
from autograph.blocks.sdk.files import (
    MAX_READ,
    HeldFile,
    OpenedFiles,
    held,
    open_elsewhere,
)
from autograph.blocks.tape.exchange import (
    ASKED_OF_MODELS,
    Exchange,
    answer_from,
    request_json,
    scrubbed,
    told,
)
from autograph.blocks.tape.matching import (
    ELSE,
    PLACEHOLDER,
    Who,
    different,
    fail_as,
    place,
    rank,
    unlike,
    without_placeholder,
)
from autograph.blocks.tape.played import (
    PlayedLibrary,
    PlayedModels,
    PlayedPost,
    PlayedSandbox,
    PlayedSql,
    PlayedStore,
)
from autograph.infra.egress.ports import Rules

_ONCE: Final = frozenset(
    {
        "http",
        "model",
        "sql",
        "code",
        "mail",
        "program",
        "written",
        "recalled",
        "forgotten",
        "agents",
        *ASKED_OF_MODELS,
    }
)
"""Kinds that answer once; the others are how things were, and answer whoever asks."""


class Player:
    """What a recording answers.

    Attributes:
        problems: What was asked and not recorded, or recorded otherwise.
        script: By which the scripted model answers; None where it does not.
    """

    def __init__(
        self,
        exchanges: Sequence[Exchange],
        *,
        at: datetime,
        script: Sequence[Mapping[str, Json]] | None = None,
    ) -> None:
        """Answer from `exchanges`; what models are asked beyond them, the scripted one answers by `script`.

        Args:
            exchanges: In the order in which they were recorded.
            at: The moment that it is where none was recorded.
            script: Rules as `blocks.models.demo` has them; None: nothing answers beyond the recording.
        """
        self._left = [one for one in exchanges if one["kind"] in _ONCE]
        self._files = {one["reference"]: one for one in exchanges if one["kind"] == "file"}
        self._moments = [one for one in exchanges if one["kind"] == "now"]
        self._at = at
        self.script = script
        self._written: dict[str, HeldFile] = {}
        self._stored: dict[tuple[str, Scope, str], Json] = {}
        for one in exchanges:
            if one["kind"] == "stored":
                found = place(str(one.get("agent", "")), Scope(one["scope"]), one["key"])
                self._stored.setdefault(found, one["value"])
        self.problems: list[str] = []

    @property
    def unasked(self) -> list[str]:
        """What was recorded and nobody asked for."""
        return [told(one) for one in self._left]

    def now(self, who: Who) -> datetime:
        """Return the moment that a node was told next."""
        mine = next((one for one in self._moments if rank(one, who) < ELSE), None)
        if mine is None:
            return self._at
        self._moments.remove(mine)
        return datetime.fromisoformat(mine["at"])

    def http(self, who: Who) -> Http:
        """Return the way out of a node: into the recording."""
        return _Http(self, who)

    def models(self, who: Who) -> Models:
        """Return the models that a node can ask."""
        return PlayedModels(self, who)

    def sandbox(self, who: Who) -> Sandbox:
        """Return where code of a node was run."""
        return PlayedSandbox(self, who)

    def sql(self, who: Who) -> Sql:
        """Return the databases that a node asked."""
        return PlayedSql(self, who)

    def post(self, who: Who) -> Post:
        """Return the mail servers that a node handed mails to."""
        return PlayedPost(self, who)

    def dialer(self, who: Who) -> Dialer:
        """Return no way out: what is not HTTP is not recorded."""
        return _Dialer(self, who)

    def store(self, who: Who) -> KeyValueStore:
        """Return the stored values, as they were."""
        return PlayedStore(self, self._stored, who)

    def library(self, who: Who) -> Library:
        """Return the library, as it was."""
        return PlayedLibrary(self, who)

    def files(self, who: Who) -> Files:
        """Return the files, as they were."""
        return _Files(self, who)

    def take(
        self, kind: str, who: Who, compare: Callable[[Exchange], list[str]], what: str
    ) -> Exchange:
        """Take out the exchange that was recorded for a request: the node's own first.

        Raises:
            BlockError: There is none.
        """
        left = sorted(
            (one for one in self._left if one["kind"] == kind), key=lambda one: rank(one, who)
        )
        compared = [(one, compare(one)) for one in left]
        for one, found in compared:
            if not found:
                self._left.remove(one)
                return one
        message = f"Not in the recording: {what}."
        if compared:
            nearest, found = min(compared, key=lambda pair: (rank(pair[0], who), len(pair[1])))
            message += f" The nearest there is {told(nearest)}: {'; '.join(found)}"
        self.problem(who, message)
        raise BlockError(message, code="cassette.not_recorded")

    def problem(self, who: Who, message: str) -> None:
        """Note that something is not as it was recorded."""
        self.problems.append(f"{who[1]}: {message}")

    def is_scripted(self, kind: str) -> bool:
        """Return whether the scripted model answers questions of a kind, because no recording does."""
        return self.script is not None and not any(one["kind"] == kind for one in self._left)

    def asked(self, request: ModelRequest, who: Who) -> ModelAnswer:
        """Return what a model answers.

        Raises:
            BlockError: It was not recorded, or a failure was.
        """
        sent = scrubbed(request_json(request), (PLACEHOLDER,))
        if self.is_scripted("model"):
            return demo.answer(request, self.script or ())
        found = self.take(
            "model",
            who,
            lambda one: unlike(one, one.get("request", {}), sent),
            f"a question to {request.model}",
        )
        fail_as(found)
        return answer_from(found["answer"])

    def file(self, reference: str, who: Who) -> HeldFile:
        """Return what was in a file.

        Raises:
            BlockError: It was not recorded, or a failure was.
        """
        if reference in self._written:
            return self._written[reference]
        found = self._files.get(reference)
        if found is None:
            message = f"Not in the recording: the file {reference}."
            self.problem(who, message)
            raise BlockError(message, code="cassette.not_recorded")
        fail_as(found)
        return HeldFile(found["name"], base64.b64decode(found["base64"]), found["media_type"])

    def write(self, name: str, content: bytes, media_type: str, who: Who) -> str:
        """Keep a file under the reference that it was recorded with."""
        digest = hashlib.sha256(content).hexdigest()
        alike = [one for one in self._left if one["kind"] == "written" and one["name"] == name]
        reference = f"file://{UUID(int=len(self._written) + 1)}"
        if alike:
            found = min(alike, key=lambda one: rank(one, who))
            self._left.remove(found)
            reference = found["reference"]
            if found.get("sha256", digest) != digest:
                self.problem(who, f"The file {name!r} has another content than the recorded one.")
        self._written[reference] = HeldFile(name, content, media_type)
        return reference


class _Http:
    """Implements `Http`."""

    def __init__(self, player: Player, who: Who) -> None:
        self._player = player
        self._who = who

    async def send(self, request: HttpRequest, rules: Rules | None = None) -> HttpResponse:
        return self._answer(request)

    def stream(
        self, request: HttpRequest, rules: Rules | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        return self._stream(request)

    @asynccontextmanager
    async def _stream(self, request: HttpRequest) -> AsyncGenerator[Stream]:
        answer = self._answer(request)
        yield _Played(answer.status, answer.headers, answer.body)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        params = {str(name): str(text) for name, text in request.params.items()}
        sent = without_placeholder(
            Sent.of(request.method, request.url, params, request.headers, request.body)
        )
        found = self._player.take(
            "http",
            self._who,
            lambda one: different(one, sent),
            f"{sent.method} {sent.url}",
        )
        fail_as(found)
        exchange = from_json(found)
        headers, content = answer_of(exchange)
        url = found.get("final_url", request.url)
        return HttpResponse(exchange.status, url, headers, content)


@dataclass(frozen=True, slots=True)
class _Played:
    """Implements `Stream`."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    async def pieces(self) -> AsyncIterator[bytes]:
        if self.content:
            yield self.content


class _Dialer:
    """Implements `Dialer`."""

    def __init__(self, player: Player, who: Who) -> None:
        self._player = player
        self._who = who

    async def address(self, host: str, port: int, *, rules: Rules | None = None) -> str:
        raise self._refused(host, port)

    async def connect(self, host: str, port: int, *, rules: Rules | None = None) -> socket.socket:
        raise self._refused(host, port)

    def _refused(self, host: str, port: int) -> BlockError:
        message = f"Not in the recording: a connection to {host}:{port} that is not HTTP."
        self._player.problem(self._who, message)
        return BlockError(message, code="cassette.not_recorded")


class _Files(OpenedFiles):
    """Implements `Files`."""

    def __init__(self, player: Player, who: Who) -> None:
        self._player = player
        self._who = who

    @asynccontextmanager
    async def open(self, reference: str) -> AsyncGenerator[FileStream]:
        if reference[:5].lower() == "data:":
            async with open_elsewhere(
                reference, self._player.http(self._who), max_bytes=MAX_READ
            ) as stream:
                yield stream
            return
        yield self._player.file(reference, self._who)

    async def write(
        self, name: str, content: bytes | AsyncIterable[bytes], media_type: str = ""
    ) -> str:
        written = await held(content)
        return self._player.write(name, written, media_type, self._who)
