"""The contracts between rooms hold, and a breach of one is seen."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "autograph"
SPOKEN = re.compile(r"autograph\.features\.[a-z]+\.(service|models|errors)(\.|$)")
"""What doors know of a feature: its use cases, what they take and give, and how they refuse."""


def checked(source: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of `pyproject.toml` on a copy of the source."""
    shutil.copy(ROOT / "pyproject.toml", source)
    return subprocess.run(
        [
            Path(sys.executable).with_name("lint-imports"),
            "--config",
            "pyproject.toml",
            "--no-cache",
        ],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(
        SOURCE, tmp_path / "autograph", ignore=shutil.ignore_patterns("__pycache__", "built")
    )
    return tmp_path


@pytest.mark.seed("D4-02", "D1-E11")
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("infra/clock.py", "import autograph.graph.model", "Rooms are stacked"),
        ("graph/model.py", "import autograph.engine.state", "Rooms are stacked"),
        ("api/rest/runs.py", "import sqlalchemy", "SQL is written in repositories"),
        ("features/accounts/models/people.py", "import fastapi", "The web framework is known"),
    ],
)
def test_a_breach_is_seen(copied: Path, module: str, line: str, contract: str) -> None:
    file = copied / "autograph" / module
    future = "from __future__ import annotations\n"
    file.write_text(file.read_text().replace(future, f"{future}{line}\n", 1))

    done = checked(copied)

    assert done.returncode == 1, done.stdout + done.stderr
    broken = [one for one in done.stdout.splitlines() if one.endswith("BROKEN")]
    assert any(one.startswith(contract) for one in broken), broken


@pytest.mark.timeout(180)
@pytest.mark.seed("D4-02", "D1-E11")
def test_every_contract_is_kept(copied: Path) -> None:
    done = checked(copied)

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Contracts: \d+ kept, 0 broken\.", done.stdout)


@pytest.mark.seed("D1-E11", "D4-02")
def test_doors_ask_services_alone() -> None:
    known = {
        name
        for module in (SOURCE / "api").rglob("*.py")
        for found in ast.walk(ast.parse(module.read_text()))
        for name in _imported(found)
        if name.startswith("autograph.features.")
    }

    assert known
    assert {name for name in known if not SPOKEN.match(name)} == set()


def test_a_process_that_serves_nobody_loads_no_web_framework() -> None:
    code = "import sys; import autograph.bootstrap; assert not {'fastapi', 'starlette'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)


def _imported(found: ast.AST) -> list[str]:
    if isinstance(found, ast.ImportFrom) and found.module:
        return [found.module]
    return [one.name for one in found.names] if isinstance(found, ast.Import) else []
