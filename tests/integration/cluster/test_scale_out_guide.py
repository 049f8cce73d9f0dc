"""The commands of `docs/guides/operate/scale-out.md`, as they are printed there."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.processes import command
from tests.servers import rabbitmq_server, redis_server

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "guides" / "operate" / "scale-out.md"
STAYS = re.compile(r"autograph (api|worker|scheduler)\b.*")


def blocks() -> list[str]:
    """What a reader copies."""
    return re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)


def replaced(text: str, pattern: str, by: str) -> str:
    changed, count = re.subn(pattern, by, text)
    assert count, f"the guide no longer says {pattern}"
    return changed


def script(folder: Path, servers: dict[str, str], port: int) -> str:
    """The guide as one script; what stays is started beside, and stopped in the end."""
    lines = ["set -eu", "trap 'kill $(jobs -p); wait' EXIT"]
    for number, block in enumerate(blocks()):
        if STAYS.fullmatch(block.strip()):
            log = folder / f"{number}.log"
            lines += [
                f"{block.strip()} > {log} 2>&1 &",
                f"until grep -q 'is up' {log}; do kill -0 $! || cat {log}; sleep 0.1; done",
            ]
        else:
            lines.append(block)
    text = "\n".join(lines)
    for name, url in servers.items():
        text = replaced(text, rf"(?<={name}=')[^']+", url)
    text = replaced(text, "--host 0.0.0.0", "--host 127.0.0.1")
    return replaced(text, r"\b8085\b", str(port))


@pytest.mark.timeout(180)
def test_the_guide_leads_from_one_process_to_a_cluster(tmp_path: Path, database_url: str) -> None:
    assert shutil.which("curl"), "the guide's reader has curl"
    own = ["graphs", "push", str(ROOT / "examples" / "agents" / "countdown.json")]
    assert command(*own, data_dir=tmp_path / "data").returncode == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with rabbitmq_server(tmp_path / "mq") as broker, redis_server(tmp_path / "redis") as redis:
        servers = {
            "AUTOGRAPH_DATABASE_URL": database_url,
            "AUTOGRAPH_QUEUE_URL": broker.url,
            "AUTOGRAPH_REDIS_URL": redis.url,
        }
        text = script(tmp_path, servers, port) + "\nautograph graphs list --json\n"
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=ROOT,
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                "HOME": str(tmp_path),
                "AUTOGRAPH_DATA_DIR": str(tmp_path / "data"),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Copied" in done.stdout
    assert '"status":"completed"' in done.stdout
    assert '"Countdown"' in done.stdout  # it came along from the one process
