"""The example agents of the README run as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.processes import command

ROOT = Path(__file__).parents[3]
EXPECTED = {
    "countdown.json": "step: 3\nstep: 2\nstep: 1\nend: Lift-off at 0\n",
    "word-report.json": "3 words, 2 of them long: Agents, graphs.\nLouder: Agents are graphs!\n",
    "welcome-party.json": "Good day, Ada!\nGood day, Grace!\n",
    "careful-division.json": "Divide of 1 and 0 has no finite result.\n",
    "mail-desk.json": "Repairs\n",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def test_the_readme_names_every_example() -> None:
    named = set(
        re.findall(r"^\| `([a-z-]+\.json)`", (ROOT / "README.md").read_text(), re.MULTILINE)
    )

    assert (
        named
        == set(EXPECTED)
        == {file.name for file in (ROOT / "examples" / "agents").glob("*.json")}
    )


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_runs_as_the_readme_says(name: str, home: Path) -> None:
    row = re.search(
        rf"^\| `{re.escape(name)}` \|.*\| `(.+)` \|$",
        (ROOT / "README.md").read_text(),
        re.MULTILINE,
    )
    assert row is not None
    arguments = [word.replace('"', "") for word in re.findall(r'(?:[^\s"]|"[^"]*")+', row[1])]
    done = command("run", f"examples/agents/{name}", *arguments, data_dir=home)

    assert (done.stdout, done.returncode) == (EXPECTED[name], 0), done.stderr
