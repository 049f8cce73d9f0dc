"""Code behind a wall of kernel namespaces, put up by bubblewrap (bwrap) around a Python of its own.

Inside there is no network, no process but its own, no environment, and no file but that Python, read-only,
and an empty folder in memory. A filter keeps it from starting processes and from opening sockets
(`seccomp.py`); limits are set before the code begins (`inside.py`). A process runs one code and ends.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import os
import shutil
import sys
import sysconfig
from collections import deque
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final, cast

from autograph.infra.json import Json, NotJson, decode
from autograph.infra.sandbox import inside
from autograph.infra.sandbox.ports import (
    Failure,
    Language,
    MadeFile,
    Ran,
    SandboxLimits,
    SandboxUnavailable,
)
from autograph.infra.sandbox.seccomp import program, readable

_READY_SECONDS: Final = 20
_CPU_EXCEEDED: Final = 128 + 24
_PIECE: Final = 65_536


class BubblewrapSandbox:
    """Implements `Sandbox`."""

    def __init__(self, limits: SandboxLimits, *, warm: int) -> None:
        """Let code use `limits`; keep `warm` processes ready, each for one code."""
        self._limits = limits
        self._warm = warm
        self._ready: deque[_Walled] = deque()
        self._filling: asyncio.Task[None] | None = None

    async def run(self, code: str, language: Language, *, seconds: float | None = None) -> Ran:
        """Run code in a process of its own, which ends with it.

        Raises:
            SandboxUnavailable: There is no wall, and code is never run without.
        """
        walled = await self._take()
        try:
            return await walled.run(
                code, language, min(seconds or self._limits.seconds, self._limits.seconds)
            )
        finally:
            await walled.end()
            if self._warm and (self._filling is None or self._filling.done()):
                self._filling = asyncio.create_task(self._fill(), name="sandbox")

    async def close(self) -> None:
        """End the processes that are kept ready."""
        self._warm = 0
        if self._filling is not None:
            await (
                self._filling
            )  # not cancelled: a process that is just being started would be nobody's
        while self._ready:
            await self._ready.popleft().end()

    async def _take(self) -> _Walled:
        while self._ready:
            walled = self._ready.popleft()
            if walled.lives:
                return walled
            await walled.end()
        return await _Walled.start(self._limits)

    async def _fill(self) -> None:
        with suppress(SandboxUnavailable):  # whoever needs one is told
            while len(self._ready) < self._warm:
                self._ready.append(await _Walled.start(self._limits))


class _Walled:
    """A process behind the wall that waits for its code."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        answers: asyncio.StreamReader,
        pipe: asyncio.BaseTransport,
        limits: SandboxLimits,
    ) -> None:
        self._process = process
        self._answers = answers
        self._pipe = pipe
        self._limits = limits
        self._is_too_much = False

    @property
    def lives(self) -> bool:
        return self._process.returncode is None

    @classmethod
    async def start(cls, limits: SandboxLimits) -> _Walled:
        """Put the wall up, and make sure that it stands.

        Raises:
            SandboxUnavailable: It does not.
        """
        bwrap, calls = shutil.which("bwrap"), program()
        if bwrap is None:
            raise SandboxUnavailable(
                "Code is only run behind a wall, and this machine has none: bubblewrap (bwrap) is missing. On Debian "
                "or Ubuntu: apt-get install bubblewrap."
            )
        if calls is None:
            raise SandboxUnavailable(
                "Code is only run behind a wall, which is not made for this kind of processor yet."
            )
        answer, answer_inside = os.pipe()
        try:
            with readable(calls) as filter_inside:
                process = await asyncio.create_subprocess_exec(
                    bwrap,
                    *_wall(limits, filter_inside),
                    *("/python/bin/python3", "-I", "-S", "-B", "/inside.py", str(answer_inside)),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                    pass_fds=(answer_inside, filter_inside),
                    env={},
                    cwd="/",
                )
        except BaseException:
            os.close(answer)
            raise
        finally:
            os.close(answer_inside)
        answers = asyncio.StreamReader(limit=_most(limits))
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(answers), os.fdopen(answer, "rb", 0)
        )
        walled = cls(process, answers, pipe, limits)
        is_ready = b""
        with suppress(TimeoutError):
            async with asyncio.timeout(_READY_SECONDS):
                is_ready = await answers.readline()
        if is_ready != b"{}\n":
            why = await walled.end()
            raise SandboxUnavailable(
                f"Code is only run behind a wall, and bubblewrap cannot put it up here: {why or 'it does not answer'}. "
                "The kernel must let this user make namespaces."
            )
        return walled

    async def run(self, code: str, language: Language, seconds: float) -> Ran:
        """Run code and return what came of it."""
        limits = self._limits
        job = {
            "code": code,
            "language": language.value,
            "memory_bytes": limits.memory_bytes,
            "cpu_seconds": limits.cpu_seconds,
            "file_bytes": limits.file_bytes,
        }
        printed, said = bytearray(), bytearray()
        result: Json = None
        failure: Failure | None = None
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                group.create_task(self._send(json.dumps(job).encode() + b"\n"))
                group.create_task(self._listen(self._process.stdout, printed))
                group.create_task(self._listen(self._process.stderr, said))
                answered = group.create_task(self._answer())
            result = answered.result()
        except TimeoutError:
            failure = _limit(f"ran longer than the {seconds:g} s it may", "SANDBOX_SECONDS")
        if self._is_too_much:
            failure = self._exceeded("output")
        if failure is None:
            await self._process.wait()
            failure = self._judge(result)
        found = _object(result) or {}
        text = found.get("text")
        return Ran(
            value=found.get("value"),
            text=text if isinstance(text, str) else "",
            stdout=printed.decode("utf-8", "replace"),
            stderr=said.decode("utf-8", "replace"),
            files=_files(found.get("files")),
            failure=failure,
        )

    async def end(self) -> str:
        """End it, whatever it does; return what it complained of."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        rest = await _last(self._process.stderr)
        await _last(self._process.stdout)
        await self._process.wait()
        self._pipe.close()
        return rest.decode("utf-8", "replace").strip()[:300]

    async def _send(self, job: bytes) -> None:
        if self._process.stdin is None:
            return
        with suppress(ConnectionError):
            self._process.stdin.write(job)
            await self._process.stdin.drain()
        self._process.stdin.close()

    async def _listen(self, stream: asyncio.StreamReader | None, into: bytearray) -> None:
        while stream is not None and (piece := await stream.read(_PIECE)):
            into += piece[: self._limits.output_bytes - len(into)]
            if len(into) >= self._limits.output_bytes:
                self._is_too_much = True
                self._process.kill()
                return

    async def _answer(self) -> Json:
        try:
            return decode(await self._answers.readline() or b"null")
        except (NotJson, ValueError):
            return None

    def _judge(self, result: Json) -> Failure | None:
        """Return why a code that has ended came to no good end."""
        found = _object(result)
        if found is None:
            if self._process.returncode == _CPU_EXCEEDED:
                return self._exceeded("cpu")
            return Failure(
                "sandbox.failed",
                f"The code's process ended before it was done (status {self._process.returncode}).",
            )
        if found.get("limit"):
            return self._exceeded(str(found["limit"]))
        if found.get("error"):
            return Failure("sandbox.failed", str(found["error"])[:4_000])
        return None

    def _exceeded(self, what: str) -> Failure:
        limits = self._limits
        return {
            "cpu": _limit(
                f"used more than the {limits.cpu_seconds} s of a processor it may",
                "SANDBOX_CPU_SECONDS",
            ),
            "memory": _limit(
                f"used more than the {_mib(limits.memory_bytes)} of memory it may",
                "SANDBOX_MEMORY_MB",
            ),
            "disk": _limit(
                f"wrote more than the {_mib(limits.disk_bytes)} it may", "SANDBOX_DISK_MB"
            ),
            "files": _limit(
                f"left more files than are taken: {inside.MAX_FILES}, and {_mib(limits.file_bytes)} in all",
                "SANDBOX_FILES_MB",
            ),
        }.get(
            what,
            _limit(
                f"printed more than the {limits.output_bytes / 1024:g} KiB it may",
                "SANDBOX_OUTPUT_KB",
            ),
        )


def _wall(limits: SandboxLimits, filter_inside: int) -> list[str]:
    """Return what bubblewrap is told."""
    told = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    told += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--clearenv"]
    told += ["--setenv", "LD_LIBRARY_PATH", "/python/lib", "--seccomp", str(filter_inside)]
    told += ["--ro-bind", sys.base_prefix, "/python", "--ro-bind", inside.__file__, "/inside.py"]
    multiarch = sysconfig.get_config_var("MULTIARCH") or "none"
    for folder in (f"/lib/{multiarch}", f"/usr/lib/{multiarch}", "/lib64"):
        told += ["--ro-bind-try", folder, folder]
    for module in ("quickjs", "_quickjs"):
        found = find_spec(module)
        origin = Path(found.origin) if found and found.origin else None
        if origin is not None:
            path = origin.parent if origin.name == "__init__.py" else origin
            told += ["--ro-bind", str(path), f"/js/{path.name}"]
    told += ["--dev", "/dev", "--remount-ro", "/dev"]
    told += ["--size", str(limits.disk_bytes), "--tmpfs", "/work", "--chdir", "/work"]
    return [*told, "--remount-ro", "/"]


async def _last(stream: asyncio.StreamReader | None) -> bytes:
    """Return the beginning of what nobody has read yet, and read it to its end: so its pipe is closed."""
    first = b""
    while stream is not None and (piece := await stream.read(_PIECE)):
        first = first or piece
    return first


def _files(given: Json) -> list[MadeFile]:
    """Return the files that a code has left, as far as what it says of them makes sense."""
    files: list[MadeFile] = []
    listed = cast("list[Json]", given) if isinstance(given, list) else []
    for one in listed:
        said = _object(one) or {}
        path, content = said.get("path"), said.get("content")
        if isinstance(path, str) and isinstance(content, str):
            with suppress(binascii.Error):
                files.append(MadeFile(path[:500], base64.b64decode(content, validate=True)))
    return files


def _object(value: Json) -> dict[str, Json] | None:
    return cast("dict[str, Json]", value) if isinstance(value, dict) else None


def _most(limits: SandboxLimits) -> int:
    return limits.file_bytes * 2 + limits.output_bytes * 8 + _PIECE


def _limit(what: str, setting: str) -> Failure:
    return Failure("sandbox.limit", f"The code {what} (setting: AUTOGRAPH_{setting}).")


def _mib(size: int) -> str:
    return f"{size / 2**20:g} MiB"
