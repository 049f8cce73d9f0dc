"""What a block costs, declared beside the block; `credits` prices it, never the block itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from autograph.blocks.sdk.fields import Json


class CostKind(StrEnum):
    """What is counted."""

    RUN = "run"
    SECOND = "second"
    ITEMS = "items"
    TOKENS = "tokens"
    COST_USD = "cost_usd"


@dataclass(frozen=True, slots=True)
class Cost:
    """One price rule.

    Attributes:
        amount: Credits for every `divisor` units of `kind`; a credit is one US cent.
        kind: The unit.
        divisor: How many units `amount` is for.
        when: Input values this rule is for (`{"model": "small"}`); empty fits every input.
    """

    amount: int
    kind: CostKind = CostKind.RUN
    divisor: int = 1
    when: Mapping[str, Json] = field(default_factory=dict[str, Json])
