"""Credentials and keys by command: the secret comes from stdin, and nowhere else."""

from __future__ import annotations

import json
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from autograph.blocks.catalog import load_catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
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


def test_a_run_is_told_which_credential_to_use(tmp_path: Path) -> None:
    heard: list[str | None] = []

    class Provider(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.headers.get("X-Key"))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    catalog = load_catalog()
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_port}"
        ask = node(catalog, "ask", "SendAuthenticatedWebRequest", url=f"http://{host}/", body={})
        file = tmp_path / "agent.json"
        file.write_text(json.dumps(write_agent(graph([ask]))))
        add = ["credentials", "add", "http", "--host", "127.0.0.1", "--header", "X-Key", "--json"]
        made = command(*add, data_dir=tmp_path, stdin="canary-key\n")
        assert made.returncode == 0, made.stderr
        chosen = f"http_host_scoped_credentials={json.loads(made.stdout)['id']}"

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            inside = '["127.0.0.0/8"]'
            return command(
                "run", str(file), *words, data_dir=tmp_path, AUTOGRAPH_EGRESS_INSIDE=inside
            )

        unchosen = run("--credential", "http_host_scoped_credentials")
        unknown = run("--credential", "other=x")
        done = run("--credential", chosen)
        server.shutdown()

    assert unchosen.returncode == unknown.returncode == 2
    assert "--credential takes NAME=ID" in unchosen.stderr
    assert "other" in unknown.stderr
    assert done.returncode == 0, done.stderr
    assert heard == ["canary-key"]
