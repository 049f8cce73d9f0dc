"""What the scripted local model hears, judges and draws: offline, without a key, the same every time.

A rule of the script whose `when` is part of a recording's name says what was said in it (`reply`). PURE.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

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

_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "hate": frozenset({"hate", "despise"}),
    "self-harm": frozenset({"suicide"}),
    "violence": frozenset({"kill", "murder", "attack"}),
}
_WORD: Final = re.compile(r"[^\W\d_]+")
_SENTENCE: Final = re.compile(r"[^.!?]+[.!?]*\s*")
_SIZE: Final = re.compile(r"(\d{1,4})x(\d{1,4})")
_LARGEST: Final = 1024
_CELLS: Final = 8
_WAVE_HEAD: Final = 44


def transcript(speech: Speech, script: Sequence[Mapping[str, Json]] = ()) -> Transcript:
    """Return what the script says was said; without a rule, a sentence about the recording."""
    name = speech.audio.name
    rule = next(
        (one for one in script if "reply" in one and str(one.get("when", "")) in name), None
    )
    size = len(speech.audio.content)
    text = (
        f"Demo transcript of {name}. It has {size} bytes." if rule is None else str(rule["reply"])
    )
    sentences = [one.strip() for one in _SENTENCE.findall(text) if one.strip()] or [text]
    length = _seconds(speech.audio)
    each = length / len(sentences)
    segments = [
        Segment(round(place * each, 3), round((place + 1) * each, 3), one)
        for place, one in enumerate(sentences)
    ]
    return Transcript(text, segments, speech.language or "en", length)


def verdict(text: str) -> Verdict:
    """Return a verdict by single words."""
    words = set(_WORD.findall(text.lower()))
    categories = {name: bool(words & bad) for name, bad in _WORDS.items()}
    return Verdict(
        any(categories.values()),
        categories,
        {name: 1.0 if is_so else 0.0 for name, is_so in categories.items()},
    )


def pictures(drawing: Drawing) -> list[Picture]:
    """Return squares of colours that the prompt and the pictures which it is about decide."""
    found = _SIZE.fullmatch(drawing.size)
    width, height = (int(found[1]), int(found[2])) if found else (256, 256)
    told = hashlib.sha256(drawing.prompt.encode("utf-8", "replace"))
    for one in (*drawing.pictures, *([drawing.mask] if drawing.mask else [])):
        told.update(one.content)
    return [
        Picture(_png(told.digest() + bytes([number]), width, height), "image/png", drawing.prompt)
        for number in range(drawing.count)
    ]


def _png(seed: bytes, width: int, height: int) -> bytes:
    """Return a picture as PNG (RFC 2083), 1 to 1024 pixels a side."""
    width, height = min(max(width, 1), _LARGEST), min(max(height, 1), _LARGEST)
    rows = [
        b"\0" + b"".join(_colour(seed, line, x * _CELLS // width) for x in range(width))
        for line in range(_CELLS)
    ]
    lines = b"".join(rows[y * _CELLS // height] for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(lines)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _colour(seed: bytes, line: int, column: int) -> bytes:
    return hashlib.sha256(seed + bytes([line, column])).digest()[:3]


def _chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def _seconds(audio: Attachment) -> float:
    """Return how long a plain WAV lasts; 1 for everything else."""
    content = audio.content
    if len(content) < _WAVE_HEAD or content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return 1.0
    (rate,) = struct.unpack_from("<I", content, 28)
    return round((len(content) - _WAVE_HEAD) / rate, 3) if rate else 1.0
