"""What values go through on their way in or out: a closed list, and the quirks of single providers.

A template or selector names a filter after `|`. A provider that needs more than these has functions of its
own in `quirks`, named `<id>.<function>`; `quirks` says which there are, and nothing else is imported.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import cache
from typing import Final

from autograph.blocks.packs.selectors import Filter
from autograph.blocks.packs.templates import PathText, as_text
from autograph.blocks.sdk import BlockError
from autograph.graph.model import Json, is_list, is_object
from autograph.infra.json import NotJson, decode, encode


def _base64(value: Json) -> Json:
    return base64.b64encode(as_text(value).encode()).decode()


def _unbase64(value: Json) -> Json:
    padded = as_text(value).replace("-", "+").replace("_", "/")
    padded = "".join(padded.split())
    try:
        return base64.b64decode(padded + "=" * (-len(padded) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError) as error:
        raise BlockError("It is not Base64.", code="block.bad_input") from error


def _base64url(value: Json) -> Json:
    return base64.urlsafe_b64encode(as_text(value).encode()).decode()


def _json(value: Json) -> Json:
    try:
        return decode(as_text(value))
    except NotJson as error:
        raise BlockError(
            f"It is not JSON: {as_text(value)[:100]!r}.", code="block.bad_input"
        ) from error


def _items(value: Json) -> list[Json]:
    return value if is_list(value) else [value]


def _first(value: Json) -> Json:
    found = _items(value)
    return found[0] if found else None


def _last(value: Json) -> Json:
    found = _items(value)
    return found[-1] if found else None


def _csv(value: Json) -> Json:
    return (
        value
        if is_list(value)
        else [one.strip() for one in as_text(value).split(",") if one.strip()]
    )


_CLOSED: Final[Mapping[str, Filter]] = {
    "path": lambda value: PathText(as_text(value).strip("/")),
    "text": as_text,
    "json": _json,
    "to_json": lambda value: encode(value).decode(),
    "base64": _base64,
    "base64url": _base64url,
    "unbase64": _unbase64,
    "lower": lambda value: as_text(value).lower(),
    "upper": lambda value: as_text(value).upper(),
    "trim": lambda value: as_text(value).strip(),
    "join": lambda value: ",".join(as_text(one) for one in _items(value)),
    "words": lambda value: " ".join(as_text(one) for one in _items(value)),
    "lines": lambda value: "\n".join(as_text(one) for one in _items(value)),
    "split": _csv,
    "list": lambda value: value if is_list(value) else [value],
    "first": _first,
    "last": _last,
    "count": lambda value: (
        len(value) if is_list(value) or is_object(value) else len(as_text(value))
    ),
    "keys": lambda value: list(value) if is_object(value) else [],
    "values": lambda value: list(value.values()) if is_object(value) else [],
    "not": lambda value: not value,
    "yes": lambda value: True,
}
"""`yes` is true for whatever is there."""


@cache
def filters_of(pack_id: str) -> Mapping[str, Filter]:
    """Return the filters that a pack may name: those of everyone, and its provider's own."""
    from autograph.blocks.packs.quirks import filters  # noqa: PLC0415 - quirks build on the filters' words

    return {**_CLOSED, **{f"{pack_id}.{name}": one for name, one in filters(pack_id).items()}}
