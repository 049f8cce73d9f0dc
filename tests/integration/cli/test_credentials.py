"""Credentials and keys by command: the secret comes from stdin, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.processes import command

pytestmark = pytest.mark.timeout(120)


def test_a_credential_is_kept_renamed_and_deleted(tmp_path: Path) -> None:
    def ask(*words: str, stdin: str | None = None) -> str:
        done = command("credentials", *words, "--json", data_dir=tmp_path, stdin=stdin)
        assert done.returncode == 0, done.stderr
        assert "canary" not in done.stdout + done.stderr
        return done.stdout

    made = json.loads(ask("add", "github", "--title", "Hub", stdin="canary-key\n"))
    ask("replace", made["id"], stdin="canary-other\n")
    ask("rename", made["id"], "My hub")
    listed = json.loads(ask("list"))
    assert [(one["id"], one["title"]) for one in listed] == [(made["id"], "My hub")]
    assert json.loads(ask("uses", made["id"])) == []

    before = json.loads(command("keys", "list", "--json", data_dir=tmp_path).stdout)
    rotated = json.loads(command("keys", "rotate", "--json", data_dir=tmp_path).stdout)
    assert rotated["resealed"]["credentials"] == 1
    assert rotated["unneeded"] == [before[0]["id"]]
    gone = command("keys", "forget", before[0]["id"], data_dir=tmp_path)
    assert gone.returncode == 0, gone.stderr
    refused = command("keys", "forget", rotated["current"], "--json", data_dir=tmp_path)
    assert json.loads(refused.stdout)["error"]["code"] == "keys.is_current"

    assert json.loads(ask("delete", made["id"])) == {"revoked": None, "note": None, "uses": 0}
