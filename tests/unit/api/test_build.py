"""Which file of the web app is sent, and in which coding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograph.api.page import (
    _PAGES,  # pyright: ignore[reportPrivateUsage]
    _SHARED,  # pyright: ignore[reportPrivateUsage]
)
from autograph.api.page.build import Build


@pytest.fixture
def build(tmp_path: Path) -> Build:
    (tmp_path / "assets").mkdir()
    for name in (
        "index.html",
        "assets/a-1.js",
        "assets/a-1.js.br",
        "assets/a-1.js.gz",
        "assets/f-2.woff2",
        "notes.txt",
    ):
        (tmp_path / name).write_text(name)
    return Build(tmp_path)


@pytest.mark.parametrize(
    ("accepted", "sent", "coding"),
    [
        ("gzip, deflate, br, zstd", "a-1.js.br", "br"),
        ("gzip;q=1.0, BR;q=0.5", "a-1.js.br", "br"),
        ("gzip", "a-1.js.gz", "gzip"),
        ("br;q=0, gzip", "a-1.js.gz", "gzip"),
        ("identity", "a-1.js", None),
        ("", "a-1.js", None),
        ("brotli", "a-1.js", None),
    ],
)
def test_the_best_coding_that_is_accepted_is_sent(
    build: Build, accepted: str, sent: str, coding: str | None
) -> None:
    found = build.find("assets/a-1.js", accepted)

    assert found is not None
    assert found.content == f"assets/{sent}".encode()
    assert found.media_type == "text/javascript"
    assert found.headers.get("Content-Encoding") == coding
    assert found.headers["Vary"] == "Accept-Encoding"


def test_what_has_no_compressed_file_is_sent_as_it_is(build: Build) -> None:
    found = build.find("assets/f-2.woff2", "br, gzip")

    assert found is not None
    assert (found.media_type, found.headers) == ("font/woff2", {"Vary": "Accept-Encoding"})


@pytest.mark.parametrize(
    "name", ["assets/none.js", "../build.py", "assets/../index.html", "notes.txt", "", "assets"]
)
def test_nothing_else_is_found(build: Build, name: str) -> None:
    assert build.find(name, "br") is None


def test_where_nothing_was_built_nothing_is_found(tmp_path: Path) -> None:
    assert Build(tmp_path / "none").find("index.html", "br") is None


def test_a_build_may_be_replaced_while_it_is_served(build: Build, tmp_path: Path) -> None:
    for old in (tmp_path / "assets").glob("a-1.*"):
        old.unlink()
    (tmp_path / "assets" / "b-2.js").write_text("new")

    found = build.find("assets/b-2.js", "br")

    assert found is not None
    assert found.content == b"new"
    assert build.find("assets/a-1.js", "br, gzip") is None


def test_a_page_needs_what_its_module_imports_but_not_what_every_page_has(
    build: Build, tmp_path: Path
) -> None:
    chunks = {
        "index.html": {"file": "assets/index.js", "imports": ["_base.js"], "css": ["assets/i.css"]},
        "_base.js": {"file": "assets/base.js"},
        "_list.js": {"file": "assets/list.js", "imports": ["_base.js", "a.tsx"]},
        "a.tsx": {
            "file": "assets/a.js",
            "css": ["assets/a.css"],
            "imports": ["index.html", "_list.js"],
            "dynamicImports": ["b.tsx"],
        },
        "b.tsx": {"file": "assets/b.js"},
    }
    assert build.needed_by("a.tsx") == ()
    (tmp_path / "manifest.json").write_text(json.dumps(chunks))

    assert build.needed_by("a.tsx") == ("assets/a.js", "assets/a.css", "assets/list.js")
    assert build.needed_by("b.tsx") == ("assets/b.js",)
    assert build.needed_by("c.tsx") == ()


@pytest.mark.parametrize("module", sorted({one.module for one in (*_PAGES.values(), _SHARED)}))
def test_every_page_is_a_module_that_the_web_app_has(module: str) -> None:
    root = Path(__file__).parents[3] / "web"

    assert (root / "src/features" / module).is_file()
    imported = f'import("@/features/{module.removesuffix(".tsx")}")'
    assert imported in (root / "src/app/router.tsx").read_text()
