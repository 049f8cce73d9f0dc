"""Autograph beside its peers: the same workloads, on this machine, one after the other, in turns.

    python -m benchmarks.peers                  # everything; what is missing is installed under .cache/peers
    python -m benchmarks.peers --only celery    # Autograph and one peer
    python -m benchmarks.peers --rounds 1

Every round starts PostgreSQL, RabbitMQ and Redis afresh for every system, with the same settings for all.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from benchmarks.peers.table import markdown, summary
from tests.servers import free_port, rabbitmq_server, redis_server

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CACHE = ROOT / ".cache" / "peers"
SYSTEMS = ("autograph", "celery", "langgraph", "dbos", "prefect")
_ROUND_SECONDS = 420.0


def installed(name: str) -> Path | None:
    """Return the Python that a system's adapter runs under, installing the system when it is missing."""
    if name == "autograph":
        return Path(sys.executable)
    home = CACHE / name
    python = home / "bin" / "python"
    stamp = home / ".installed"
    wanted = (HERE / f"requirements-{name}.txt").read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    said(f"installing {name} …")
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
    command += ["--require-hashes", "-r", str(HERE / f"requirements-{name}.txt")]
    if subprocess.run(command, check=False).returncode != 0:
        return None
    stamp.write_text(wanted)
    return python


def said(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def play(name: str) -> dict[str, Any]:
    """Run a system's adapter once, on fresh servers; return what it measured, and its memory."""
    python = installed(name)
    if python is None:
        return {"failure": "it could not be installed"}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = stack.enter_context(_postgres(folder))
        broker = stack.enter_context(rabbitmq_server(folder / "rabbitmq"))
        redis = stack.enter_context(redis_server(folder / "redis"))
        port = free_port()
        slow = subprocess.Popen([sys.executable, str(HERE / "slow.py"), str(port)])
        stack.callback(slow.wait)
        stack.callback(slow.kill)
        command = [str(python), str(HERE / f"on_{name}.py")]
        command += ["--postgres", postgres, "--rabbitmq", broker.url, "--redis", redis.url]
        command += ["--slow", str(port)]
        paths = [str(HERE)]
        if name == "autograph":
            paths += [str(HERE / "blocks")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        return _measured(command, environment, folder)


def _measured(command: list[str], environment: dict[str, str], folder: Path) -> dict[str, Any]:
    errors = folder / "errors.log"
    with errors.open("w") as log:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    peak = _Peak(process.pid)
    try:
        line, _ = process.communicate(timeout=_ROUND_SECONDS)
    except subprocess.TimeoutExpired:
        line = ""
    finally:
        peak.stop()
        # What an adapter started is in its session, also where it did not say goodbye to it.
        for one in psutil.process_iter():
            try:
                if os.getsid(one.pid) == process.pid:
                    one.send_signal(signal.SIGKILL)
            except (psutil.Error, OSError):
                continue
        process.wait()
    for text in reversed(line.splitlines()):
        if text.startswith("{"):
            return {**json.loads(text), "peak_mib": round(peak.mib)}
    return {"failure": (errors.read_text()[-400:] or "it said nothing").strip()}


class _Peak:
    """Watches how much memory a process and all of its session use together."""

    def __init__(self, pid: int) -> None:
        self.mib = 0.0
        self._pid = pid
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(0.5):
            used = 0
            try:
                tree = [psutil.Process(self._pid)]
                tree += tree[0].children(recursive=True)
            except psutil.Error:
                continue
            for one in tree:
                try:
                    used += one.memory_info().rss
                except psutil.Error:
                    continue
            self.mib = max(self.mib, used / 2**20)


def _postgres(folder: Path) -> Any:
    import asyncio
    from contextlib import contextmanager

    from autograph.infra.postgres.server import EmbeddedPostgres

    @contextmanager
    def running() -> Any:
        server = EmbeddedPostgres(folder, shared_buffers_mb=256)
        yield asyncio.run(server.start())
        asyncio.run(server.stop())

    return running()


def main() -> int:
    """Measure, print the table, keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=SYSTEMS[1:])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--report", type=Path, default=ROOT / ".cache" / "peers.json")
    arguments = parser.parse_args()
    peers = arguments.only or list(SYSTEMS[1:])
    if shutil.which("redis-server") is None:
        said("Run `make servers` first: the peers need RabbitMQ and Redis.")
        return 1
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in ("autograph", *peers)}
    for number in range(arguments.rounds):
        # Autograph before every peer: what the machine does besides hits both.
        for name in peers:
            for each in ("autograph", name):
                begun = time.monotonic()
                found = play(each)
                rounds[each].append(found)
                told = found.get("failure") or "done"
                said(f"round {number + 1}: {each} {told} ({time.monotonic() - begun:.0f} s)")
    arguments.report.parent.mkdir(exist_ok=True)
    arguments.report.write_text(json.dumps(rounds, indent=1))
    print(markdown(summary(rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
