"""Gemini's embeddings (ai.google.dev/api/embeddings), and what it hears and draws (ai.google.dev/gemini-api/docs: audio, image-generation)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final

from autograph.blocks.models.catalogue import Model
from autograph.blocks.models.protocols.gemini import Gemini
from autograph.blocks.models.protocols.wire import (
    Asked,
    BrokenAnswer,
    Call,
    NotOffered,
    Vectors,
    entries,
    objects,
    ratio,
    seconds,
    texts,
)
from autograph.blocks.sdk.fields import Json
from autograph.blocks.sdk.modalities import (
    Attachment,
    Drawing,
    Picture,
    Segment,
    Speech,
    Transcript,
    Verdict,
)
from autograph.blocks.sdk.models import Usage, count_tokens
from autograph.graph.model import is_object
from autograph.infra.errors import Invalid
from autograph.infra.json import decode
from autograph.infra.media_types import media_type_of

_WRITE_DOWN: Final = (
    "Write down every word that is said in this recording, in the language in which it is said, in parts of a "
    "sentence or two. Times are in seconds from the beginning."
)
_WRITTEN: Final[Mapping[str, Json]] = {
    "type": "object",
    "properties": {
        "language": {"type": "string", "description": "ISO 639-1"},
        "segments": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "start": {"type": "number"},
                    "end": {"type": "number"},
                    "text": {"type": "string"},
                },
                "required": ["start", "end", "text"],
            },
        },
    },
    "required": ["language", "segments"],
}


class GeminiSenses:
    """Implements `SenseWire`."""

    most_texts = 100

    def embedding(self, texts: Sequence[str], model: Model) -> Asked[Vectors]:
        """Return how one asks where texts lie."""
        name = f"models/{model.id}"
        body: dict[str, Json] = {
            "requests": [{"model": name, "content": {"parts": [{"text": one}]}} for one in texts]
        }

        def read(answer: Mapping[str, Any]) -> tuple[Vectors, Usage]:
            rows = objects(answer.get("embeddings"))
            found = [one["values"] for one in rows if isinstance(one.get("values"), list)]
            if len(found) != len(texts):
                raise BrokenAnswer(f"{len(texts)} texts were sent and {len(found)} came back")
            return found, Usage(input_tokens=sum(map(count_tokens, texts)))  # it does not say

        return Asked(Call(f"/{name}:batchEmbedContents", body, {}), read)

    def transcript(self, speech: Speech, model: Model) -> Asked[Transcript]:
        """Return how one asks what is said: in a question about the recording."""
        asked = _WRITE_DOWN
        if speech.language:
            asked += f" The language is {speech.language}."
        if speech.hint:
            asked += f" These come up: {speech.hint}"
        shape: dict[str, Json] = {
            "responseMimeType": "application/json",
            "responseJsonSchema": _WRITTEN,
        }
        return Asked(_question(model, asked, [speech.audio], shape), _transcript)

    def verdicts(self, texts: Sequence[str], model: Model) -> Asked[Sequence[Verdict]]:
        """Refuse.

        Raises:
            NotOffered: Always.
        """
        raise NotOffered("judges no texts for others")

    def pictures(self, drawing: Drawing, model: Model) -> Asked[Sequence[Picture]]:
        """Return how one asks for a picture; every answer has one.

        Raises:
            NotOffered: There is a mask.
        """
        if drawing.mask is not None:
            raise NotOffered("takes no mask: say in words what is to change")
        shape: dict[str, Json] = {"responseModalities": ["TEXT", "IMAGE"]}
        if wanted := ratio(drawing.size):
            shape["imageConfig"] = {"aspectRatio": wanted}
        drawn_of = len(drawing.pictures)

        def read(answer: Mapping[str, Any]) -> tuple[Sequence[Picture], Usage]:
            said = Gemini().whole(answer)
            found = _pictures(answer)
            if not found:
                raise BrokenAnswer(f"there is no picture in it, but: {said.text[:200]!r}")
            taken = said.usage
            drawn = len(found) + drawn_of
            return found, Usage(taken.input_tokens, taken.output_tokens, pictures=drawn)

        call = _question(model, drawing.prompt, drawing.pictures, shape)
        return Asked(call, read, times=drawing.count)


def _question(
    model: Model, text: str, files: Sequence[Attachment], shape: Mapping[str, Json]
) -> Call:
    parts: list[Json] = [{"text": text}]
    for one in files:
        content = base64.b64encode(one.content).decode()
        parts.append({"inlineData": {"mimeType": one.media_type, "data": content}})
    body: dict[str, Json] = {
        "contents": [{"role": "user", "parts": parts}],
        "generationConfig": dict(shape),
    }
    return Call(f"/models/{model.id}:generateContent", body, {})


def _transcript(answer: Mapping[str, Any]) -> tuple[Transcript, Usage]:
    said = Gemini().whole(answer)
    try:
        found: Any = decode(said.text)
    except Invalid:
        found = None
    if not is_object(found):
        raise BrokenAnswer("it was to be JSON")
    segments = [
        Segment(seconds(one.get("start")), seconds(one.get("end")), texts(one.get("text")).strip())
        for one in objects(found.get("segments"))
    ]
    length = max((one.end for one in segments), default=0.0)
    text = " ".join(one.text for one in segments)
    taken = said.usage
    return (
        Transcript(text, segments, texts(found.get("language")), length),
        Usage(taken.input_tokens, taken.output_tokens, seconds=length),
    )


def _pictures(answer: Mapping[str, Any]) -> list[Picture]:
    found: list[Picture] = []
    for candidate in objects(answer.get("candidates"))[:1]:
        for part in objects(entries(candidate.get("content")).get("parts")):
            if part.get("thought") is True:
                continue
            data = texts(entries(part.get("inlineData")).get("data"))
            if not data:
                continue
            try:
                content = base64.b64decode(data, validate=True)
            except (binascii.Error, ValueError):
                raise BrokenAnswer("a picture of it is no Base64") from None
            found.append(Picture(content, media_type_of(content)))
    return found
