"""Examples: documentation that is run. Every block has at least one; the kit runs them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from autograph.blocks.sdk.fields import Json
from autograph.infra.egress.ports import HttpResponse


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
class Example:
    """One input and what must come of it.

    Attributes:
        input: By input pin.
        outputs: Every `(pin, value)` in order; may be empty when `error` is given.
        error: Part of the message of the failure that must follow the outputs.
        replies: What the world answers to its requests, in order; the last one again.
        title: What the example shows, for the reference page.
    """

    input: Mapping[str, Json]
    outputs: Sequence[tuple[str, Json]] = ()
    error: str | None = None
    title: str | None = None
    replies: Sequence[HttpResponse] = ()
