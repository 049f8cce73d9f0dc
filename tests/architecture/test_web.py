"""What the web app promises that its files alone can show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "src" / "autograph" / "api" / "page" / "built"
NEVER_ASKED = {
    "www.w3.org": "names of namespaces",
    "react.dev": "texts of React's errors",
    "reactflow.dev": "texts of XY Flow's errors, and a link to its makers",
    "github.com": "a link that people follow",
    "tailwindcss.com": "a comment with its licence",
    "localhost": "the base that a relative address is read against",
    "ns.adobe.com": "names of namespaces, in what draws PDFs",
    "www.xfa.org": "names of namespaces, in what draws PDFs",
    "www.apache.org": "a comment with the licence of what draws PDFs",
    "example.com": "the base that an address in a PDF is read against",
    "a": "an address that shows whether the browser reads addresses well (core-js, in what draws PDFs)",
    "x": "the same",
    "mcp.example.com": "what the field for a server's address shows while it is empty",
    "foo.bar": "the base that an address in a PDF is read against",
}
"""Hosts that the built app names, and why it asks none of them; its policy (`test_rest.py`) would not let it."""


@pytest.mark.seed("D3-01")
def test_the_built_app_knows_no_host_but_its_own() -> None:
    files = [
        one for one in BUILT.rglob("*") if one.suffix in {".js", ".mjs", ".css", ".html", ".json"}
    ]
    named = {
        host
        for one in files
        for host in re.findall(r"(?:https?|wss?)://([A-Za-z0-9][\w.-]*)", one.read_text())
    }

    assert len(files) > 20, "the web app is not built: make web"
    assert named <= set(NEVER_ASKED), named - set(NEVER_ASKED)
    page = (BUILT / "index.html").read_text()
    assert not re.findall(r"(?:src|href)=\"(?!/)[^\"]*", page)
