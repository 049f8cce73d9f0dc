"""Asks models: opens the credential, streams the answer, tries again what fails for a moment, notes what it took.

Tried again here, at most twice and after at most ten seconds each: what the provider says will pass (429, 5xx, a
connection that broke). What takes longer than that fails with `retry_after`, and the node's own retry policy, which
holds no worker while it waits, decides (docs/decisions/0024-retries-of-model-calls.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar
from urllib.parse import urlsplit

from autograph.blocks.models import demo, demo_senses
from autograph.blocks.models.access import Access, at, events, explained, whole
from autograph.blocks.models.catalogue import Model, load
from autograph.blocks.models.protocols.anthropic import Anthropic
from autograph.blocks.models.protocols.gemini import Gemini
from autograph.blocks.models.protocols.gemini_senses import GeminiSenses
from autograph.blocks.models.protocols.openai import OpenAI
from autograph.blocks.models.protocols.openai_senses import OpenAISenses
from autograph.blocks.models.protocols.responses import OpenAIResponses
from autograph.blocks.models.protocols.wire import (
    Asked,
    Call,
    NotOffered,
    SenseWire,
    Wire,
    said_by,
)
from autograph.blocks.models.shelf import ModelShelf
from autograph.blocks.sdk.cost import CostKind
from autograph.blocks.sdk.credentials import CredentialRef, HostScopedSecret, texts_of
from autograph.blocks.sdk.modalities import Drawing, Picture, Speech, Transcript, Verdict
from autograph.blocks.sdk.models import (
    ModelAnswer,
    ModelError,
    ModelRequest,
    OnText,
    Usage,
    World,
    count_tokens,
)
from autograph.infra.egress.ports import Stream

T = TypeVar("T")
_WIRES: Final[Mapping[str, Wire]] = {
    "openai": OpenAI(),
    "openai-responses": OpenAIResponses(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
}
_SENSES: Final[Mapping[str, SenseWire]] = {"openai": OpenAISenses(), "gemini": GeminiSenses()}
_KINDS: Final = {
    "text": "texts",
    "embedding": "embeddings",
    "transcript": "transcripts",
    "verdict": "moderation",
    "picture": "pictures",
}
_TRIES: Final = 3
_LONGEST_WAIT: Final = timedelta(seconds=10)
_FIRST_WAIT: Final = timedelta(milliseconds=500)
_MAX_REFUSAL: Final = 65_536
_MAX_SENSED: Final = 128 * 1024 * 1024
"""Bytes of an answer with pictures in it, or with two thousand vectors."""
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
        said = await self._persistently(
            lambda: self._streamed(access, wire, call, on_text),
            None if on_text is None else lambda: on_text(""),
        )
        self._note(model, said.usage, is_ours=access.is_ours)
        return said

    async def embed(
        self, model: str, texts: Sequence[str], credential: CredentialRef | None
    ) -> Sequence[Sequence[float]]:
        """Return where each text lies in a model's space of meanings.

        Raises:
            ModelError: There is no such model, or it does not answer as it should.
        """
        found = self._known(model, "embedding")
        if found.provider.protocol == "demo":
            self._note(found, Usage(sum(map(count_tokens, texts))), is_ours=False)
            return [demo.embedding(one) for one in texts]
        access, wire = await self._senses(found, credential)
        most = wire.most_texts
        parts = [texts[start : start + most] for start in range(0, len(texts), most)]
        answers = [await self._whole(access, lambda p=p: wire.embedding(p, found)) for p in parts]
        return [vector for answer in answers for vector in answer]

    async def transcribe(self, speech: Speech, credential: CredentialRef | None) -> Transcript:
        """Return what is said in a recording.

        Raises:
            ModelError: There is no such model, or it does not answer as it should.
        """
        found = self._known(speech.model, "transcript")
        if found.provider.protocol == "demo":
            heard = demo_senses.transcript(speech, self._shelf.script)
            self._note(found, Usage(seconds=heard.seconds), is_ours=False)
            return heard
        access, wire = await self._senses(found, credential)
        return await self._whole(access, lambda: wire.transcript(speech, found))

    async def moderate(
        self, model: str, texts: Sequence[str], credential: CredentialRef | None
    ) -> Sequence[Verdict]:
        """Return what a model thinks of each text.

        Raises:
            ModelError: There is no such model, or it does not answer as it should.
        """
        found = self._known(model, "verdict")
        if found.provider.protocol == "demo":
            self._note(found, Usage(sum(map(count_tokens, texts))), is_ours=False)
            return [demo_senses.verdict(one) for one in texts]
        access, wire = await self._senses(found, credential)
        return await self._whole(access, lambda: wire.verdicts(texts, found))

    async def draw(self, drawing: Drawing, credential: CredentialRef | None) -> Sequence[Picture]:
        """Return pictures, made of words or of other pictures.

        Raises:
            ModelError: There is no such model, or it does not answer as it should.
        """
        found = self._known(drawing.model, "picture")
        if found.provider.protocol == "demo":
            self._note(found, Usage(pictures=drawing.count), is_ours=False)
            return demo_senses.pictures(drawing)
        access, wire = await self._senses(found, credential)
        ask = lambda: wire.pictures(drawing, found)  # noqa: E731 - asked once or several times
        drawn: list[Picture] = []
        while len(drawn) < drawing.count:
            drawn += await self._whole(access, ask)
        return drawn[: drawing.count]

    def _known(self, name: str, kind: str) -> Model:
        """Return the model of a name, which makes what is wanted.

        Raises:
            ModelError: There is none, or it makes something else.
        """
        found = self._shelf.find(name)
        is_right = found.kind in {kind, ""} or found.provider.protocol == "demo"
        # Gemini's models that write can hear, too.
        if is_right or (kind == "transcript" and found.provider.protocol == "gemini"):
            return found
        others = [one.id for one in load().models.values() if one.kind == kind]
        raise ModelError(
            f"{found.id} is a model for {_KINDS.get(found.kind, found.kind)}, not for {_KINDS[kind]}. These are: "
            f"{', '.join(others)}.",
            code="model.unknown",
        )

    async def _senses(
        self, model: Model, credential: CredentialRef | None
    ) -> tuple[Access, SenseWire]:
        """Return how a model is reached that does something else than write.

        Raises:
            ModelError: Nobody there speaks a protocol that is spoken here for that.
        """
        wire = _SENSES.get(model.provider.protocol)
        if wire is None:
            what = _KINDS.get(model.kind, "this")
            raise ModelError(
                f"{model.provider.title} has no models for {what} that are spoken to here."
            )
        return await self._access(model, credential, None), wire

    async def _whole(self, access: Access, ask: Callable[[], Asked[T]]) -> T:
        """Ask for an answer in one piece, and note what it took.

        Raises:
            ModelError: It did not answer as it should.
        """
        try:
            asked = ask()
        except NotOffered as error:
            raise ModelError(f"{access.model.provider.title} {error}.") from None

        async def once() -> tuple[T, Usage]:
            request = access.request(asked.call)
            async with explained(access), self._world.http.stream(request) as answer:
                if answer.status >= 400:
                    raise await self._refusal(access, answer)
                return asked.read(await whole(answer, _MAX_SENSED))

        found, usage = await self._persistently(once)
        self._note(access.model, usage, is_ours=access.is_ours)
        return found

    def _note(self, model: Model, usage: Usage, *, is_ours: bool) -> None:
        """Note what an answer took; it costs credits where the installation's own account pays for it."""
        self._world.used(CostKind.TOKENS, usage.input_tokens + usage.output_tokens)
        if is_ours:
            self._world.used(CostKind.COST_USD, model.cost_usd(usage))

    async def _access(
        self, model: Model, reference: CredentialRef | None, address: str | None
    ) -> Access:
        """Return how a model's provider is reached, and as whom.

        Raises:
            ModelError: It wants to know who asks, and nobody has said, or the credential is another provider's.
        """
        provider, wire = model.provider, _WIRES[model.protocol or model.provider.protocol]
        if provider.id == "ollama":
            # Whoever made the agent chose the address: no key goes there.
            return Access(model, at(provider, address), {}, "", (), is_ours=False)
        if reference is None:
            key = self._shelf.keys.get(provider.id)
            if key is not None:
                return Access(model, provider.url, wire.proof(key), "", (key,), is_ours=True)
            if provider.id and not provider.is_keyless:
                raise ModelError(
                    f"{model.name} is asked at {provider.title}, which wants to know who asks. Choose a credential "
                    "at this node, or set a key for all (setting: AUTOGRAPH_MODEL_KEYS).",
                    code="model.unauthorized",
                )
            return Access(model, provider.url, {}, "", (), is_ours=False)
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
        return Access(model, provider.url, headers, title, tuple(texts_of(secret)), is_ours=False)

    async def _persistently(
        self, once: Callable[[], Awaitable[T]], on_again: Callable[[], None] | None = None
    ) -> T:
        """Ask, and ask again where what went wrong will pass soon.

        Raises:
            ModelError: It did not answer as it should.
        """
        wait = _FIRST_WAIT
        for _ in range(_TRIES - 1):
            try:
                return await once()
            except ModelError as error:
                pause = error.retry_after or wait
                if error.code not in _PASSING or pause > _LONGEST_WAIT:
                    raise
            if on_again is not None:
                on_again()
            await asyncio.sleep(pause.total_seconds())
            wait *= 2
        return await once()

    async def _streamed(
        self, access: Access, wire: Wire, call: Call, on_text: OnText | None
    ) -> ModelAnswer:
        """Ask once.

        Raises:
            ModelError: It did not answer as it should.
        """
        reader = wire.reader()
        async with explained(access), self._world.http.stream(access.request(call)) as answer:
            if answer.status >= 400:
                raise await self._refusal(access, answer)
            if "json" in answer.headers.get("content-type", ""):
                said = wire.whole(await whole(answer))
                if on_text is not None:
                    on_text(said.text)
                return said
            async for event in events(answer):
                added = reader.take(event)
                if added and on_text is not None:
                    on_text(added)
        if not reader.is_done:
            raise access.error("broke off in the middle of its answer.", "model.unavailable")
        return reader.answer()

    async def _refusal(self, access: Access, answer: Stream) -> ModelError:
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
