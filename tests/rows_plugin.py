"""Notes which rows of the mission's checklist have a passing test: `.cache/rows.json`, read by `make rows`.

A row counts when at least one test is tagged with it and every test tagged with it passed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

_FILE = Path(__file__).parents[1] / ".cache" / "rows.json"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Noted())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Let a test's rows travel with its report, out of the process that ran it."""
    report = yield
    report.user_properties.extend(
        ("seed", row) for mark in item.iter_markers("seed") for row in mark.args
    )
    return report


class Noted:
    """Collects what became of each row, in the process that all reports reach."""

    def __init__(self) -> None:
        self._rows: dict[str, bool] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            for name, row in report.user_properties:
                if name == "seed":
                    passed = report.outcome == "passed"
                    self._rows[str(row)] = self._rows.get(str(row), True) and passed

    def pytest_sessionfinish(self) -> None:
        if self._rows:
            known = json.loads(_FILE.read_text()) if _FILE.exists() else {}
            _FILE.parent.mkdir(exist_ok=True)
            _FILE.write_text(json.dumps({**known, **self._rows}, indent=1, sort_keys=True))
