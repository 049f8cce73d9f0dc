"""The page about differences and the tests that make exceptions of them say the same."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import Final

import pytest

from autograph.blocks.catalog import load_catalog
from tests.unit.blocks.differences import (
    FURTHER_CATEGORIES,
    OVERRULED,
    PINS_OF_MORE_TYPES,
    PINS_THAT_NEED_NO_VALUE,
    REPOSITORY,
)

PAGE: Final = (REPOSITORY / "docs" / "reference" / "differences.md").read_text("utf-8")


def rows(title: str) -> list[list[str]]:
    section = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


class TestPage:
    def test_lists_every_overruled_result_and_no_other(self) -> None:
        assert [(row[0].strip("`"), row[1]) for row in rows("Results")] == [
            (one.key, one.block) for one in OVERRULED
        ]

    def test_gives_a_reason_for_every_result(self) -> None:
        assert all(len(row) == 5 and row[4] for row in rows("Results"))

    def test_lists_every_pin_that_needs_no_value_here(self) -> None:
        listed: dict[str, set[str]] = defaultdict(set)
        for block, pin, *_ in rows("Pins"):
            listed[block].add(pin.strip("`"))

        assert listed == PINS_THAT_NEED_NO_VALUE
        assert all(pin in listed[block] for block, pin in PINS_OF_MORE_TYPES)

    @pytest.mark.parametrize("block", sorted(FURTHER_CATEGORIES))
    def test_names_every_block_that_stands_elsewhere(self, block: str) -> None:
        assert f"{block} stands under" in PAGE

    def test_speaks_of_blocks_that_exist(self) -> None:
        catalog = load_catalog()
        named = {
            name
            for line in re.findall(r"^- \*\*(.+?)\*\*", PAGE, re.M)
            for name in line.split(", ")
        }

        assert named
        assert [name for name in sorted(named) if catalog.find(name) is None] == []

    def test_gives_a_reason_for_every_block_that_is_not_here_and_for_no_other(self) -> None:
        known = (REPOSITORY / "tests" / "fixtures" / "known-blocks.jsonl").read_text("utf-8")
        catalog = load_catalog()
        missing = [
            one["name"]
            for one in map(json.loads, known.splitlines())
            if catalog.find(one["id"]) is None
        ]
        listed = rows("Blocks that are not here")

        assert sorted(name for row in listed for name in row[0].split(", ")) == sorted(missing)
        assert all(len(row) == 2 and row[1].endswith(".") for row in listed)
