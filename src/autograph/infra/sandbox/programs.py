"""Programs of others that run behind the wall and are spoken to, line by line.

An agent names one by what the installation calls it; which program that is, and each of its arguments, the installation
alone says, and no shell reads them. It sees this machine's programs and libraries and the folders that it was
given, read-only, and an empty folder of its own in memory: no network, no process beside its own (`seccomp.py`), and of
secrets the one that it was granted, by its environment.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final

from autograph.infra.sandbox.bench import LIMIT, PATH, machine_wall
from autograph.infra.sandbox.ports import (
    AllowedProgram,
    AllowedPrograms,
    ProgramLimits,
    ProgramMissing,
    ProgramRefused,
    SandboxUnavailable,
    TooMuch,
)
from autograph.infra.sandbox.seccomp import program as filter_program
from autograph.infra.sandbox.seccomp import readable

FOLDER: Final = "/box"
"""Its own folder, under a name that no folder of a machine has."""
_PIECE: Final = 65_536
_COMPLAINT: Final = 2_000
_LEAVES_BY_ITSELF: Final = 1.0
"""Seconds that a program has, once nobody speaks to it any more, before it is killed."""


@asynccontextmanager
async def open_program(
    allowed: AllowedPrograms, name: str, secret: str | None
) -> AsyncGenerator[WalledProgram]:
    """Lend a program that runs; it ends with the loan.

    Raises:
        ProgramRefused: There is none of this name, or it takes no secret.
        ProgramMissing: It is not installed.
        SandboxUnavailable: There is no wall.
    """
    found = allowed.named(name)
    if secret is not None and not found.secret:
        raise ProgramRefused(
            f"The program {name!r} takes no credential here. Choose none at this node, or name where it goes (setting: "
            "AUTOGRAPH_MCP_PROGRAMS, secret)."
        )
    process = await _start(name, found, secret, allowed.limits)
    lent = WalledProgram(name, process, allowed.limits)
    try:
        yield lent
    finally:
        await lent.end()


class WalledProgram:
    """Implements `Program`."""

    def __init__(
        self, name: str, process: asyncio.subprocess.Process, limits: ProgramLimits
    ) -> None:
        """Speak to a process."""
        self._name = name
        self._process = process
        self._limits = limits
        self._heard = 0
        self._complaint = bytearray()
        self._ends_at = asyncio.get_running_loop().time() + limits.seconds
        self._listening = asyncio.create_task(self._listen(), name="program")

    @property
    def complaint(self) -> str:
        """The last of what it wrote to where errors go."""
        return self._complaint.decode("utf-8", "replace").strip()

    async def say(self, line: bytes) -> None:
        """Write a line to what the program reads.

        Raises:
            TooMuch: It does not read, until its time is over.
        """
        stdin = self._process.stdin
        if stdin is None or stdin.is_closing():
            return
        try:
            async with asyncio.timeout_at(self._ends_at):
                with suppress(ConnectionError):
                    stdin.write(line + b"\n")
                    await stdin.drain()
        except TimeoutError:
            raise self._too_slow() from None

    async def hear(self) -> bytes:
        """Return the next line that it writes; an empty one where it has ended.

        Raises:
            TooMuch: It has come to a limit.
        """
        stdout = self._process.stdout
        if stdout is None:
            return b""
        try:
            async with asyncio.timeout_at(self._ends_at):
                line = await stdout.readline()
        except TimeoutError:
            raise self._too_slow() from None
        except ValueError:  # longer than the reader holds
            raise TooMuch(
                f"The program {self._name!r} says a line of more than {self._limits.line_bytes / 2**20:g} MiB."
            ) from None
        self._heard += len(line)
        if self._heard > self._limits.output_bytes:
            raise TooMuch(
                f"The program {self._name!r} says more than {self._limits.output_bytes / 2**20:g} MiB."
            )
        return line.rstrip(b"\r\n")

    async def end(self) -> None:
        """End it: let it go by itself, or kill it, with all that is behind its wall."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        # A process is only over once nobody is left to read of it.
        over = asyncio.gather(self._process.wait(), self._read_away(), self._listening)
        try:
            async with asyncio.timeout(_LEAVES_BY_ITSELF):
                await asyncio.shield(over)
        except TimeoutError:
            pass
        finally:
            if self._process.returncode is None:
                with suppress(ProcessLookupError):
                    self._process.kill()
            await over

    async def _read_away(self) -> None:
        while self._process.stdout and await self._process.stdout.read(_PIECE):
            pass

    def _too_slow(self) -> TooMuch:
        return TooMuch(
            f"The program {self._name!r} ran longer than the {self._limits.seconds:g} s it may (setting: "
            "AUTOGRAPH_SANDBOX_SECONDS)."
        )

    async def _listen(self) -> None:
        """Take away what it complains of, and keep the last of it."""
        stream = self._process.stderr
        while stream is not None and (piece := await stream.read(_PIECE)):
            self._complaint = (self._complaint + piece)[-_COMPLAINT:]


async def _start(
    name: str, allowed: AllowedProgram, secret: str | None, limits: ProgramLimits
) -> asyncio.subprocess.Process:
    bwrap, calls, found = shutil.which("bwrap"), filter_program(), shutil.which(allowed.command[0])
    if found is None:
        raise ProgramMissing(
            f"The program {name!r} is not on this machine (setting: AUTOGRAPH_MCP_PROGRAMS, command)."
        )
    if bwrap is None or calls is None:
        raise SandboxUnavailable(
            "Programs of others are only run behind a wall, and this machine has none: bubblewrap (bwrap) is missing. "
            "On Debian or Ubuntu: apt-get install bubblewrap."
        )
    bounds = (limits.cpu_seconds, limits.memory_bytes // 1024, limits.disk_bytes // 512)
    environment = {"PATH": PATH, "HOME": FOLDER, "LANG": "C.UTF-8"}
    if secret is not None:
        environment[allowed.secret] = secret  # not by an argument: others on this machine see those
    with readable(calls) as filter_inside:
        return await asyncio.create_subprocess_exec(
            bwrap,
            *machine_wall(found, filter_inside, allowed.folders),
            *("--size", str(limits.disk_bytes), "--tmpfs", FOLDER, "--chdir", FOLDER),
            *("--remount-ro", "/"),
            *("/bin/sh", "-c", LIMIT, "sh", *map(str, bounds), found, *allowed.command[1:]),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=limits.line_bytes,
            pass_fds=(filter_inside,),
            env=environment,
            cwd="/",
        )
