"""Programs of this machine behind the wall: what they read may be anybody's, and has broken them before.

A bench is a folder on the disk that one piece of work has for itself. A program sees that folder and the machine's
programs and libraries, read-only: no network, no environment, nobody's files. It starts no process and opens no socket
(`seccomp.py`), and limits are set before it begins.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from autograph.infra.sandbox.ports import (
    BenchLimits,
    Finished,
    ProgramMissing,
    SandboxUnavailable,
    TooMuch,
)
from autograph.infra.sandbox.seccomp import program, readable

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
_PIECE: Final = 256 * 1024
_MAX_OUTPUT: Final = 256 * 1024
_PACKAGES: Final = {"ffprobe": "ffmpeg"}
_FOLDERS: Final = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/fonts")
PATH: Final = "/usr/bin:/bin"
LIMIT: Final = 'ulimit -c 0; ulimit -t "$1"; ulimit -v "$2"; ulimit -f "$3"; shift 3; exec "$@"'


@asynccontextmanager
async def open_bench(limits: BenchLimits) -> AsyncGenerator[WalledBench]:
    """Lend a bench; what is left on it goes at the end."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="autograph-bench-"))
    try:
        yield WalledBench(folder, limits)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


class WalledBench:
    """Implements `Bench`."""

    def __init__(self, folder: Path, limits: BenchLimits) -> None:
        """Work in `folder`."""
        self._folder = folder
        self._limits = limits

    async def put(self, name: str, content: AsyncIterable[bytes]) -> None:
        """Lay a file on the bench.

        Raises:
            TooMuch: It is larger than one may be.
        """
        taken = 0
        with self._path(name).open("wb") as file:
            async for piece in content:
                taken += len(piece)
                if taken > self._limits.file_bytes:
                    raise self._too_large()
                await asyncio.to_thread(file.write, piece)

    async def run(self, *command: str) -> Finished:
        """Run a program to its end.

        Raises:
            ProgramMissing: It is not installed.
            SandboxUnavailable: There is no wall.
            TooMuch: It took too long, or made too large a file.
        """
        process = await self._start(command)
        try:
            async with asyncio.timeout(self._limits.seconds):
                told, said, _ = await asyncio.gather(
                    _first(process.stdout), _first(process.stderr), process.wait()
                )
        except TimeoutError as error:
            raise TooMuch(
                f"{command[0]} took longer than the {self._limits.seconds:g} s it may (setting: "
                "AUTOGRAPH_MEDIA_SECONDS)."
            ) from error
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        status = process.returncode or 0
        if status and "File too large" in said:
            raise self._too_large()
        return Finished(status, told, said)

    async def pieces(self, name: str) -> AsyncIterator[bytes]:
        """Yield what is in a file."""
        with self._path(name).open("rb") as file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece

    async def _start(self, command: Sequence[str]) -> asyncio.subprocess.Process:
        bwrap, calls, found = shutil.which("bwrap"), program(), shutil.which(command[0])
        if found is None:
            package = _PACKAGES.get(command[0], command[0])
            raise ProgramMissing(
                f"This needs the program {package}, which is not installed on this machine. On Debian or Ubuntu: "
                f"apt-get install {package}."
            )
        if bwrap is None or calls is None:
            raise SandboxUnavailable(
                "Files of others are only worked at behind a wall, and this machine has none: bubblewrap (bwrap) is "
                "missing. On Debian or Ubuntu: apt-get install bubblewrap."
            )
        limits = self._limits
        bounds = (limits.cpu_seconds, limits.memory_bytes // 1024, limits.file_bytes // 512)
        with readable(calls) as filter_inside:
            return await asyncio.create_subprocess_exec(
                bwrap,
                *machine_wall(found, filter_inside),
                *("--clearenv", "--setenv", "PATH", PATH),
                *("--bind", str(self._folder), "/work", "--chdir", "/work", "--remount-ro", "/"),
                *("/bin/sh", "-c", LIMIT, "sh", *map(str, bounds), found, *command[1:]),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=(filter_inside,),
                env={},
                cwd="/",
            )

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name) or name.startswith("."):
            raise ValueError(f"{name!r} is no name of a file on a bench")
        return self._folder / name

    def _too_large(self) -> TooMuch:
        return TooMuch(
            f"A file is larger than the {self._limits.file_bytes / 2**20:g} MiB it may be (setting: "
            "AUTOGRAPH_MEDIA_MB)."
        )


def machine_wall(found: str, filter_inside: int, folders: Sequence[str] = ()) -> list[str]:
    """Return what bubblewrap is told, so that a program sees this machine's programs and nothing else.

    Args:
        found: Where the program is.
        filter_inside: From where the filter of system calls is read.
        folders: What it may read beside.
    """
    told = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    told += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox"]
    told += ["--seccomp", str(filter_inside), "--ro-bind", "/usr", "/usr"]
    for folder in ("/bin", "/lib", "/lib64"):
        place = Path(folder)
        if place.is_symlink():
            told += ["--symlink", str(place.readlink()), folder]
        elif place.exists():
            told += ["--ro-bind", folder, folder]
    for folder in (*_FOLDERS, *folders, str(Path(found).resolve().parent)):
        if not folder.startswith("/usr/"):
            told += ["--ro-bind-try", folder, folder]
    return [*told, "--dev", "/dev", "--remount-ro", "/dev"]


async def _first(stream: asyncio.StreamReader | None) -> str:
    """Return the first of what a program says, and read the rest away."""
    said = bytearray()
    while stream is not None and (piece := await stream.read(_PIECE)):
        said += piece[: _MAX_OUTPUT - len(said)]
    return said.decode("utf-8", "replace")
