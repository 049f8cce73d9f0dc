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

from autograph.blocks.models import demo, demo_senses
from autograph.blocks.models.catalogue import load
from autograph.blocks.sdk import (
    BlockError,
    CodeLanguage,
    Collection,
    CredentialRef,
    Dialer,
    Drawing,
    Files,
    FileStream,
    Http,
    HttpRequest,
    HttpResponse,
    Json,
    KeyValueStore,
    Memo,
    ModelAnswer,
    ModelRequest,
    Models,
    OnText,
    Picture,
    Question,
    Recalled,
    Sandbox,
    Scope,
    Speech,
    Sql,
    Stream,
    Transcript,
    Verdict,
)
from autograph.blocks.sdk.exchanges import Sent, answer_of, from_json
from autograph.blocks.sdk.files import (
    MAX_READ,
    HeldFile,
    OpenedFiles,
    held,
    open_elsewhere,
)
from autograph.blocks.sdk.memory import checked, memory_id
from autograph.blocks.tape.exchange import (
    ASKED_OF_MODELS,
    Exchange,
    answer_from,
    code_json,
    drawing_json,
    picture_from,
    question_json,
    ran_from,
    recalled_from,
    request_json,
    scrubbed,
    speech_json,
    sql_from,
    sql_json,
    told,
    transcript_from,
    verdict_from,
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
from autograph.infra.egress.ports import Rules
from autograph.infra.sandbox.late import LateSandbox
from autograph.infra.sandbox.ports import Bench, Ran, SandboxLimits
from autograph.infra.sql.ports import SqlAnswer, SqlQuery, SqlServer

_ONCE: Final = frozenset(
    {"http", "model", "sql", "code", "written", "recalled", "forgotten", *ASKED_OF_MODELS}
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
        return _Models(self, who)

    def sandbox(self, who: Who) -> Sandbox:
        """Return where code of a node was run."""
        return _Sandbox(self, who)

    def sql(self, who: Who) -> Sql:
        """Return the databases that a node asked."""
        return _Sql(self, who)

    def dialer(self, who: Who) -> Dialer:
        """Return no way out: what is not HTTP is not recorded."""
        return _Dialer(self, who)

    def store(self, who: Who) -> KeyValueStore:
        """Return the stored values, as they were."""
        return _Store(self, self._stored, who)

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


class _Models:
    """Implements `Models`."""

    def __init__(self, player: Player, who: Who) -> None:
        self._player = player
        self._who = who

    async def ask(
        self,
        request: ModelRequest,
        credential: CredentialRef | None,
        *,
        on_text: OnText | None = None,
    ) -> ModelAnswer:
        answer = self._player.asked(request, self._who)
        if on_text is not None:
            on_text(answer.text)
        return answer

    async def embed(
        self, model: str, texts: Sequence[str], credential: CredentialRef | None
    ) -> Sequence[Sequence[float]]:
        if self._player.is_scripted("embedding"):
            return [demo.embedding(one) for one in texts]
        return self._taken("embedding", {"model": model, "texts": list(texts)})["vectors"]

    async def transcribe(self, speech: Speech, credential: CredentialRef | None) -> Transcript:
        if self._player.is_scripted("transcript"):
            return demo_senses.transcript(speech, self._player.script or ())
        return transcript_from(self._taken("transcript", speech_json(speech))["heard"])

    async def moderate(
        self, model: str, texts: Sequence[str], credential: CredentialRef | None
    ) -> Sequence[Verdict]:
        if self._player.is_scripted("verdict"):
            return [demo_senses.verdict(one) for one in texts]
        found = self._taken("verdict", {"model": model, "texts": list(texts)})
        return [verdict_from(one) for one in found["verdicts"]]

    async def draw(self, drawing: Drawing, credential: CredentialRef | None) -> Sequence[Picture]:
        if self._player.is_scripted("picture"):
            return demo_senses.pictures(drawing)
        return [picture_from(one) for one in self._taken("picture", drawing_json(drawing))["drawn"]]

    def _taken(self, kind: str, asked: Mapping[str, Json]) -> Exchange:
        sent = scrubbed(asked, (PLACEHOLDER,))
        what = f"{ASKED_OF_MODELS[kind]} by {asked['model']}"
        found = self._player.take(kind, self._who, lambda one: unlike(one, one, sent), what)
        fail_as(found)
        return found

    def window(self, model: str) -> int:
        return load().find(model).window


class _Sandbox:
    """Implements `Sandbox`."""

    def __init__(self, player: Player, who: Who) -> None:
        self._player = player
        self._who = who

    async def run(self, code: str, language: CodeLanguage, *, seconds: float | None = None) -> Ran:
        sent = scrubbed(code_json(code, language), (PLACEHOLDER,))
        found = self._player.take(
            "code",
            self._who,
            lambda one: unlike(one, one, sent),
            f"{language.value} code",
        )
        fail_as(found)
        return ran_from(found["ran"])

    def bench(self) -> AbstractAsyncContextManager[Bench]:
        # A real one: it asks nobody, so nothing of it was recorded.
        return LateSandbox(SandboxLimits(), warm=0).bench()


class _Sql:
    """Implements `Sql`."""

    def __init__(self, player: Player, who: Who) -> None:
        self._player = player
        self._who = who

    async def query(self, server: SqlServer, query: SqlQuery) -> SqlAnswer:
        sent = scrubbed(sql_json(server, query), (PLACEHOLDER,))
        what = f"a question to the database {sent['server']}"
        found = self._player.take("sql", self._who, lambda one: unlike(one, one, sent), what)
        fail_as(found)
        return sql_from(found["answer"])


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


class _Store:
    """Implements `KeyValueStore`."""

    def __init__(
        self, player: Player, stored: dict[tuple[str, Scope, str], Json], who: Who
    ) -> None:
        self._player = player
        self._stored = stored
        self._who = who

    async def get(self, key: str, *, scope: Scope) -> Json | None:
        return self._stored.get(place(self._who[0], scope, key))

    async def set(self, key: str, value: Json, *, scope: Scope) -> None:
        self._stored[place(self._who[0], scope, key)] = value

    async def remember(self, collection: Collection, memos: Sequence[Memo]) -> Sequence[str]:
        return [memory_id(checked(collection), one) for one in memos]

    async def recall(self, collection: Collection, question: Question) -> Sequence[Recalled]:
        found = self._taken("recalled", question_json(collection, question))
        return [recalled_from(one) for one in found["found"]]

    async def forget(self, collection: Collection, ids: Sequence[str] | None) -> int:
        listed: Json = None if ids is None else list(ids)
        return self._taken("forgotten", {"collection": collection.as_json(), "ids": listed})[
            "count"
        ]

    def _taken(self, kind: str, asked: Mapping[str, Json]) -> Exchange:
        sent = scrubbed(asked, (PLACEHOLDER,))
        found = self._player.take(
            kind, self._who, lambda one: unlike(one, one, sent), told({**asked, "kind": kind})
        )
        fail_as(found)
        return found


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
