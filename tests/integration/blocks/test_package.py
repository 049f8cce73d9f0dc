"""A package of somebody else adds blocks by an entry point, and touches nothing of ours.

The example package is built as it would be for an index and laid out as an installer would, in a scratch
directory beside the installation; a fresh interpreter then has to find it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

REPOSITORY: Final = Path(__file__).resolve().parents[3]
EXAMPLE: Final = REPOSITORY / "examples" / "blocks-package"


def python(*arguments: str, site: Path, cwd: Path) -> str:
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={"PATH": os.defpath, "PYTHONPATH": str(site), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, because building leaves things behind."""
    return Path(shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("source") / "package"))


@pytest.fixture(scope="module")
def site(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which the example is installed."""
    wheels, installed = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    build = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
    python("-c", build, str(wheels), site=installed, cwd=source)
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    return installed


@pytest.mark.seed("D1-17")
class TestPackage:
    def test_its_blocks_are_in_the_catalogue(self, site: Path, tmp_path: Path) -> None:
        code = "from autograph.blocks.catalog import load_catalog\nfor one in load_catalog(): print(one.name)"

        names = python("-c", code, site=site, cwd=tmp_path).split()

        assert {"MakeSlug", "ToRomanNumeral", "Calculator"} <= set(names)

    def test_without_it_they_are_not(self, tmp_path: Path) -> None:
        code = "from autograph.blocks.catalog import load_catalog\nprint(load_catalog().find('MakeSlug'))"

        assert python("-c", code, site=tmp_path, cwd=tmp_path).strip() == "None"

    def test_its_blocks_run_from_the_command_line(self, site: Path, tmp_path: Path) -> None:
        printed = python(
            *("-m", "autograph.cli.main", "blocks", "run", "ToRomanNumeral"),
            *("--input", "number=2026", "--json"),
            site=site,
            cwd=tmp_path,
        )

        assert json.loads(printed)["outputs"] == [["numeral", "MMXXVI"]]

    def test_its_own_tests_pass(self, site: Path, source: Path) -> None:
        printed = python("-m", "pytest", "-q", "-p", "no:cacheprovider", site=site, cwd=source)

        assert "3 passed" in printed
