"""Events as rows and back.

A body is a JSON object of the event's fields. A value over 64 KiB is kept apart, once per content, as
a *payload*; in the body an output is then `[pin, null, digest]` instead of `[pin, value]`, an exchange
`[kind, null, digest]` instead of `[kind, exchange]`, and an input stands under `payloads` instead of `inputs`.
What is pinned stands as outputs do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, NamedTuple, cast

import orjson

from autograph.engine.events import EVENTS, Event, NodeExchanged, Output, RunStarted
from autograph.graph.model import Json
from autograph.infra.json import encode

MAX_INLINE_BYTES: Final = 64 * 1024
_SCALARS: Final = (int, float, bool, type(None))


def _fields(event: type[Event]) -> tuple[tuple[str, ...], Callable[[Event], tuple[Any, ...]]]:
    """Return the names of an event's fields, and what reads them all at once."""
    names = tuple(one.name for one in fields(event))
    read = attrgetter(*names)
    return names, read if len(names) > 1 else lambda one: (read(one),)


_FIELDS: Final = {kind: _fields(event) for kind, event in EVENTS.items()}


class Entry(NamedTuple):
    """An event as the journal keeps it.

    Attributes:
        body: JSON text.
        payloads: `(digest, JSON text)` of the values kept apart.
    """

    kind: str
    body: str
    payloads: tuple[tuple[str, bytes], ...] = ()


def encode_event(event: Event) -> Entry:
    """Return an event as the journal keeps it.

    Raises:
        NotJson: A value has no JSON form; blocks' outputs were made canonical before.
    """
    payloads: list[tuple[str, bytes]] = []
    names, values_of = _FIELDS[event.kind]
    body: dict[str, Any] = {
        name: value
        for name, value in zip(names, values_of(event), strict=True)
        if value is not None
    }
    if "outputs" in body:
        outputs = cast("Sequence[Output]", body["outputs"])
        if outputs:
            body["outputs"] = [_encode_output(output, payloads) for output in outputs]
        else:
            del body["outputs"]
    elif isinstance(event, NodeExchanged):
        exchanges = [(str(one["kind"]), one) for one in event.exchanges]
        body["exchanges"] = [_encode_output(one, payloads) for one in exchanges]
    elif isinstance(event, RunStarted):
        _encode_inputs(body, payloads)
        if event.pinned is not None:
            body["pinned"] = {
                node: [_encode_output(one, payloads) for one in outputs]
                for node, outputs in event.pinned.items()
            }
    return Entry(event.kind, encode(body).decode(), tuple(payloads))


def payload_digests(kind: str, body: Mapping[str, Any]) -> set[str]:
    """Return the digests of the payloads a body refers to."""
    if kind == RunStarted.kind:
        apart = set(cast("Mapping[str, str]", body.get("payloads", {})).values())
        pinned = cast("Mapping[str, Sequence[Any]]", body.get("pinned", {}))
        return apart | {one[2] for outputs in pinned.values() for one in outputs if len(one) > 2}
    kept = (*body.get("outputs", ()), *body.get("exchanges", ()))
    return {output[2] for output in kept if len(output) > 2}


def decode_event(kind: str, body: Mapping[str, Any], payloads: Mapping[str, Json]) -> Event:
    """Return the event of a row.

    Args:
        kind: The row's kind.
        body: The row's body, decoded.
        payloads: Values kept apart, by digest.
    """
    values = dict(body)
    if kind == RunStarted.kind:
        apart = cast("Mapping[str, str]", values.pop("payloads", {}))
        order = cast("Sequence[str]", values.pop("order", tuple(values["inputs"])))
        inputs = {**values["inputs"], **{name: payloads[digest] for name, digest in apart.items()}}
        values["inputs"] = {name: inputs[name] for name in order}
        if "pinned" in values:
            values["pinned"] = {
                node: tuple((one[0], _decode_output(one, payloads)) for one in outputs)
                for node, outputs in values["pinned"].items()
            }
    elif "outputs" in values:
        values["outputs"] = tuple(
            (output[0], _decode_output(output, payloads)) for output in values["outputs"]
        )
    elif "exchanges" in values:
        values["exchanges"] = tuple(_decode_output(one, payloads) for one in values["exchanges"])
    return EVENTS[kind](**values)


def _encode_output(output: Output, payloads: list[tuple[str, bytes]]) -> Sequence[Any]:
    digest = _keep_apart(output[1], payloads)
    return output if digest is None else (output[0], None, digest)


def _decode_output(output: Sequence[Any], payloads: Mapping[str, Json]) -> Json:
    return payloads[output[2]] if len(output) > 2 else output[1]


def _encode_inputs(body: dict[str, Any], payloads: list[tuple[str, bytes]]) -> None:
    inputs = cast("Mapping[str, Json]", body["inputs"])
    apart = {
        name: digest for name, value in inputs.items() if (digest := _keep_apart(value, payloads))
    }
    if apart:
        body["order"] = list(inputs)
        body["payloads"] = apart
        body["inputs"] = {name: value for name, value in inputs.items() if name not in apart}


def _keep_apart(value: Json, payloads: list[tuple[str, bytes]]) -> str | None:
    if isinstance(value, str):
        if len(value) <= MAX_INLINE_BYTES // 4:
            return None
    elif isinstance(value, _SCALARS):
        return None
    text = orjson.dumps(value)
    if len(text) <= MAX_INLINE_BYTES:
        return None
    digest = hashlib.sha256(text).hexdigest()
    payloads.append((digest, text))
    return digest
