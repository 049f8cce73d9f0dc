"""Family 8: what code finds that wants out. Nothing of ours, nothing of others, and an end to everything."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from autograph.infra.sandbox.bubblewrap import BubblewrapSandbox
from autograph.infra.sandbox.ports import Language, Ran, SandboxLimits, SandboxUnavailable
from tests.agents import graph, node
from tests.security.people import Town

MIB = 2**20
LIMITS = SandboxLimits(
    seconds=30,
    cpu_seconds=1,
    memory_bytes=256 * MIB,
    disk_bytes=2 * MIB,
    output_bytes=10_000,
    file_bytes=MIB,
)


@pytest.fixture
async def sandbox() -> AsyncIterator[BubblewrapSandbox]:
    made = BubblewrapSandbox(LIMITS, warm=1)
    yield made
    await made.close()


async def python(sandbox: BubblewrapSandbox, code: str) -> Ran:
    return await sandbox.run(code, Language.PYTHON)


async def test_code_gives_a_value_its_prints_and_its_files(sandbox: BubblewrapSandbox) -> None:
    ran = await python(
        sandbox,
        "import sys, os; print('out'); print('err', file=sys.stderr); os.mkdir('d')\n"
        "open('d/a.txt', 'w').write('made'); os.symlink('/inside.py', 'link')\n{'n': 1 + 1}",
    )
    assert (ran.failure, ran.value, ran.stdout, ran.stderr) == (None, {"n": 2}, "out\n", "err\n")
    assert [(one.path, one.content) for one in ran.files] == [("d/a.txt", b"made")]
    ran = await sandbox.run("console.log('hi', [1]); ({a: 1})", Language.JAVASCRIPT)
    assert (ran.value, ran.stdout) == ({"a": 1}, "hi [1]\n")


async def test_no_secret_and_no_host_file_is_there(
    sandbox: BubblewrapSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOGRAPH_KEYS", "canary-in-the-environment")
    (tmp_path / "secret").write_text("canary-in-a-file")
    ran = await python(
        sandbox,
        "import os\nfound = dict(os.environ)\nseen = []\n"
        "for folder, folders, names in os.walk('/'):\n"
        "    folders[:] = [one for one in folders if folder != '/' or one not in ('python', 'lib', 'lib64', 'usr')]\n"
        "    seen += [os.path.join(folder, one) for one in names]\n"
        f"reached = [one for one in ('/etc/passwd', '/root', '/home', '/proc', '/sys', '/tmp', {str(tmp_path)!r})"
        " if os.path.exists(one)]\n[found, seen, reached, os.getuid()]",
    )
    assert ran.failure is None, ran.failure
    environment, seen, reached, uid = ran.value
    assert set(environment) <= {"LC_CTYPE", "LD_LIBRARY_PATH", "PWD"}
    assert (reached, uid) == ([], 1000)
    assert "canary" not in str(environment)
    assert [one for one in seen if not one.startswith(("/dev/", "/js/", "/inside.py"))] == []


async def test_nothing_can_be_written_but_in_its_folder(sandbox: BubblewrapSandbox) -> None:
    ran = await python(
        sandbox,
        "wrote = []\n"
        "for place in ('/', '/dev/shm/', '/dev/', '/python/', '/js/', '/usr/', '/lib/'):\n"
        "    try:\n        open(place + 'x', 'w'); wrote.append(place)\n    except OSError: pass\nwrote",
    )
    assert (ran.failure, ran.value) == (None, [])


async def test_no_network_is_there(sandbox: BubblewrapSandbox) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        for code in (
            f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)",
            f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}', timeout=2)",
            "import socket; socket.socket(socket.AF_UNIX)",
            "import socket; socket.socket(socket.AF_NETLINK)",
        ):
            ran = await python(sandbox, code)
            assert ran.failure is not None, code
            assert "not permitted" in ran.failure.message, ran.failure


@pytest.mark.parametrize(
    "code",
    [
        "import os\nwhile True: os.fork()",
        "import subprocess; subprocess.run(['/python/bin/python3', '-c', '1'])",
        "import os; os.posix_spawn('/python/bin/python3', ['python3', '-c', '1'], {})",
        "import multiprocessing; multiprocessing.Process(target=print).start()",
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.unshare(0x10000000) < 0: raise OSError(ctypes.get_errno(), 'Operation not permitted')",
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.mount(b'x', b'/work', b'tmpfs', 0, None) < 0: raise OSError(ctypes.get_errno(), 'Operation not permitted')",
    ],
)
async def test_no_other_process_is_started_and_no_wall_is_moved(
    sandbox: BubblewrapSandbox, code: str
) -> None:
    ran = await python(sandbox, code)
    assert ran.failure is not None
    assert "not permitted" in ran.failure.message, ran.failure


@pytest.mark.parametrize(
    ("code", "language", "setting"),
    [
        ("while True: pass", Language.PYTHON, "CPU_SECONDS"),
        ("for (;;) {}", Language.JAVASCRIPT, "CPU_SECONDS"),
        ("import re; re.match('(a+)+$', 'a' * 60 + 'b')", Language.PYTHON, "CPU_SECONDS"),
        ("x = bytearray(10**9)", Language.PYTHON, "MEMORY_MB"),
        ("x = []\nwhile True: x.append('a' * 10**6)", Language.PYTHON, "MEMORY_MB"),
        ("let x = []; for (;;) x.push(new Array(1e5).fill(1));", Language.JAVASCRIPT, "MEMORY_MB"),
        ("open('a', 'wb').write(b'a' * 3_000_000)", Language.PYTHON, "DISK_MB"),
        ("open('a', 'wb').write(b'a' * 1_500_000)", Language.PYTHON, "FILES_MB"),
        ("print('a' * 20_000)", Language.PYTHON, "OUTPUT_KB"),
        ("import os\nwhile True: os.write(2, b'a' * 1000)", Language.PYTHON, "OUTPUT_KB"),
    ],
)
async def test_every_limit_ends_the_code_and_is_named(
    sandbox: BubblewrapSandbox, code: str, language: Language, setting: str
) -> None:
    ran = await sandbox.run(code, language)
    assert ran.failure is not None
    assert ran.failure.code == "sandbox.limit", ran.failure
    assert f"AUTOGRAPH_SANDBOX_{setting}" in ran.failure.message


async def test_code_that_sleeps_is_ended_with_all_it_began(sandbox: BubblewrapSandbox) -> None:
    code = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\ntime.sleep(60)"
    ran = await sandbox.run(code, Language.PYTHON, seconds=0.3)
    assert ran.failure is not None
    assert "0.3 s it may (setting: AUTOGRAPH_SANDBOX_SECONDS)" in ran.failure.message


@pytest.mark.parametrize(
    "code",
    [
        "import os; os._exit(0)",
        "import os; os.kill(os.getpid(), 9)",
        "import ctypes; ctypes.string_at(0)",
    ],
)
async def test_code_that_ends_its_process_fails_and_the_next_runs(
    sandbox: BubblewrapSandbox, code: str
) -> None:
    ran = await python(sandbox, code)
    assert ran.failure is not None
    assert "ended before it was done" in ran.failure.message
    assert (await python(sandbox, "1 + 1")).value == 2


async def test_what_it_says_of_itself_is_not_believed(sandbox: BubblewrapSandbox) -> None:
    forged = (
        "import os, sys\nfor lie in (b'[1]', b'{\"files\": [7, {\"path\": 1}], \"text\": 5}', b'not json'):\n"
        "    os.write(int(sys.argv[1]), lie + b'\\n')\nos._exit(0)"
    )
    ran = await python(sandbox, forged)
    assert (ran.files, ran.text) == ([], "")


async def test_one_code_leaves_nothing_to_the_next(sandbox: BubblewrapSandbox) -> None:
    await python(sandbox, "import builtins; builtins.left = 1; open('left', 'w').write('x')")
    ran = await python(sandbox, "import builtins, os; [hasattr(builtins, 'left'), os.listdir()]")
    assert ran.value == [False, []]


async def test_without_its_wall_no_code_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match="apt-get install bubblewrap"):
        await python(BubblewrapSandbox(LIMITS, warm=0), "1 + 1")
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2; exit 1\n")
    broken.chmod(0o700)
    with pytest.raises(SandboxUnavailable, match="No permissions to create new namespace"):
        await python(BubblewrapSandbox(LIMITS, warm=0), "1 + 1")


async def test_a_warm_sandbox_is_soon_done(sandbox: BubblewrapSandbox) -> None:
    taken: list[float] = []
    for _ in range(9):
        await python(sandbox, "0")
        if sandbox._filling is not None:
            await sandbox._filling
        begun = time.perf_counter()
        assert (await python(sandbox, "1 + 1")).value == 2
        taken.append(time.perf_counter() - begun)
    assert min(taken) < 0.15


async def test_a_platform_under_attack_goes_on(settled: Town, catalog: Catalog) -> None:
    ada = await settled.person("Ada")
    made = graph(
        [
            node(catalog, "run", "ExecuteCode", code="import os\nwhile True: os.fork()"),
            node(catalog, "eat", "ExecuteCode", code="x = bytearray(10**12)"),
            node(catalog, "good", "ExecuteCode", code="open('a.txt', 'w').write('made')"),
            node(catalog, "out", "AgentOutput", name="out"),
        ],
        "good.files -> out.value",
    )
    async with settled.client(ada) as http:
        graph_id = (await http.post("/api/v1/graphs", json=write_agent(made))).json()["id"]
        run = (
            await http.post(f"/api/v1/graphs/{graph_id}/execute", json={}, params={"wait": 40})
        ).json()
        assert {one["node"] for one in run["errors"]} >= {"run", "eat"}, run
        [[file]] = run["outputs"]["out"]
        file_id = file["reference"].removeprefix("file://")
        assert (await http.get(f"/api/v1/files/{file_id}/content")).content == b"made"
        assert (await http.get("/health/ready")).status_code == 200
    await asyncio.sleep(0)
    assert subprocess.run(["true"], check=True).returncode == 0
