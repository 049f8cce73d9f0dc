"""Asks models: opens the credential, streams the answer, tries again what fails for a moment, notes what it took.

Tried again here, at most twice and after at most ten seconds each: what the provider says will pass (429, 5xx, a
connection that broke). What takes longer than that fails with `retry_after`, and the node's own retry policy, which
holds no worker while it waits, decides (docs/decisions/0024-retries-of-model-calls.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from autograph.blocks.models import demo
from autograph.blocks.models.catalogue import Model, Provider, load
from autograph.blocks.models.protocols.anthropic import Anthropic
from autograph.blocks.models.protocols.gemini import Gemini
from autograph.blocks.models.protocols.openai import OpenAI
from autograph.blocks.models.protocols.responses import OpenAIResponses
from autograph.blocks.models.protocols.wire import (
    BrokenAnswer,
    Call,
    Refused,
    Wire,
    entries,
    number,
    objects,
    said_by,
)
from autograph.blocks.models.shelf import ModelShelf
from autograph.blocks.sdk.cost import CostKind
from autograph.blocks.sdk.credentials import CredentialRef, HostScopedSecret, texts_of
from autograph.blocks.sdk.fields import Json
from autograph.blocks.sdk.models import ModelAnswer, ModelError, ModelRequest, OnText, Usage, World
from autograph.blocks.sdk.sse import EventReader, TooLong
from autograph.graph.model import is_object
from autograph.infra.egress.ports import HttpRequest, Stream, Unreachable
from autograph.infra.errors import Invalid
from autograph.infra.json import decode, encode

_WIRES: Final[Mapping[str, Wire]] = {
    "openai": OpenAI(),
    "openai-responses": OpenAIResponses(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
}
_TRIES: Final = 3
_LONGEST_WAIT: Final = timedelta(seconds=10)
_FIRST_WAIT: Final = timedelta(milliseconds=500)
_TOTAL: Final = timedelta(minutes=15)
"""For a whole answer; the node's own time limit is usually shorter."""
_SILENCE_SECONDS: Final = 120.0
"""A stream that brings nothing for so long is dead."""
_MAX_REFUSAL: Final = 65_536
_MAX_WHOLE: Final = 16 * 1024 * 1024
_PASSING: Final = frozenset({"model.rate_limited", "model.unavailable"})
_CODES: Final = {401: "model.unauthorized", 403: "model.unauthorized", 404: "model.unknown"}


class ModelClient:
    """Implements `Models` for one attempt."""

    def __init__(self, world: World, shelf: ModelShelf) -> None:
        """Ask in the name of an attempt, where and as `shelf` says."""
        self._world = world
        self._shelf = shelf

    def window(self, model: str) -> int:
        """Return how many tokens a model can take in at once."""
        return self._shelf.find(model).window

    async def ask(
        self,
        request: ModelRequest,
        credential: CredentialRef | None,
        *,
        on_text: OnText | None = None,
    ) -> ModelAnswer:
        """Ask a model and return its whole answer.

        Raises:
            ModelError: There is no such model, or it does not answer as it should.
        """
        model = self._shelf.find(request.model)
        if model.retired is not None:
            self._world.log(f"{model.retired} is no more; {model.id} answers in its place.")
        if model.provider.protocol == "demo":
            said = demo.answer(request, self._shelf.script)
            for piece in demo.pieces(said.text):
                if on_text is not None:
                    on_text(piece)
            self._note(model, said.usage, is_ours=False)
            return said
        access = await self._access(model, credential, request.address)
        wire = _WIRES[model.protocol or model.provider.protocol]
        call = wire.call(request, model)
        said = await self._persistently(access, wire, call, on_text)
        self._note(model, said.usage, is_ours=access.is_ours)
        return said

    async def embed(
        self, model: str, texts: Sequence[str], credential: CredentialRef | None
    ) -> Sequence[Sequence[float]]:
        """Return where each text lies in a model's space of meanings.

        Raises:
            ModelError: There is no such model, or it does not answer as it should.
        """
        found = self._shelf.find(model)
        if found.provider.protocol == "demo":
            return [demo.embedding(one) for one in texts]
        access = await self._access(found, credential, None)
        if found.provider.protocol != "openai":
            raise ModelError(f"{found.provider.title} has no embeddings that are spoken here.")
        call = Call("/embeddings", {"model": found.id, "input": list(texts)}, {})
        answer = await self._world_send(access, call)
        rows = sorted(objects(answer.get("data")), key=lambda one: number(one.get("index")))
        vectors = [one["embedding"] for one in rows if isinstance(one.get("embedding"), list)]
        if len(vectors) != len(texts):
            raise access.broken(f"{len(texts)} texts were sent and {len(vectors)} came back")
        read = number(entries(answer.get("usage")).get("total_tokens"))
        self._note(found, Usage(input_tokens=read), is_ours=access.is_ours)
        return vectors

    def _note(self, model: Model, usage: Usage, *, is_ours: bool) -> None:
        """Note what an answer took; it costs credits where the installation's own account pays for it."""
        self._world.used(CostKind.TOKENS, usage.input_tokens + usage.output_tokens)
        if is_ours:
            self._world.used(CostKind.COST_USD, model.cost_usd(usage))

    async def _access(
        self, model: Model, reference: CredentialRef | None, address: str | None
    ) -> _Access:
        """Return how a model's provider is reached, and as whom.

        Raises:
            ModelError: It wants to know who asks, and nobody has said, or the credential is another provider's.
        """
        provider, wire = model.provider, _WIRES[model.protocol or model.provider.protocol]
        if provider.id == "ollama":
            # Whoever made the agent chose the address: no key goes there.
            return _Access(model, _at(provider, address), {}, "", (), is_ours=False)
        if reference is None:
            key = self._shelf.keys.get(provider.id)
            if key is not None:
                return _Access(model, provider.url, wire.proof(key), "", (key,), is_ours=True)
            if provider.id and not provider.is_keyless:
                raise ModelError(
                    f"{model.name} is asked at {provider.title}, which wants to know who asks. Choose a credential "
                    "at this node, or set a key for all (setting: AUTOGRAPH_MODEL_KEYS).",
                    code="model.unauthorized",
                )
            return _Access(model, provider.url, {}, "", (), is_ours=False)
        title = reference.title or reference.id
        secret = await self._world.credential(reference)
        if isinstance(secret, HostScopedSecret):
            headers = secret.headers(urlsplit(provider.url).hostname or "")
        elif reference.provider != provider.id:
            raise ModelError(
                f"The credential {title!r} is for {reference.provider}, and {model.name} is asked at "
                f"{provider.title}. Choose another one at this node.",
                code="credential.mismatch",
            )
        else:
            headers = wire.proof(texts_of(secret)[0])
        return _Access(model, provider.url, headers, title, tuple(texts_of(secret)), is_ours=False)

    async def _persistently(
        self, access: _Access, wire: Wire, call: Call, on_text: OnText | None
    ) -> ModelAnswer:
        """Ask, and ask again where what went wrong will pass soon.

        Raises:
            ModelError: It did not answer as it should.
        """
        wait = _FIRST_WAIT
        for _ in range(_TRIES - 1):
            try:
                return await self._streamed(access, wire, call, on_text)
            except ModelError as error:
                pause = error.retry_after or wait
                if error.code not in _PASSING or pause > _LONGEST_WAIT:
                    raise
            if on_text is not None:
                on_text("")
            await asyncio.sleep(pause.total_seconds())
            wait *= 2
        return await self._streamed(access, wire, call, on_text)

    async def _streamed(
        self, access: _Access, wire: Wire, call: Call, on_text: OnText | None
    ) -> ModelAnswer:
        """Ask once.

        Raises:
            ModelError: It did not answer as it should.
        """
        reader = wire.reader()
        async with _explained(access), self._world.http.stream(access.request(call)) as answer:
            if answer.status >= 400:
                raise await self._refusal(access, answer)
            if "json" in answer.headers.get("content-type", ""):
                said = wire.whole(await _whole(answer))
                if on_text is not None:
                    on_text(said.text)
                return said
            async for event in _events(answer):
                added = reader.take(event)
                if added and on_text is not None:
                    on_text(added)
        if not reader.is_done:
            raise access.error("broke off in the middle of its answer.", "model.unavailable")
        return reader.answer()

    async def _world_send(self, access: _Access, call: Call) -> Mapping[str, Any]:
        """Ask for an answer in one piece.

        Raises:
            ModelError: It did not answer as it should.
        """
        async with _explained(access), self._world.http.stream(access.request(call)) as answer:
            if answer.status >= 400:
                raise await self._refusal(access, answer)
            return await _whole(answer)

    async def _refusal(self, access: _Access, answer: Stream) -> ModelError:
        body = b""
        async for piece in answer.pieces():
            body += piece
            if len(body) > _MAX_REFUSAL:
                break
        status = answer.status
        said = said_by(body[:_MAX_REFUSAL]) or f"HTTP {status}"
        if status == 429:
            code = "model.rate_limited"
        else:
            code = _CODES.get(status, "model.unavailable" if status >= 500 else "model.rejected")
        return access.error(f"says: {said}", code, retry_after=self._retry_after(answer.headers))

    def _retry_after(self, headers: Mapping[str, str]) -> timedelta | None:
        """Return when the provider wants to be asked again (RFC 9110, section 10.2.3)."""
        said = headers.get("retry-after", "").strip()
        if not said:
            return None
        try:
            return timedelta(seconds=max(0.0, float(said)))
        except (ValueError, OverflowError):
            pass
        try:
            return max(timedelta(0), parsedate_to_datetime(said) - self._world.now())
        except (ValueError, TypeError):
            return None


class _Silent(Exception):
    """A stream brings nothing any more."""


class _Access:
    """How a provider is reached, and as whom."""

    def __init__(
        self,
        model: Model,
        url: str,
        proof: Mapping[str, str],
        title: str,
        secrets: tuple[str, ...],
        *,
        is_ours: bool,
    ) -> None:
        self.is_ours = is_ours
        self._model = model
        self._url = url
        self._proof = proof
        self._title = title
        self._secrets = secrets

    def request(self, call: Call) -> HttpRequest:
        """Return what is sent."""
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream, application/json",
        }
        return HttpRequest(
            "POST",
            f"{self._url}{call.path}",
            headers={**headers, **call.headers, **self._proof},
            body=encode(call.body),
            timeout=_TOTAL,
            follows=False,
        )

    def error(self, what: str, code: str, *, retry_after: timedelta | None = None) -> ModelError:
        """Return what went wrong, in words that name the provider, the model and the credential, and no secret."""
        whom = f" (credential {self._title!r})" if self._title else ""
        message = f"{self._model.provider.title}{whom}, asked for {self._model.id}, {what}"
        if code == "model.unknown" and (near := self._nearest()):
            message += f" Models of it that are known here: {near}."
        for secret in self._secrets:
            message = message.replace(secret, "•••")
        return ModelError(message, code=code, retry_after=retry_after)

    def broken(self, how: str) -> ModelError:
        """Return that what came is no answer."""
        return self.error(f"sent an answer that cannot be read: {how[:300]}", "model.bad_answer")

    def _nearest(self) -> str:
        names = [
            one.id for one in load().models.values() if one.provider.id == self._model.provider.id
        ]
        near = [one for one in load().nearest(self._model.id, 10) if one in names]
        return ", ".join(near[:3] or names[:3])


def _at(provider: Provider, address: str | None) -> str:
    """Return where Ollama is: where the node says, or where the installation says."""
    if not address or address == "localhost:11434":
        return provider.url
    found = address if "://" in address else f"http://{address}"
    return found.rstrip("/") if found.rstrip("/").endswith("/v1") else f"{found.rstrip('/')}/v1"


@asynccontextmanager
async def _explained(access: _Access) -> AsyncGenerator[None]:
    """Make a model's failure of whatever goes wrong while it is asked.

    Raises:
        ModelError: Something did.
    """
    try:
        yield
    except Refused as error:
        code = "model.unavailable" if error.is_passing else "model.rejected"
        raise access.error(f"says: {error}", code) from None
    except (BrokenAnswer, Invalid, TooLong) as error:
        raise access.broken(str(error) or "an event does not end") from error
    except _Silent:
        silence = f"has been silent for {_SILENCE_SECONDS:g} s"
        raise access.error(silence, "model.unavailable") from None
    except Unreachable as error:
        raise access.error(f"did not answer: {error.message}", "model.unavailable") from error


async def _events(answer: Stream) -> AsyncIterator[Mapping[str, Json]]:
    """Yield the events of a stream.

    Raises:
        BrokenAnswer: One of them is no JSON object.
        _Silent: Nothing came for too long.
        TooLong: One does not end.
    """
    reader = EventReader()
    pieces = answer.pieces()
    while True:
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                piece = await anext(pieces)
        except StopAsyncIteration:
            break
        except TimeoutError:
            raise _Silent from None
        for data in reader.take(piece):
            if data != b"[DONE]":
                yield _event(data)
    for data in reader.end():
        if data != b"[DONE]":
            yield _event(data)


def _event(data: bytes) -> Mapping[str, Json]:
    found: Json = decode(data)
    if not is_object(found):
        raise BrokenAnswer("an event of it is no object")
    return found


async def _whole(answer: Stream) -> Mapping[str, Any]:
    body = b""
    async for piece in answer.pieces():
        body += piece
        if len(body) > _MAX_WHOLE:
            raise BrokenAnswer(f"it is larger than {_MAX_WHOLE} bytes")
    found: Json = decode(body)
    if not is_object(found):
        raise BrokenAnswer("it is no object")
    return found
