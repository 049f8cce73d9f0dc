"""How fast the platform is up, and what it holds while it idles (`make bench`).

    python benchmarks/startup.py [--json]

Time from the start of `autograph up` to the first accepted run, on a fresh directory and on one that has
been used; then the memory of all its processes together, database included, shared pages counted once
(proportional set size, /proc/<pid>/smaps_rollup).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

CALCULATOR = "b1ab9b19-67a6-406d-abf5-2dba76d00c79"
AGENT = {
    "name": "Sum",
    "nodes": [
        {"id": "n", "block_id": CALCULATOR, "constants": {"operation": "Add", "a": 1, "b": 2}}
    ],
    "links": [],
}


def post(url: str, body: Any) -> Any:
    """Return what the API answers."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def first_run(folder: str) -> tuple[float, float]:
    """Start the platform, get one run accepted; return the seconds it took, and the MiB it holds at rest."""
    begun = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "autograph.cli.main", "up", "--port", "0", "--data-dir", folder],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found is not None
    saved = post(f"{found[0]}/api/v1/graphs", AGENT)
    post(f"{found[0]}/api/v1/graphs/{saved['id']}/execute", {"inputs": {}})
    took = perf_counter() - begun
    time.sleep(3)
    server = int((Path(folder) / "postgres" / "server.pid").read_text())
    memory = sum(proportional_mib(pid) for pid in (*family(process.pid), *family(server)))
    process.send_signal(signal.SIGINT)
    process.wait(20)
    process.stdout.close()
    return took, memory


def family(pid: int) -> Iterator[int]:
    """A process and everything it started."""
    yield pid
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == pid:
                yield from family(int(entry.name))


def proportional_mib(pid: int) -> float:
    """The memory of a process, shared pages divided among those who share them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Start-up time and idle memory.")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # measured as installed: with compiled modules
    with tempfile.TemporaryDirectory() as warm_up:
        first_run(warm_up)
    with tempfile.TemporaryDirectory() as folder:
        first, _ = first_run(folder)
        again = sorted(first_run(folder) for _ in range(3))
    found = {
        "first_ever_s": round(first, 2),
        "again_s": round(again[1][0], 2),
        "idle_mib": round(max(memory for _, memory in again), 1),
    }
    if not arguments.json:
        print(f"first run accepted, fresh directory   {found['first_ever_s']:6.2f} s    (goal 6 s)")
        print(f"first run accepted, used directory    {found['again_s']:6.2f} s    (goal 3 s)")
        print(f"idle memory of everything             {found['idle_mib']:6.1f} MiB  (goal 250 MiB)")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
