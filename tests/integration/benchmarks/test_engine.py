"""The engine's benchmark runs: what it measures is not judged here, only that it is measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "engine.py"


@pytest.mark.timeout(300)
def test_the_engine_s_benchmark_measures_every_line() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--quick", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = json.loads(done.stdout.splitlines()[-1])["lines"]
    assert len(lines) == 6
    assert all(line["value"] > 0 and line["met"] in {True, False} for line in lines)
