"""The platform as people start it: `autograph up` in a process of its own, on a scratch directory."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

COMMAND = [sys.executable, "-m", "autograph.cli.main"]
_UP = re.compile(r"Autograph(?: api)? is up: (http://\S+)")
_IS_UP = re.compile(r"Autograph (?:worker|scheduler) (\d+) is up")


class Up:
    """A running platform."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url
        self.http = httpx2.Client(base_url=url, timeout=60)

    def kill(self) -> None:
        """Kill it as a power cut would: nothing of it gets to say goodbye."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def save(self, document: dict[str, Any]) -> str:
        answer = self.http.post("/api/v1/graphs", json=document)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def execute(self, graph_id: str, wait: float = 0, **inputs: Any) -> dict[str, Any]:
        answer = self.http.post(
            f"/api/v1/graphs/{graph_id}/execute", params={"wait": wait}, json={"inputs": inputs}
        )
        assert answer.status_code in {200, 202}, answer.text
        return dict(answer.json())


@contextmanager
def up(data_dir: Path, *, port: int = 0, **environment: str) -> Iterator[Up]:
    """Start the platform; stop it in the end, if it still lives."""
    with serving("up", data_dir, port=port, **environment) as running:
        yield running


@contextmanager
def serving(command: str, data_dir: Path, *, port: int = 0, **environment: str) -> Iterator[Up]:
    """Start a process that serves, `up` or `api`; stop it in the end, if it still lives."""
    log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed below; a pipe that nobody reads is full one day, and holds it up
    process = subprocess.Popen(
        [*COMMAND, command, "--port", str(port), "--data-dir", str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = _UP.match(line)
    if found is None:
        process.kill()
        process.wait()
        log.seek(0)
        raise AssertionError(f"it did not come up: {line}{log.read()}")
    running = Up(process, found[1])
    try:
        yield running
    finally:
        running.http.close()
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(20)
        process.stdout.close()
        log.close()


@contextmanager
def carrying(command: str, data_dir: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start a process that serves nobody, `worker` or `scheduler`; stop it in the end, if it still lives."""
    log = (data_dir / f"{command}-{len(list(data_dir.glob('*.log')))}.log").open("w")
    process = subprocess.Popen(
        [*COMMAND, *command.split(), "--data-dir", str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if _IS_UP.match(line) is None:
        process.kill()
        process.wait()
        raise AssertionError(f"it did not come up: {line}{Path(log.name).read_text()}")
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)
        process.stdout.close()
        log.close()


def command(
    *arguments: str, data_dir: Path | None, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the `autograph` command to its end; without a `data_dir` where it needs none."""
    is_apart = data_dir is None or arguments[0] in {"check", "blocks"}
    own = [] if is_apart else ["--data-dir", str(data_dir)]
    return subprocess.run(
        [*COMMAND, *arguments, *own],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "COLUMNS": "200", **environment},
    )


def as_json(done: subprocess.CompletedProcess[str]) -> Any:
    """Return what a command printed as JSON."""
    return json.loads(done.stdout)
