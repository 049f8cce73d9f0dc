"""Notes which rows of the mission's checklist have a passing test: `.cache/rows.json`, read by `make rows`.

A row counts when at least one test is tagged with it and every test tagged with it passed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

_FILE = Path(__file__).parents[1] / ".cache" / "rows.json"
_rows = pytest.StashKey[dict[str, bool]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_rows] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.when == "call" or report.outcome != "passed":
        rows = item.config.stash[_rows]
        for mark in item.iter_markers("seed"):
            for row in mark.args:
                rows[row] = rows.get(row, True) and report.outcome == "passed"
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    rows = session.config.stash[_rows]
    if rows:
        known = json.loads(_FILE.read_text()) if _FILE.exists() else {}
        _FILE.parent.mkdir(exist_ok=True)
        _FILE.write_text(json.dumps({**known, **rows}, indent=1, sort_keys=True))
