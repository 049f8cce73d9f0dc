"""`autograph test`, and the guide to it as it is printed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograph.cli.main import app
from tests.processes import as_json, command

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "guides" / "test-an-agent.md"
WEATHER = "examples/tested/weather.json"

pytestmark = pytest.mark.timeout(120)


def test_the_guide_runs_as_it_is_printed(tmp_path: Path) -> None:
    run_id = ""
    printed = re.findall(
        r"```console\n\$ autograph (.+)\n([^`]*(?:`[^`\n]*`[^`]*)*?)```", GUIDE.read_text()
    )
    assert len(printed) == 5
    for line, expected in printed:
        here = line.replace("RUN", run_id)
        here = here.replace("slogan.cassette", f"{tmp_path}/slogan.cassette")
        done = command(*shlex.split(here), data_dir=tmp_path)
        said = (done.stdout + done.stderr).replace(f"{tmp_path}/", "")

        assert done.returncode == 0, said
        if expected:
            assert expected in said
        else:
            run_id = str(as_json(done)["run_id"])


def test_the_cassette_in_the_guide_is_the_one_beside_the_agent() -> None:
    shown = json.loads(re.findall(r"```json\n(.*?)```", GUIDE.read_text(), re.DOTALL)[0])
    written = json.loads((ROOT / "examples" / "tested" / "weather.cassette.json").read_text())

    assert {**shown, "name": written["name"]} == written


def played(*arguments: str) -> tuple[int, str]:
    """Run the command here: a process of its own takes seconds to load all blocks."""
    done = CliRunner().invoke(app, ["test", *arguments])
    return done.exit_code, done.output


def test_what_is_different_is_told_and_fails_the_build(tmp_path: Path) -> None:
    changed = (ROOT / WEATHER).read_text().replace("v1/now", "v2/now")
    (tmp_path / "weather.json").write_text(changed)
    shutil.copy(ROOT / "examples" / "tested" / "weather.cassette.json", tmp_path)

    done = command("test", str(tmp_path / "weather.json"), "--json", data_dir=tmp_path)

    found = as_json(done)
    assert (done.returncode, found["ok"]) == (1, False)
    assert any(
        "Not in the recording: GET https://weather.example/v2/now" in one
        and "'https://weather.example/v1/now'" in one
        for one in found["cassettes"][0]["problems"]
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.json"], "neither a file nor the id"),
        (["examples/tested/slogan.json"], "There is no cassette beside"),
        ([WEATHER, "--cassette", "docs"], "There is no cassette (*.cassette.json) in docs"),
        ([WEATHER, "--cassette", "README.md"], "README.md: This is no cassette"),
        ([WEATHER, "--cassette", WEATHER], "it has no `autograph_cassette`"),
        ([WEATHER, "--cassette", "gone.json"], "gone.json cannot be read"),
    ],
)
def test_bad_use_is_told_apart(arguments: list[str], said: str) -> None:
    code, told = played(*arguments)

    assert (code, said in told) == (2, True), told


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"autograph_cassette": 2}, "of kind 2"),
        ({"autograph_cassette": 1, "inputs": {}}, "broken"),
        ({"autograph_cassette": 1, "inputs": {}, "outputs": {"o": 1}}, "no list of values"),
        ({"autograph_cassette": 1, "inputs": {}, "outputs": {}, "exchanges": [1]}, "no kind"),
        ({"autograph_cassette": 1, "inputs": [], "outputs": {}, "status": "well"}, "broken"),
    ],
)
def test_a_broken_cassette_is_told(broken: dict[str, object], said: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps(broken))

    code, told = played(WEATHER, "--cassette", str(tmp_path / "c.json"))

    assert (code, said in told) == (2, True), told


def test_a_cassette_is_played_without_a_database(tmp_path: Path) -> None:
    done = command("test", WEATHER, data_dir=tmp_path)

    assert (done.returncode, list(tmp_path.iterdir())) == (0, []), done.stderr


def test_a_run_that_was_not_recorded_is_refused(tmp_path: Path) -> None:
    made = command(
        "run", "examples/tested/slogan.json", "-i", "product=tea", "--json", data_dir=tmp_path
    )
    done = command("runs", "record", as_json(made)["run_id"], data_dir=tmp_path)

    assert (done.returncode, "--record" in done.stderr) == (2, True), done.stderr
