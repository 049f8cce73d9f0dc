"""Hostile sizes: whatever arrives at a pin, the node ends soon, and when it fails it says why.

Values arrive here as the engine hands them over (coerced), and what comes out is written as the engine
writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from autograph.blocks.builtin.text import patterns
from autograph.blocks.catalog import AnyBlock, load_catalog
from autograph.blocks.sdk import EngineBlock
from autograph.blocks.sdk.testing import FakeContext
from autograph.graph.coerce import types_of
from tests.hostile import MANY, harmless_of, outcome

BLOCKS: Final = [
    pytest.param(block, id=block.name)
    for block in load_catalog()
    if not issubclass(block, EngineBlock)
]
CATALOG: Final = load_catalog()


def nested(depth: int, kind: type) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


HOSTILE: Final[Mapping[str, list[Any]]] = {
    "string": [
        "",
        "\0",
        "\ud800",
        "😀\u202e",
        "a" * 300_000,
        "\n" * 100_000,
        "a b, " * 50_000,
        "9" * 5_000,
        "-1e999",
        "[" * 50_000,
        '{"a":' * 20_000,
        "<a>" * 5_000,
        "(a+)+$",
        "{{ range(9) | list }}",
    ],
    "integer": [2**63 - 1, -(2**63), 0, -1],
    "number": [1.7e308, -1.7e308, 5e-324],
    "array": [
        [],
        list(range(30_000)),
        nested(900, list),
        [[] for _ in range(30_000)],
        [*([one] for one in range(20_000)), list(range(20_000))],
        [{"a": nested(200, dict)}] * 50,
        [None] * 1_000,
    ],
    "object": [{}, {"": ""}, {str(one): one for one in range(30_000)}, nested(900, dict)],
    "boolean": [],
    "null": [],
}


def attacks(block: AnyBlock) -> Iterator[tuple[str, dict[str, Any]]]:
    harmless = harmless_of(block).input
    for pin, schema in block.spec().input_pins.items():
        for kind in sorted(types_of(schema)):
            for number, value in enumerate(HOSTILE[kind]):
                yield f"{pin}: {kind} {number}", {**harmless, pin: value}


@pytest.mark.timeout(45)
@pytest.mark.parametrize("block", BLOCKS)
async def test_whatever_arrives_the_node_ends_and_fails_with_words(block: AnyBlock) -> None:
    tried = 0
    for what, given in attacks(block):
        message = await outcome(block, given)
        tried += 1
        assert message != MANY, what
        assert message is None or message.strip(), what

    assert tried >= len(block.spec().input_pins) / 2


@pytest.mark.timeout(20)
class TestLists:
    """Sizes at which a careless way of doing it takes minutes."""

    async def test_a_hundred_thousand_levels_are_flattened(self) -> None:
        outputs: dict[str, Any] = {}
        block = CATALOG.get("FlattenList")
        given = block.prepare({"nested_list": nested(100_000, list)})

        async for pin, value in block().run(given, FakeContext()):
            outputs[pin] = value

        assert outputs == {"flattened_list": [1], "length": 1, "original_depth": 100_000}

    async def test_many_short_lists_and_a_long_one_are_interleaved(self) -> None:
        lists = [[0] for _ in range(50_000)] + [[1] * 50_000]

        assert await outcome(CATALOG.get("InterleaveLists"), {"lists": lists}) is None

    async def test_padding_to_more_than_a_million_items_is_refused(self) -> None:
        lists = [[0] for _ in range(2_000)] + [[1] * 1_000]

        message = await outcome(CATALOG.get("ZipLists"), {"lists": lists, "pad_to_longest": True})

        assert message == "That would make 2001000 items; at most 1000000 are made."

    async def test_the_same_lists_without_padding_are_few_items(self) -> None:
        lists = [[0] for _ in range(2_000)] + [[1] * 1_000]

        assert await outcome(CATALOG.get("ZipLists"), {"lists": lists}) is None

    @pytest.mark.parametrize("block", ["ListDifference", "ListIntersection"])
    async def test_long_lists_of_objects_are_compared(self, block: str) -> None:
        items = [{"id": one, "tags": [one]} for one in range(50_000)]

        assert await outcome(CATALOG.get(block), {"list_a": items, "list_b": items[::-1]}) is None

    async def test_items_nested_too_deeply_to_be_compared_are_named(self) -> None:
        deep = nested(5_000, list)

        message = await outcome(
            CATALOG.get("ConcatenateLists"), {"lists": [[deep], [deep]], "deduplicate": True}
        )

        assert message == "An item is nested too deeply to be compared."

    @pytest.mark.parametrize("position", [10**30, -(10**30)])
    async def test_a_position_far_outside_is_the_nearest_end(self, position: int) -> None:
        given = {"list": [1, 2], "entry": 3, "position": position}

        assert await outcome(CATALOG.get("AddToList"), given) is None


@pytest.mark.timeout(20)
class TestSampling:
    async def test_choosing_by_weight_among_too_many_is_refused(self) -> None:
        message = await outcome(
            CATALOG.get("DataSampling"),
            {
                "data": [{"w": 1}] * 50_000,
                "sample_size": 25_000,
                "sampling_method": "weighted",
                "weight_key": "w",
            },
        )

        assert message is not None
        assert "takes too long" in message


@pytest.mark.timeout(20)
class TestPatterns:
    @pytest.mark.parametrize("block", ["ExtractTextInformation", "MatchTextPattern"])
    async def test_a_pattern_of_a_hundred_thousand_characters_is_refused(self, block: str) -> None:
        pattern = "a" * 100_000

        message = await outcome(
            CATALOG.get(block), {"text": "a", "pattern": pattern, "match": pattern, "data": "d"}
        )

        assert message == "The pattern has 100000 characters; at most 10000 are read."

    @pytest.mark.parametrize("block", ["ExtractTextInformation", "MatchTextPattern"])
    async def test_a_pattern_that_runs_away_is_stopped(
        self, block: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(patterns, "_SECONDS", 0.2)
        pattern = r"^(a|a)*$"

        message = await outcome(
            CATALOG.get(block),
            {"text": "a" * 60 + "b", "pattern": pattern, "match": pattern, "data": "d"},
        )

        assert message == f"The pattern {pattern!r} took longer than 0.2 s. Make it simpler."
