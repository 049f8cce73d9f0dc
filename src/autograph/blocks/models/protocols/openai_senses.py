"""OpenAI's embeddings, audio, moderations and images, which others speak with small differences.

platform.openai.com/docs/api-reference: embeddings, audio/createTranscription, moderations, images.
console.groq.com/docs/speech-to-text; docs.mistral.ai: audio transcription, moderation; docs.x.ai: images;
openrouter.ai/docs: image generation, which is a part of chat completions there.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final

from autograph.blocks.models.catalogue import Model
from autograph.blocks.models.protocols.wire import (
    Asked,
    BrokenAnswer,
    Call,
    NotOffered,
    Vectors,
    entries,
    number,
    objects,
    ratio,
    seconds,
    texts,
)
from autograph.blocks.sdk.fields import Json
from autograph.blocks.sdk.forms import Part, multipart
from autograph.blocks.sdk.modalities import (
    Attachment,
    Drawing,
    Picture,
    Segment,
    Speech,
    Transcript,
    Verdict,
)
from autograph.blocks.sdk.models import Usage
from autograph.infra.media_types import media_type_of

_ENDINGS: Final = {"audio/mpeg": "mp3", "audio/mp4": "m4a", "image/jpeg": "jpg"}
Fields = list[tuple[str, Part]]


class OpenAISenses:
    """Implements `SenseWire`."""

    most_texts = 2_048

    def embedding(self, texts: Sequence[str], model: Model) -> Asked[Vectors]:
        """Return how one asks where texts lie."""

        def read(answer: Mapping[str, Any]) -> tuple[Vectors, Usage]:
            rows = sorted(objects(answer.get("data")), key=lambda one: number(one.get("index")))
            found = [one["embedding"] for one in rows if isinstance(one.get("embedding"), list)]
            if len(found) != len(texts):
                raise BrokenAnswer(f"{len(texts)} texts were sent and {len(found)} came back")
            read = number(entries(answer.get("usage")).get("total_tokens"))
            return found, Usage(input_tokens=read)

        return Asked(Call("/embeddings", {"model": model.id, "input": list(texts)}, {}), read)

    def transcript(self, speech: Speech, model: Model) -> Asked[Transcript]:
        """Return how one asks what is said."""
        fields = [("model", _field(model.id)), ("file", _file(speech.audio))]
        if speech.language:
            fields.append(("language", _field(speech.language)))
        if model.provider.id == "mistral":
            if not speech.language:  # there it is the one or the other
                fields.append(("timestamp_granularities", _field("segment")))
        else:
            if speech.hint:
                fields.append(("prompt", _field(speech.hint)))
            # Of OpenAI's own, only Whisper tells parts apart; the newer ones refuse the question.
            if model.provider.id != "openai" or model.id.startswith("whisper"):
                fields.append(("response_format", _field("verbose_json")))
                fields.append(("timestamp_granularities[]", _field("segment")))
        return Asked(_form("/audio/transcriptions", fields), _transcript)

    def verdicts(self, texts: Sequence[str], model: Model) -> Asked[Sequence[Verdict]]:
        """Return how one asks what is wrong with texts."""

        def read(answer: Mapping[str, Any]) -> tuple[Sequence[Verdict], Usage]:
            found = [_verdict(one) for one in objects(answer.get("results"))]
            if len(found) != len(texts):
                raise BrokenAnswer(f"{len(texts)} texts were sent and {len(found)} came back")
            return found, _usage(answer)

        return Asked(Call("/moderations", {"model": model.id, "input": list(texts)}, {}), read)

    def pictures(self, drawing: Drawing, model: Model) -> Asked[Sequence[Picture]]:
        """Return how one asks for pictures.

        Raises:
            NotOffered: The provider draws, but not this.
        """
        if model.provider.id == "open_router":
            return _in_a_chat(drawing, model)
        if drawing.pictures:
            call = _changing(drawing, model)
        else:
            call = Call("/images/generations", _told(drawing, model), {})
        inputs = len(drawing.pictures)

        def read(answer: Mapping[str, Any]) -> tuple[Sequence[Picture], Usage]:
            rows = objects(answer.get("data"))
            found = [
                _picture(texts(one.get("b64_json")), one.get("revised_prompt")) for one in rows
            ]
            if not found:
                raise BrokenAnswer("there is no picture in it")
            taken = _usage(answer)
            drawn = len(found) + inputs
            return found, Usage(taken.input_tokens, taken.output_tokens, pictures=drawn)

        return Asked(call, read)


def _told(drawing: Drawing, model: Model) -> dict[str, Json]:
    """Return what a picture is to be."""
    told: dict[str, Json] = {"model": model.id, "prompt": drawing.prompt, "n": drawing.count}
    if model.provider.id == "xai":
        told |= {"aspect_ratio": shape} if (shape := ratio(drawing.size)) else {}
    elif drawing.size:
        told["size"] = drawing.size
    if drawing.quality:
        told["quality"] = drawing.quality
    if model.provider.id != "openai" or model.id.startswith("dall-e"):
        told["response_format"] = "b64_json"  # OpenAI's newer ones send nothing else, and refuse it
    return told


def _changing(drawing: Drawing, model: Model) -> Call:
    """Return how one asks for a picture made of others.

    Raises:
        NotOffered: The provider does it otherwise.
    """
    told = _told(drawing, model)
    if model.provider.id == "xai":
        if len(drawing.pictures) > 1 or drawing.mask is not None:
            raise NotOffered("changes one picture at a time, and takes no mask")
        told["image"] = {"type": "image_url", "url": data_uri(drawing.pictures[0])}
        return Call("/images/edits", told, {})
    fields: Fields = [(name, _field(str(value))) for name, value in told.items()]
    name = "image" if len(drawing.pictures) == 1 else "image[]"
    fields += [(name, _file(one)) for one in drawing.pictures]
    if drawing.mask is not None:
        fields.append(("mask", _file(drawing.mask)))
    return _form("/images/edits", fields)


def data_uri(file: Attachment) -> str:
    """Return a file as an address that holds it."""
    return f"data:{file.media_type};base64,{base64.b64encode(file.content).decode()}"


def _in_a_chat(drawing: Drawing, model: Model) -> Asked[Sequence[Picture]]:
    """Return how one asks for a picture where it is a part of what a model says."""
    said: list[Json] = [{"type": "text", "text": drawing.prompt}]
    for one in drawing.pictures:
        said.append({"type": "image_url", "image_url": {"url": data_uri(one)}})
    body: dict[str, Json] = {
        "model": model.id,
        "messages": [{"role": "user", "content": said}],
        "modalities": ["image", "text"],
        "stream": False,
    }
    if shape := ratio(drawing.size):
        body["image_config"] = {"aspect_ratio": shape}

    def read(answer: Mapping[str, Any]) -> tuple[Sequence[Picture], Usage]:
        choices = objects(answer.get("choices"))
        message = entries(choices[0].get("message")) if choices else {}
        urls = [
            texts(entries(one.get("image_url")).get("url"))
            for one in objects(message.get("images"))
        ]
        found = [_picture(one.partition("base64,")[2], None) for one in urls]
        if not found:
            said = texts(message.get("content"))
            raise BrokenAnswer(f"there is no picture in it, but: {said[:200]!r}")
        taken = _usage(answer)
        drawn = len(found) + len(drawing.pictures)
        return found, Usage(taken.input_tokens, taken.output_tokens, pictures=drawn)

    return Asked(Call("/chat/completions", body, {}), read, times=drawing.count)


def _field(text: str) -> Part:
    return Part(text.encode("utf-8", "replace"), {})


def _file(file: Attachment) -> Part:
    name = file.name
    if "." not in name:  # the ending is what they go by
        name = f"{name}.{_ENDINGS.get(file.media_type, file.media_type.rpartition('/')[2])}"
    return Part(file.content, {"filename": name, "type": file.media_type})


def _form(path: str, fields: Fields) -> Call:
    kind, body = multipart(fields)
    return Call(path, body, {"Content-Type": kind})


def _transcript(answer: Mapping[str, Any]) -> tuple[Transcript, Usage]:
    if not isinstance(answer.get("text"), str):
        raise BrokenAnswer("it has no text")
    segments = [
        Segment(seconds(one.get("start")), seconds(one.get("end")), texts(one.get("text")).strip())
        for one in objects(answer.get("segments"))
    ]
    used = entries(answer.get("usage"))
    length = (
        seconds(answer.get("duration"))
        or seconds(used.get("seconds"))
        or seconds(used.get("prompt_audio_seconds"))
        or max((one.end for one in segments), default=0.0)
    )
    taken = _usage(answer)
    text = answer["text"].strip()
    return (
        Transcript(text, segments, texts(answer.get("language")), length),
        Usage(taken.input_tokens, taken.output_tokens, seconds=length),
    )


def _verdict(found: Mapping[str, Any]) -> Verdict:
    categories = {name: one is True for name, one in entries(found.get("categories")).items()}
    scores = {
        name: float(one)
        for name, one in entries(found.get("category_scores")).items()
        if isinstance(one, (int, float))
    }
    said = found.get("flagged")
    flagged = said if isinstance(said, bool) else any(categories.values())
    return Verdict(flagged, categories, scores)


def _picture(text: str, prompt: Any) -> Picture:
    """Return a picture that came as Base64.

    Raises:
        BrokenAnswer: It is none.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content:
        raise BrokenAnswer("a picture of it is no Base64")
    return Picture(content, media_type_of(content), texts(prompt))


def _usage(answer: Mapping[str, Any]) -> Usage:
    used = entries(answer.get("usage"))
    return Usage(
        number(used.get("input_tokens")) or number(used.get("prompt_tokens")),
        number(used.get("output_tokens")) or number(used.get("completion_tokens")),
    )
