"""What is asked of a sandbox, and what it answers."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Protocol

from autograph.infra.errors import Forbidden, OperationalError, TooLarge
from autograph.infra.json import Json


class SandboxUnavailable(OperationalError):
    """This machine has no wall for code, so none is run; the message says what is missing."""

    code: ClassVar[str] = "sandbox.unavailable"


class ProgramMissing(OperationalError):
    """A program of others is not installed here; the message says how to have it."""

    code: ClassVar[str] = "sandbox.program_missing"


class TooMuch(TooLarge):
    """Work on a bench came to a limit; the message names it."""

    code: ClassVar[str] = "sandbox.limit"


class ProgramRefused(Forbidden):
    """A program is not among those that this installation lets agents start."""

    code: ClassVar[str] = "sandbox.program_refused"


class Language(StrEnum):
    """What code is written in."""

    PYTHON = "python"
    JAVASCRIPT = "js"


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What code may use; each is named where it ends the code.

    Attributes:
        seconds: Of the clock on the wall.
        cpu_seconds: Of a processor.
        memory_bytes: Of addresses.
        disk_bytes: In its own folder, which is memory, too.
        output_bytes: Of what it prints, and of what it gives back beside files.
        file_bytes: Of the files it leaves.
    """

    seconds: float = 300
    cpu_seconds: int = 30
    memory_bytes: int = 512 * 1024 * 1024
    disk_bytes: int = 64 * 1024 * 1024
    output_bytes: int = 1024 * 1024
    file_bytes: int = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BenchLimits:
    """What a program on a bench may use.

    Attributes:
        seconds: Of the clock on the wall.
        cpu_seconds: Of all processors together.
        memory_bytes: Of addresses.
        file_bytes: Of each file that is laid on the bench or made there.
    """

    seconds: float = 600
    cpu_seconds: int = 1200
    memory_bytes: int = 4 * 1024 * 1024 * 1024
    file_bytes: int = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended.

    Attributes:
        status: 0 where all went well.
        stdout: The beginning of what it said.
        stderr: The beginning of what it complained of.
    """

    status: int
    stdout: str
    stderr: str


class Bench(Protocol):
    """A folder of one's own, in which programs of this machine work behind the wall.

    Names of files are letters, digits, `.`, `_` and `-`; anything else is a mistake of the caller (ValueError).
    """

    async def put(self, name: str, content: AsyncIterable[bytes]) -> None:
        """Lay a file on the bench.

        Raises:
            TooMuch: It is larger than one may be.
        """
        ...

    async def run(self, *command: str) -> Finished:
        """Run a program to its end; files have the names they were put under.

        Raises:
            ProgramMissing: It is not installed.
            SandboxUnavailable: There is no wall, and nothing is run without.
            TooMuch: It took too long, or made too large a file.
        """
        ...

    def pieces(self, name: str) -> AsyncIterator[bytes]:
        """Yield what is in a file."""
        ...


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file that code has left in its folder."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """Why code came to no good end.

    Attributes:
        code: `sandbox.failed`, or `sandbox.limit` where it was ended at a limit that the message names.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of code.

    Attributes:
        value: Of its last expression, where that has a JSON form.
        text: The same as text; empty where there is none.
        failure: None where it came to a good end.
    """

    value: Json
    text: str
    stdout: str
    stderr: str
    files: Sequence[MadeFile]
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class AllowedProgram:
    """A program that agents may start, exactly so.

    Attributes:
        command: The program and all its arguments; agents add nothing.
        folders: What it may read beside this machine's programs and libraries.
        secret: The name in its environment under which it gets a credential; empty where it gets none.
    """

    command: tuple[str, ...]
    folders: tuple[str, ...] = ()
    secret: str = ""


@dataclass(frozen=True, slots=True)
class ProgramLimits:
    """What such a program may use, from its start to its end.

    Attributes:
        seconds: Of the clock on the wall.
        cpu_seconds: Of all processors together.
        memory_bytes: Of addresses.
        disk_bytes: In its own folder, which is memory, too.
        line_bytes: Of one line that it says.
        output_bytes: Of all lines.
    """

    seconds: float = 300
    cpu_seconds: int = 30
    memory_bytes: int = 4 * 1024 * 1024 * 1024
    disk_bytes: int = 64 * 1024 * 1024
    line_bytes: int = 16 * 1024 * 1024
    output_bytes: int = 64 * 1024 * 1024


class Program(Protocol):
    """A program that runs and is spoken to, line by line."""

    async def say(self, line: bytes) -> None:
        """Write a line, without its end, to what the program reads; nothing happens where it reads no more."""
        ...

    async def hear(self) -> bytes:
        """Return the next line that it writes, without its end; an empty one where it has ended.

        Raises:
            TooMuch: It has come to a limit; the message names it.
        """
        ...

    @property
    def complaint(self) -> str:
        """The last of what it wrote to where errors go."""
        ...


@dataclass(frozen=True, slots=True)
class AllowedPrograms:
    """Which programs agents may start, by the names that they know them by, and what these may use."""

    by_name: Mapping[str, AllowedProgram] = field(default_factory=dict[str, AllowedProgram])
    limits: ProgramLimits = ProgramLimits()

    def named(self, name: str) -> AllowedProgram:
        """Return a program.

        Raises:
            ProgramRefused: There is none of this name.
        """
        if name not in self.by_name:
            names = ", ".join(sorted(self.by_name)) or "none"
            raise ProgramRefused(
                f"Agents may not start a program {name[:60]!r} here. They may start: {names} (setting: "
                "AUTOGRAPH_MCP_PROGRAMS)."
            )
        return self.by_name[name]


class Sandbox(Protocol):
    """Runs code without secrets, without a network, and without this machine's files."""

    async def run(self, code: str, language: Language, *, seconds: float | None = None) -> Ran:
        """Run code in a process of its own, which ends with it.

        Args:
            code: It.
            language: What it is written in.
            seconds: How long it may take, where that is less than the installation allows.

        Raises:
            SandboxUnavailable: There is no wall, and code is never run without.
        """
        ...

    def bench(self) -> AbstractAsyncContextManager[Bench]:
        """Lend a bench for programs of this machine, such as ffmpeg."""
        ...

    def program(
        self, name: str, *, secret: str | None = None
    ) -> AbstractAsyncContextManager[Program]:
        """Lend a program of this machine that this installation lets agents start; it ends with the loan.

        Args:
            name: As the installation calls it.
            secret: What it gets into its environment, where it takes something.

        Raises:
            ProgramRefused: There is none of this name, or it takes no secret.
            ProgramMissing: It is not installed.
            SandboxUnavailable: There is no wall, and nothing is run without.
        """
        ...
