"""The commands of `docs/guides/debug-an-agent.md`, as they are printed there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import COMMAND

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "guides" / "debug-an-agent.md"
RUN = re.compile(r"autograph runs continue (\S+) ")


def steps() -> Iterator[tuple[list[str], str]]:
    """What a reader types, and what the guide says comes of it."""
    for block in re.findall(
        r"^```console\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE
    ):
        typed, _, printed = block.partition("\n")
        assert typed.startswith("$ autograph ")
        yield shlex.split(typed.removeprefix("$ autograph ")), printed


def values(line: str) -> dict[str, Any]:
    """What a node is said to wait with; the guide leaves out the text of its template."""
    found: dict[str, Any] = json.loads(line.removeprefix("report waits with "))
    return {**found, "format": ""}


def begin(arguments: list[str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments, "--data-dir", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.timeout(180)
def test_the_guide_does_what_it_says(tmp_path: Path) -> None:
    to_here, pinned, broken, goes_on = steps()

    done = begin(to_here[0], tmp_path)
    assert '"until": ["count"]' in done.communicate()[0]
    assert done.returncode == 0

    done = begin(pinned[0], tmp_path)
    assert (done.communicate()[0], done.returncode) == (pinned[1], 0)

    paused = begin(broken[0], tmp_path)
    assert paused.stderr is not None
    try:
        waits, how = paused.stderr.readline(), paused.stderr.readline()
        found = RUN.search(how)
        assert found
        assert values(waits) == values(broken[1].splitlines()[0].replace("…", '""'))
        assert how.replace(found[1], "RUN") == broken[1].splitlines(keepends=True)[1]
        typed = [found[1] if one == "RUN" else one for one in goes_on[0]]
        assert begin(typed, tmp_path).communicate()[0] == goes_on[1]
        assert paused.communicate()[0] == "1, no more\n"
    finally:
        paused.kill()
        paused.communicate()
