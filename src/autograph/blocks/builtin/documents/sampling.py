"""Taking a sample of data."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    Json,
    Outputs,
    pin,
)

Entries = dict[str, Json]
Items = list[dict[str, Json] | list[Json]]
Indices = list[int]
_MAX_WEIGHING: Final = 10_000_000
"""Every choice by weight looks at every row that is left."""


class SamplingMethod(StrEnum):
    """How to choose."""

    RANDOM = "random"
    SYSTEMATIC = "systematic"
    TOP = "top"
    BOTTOM = "bottom"
    STRATIFIED = "stratified"
    WEIGHTED = "weighted"
    RESERVOIR = "reservoir"
    CLUSTER = "cluster"


class DataSamplingInput(BlockInput):
    """Data, and how much of it."""

    data: Entries | Items = pin(description="The rows to choose from.")
    sample_size: int = pin(10, description="How many to choose.", ge=1)
    sampling_method: SamplingMethod = pin(SamplingMethod.RANDOM, description="How to choose.")
    accumulate: bool = pin(
        default=False, description="Kept for older agents; every node run samples what it is given."
    )
    random_seed: int | None = pin(
        None, description="Choose the same ones again with the same number."
    )
    stratify_key: str | None = pin(
        None, description="Choose evenly from the groups that this key makes."
    )
    weight_key: str | None = pin(
        None, description="Choose rows with a higher number under this key more often."
    )
    cluster_key: str | None = pin(None, description="Choose whole groups that this key makes.")


class DataSamplingOutput(BlockOutput):
    """The sample."""

    sampled_data: Items = pin(description="The rows chosen.")
    sample_indices: Indices = pin(description="Their places among all rows.")


class DataSampling(Block[DataSamplingInput]):
    """A sample of data."""

    id = "4a448883-71fa-49cf-91cf-70d793bd7d87"
    name = "DataSampling"
    description = "Chooses some of many rows: at random, evenly, by weight, by group, from the top or the bottom."
    categories = (Category.LOGIC,)
    effect = Effect.PURE
    Input = DataSamplingInput
    Output = DataSamplingOutput
    examples = (
        Example(
            {"data": [{"i": 0}, {"i": 1}], "sample_size": 1, "sampling_method": "top"},
            [("sampled_data", [{"i": 0}]), ("sample_indices", [0])],
        ),
        Example({"data": [{"i": 0}], "sample_size": 5}, error="only 1"),
    )

    async def run(self, input: DataSamplingInput, ctx: Context) -> Outputs:
        """Yield the sample.

        Raises:
            BlockError: There are too few rows, or a key is missing.
        """
        rows: Items = [input.data] if isinstance(input.data, dict) else input.data
        if input.sample_size > len(rows):
            raise BlockError(f"There are only {len(rows)} rows to choose {input.sample_size} from.")
        # Seeded, it chooses what CPython's Mersenne Twister chooses; else what this node run's own does.
        dice = ctx.random if input.random_seed is None else random.Random(input.random_seed)
        indices = _METHODS[input.sampling_method](rows, input, dice)
        yield "sampled_data", [rows[index] for index in indices]
        yield "sample_indices", indices


def _random(rows: Items, wanted: DataSamplingInput, dice: random.Random) -> Indices:
    return dice.sample(range(len(rows)), wanted.sample_size)


def _systematic(rows: Items, wanted: DataSamplingInput, dice: random.Random) -> Indices:
    step = len(rows) // wanted.sample_size
    start = dice.randint(0, step - 1)
    return list(range(start, len(rows), step))[: wanted.sample_size]


def _top(rows: Items, wanted: DataSamplingInput, dice: random.Random) -> Indices:
    return list(range(wanted.sample_size))


def _bottom(rows: Items, wanted: DataSamplingInput, dice: random.Random) -> Indices:
    return list(range(len(rows) - wanted.sample_size, len(rows)))


def _stratified(rows: Items, wanted: DataSamplingInput, dice: random.Random) -> Indices:
    groups = _groups(rows, wanted.stratify_key, "stratify_key")
    chosen: Indices = []
    for members in groups:
        share = max(1, round(len(members) / len(rows) * wanted.sample_size))
        chosen += dice.sample(members, min(share, len(members)))
    return chosen[: wanted.sample_size]


def _weighted(rows: Items, wanted: DataSamplingInput, dice: random.Random) -> Indices:
    if len(rows) * wanted.sample_size > _MAX_WEIGHING:
        raise BlockError(
            f"Choosing {wanted.sample_size} of {len(rows)} rows by weight takes too long; "
            f"their product may be {_MAX_WEIGHING} at most."
        )
    weights = [_weight(_under(row, wanted.weight_key, "weight_key")) for row in rows]
    left = {index: weight for index, weight in enumerate(weights) if weight > 0}
    chosen: Indices = []
    while left and len(chosen) < wanted.sample_size:
        try:
            index = dice.choices(list(left), list(left.values()))[0]
        except ValueError as error:
            raise BlockError(f"The weights add up to no finite number: {error}.") from error
        chosen.append(index)
        del left[index]
    return chosen


def _reservoir(rows: Items, wanted: DataSamplingInput, dice: random.Random) -> Indices:
    chosen = list(range(wanted.sample_size))
    for index in range(wanted.sample_size, len(rows)):
        place = dice.randint(0, index)
        if place < wanted.sample_size:
            chosen[place] = index
    return chosen


def _cluster(rows: Items, wanted: DataSamplingInput, dice: random.Random) -> Indices:
    groups = _groups(rows, wanted.cluster_key, "cluster_key")
    dice.shuffle(groups)
    chosen: Indices = []
    for members in groups:
        if len(chosen) >= wanted.sample_size:
            break
        chosen += members
    return chosen[: wanted.sample_size]


def _groups(rows: Items, key: str | None, pin_name: str) -> list[Indices]:
    groups: dict[str, Indices] = {}
    for index, row in enumerate(rows):
        groups.setdefault(repr(_under(row, key, pin_name)), []).append(index)
    return list(groups.values())


def _under(row: dict[str, Json] | list[Json], key: str | None, pin_name: str) -> Json:
    if key is None:
        raise BlockError(f"This way of choosing needs {pin_name}.")
    if not isinstance(row, dict) or key not in row:
        raise BlockError(f"A row has nothing under {key!r} ({pin_name}).")
    return row[key]


def _weight(value: Json) -> float:
    try:
        return max(0.0, float(value))
    except (TypeError, ValueError) as error:
        raise BlockError(f"A weight is a number, not {value!r}.") from error


_METHODS: Final[
    Mapping[SamplingMethod, Callable[[Items, DataSamplingInput, random.Random], Sequence[int]]]
] = {
    SamplingMethod.RANDOM: _random,
    SamplingMethod.SYSTEMATIC: _systematic,
    SamplingMethod.TOP: _top,
    SamplingMethod.BOTTOM: _bottom,
    SamplingMethod.STRATIFIED: _stratified,
    SamplingMethod.WEIGHTED: _weighted,
    SamplingMethod.RESERVOIR: _reservoir,
    SamplingMethod.CLUSTER: _cluster,
}
