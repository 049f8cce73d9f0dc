"""Examples: documentation that is run. Every block has at least one; the kit runs them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from autograph.blocks.sdk.credentials import Secret
from autograph.blocks.sdk.fields import Json


class _Any:
    """Equal to everything; stands for a value that differs from run to run (a clock, a random id)."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "ANY"


ANY: Final = _Any()


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A request that a block sends, and what comes back: played by `recorded` on a real server.

    Attributes:
        url: Without its query.
        query: Parameters in any order; a name may be there twice.
        request_headers: Headers that must be among those sent.
        body: How it is read → what it must be: `body` as JSON, `form`, `multipart`, `raw`; empty for no body.
        response: `response` as JSON, `text`, or `base64`; empty for no body.
    """

    method: str
    url: str
    query: Sequence[tuple[str, str]] = ()
    request_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Mapping[str, Json] = field(default_factory=dict[str, Json])
    status: int = 200
    response_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    response: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class Example:
    """One input and what must come of it.

    Attributes:
        input: By input pin.
        outputs: Every `(pin, value)` in order; may be empty when `error` is given.
        error: Part of the message of the failure that must follow the outputs.
        title: What the example shows, for the reference page.
        exchanges: What is sent on the way and comes back, in order; empty where nothing is sent.
        secrets: What the credentials named by the input are made of, by their ids.
    """

    input: Mapping[str, Json]
    outputs: Sequence[tuple[str, Json]] = ()
    error: str | None = None
    title: str | None = None
    exchanges: Sequence[Exchanged] = ()
    secrets: Mapping[str, Secret] = field(default_factory=dict[str, Secret], repr=False)
