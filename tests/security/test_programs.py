"""Programs that agents may start: those alone, exactly so, behind the wall, with one secret or none, and with an end."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from autograph.blocks.builtin.mcp.tool import MCPTool
from autograph.blocks.sdk import ApiKeySecret, BlockError, HostScopedSecret, InputError
from autograph.blocks.sdk.testing import FakeContext
from autograph.infra.sandbox.late import LateSandbox
from autograph.infra.sandbox.ports import (
    AllowedProgram,
    AllowedPrograms,
    ProgramLimits,
    ProgramMissing,
    ProgramRefused,
    SandboxLimits,
    TooMuch,
)
from autograph.infra.settings import Settings

pytestmark = pytest.mark.timeout(180)
MINE = {"id": "c", "provider": "mcp", "type": "api_key", "title": "My notes"}
SERVER = """
import json, os, socket, subprocess, sys
from mcp.server.mcpserver import MCPServer

server = MCPServer("notes")

@server.tool()
def add(a: int, b: int) -> dict[str, int]:
    return {"sum": a + b}

@server.tool()
def environment() -> dict[str, str]:
    return dict(os.environ)

@server.tool()
def arguments() -> dict[str, list[str]]:
    return {"argv": sys.argv[1:]}

@server.tool(structured_output=False)
def attempt(codes: list[str]) -> str:
    return json.dumps([one(code) for code in codes])

def one(code):
    try:
        return repr(eval(code))
    except BaseException as error:
        return f"refused: {type(error).__name__}"

server.run()
"""
BAD = """
import json, os, sys, time

for line in sys.stdin:
    asked = json.loads(line)
    if asked["method"] == "initialize":
        result = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {}}
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
    elif asked["method"] == "tools/call":
        match asked["params"]["name"]:
            case "hang":
                time.sleep(60)
            case "chatter":
                print(json.dumps({"method": "x" * 300_000}), flush=True)
            case "say nothing and end":
                break
            case "die":
                print("out of paper", file=sys.stderr, flush=True)
                os._exit(3)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("notes") / "server.py"
    made.write_text(SERVER)
    return made


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that speaks the protocol, and does as it should not."""
    made = tmp_path_factory.mktemp("bad") / "server.py"
    made.write_text(BAD)
    return made


def allowed(server: Path, *arguments: str, secret: str = "", **limits: Any) -> AllowedPrograms:
    # A server made with the library of the protocol, on this very Python.
    folders = (sys.prefix, sys.base_prefix, str(server.parent))
    command = (sys.executable, "-B", str(server), *arguments)
    return AllowedPrograms(
        {"notes": AllowedProgram(command, folders, secret)}, ProgramLimits(**limits)
    )


def context(programs: AllowedPrograms) -> FakeContext:
    ctx = FakeContext(secrets={"c": ApiKeySecret("canary-token")})
    ctx.sandbox = LateSandbox(SandboxLimits(), warm=0, programs=programs)
    return ctx


async def call(ctx: FakeContext, tool: str, url: str = "stdio:notes", **more: Any) -> Any:
    values = {"server_url": url, "selected_tool": tool, **more}
    found = [one async for one in MCPTool().run(MCPTool.prepare(values), ctx)]  # type: ignore[arg-type]
    assert [pin for pin, _ in found] == ["result"]
    return found[0][1]


def processes(mark: str) -> list[int]:
    """Return the processes of this machine whose command line has a mark."""
    found: list[int] = []
    for one in Path("/proc").iterdir():
        if one.name.isdecimal() and int(one.name) != os.getpid():
            try:
                if mark in (one / "cmdline").read_text():
                    found.append(int(one.name))
            except OSError:
                continue
    return found


class TestWhich:
    async def test_an_allowed_one_is_spoken_to(self, server: Path) -> None:
        ctx = context(allowed(server))

        assert await call(ctx, "add", a=2, tool_arguments={"b": 3}) == {"sum": 5}
        with pytest.raises(InputError, match="add, environment"):
            await call(ctx, "")

    @pytest.mark.parametrize(
        "name",
        [
            "other",
            "",
            "notes ",
            "NOTES",
            "notes; id",
            "notes --root /",
            "notes\n",
            "../notes",
            "/bin/sh",
            "sh -c id",
            "$(id)",
            "`id`",
            "notes\0",
        ],
    )
    async def test_any_other_name_starts_nothing(self, server: Path, name: str) -> None:
        before = len(processes("bwrap"))
        with pytest.raises(ProgramRefused, match="They may start: notes"):
            await call(context(allowed(server)), "add", url=f"stdio:{name}", a=1, b=2)

        assert len(processes("bwrap")) == before

    async def test_by_itself_an_installation_allows_none(self) -> None:
        with pytest.raises(ProgramRefused, match="They may start: none"):
            await call(FakeContext(), "add", a=1, b=2)

    async def test_its_arguments_are_the_installations_and_no_shell_reads_them(
        self, server: Path
    ) -> None:
        odd = ["$(id)", "; id", "a b", "--x=`id`", "*"]
        ctx = context(allowed(server, *odd))
        given = {"tool_arguments": {"argv": ["--more"]}, "args": ["--more"], "command": "sh"}

        assert await call(ctx, "arguments", **given) == {"argv": odd}

    async def test_one_that_is_not_installed_is_named(self, tmp_path: Path) -> None:
        programs = AllowedPrograms({"notes": AllowedProgram((str(tmp_path / "gone"),))})
        with pytest.raises(ProgramMissing, match="'notes' is not on this machine"):
            await call(context(programs), "add")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"notes": {"command": []}},
            {"notes": {"command": "sh -c id"}},
            {"notes": {"command": ["x"], "secret": "a=b"}},
            {"notes": {"command": ["x"], "network": True}},
        ],
    )
    def test_a_setting_that_is_none_is_refused(self, wrong: Any, tmp_path: Path) -> None:
        with pytest.raises(ValidationError):
            Settings(data_dir=tmp_path, mcp_programs=wrong)


class TestSecrets:
    async def test_its_environment_holds_nothing_of_ours(
        self, server: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AUTOGRAPH_KEYS", "canary-in-the-environment")
        found = await call(context(allowed(server)), "environment")

        # What a Python and a shell set for themselves is theirs.
        assert found.keys() - {"PWD", "LC_CTYPE"} == {"PATH", "HOME", "LANG"}
        assert "canary" not in json.dumps(found)

    async def test_a_credential_is_there_under_the_name_that_the_installation_says(
        self, server: Path
    ) -> None:
        ctx = context(allowed(server, secret="NOTES_TOKEN"))
        granted = await call(ctx, "environment", credentials=MINE)
        without = await call(ctx, "environment")

        assert granted["NOTES_TOKEN"] == "canary-token"
        assert "NOTES_TOKEN" not in without

    async def test_it_is_on_no_command_line(self, bad: Path) -> None:
        ctx = context(allowed(bad, secret="NOTES_TOKEN"))
        running = asyncio.create_task(call(ctx, "hang", credentials=MINE))
        while not processes(str(bad)):
            await asyncio.sleep(0.02)

        assert processes("canary-token") == []
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def test_a_program_that_takes_none_gets_none(self, server: Path) -> None:
        with pytest.raises(ProgramRefused, match="takes no credential"):
            await call(context(allowed(server)), "environment", credentials=MINE)

    async def test_headers_for_a_host_are_no_secret_of_a_program(self, server: Path) -> None:
        ctx = context(allowed(server, secret="NOTES_TOKEN"))
        ctx.secrets["c"] = HostScopedSecret("example.com", {"X-Key": "k"})
        with pytest.raises(BlockError, match="no key or token"):
            await call(ctx, "environment", credentials={**MINE, "type": "host_scoped"})


class TestTheWall:
    REACHES = (
        "socket.create_connection(('127.0.0.1', {port}), 2)",
        "open('{secret}').read()",
        "open('/etc/passwd').read()",
        "subprocess.run(['/bin/sh', '-c', 'id'])",
        "os.fork()",
        "open('/usr/made', 'w')",
        "open('{folder}/made', 'w')",
        "os.kill({pid}, 0)",
    )

    async def test_nothing_else_is_within_reach(self, server: Path, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("canary-in-a-file")
        heard: list[object] = []
        listening = await asyncio.start_server(lambda *pair: heard.append(pair), "127.0.0.1", 0)
        codes = [
            one.format(
                port=listening.sockets[0].getsockname()[1],
                secret=tmp_path / "secret",
                folder=server.parent,
                pid=os.getpid(),
            )
            for one in self.REACHES
        ]
        said = await call(context(allowed(server)), "attempt", codes=codes)
        listening.close()
        await listening.wait_closed()

        assert len(said) == len(codes)
        assert [one for one in said if not one.startswith("refused:")] == []
        assert heard == []

    async def test_it_has_an_empty_folder_of_its_own(self, server: Path) -> None:
        codes = ["[os.getcwd(), os.listdir(), open('a', 'w').write('x')]"]

        for _ in range(2):
            said = await call(context(allowed(server)), "attempt", codes=codes)
            assert said == ["['/box', [], 1]"]


class TestLimits:
    @asynccontextmanager
    async def gone(self, bad: Path) -> AsyncIterator[None]:
        yield
        end = time.monotonic() + 5
        while processes(str(bad)) and time.monotonic() < end:
            await asyncio.sleep(0.02)
        assert processes(str(bad)) == []

    async def test_it_ends_with_the_node(self, bad: Path) -> None:
        async with self.gone(bad):
            with pytest.raises(BlockError, match="broke off"):
                await call(context(allowed(bad)), "say nothing and end")

    async def test_it_ends_when_the_node_is_cancelled(self, bad: Path) -> None:
        async with self.gone(bad):
            running = asyncio.create_task(call(context(allowed(bad)), "hang"))
            while not processes(str(bad)):
                await asyncio.sleep(0.02)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def test_time(self, bad: Path) -> None:
        async with self.gone(bad):
            with pytest.raises(TooMuch, match=r"longer than the 3 s .*AUTOGRAPH_SANDBOX_SECONDS"):
                await call(context(allowed(bad, seconds=3)), "hang")

    @pytest.mark.parametrize(
        ("limits", "said"),
        [
            ({"line_bytes": 65_536}, "a line of more than 0.0625 MiB"),
            ({"output_bytes": 65_536}, "says more than 0.0625 MiB"),
        ],
    )
    async def test_output(self, bad: Path, limits: dict[str, Any], said: str) -> None:
        async with self.gone(bad):
            with pytest.raises(TooMuch, match=said):
                await call(context(allowed(bad, **limits)), "chatter", size=1)

    async def test_one_that_dies_says_why(self, bad: Path) -> None:
        with pytest.raises(BlockError, match=r"has ended: .*out of paper"):
            await call(context(allowed(bad)), "die")

    async def test_one_that_is_no_server(self) -> None:
        programs = AllowedPrograms({"notes": AllowedProgram(("/bin/echo", "hello"))})
        with pytest.raises(BlockError, match="what is no message: hello"):
            await call(context(programs), "add")
