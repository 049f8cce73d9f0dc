"""How a provider is reached: what is sent, what comes back, and what went wrong in words that hold no secret."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

from autograph.blocks.models.catalogue import Model, Provider, load
from autograph.blocks.models.protocols.wire import BrokenAnswer, Call, Refused
from autograph.blocks.sdk.fields import Json
from autograph.blocks.sdk.models import ModelError
from autograph.blocks.sdk.sse import EventReader, TooLong
from autograph.graph.model import is_object
from autograph.infra.egress.ports import HttpRequest, Stream, Unreachable
from autograph.infra.errors import Invalid
from autograph.infra.json import decode, encode

_TOTAL: Final = timedelta(minutes=15)
"""For a whole answer; the node's own time limit is usually shorter."""
_SILENCE_SECONDS: Final = 120.0
"""A stream that brings nothing for so long is dead."""
_MAX_WHOLE: Final = 16 * 1024 * 1024


class _Silent(Exception):
    """A stream brings nothing any more."""


class Access:
    """How a provider is reached, and as whom.

    Attributes:
        model: Which one is asked.
        is_ours: The installation's own account pays.
    """

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
        """Reach `model` at `url` with the headers `proof`; `title` names whose they are, `secrets` stay hidden."""
        self.is_ours = is_ours
        self.model = model
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
            body=call.body if isinstance(call.body, bytes) else encode(call.body),
            timeout=_TOTAL,
            follows=False,
        )

    def error(self, what: str, code: str, *, retry_after: timedelta | None = None) -> ModelError:
        """Return what went wrong, in words that name the provider, the model and the credential, and no secret."""
        whom = f" (credential {self._title!r})" if self._title else ""
        message = f"{self.model.provider.title}{whom}, asked for {self.model.id}, {what}"
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
            one.id for one in load().models.values() if one.provider.id == self.model.provider.id
        ]
        near = [one for one in load().nearest(self.model.id, 10) if one in names]
        return ", ".join(near[:3] or names[:3])


def at(provider: Provider, address: str | None) -> str:
    """Return where Ollama is: where the node says, or where the installation says."""
    if not address or address == "localhost:11434":
        return provider.url
    found = address if "://" in address else f"http://{address}"
    return found.rstrip("/") if found.rstrip("/").endswith("/v1") else f"{found.rstrip('/')}/v1"


@asynccontextmanager
async def explained(access: Access) -> AsyncGenerator[None]:
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


async def events(answer: Stream) -> AsyncIterator[Mapping[str, Json]]:
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


async def whole(answer: Stream, max_bytes: int = _MAX_WHOLE) -> Mapping[str, Any]:
    """Return an answer that comes in one piece.

    Raises:
        BrokenAnswer: It is too large, or no object.
    """
    body = b""
    async for piece in answer.pieces():
        body += piece
        if len(body) > max_bytes:
            raise BrokenAnswer(f"it is larger than {max_bytes} bytes")
    found: Json = decode(body)
    if not is_object(found):
        raise BrokenAnswer("it is no object")
    return found
