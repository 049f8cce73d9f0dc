"""What a node run cost, by what its block declares. PURE."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from autograph.blocks.sdk import Cost, CostKind
from autograph.graph.model import Json


def credits_of(
    costs: Sequence[Cost],
    values: Mapping[str, Json],
    *,
    seconds: float,
    usage: Mapping[CostKind, float],
) -> int:
    """Return the credits of one node run, rounded up.

    Args:
        costs: The rules its block declares; of those of one kind, the first that fits counts.
        values: Its input values.
        seconds: How long it took.
        usage: What it noted with `Context.used`.
    """
    used = {CostKind.RUN: 1.0, CostKind.SECOND: seconds, **usage}
    total, counted = 0.0, set[CostKind]()
    for cost in costs:
        if cost.kind in counted or any(values.get(pin) != one for pin, one in cost.when.items()):
            continue
        counted.add(cost.kind)
        total += cost.amount * used.get(cost.kind, 0.0) / cost.divisor
    return math.ceil(total)
