"""What models do besides writing: they hear, judge and draw.

heard = await ctx.models.transcribe(Speech("whisper-1", Attachment(name, kind, content)), input.credentials)
yield "text", heard.text
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograph.blocks.sdk.fields import Json


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes to a model."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Speech:
    """What is to be written down.

    Attributes:
        language: ISO 639-1, such as `en`; empty where the model is to find out.
        hint: Names and words that come up in it.
    """

    model: str
    audio: Attachment
    language: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a speech.

    Attributes:
        start: Seconds from the beginning of the recording.
        end: The same, at least `start`.
    """

    start: float
    end: float
    text: str

    def as_json(self) -> dict[str, Json]:
        """Return it as blocks give it out."""
        return {"start": self.start, "end": self.end, "text": self.text}


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said.

    Attributes:
        segments: In their order; none where the model does not tell them apart.
        language: As the model names it; empty where it does not.
        seconds: Length of the recording; 0 where the model does not say.
    """

    text: str
    segments: Sequence[Segment] = ()
    language: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a model thinks of a text.

    Attributes:
        is_flagged: It breaks at least one of the provider's rules.
        categories: Which, by the provider's names.
        scores: How sure the model is, 0 to 1.
    """

    is_flagged: bool
    categories: Mapping[str, bool]
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture that is wanted.

    Attributes:
        count: How many, 1 to 10.
        size: `WIDTHxHEIGHT` in pixels; empty for what the model likes.
        quality: By the provider's word, such as `high`; empty for what the model likes.
        pictures: What it is made of; none where it is made of words alone.
        mask: Where it is transparent, the first picture may change; None: everywhere.
    """

    model: str
    prompt: str
    count: int = 1
    size: str = ""
    quality: str = ""
    pictures: Sequence[Attachment] = ()
    mask: Attachment | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was drawn.

    Attributes:
        prompt: What the model made of the prompt, where it says; else empty.
    """

    content: bytes
    media_type: str
    prompt: str = ""
