"""Keeps what one attempt asks of the world, and what it is answered."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Mapping,
    Sequence,
)
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import asdict
from email.message import EmailMessage
from typing import Any

from autograph.blocks.sdk import (
    AgentList,
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
    Library,
    MailServer,
    Memo,
    ModelAnswer,
    ModelRequest,
    Models,
    OnText,
    Picture,
    Post,
    Program,
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
from autograph.blocks.sdk.exchanges import Sent, as_json, exchanged
from autograph.blocks.sdk.files import (
    MAX_READ,
    HeldFile,
    OpenedFiles,
    held,
    read_stream,
)
from autograph.blocks.tape.exchange import (
    MAX_KEPT,
    answer_json,
    code_json,
    drawing_json,
    mail_json,
    picture_json,
    question_json,
    ran_json,
    request_json,
    scrubbed,
    speech_json,
    sql_json,
    transcript_json,
)
from autograph.infra.egress.ports import Rules
from autograph.infra.errors import AutographError
from autograph.infra.json import canonical
from autograph.infra.sandbox.ports import Bench, Ran
from autograph.infra.sql.ports import SqlAnswer, SqlQuery, SqlServer


class Recorder:
    """What one attempt asked, in the order in which it was answered."""

    def __init__(self, agent: str, node: str) -> None:
        """Keep what a node of an agent asks."""
        self._who = {"agent": agent, "node": node}
        self._kept: list[dict[str, Json]] = []

    def taken(self, secrets: Sequence[str]) -> list[Json]:
        """Return what was kept, without `secrets`."""
        return [scrubbed(canonical(one)[1], secrets) for one in self._kept]

    def keep(self, kind: str, **said: Json) -> None:
        """Keep an exchange."""
        self._kept.append({"kind": kind, **self._who, **said})

    @contextmanager
    def failing(self, kind: str, said: Mapping[str, Json]) -> Generator[None]:
        """Keep what is asked in vain.

        Raises:
            AutographError: As it was.
            BlockError: As it was.
            CancelledError: As it was: there was no time left.
        """
        try:
            yield
        except (AutographError, BlockError) as error:
            self.keep(kind, **said, failure={"code": error.code, "message": error.message})
            raise
        except asyncio.CancelledError:
            late = {"code": "node.timeout", "message": "There was no answer in time."}
            self.keep(kind, **said, failure=late)
            raise

    def http(self, inner: Http) -> Http:
        """Return a way out that is kept."""
        return _Http(self, inner)

    def models(self, inner: Models) -> Models:
        """Return models whose answers are kept."""
        return _Models(self, inner)

    def sandbox(self, inner: Sandbox) -> Sandbox:
        """Return a sandbox of which it is kept what came of code."""
        return _Sandbox(self, inner)

    def sql(self, inner: Sql) -> Sql:
        """Return databases whose answers are kept."""
        return _Sql(self, inner)

    def dialer(self, inner: Dialer) -> Dialer:
        """Return other ways out; that they were taken is kept, and not what was said."""
        return _Dialer(self, inner)

    def post(self, inner: Post) -> Post:
        """Return mail servers of which it is kept what they were handed."""
        return _Post(self, inner)

    def store(self, inner: KeyValueStore) -> KeyValueStore:
        """Return stored values of which it is kept what they were."""
        return _Store(self, inner)

    def library(self, inner: Library) -> Library:
        """Return a library of which it is kept what was listed."""
        return _Library(self, inner)

    def files(self, inner: Files) -> Files:
        """Return files that are kept."""
        return _Files(self, inner)


class _Http:
    def __init__(self, recorder: Recorder, inner: Http) -> None:
        self._recorder = recorder
        self._inner = inner

    async def send(self, request: HttpRequest, rules: Rules | None = None) -> HttpResponse:
        sent = _sent(request)
        with self._recorder.failing("http", _asked(sent)):
            answer = await self._inner.send(request, rules)
        self._keep(sent, request, answer.status, answer.headers, answer.body, answer.url)
        return answer

    def stream(
        self, request: HttpRequest, rules: Rules | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        return self._stream(request, rules)

    @asynccontextmanager
    async def _stream(self, request: HttpRequest, rules: Rules | None) -> AsyncGenerator[Stream]:
        sent = _sent(request)
        async with AsyncExitStack() as stack:
            with self._recorder.failing("http", _asked(sent)):
                answer = await stack.enter_async_context(self._inner.stream(request, rules))
            heard = _Heard(answer, self._recorder, _asked(sent))
            try:
                yield heard
            finally:  # whatever the block makes of it
                if not heard.is_broken:
                    content = bytes(heard.content)
                    self._keep(sent, request, answer.status, answer.headers, content, request.url)

    def _keep(
        self,
        sent: Sent,
        request: HttpRequest,
        status: int,
        headers: Mapping[str, str],
        content: bytes,
        came_from: str,
    ) -> None:
        is_too_large = len(content) > MAX_KEPT
        kept = b"" if is_too_large else content
        said = as_json(exchanged(sent, status=status, headers=headers, content=kept))
        if is_too_large:
            said["left_out"] = f"a body of more than {MAX_KEPT} bytes"
        if came_from.partition("?")[0].rstrip("/") != request.url.partition("?")[0].rstrip("/"):
            said["final_url"] = came_from.partition("?")[0]
        self._recorder.keep("http", **said)


class _Heard:
    """Implements `Stream`; what comes is kept."""

    def __init__(self, inner: Stream, recorder: Recorder, asked: Mapping[str, Json]) -> None:
        self._inner = inner
        self._recorder = recorder
        self._asked = asked
        self.content = bytearray()
        self.is_broken = False

    async def pieces(self) -> AsyncIterator[bytes]:
        with self._recorder.failing("http", self._asked):
            try:
                async for piece in self._inner.pieces():
                    if len(self.content) <= MAX_KEPT:
                        self.content += piece
                    yield piece
            except (AutographError, asyncio.CancelledError):
                self.is_broken = True
                raise

    @property
    def status(self) -> int:
        return self._inner.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._inner.headers


class _Models:
    def __init__(self, recorder: Recorder, inner: Models) -> None:
        self._recorder = recorder
        self._inner = inner

    async def ask(
        self,
        request: ModelRequest,
        credential: CredentialRef | None,
        *,
        on_text: OnText | None = None,
    ) -> ModelAnswer:
        said = {"request": request_json(request)}
        with self._recorder.failing("model", said):
            answer = await self._inner.ask(request, credential, on_text=on_text)
        self._recorder.keep("model", **said, answer=answer_json(answer))
        return answer

    async def embed(
        self, model: str, texts: Sequence[str], credential: CredentialRef | None
    ) -> Sequence[Sequence[float]]:
        said: dict[str, Json] = {"model": model, "texts": list(texts)}
        with self._recorder.failing("embedding", said):
            vectors = await self._inner.embed(model, texts, credential)
        self._recorder.keep("embedding", **said, vectors=[list(one) for one in vectors])
        return vectors

    async def transcribe(self, speech: Speech, credential: CredentialRef | None) -> Transcript:
        said = speech_json(speech)
        with self._recorder.failing("transcript", said):
            heard = await self._inner.transcribe(speech, credential)
        self._recorder.keep("transcript", **said, heard=transcript_json(heard))
        return heard

    async def moderate(
        self, model: str, texts: Sequence[str], credential: CredentialRef | None
    ) -> Sequence[Verdict]:
        said: dict[str, Json] = {"model": model, "texts": list(texts)}
        with self._recorder.failing("verdict", said):
            verdicts = await self._inner.moderate(model, texts, credential)
        self._recorder.keep("verdict", **said, verdicts=[asdict(one) for one in verdicts])
        return verdicts

    async def draw(self, drawing: Drawing, credential: CredentialRef | None) -> Sequence[Picture]:
        said = drawing_json(drawing)
        with self._recorder.failing("picture", said):
            drawn = await self._inner.draw(drawing, credential)
        if sum(len(one.content) for one in drawn) > MAX_KEPT:
            left_out = f"pictures of more than {MAX_KEPT} bytes"
            self._recorder.keep("picture", **said, left_out=left_out)
        else:
            self._recorder.keep("picture", **said, drawn=[picture_json(one) for one in drawn])
        return drawn

    def window(self, model: str) -> int:
        return self._inner.window(model)


class _Sandbox:
    def __init__(self, recorder: Recorder, inner: Sandbox) -> None:
        self._recorder = recorder
        self._inner = inner

    async def run(self, code: str, language: CodeLanguage, *, seconds: float | None = None) -> Ran:
        said = code_json(code, language)
        with self._recorder.failing("code", said):
            ran = await self._inner.run(code, language, seconds=seconds)
        self._recorder.keep("code", **said, ran=ran_json(ran))
        return ran

    def bench(self) -> AbstractAsyncContextManager[Bench]:
        # Nothing is kept: it asks nobody, so what is played works at its files anew.
        return self._inner.bench()

    def program(
        self, name: str, *, secret: str | None = None
    ) -> AbstractAsyncContextManager[Program]:
        return self._program(name, secret)

    @asynccontextmanager
    async def _program(self, name: str, secret: str | None) -> AsyncGenerator[Program]:
        async with AsyncExitStack() as stack:
            with self._recorder.failing("program", {"name": name}):
                inner = await stack.enter_async_context(self._inner.program(name, secret=secret))
            heard = _Program(inner)
            try:
                yield heard
            finally:
                if sum(len(text) for _, text in heard.said) > MAX_KEPT:
                    left_out = f"a conversation of more than {MAX_KEPT} bytes"
                    self._recorder.keep("program", name=name, left_out=left_out)
                else:
                    lines: list[Json] = [{who: text} for who, text in heard.said]
                    self._recorder.keep("program", name=name, lines=lines)


class _Program:
    """Implements `Program`; what is said is kept."""

    def __init__(self, inner: Program) -> None:
        self._inner = inner
        self.said: list[tuple[str, str]] = []

    async def say(self, line: bytes) -> None:
        self.said.append(("said", line.decode("utf-8", "replace")))
        await self._inner.say(line)

    async def hear(self) -> bytes:
        line = await self._inner.hear()
        self.said.append(("heard", line.decode("utf-8", "replace")))
        return line

    @property
    def complaint(self) -> str:
        return self._inner.complaint


class _Sql:
    def __init__(self, recorder: Recorder, inner: Sql) -> None:
        self._recorder = recorder
        self._inner = inner

    async def query(self, server: SqlServer, query: SqlQuery) -> SqlAnswer:
        said = sql_json(server, query)
        with self._recorder.failing("sql", said):
            answer = await self._inner.query(server, query)
        self._recorder.keep("sql", **said, answer=asdict(answer))
        return answer


class _Post:
    def __init__(self, recorder: Recorder, inner: Post) -> None:
        self._recorder = recorder
        self._inner = inner

    async def send(self, server: MailServer, message: EmailMessage, people: Sequence[str]) -> None:
        said = mail_json(server, message, people)
        with self._recorder.failing("mail", said):
            await self._inner.send(server, message, people)
        self._recorder.keep("mail", **said)


class _Dialer:
    def __init__(self, recorder: Recorder, inner: Dialer) -> None:
        self._recorder = recorder
        self._inner = inner

    async def address(self, host: str, port: int, *, rules: Rules | None = None) -> str:
        self._note(host, port)
        return await self._inner.address(host, port, rules=rules)

    async def connect(self, host: str, port: int, *, rules: Rules | None = None) -> socket.socket:
        self._note(host, port)
        return await self._inner.connect(host, port, rules=rules)

    def _note(self, host: str, port: int) -> None:
        self._recorder.keep("dialed", host=host, port=port, left_out="what is not HTTP")


class _Store:
    def __init__(self, recorder: Recorder, inner: KeyValueStore) -> None:
        self._recorder = recorder
        self._inner = inner

    async def get(self, key: str, *, scope: Scope) -> Json | None:
        value = await self._inner.get(key, scope=scope)
        if value is not None:
            self._recorder.keep("stored", scope=scope.value, key=key, value=value)
        return value

    async def set(self, key: str, value: Json, *, scope: Scope) -> None:
        await self._inner.set(key, value, scope=scope)

    async def remember(self, collection: Collection, memos: Sequence[Memo]) -> Sequence[str]:
        return await self._inner.remember(collection, memos)

    async def recall(self, collection: Collection, question: Question) -> Sequence[Recalled]:
        said = question_json(collection, question)
        with self._recorder.failing("recalled", said):
            found = await self._inner.recall(collection, question)
        self._recorder.keep("recalled", **said, found=[one.as_json() for one in found])
        return found

    async def forget(self, collection: Collection, ids: Sequence[str] | None) -> int:
        gone = await self._inner.forget(collection, ids)
        listed: Json = None if ids is None else list(ids)
        said = {"collection": collection.as_json(), "ids": listed}
        self._recorder.keep("forgotten", **said, count=gone)
        return gone


class _Library:
    def __init__(self, recorder: Recorder, inner: Library) -> None:
        self._recorder = recorder
        self._inner = inner

    async def agents(self, search: str, *, limit: int, page: int) -> AgentList:
        said: dict[str, Json] = {"search": search, "limit": limit, "page": page}
        with self._recorder.failing("agents", said):
            listed = await self._inner.agents(search, limit=limit, page=page)
        found = [asdict(one) for one in listed.agents]
        self._recorder.keep("agents", **said, found=found, total=listed.total)
        return listed


class _Files(OpenedFiles):
    def __init__(self, recorder: Recorder, inner: Files) -> None:
        self._recorder = recorder
        self._inner = inner

    @asynccontextmanager
    async def open(self, reference: str) -> AsyncGenerator[FileStream]:
        if reference[:5].lower() == "data:":
            async with self._inner.open(reference) as stream:
                yield stream
            return
        said: dict[str, Json] = {"reference": reference}
        with self._recorder.failing("file", said):
            async with self._inner.open(reference) as stream:
                content = await read_stream(stream, MAX_READ)
                info = stream.info
        said |= {"name": info.name, "media_type": info.media_type}
        if len(content) > MAX_KEPT:
            said["left_out"] = f"a file of {len(content)} bytes"
        else:
            said["base64"] = base64.b64encode(content).decode()
        self._recorder.keep("file", **said)
        yield HeldFile(info.name, content, info.media_type)

    async def write(
        self, name: str, content: bytes | AsyncIterable[bytes], media_type: str = ""
    ) -> str:
        written = await held(content)
        reference = await self._inner.write(name, written, media_type)
        digest = hashlib.sha256(written).hexdigest()
        self._recorder.keep("written", name=name, reference=reference, sha256=digest)
        return reference


def _sent(request: HttpRequest) -> Sent:
    return Sent.of(request.method, request.url, request.params, request.headers, request.body)


def _asked(sent: Sent) -> dict[str, Any]:
    """Return the request's part of an exchange."""
    said = as_json(exchanged(sent, status=200, headers={}, content=b""))
    return {name: one for name, one in said.items() if name != "text"}
