"""JSON as Autograph keeps it: one encoder, one decoder, and no value that means something else afterwards.

orjson does the work. It writes NaN and infinity as null, which would invent a value, so those are
refused; a whole number beyond 64 bits becomes a double, as in every JavaScript program.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from autograph.infra.errors import Invalid

Json = Any


class NotJson(Invalid):
    """The value has no JSON form."""

    code = "json.not_json"


def encode(value: Json) -> bytes:
    """Return a value as JSON text in UTF-8.

    Raises:
        NotJson: It holds NaN, infinity, a lone surrogate, a non-text key, or something that is no JSON.
    """
    try:
        return orjson.dumps(value)
    except (TypeError, ValueError) as error:
        return _encode_slowly(value, error)


def decode(text: bytes | str) -> Json:
    """Return the value of a JSON text.

    Raises:
        NotJson: It is not JSON.
    """
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise NotJson(f"This is not JSON: {error}.") from error


def canonical(value: Json) -> tuple[bytes, Json]:
    """Return a value's JSON text and the value that is read back from it: fresh, and plain JSON.

    Raises:
        NotJson: It has no JSON form.
    """
    text = encode(value)
    read = orjson.loads(text)
    if read != value:
        text = _encode_slowly(value, None)
        read = orjson.loads(text)
    return text, read


def _encode_slowly(value: Json, cause: Exception | None) -> bytes:
    """Encode what orjson refuses or bends: it may be a tuple, a huge integer, or no JSON at all.

    Raises:
        NotJson: It has no JSON form.
    """
    try:
        return json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NotJson(f"This value has no JSON form: {cause or error}.") from error
