"""The page of flows in the browser names tests that are there, and every flow of AutoGPT's suite."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FLOWS = (ROOT / "docs" / "reference" / "flows.md").read_text()
SUITE = ROOT / "web" / "e2e"
SERVICES = {"store", "schedules", "chat", "billing"}


def _rows() -> list[list[str]]:
    lines = [line for line in FLOWS.splitlines() if re.match(r"\| (?!#|Flow|-)", line)]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def _tests(file: str) -> set[str]:
    source = (SUITE / file).read_text()
    return set(re.findall(r'^\s*test\(\s*"([^"]+)"', source, re.M))


def test_the_tests_that_it_names_are_there() -> None:
    named = re.findall(r"`([\w-]+\.test\.ts)`: (.+?)(?= · `| \|$)", FLOWS, re.M)
    missing = {f"{file}: {name}" for file, name in named if name not in _tests(file)}

    assert len(named) > 40
    assert not missing


def test_every_flow_is_played_or_says_what_it_waits_for() -> None:
    rows = _rows()
    numbers = [int(row[0]) for row in rows if len(row) == 3]
    waiting = {word for row in rows for word in re.findall(r"waits for: (\w+)", row[-1])}
    silent = [
        row for row in rows if not re.search(r"`[\w-]+\.test\.ts`: |waits for: |`tests/", row[-1])
    ]

    assert numbers == list(range(1, 27))
    assert waiting <= SERVICES
    assert not silent


def test_every_file_of_flows_is_on_it() -> None:
    assert {one.name for one in SUITE.glob("*.test.ts")} <= set(
        re.findall(r"[\w-]+\.test\.ts", FLOWS)
    )
