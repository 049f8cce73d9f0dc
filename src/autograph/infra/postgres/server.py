"""The embedded server of one data directory, shared by all processes that use it.

    <data>/postgres/data         the cluster
    <data>/postgres/server.log   what the server said last
    <data>/postgres/users.lock   every process that uses the server holds it, shared
    <data>/postgres/start.lock   who starts or stops the server holds it, alone

A process that dies lets go of its locks by itself; a server it leaves behind is found and used by the
next one, and stopped by the last. The server listens on a Unix socket in a directory that only its
owner can enter, and on nothing else.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from time import monotonic
from typing import Final

from autograph.infra.postgres.binaries import Binaries, Identity, find_binaries, identity
from autograph.infra.postgres.errors import DataDirUnusable, DidNotStart, DiskFull, PostgresError

_USER: Final = "autograph"
_PORT: Final = 5432
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.005
_WATCH_SECONDS: Final = 0.5
_ANOTHER_TRY_SECONDS: Final = 0.1
_MAX_SOCKET_PATH: Final = 100
_LOG_TAIL: Final = 1_500


class EmbeddedPostgres:
    """A share in the server of one data directory."""

    def __init__(
        self, data_dir: Path, *, binaries: Path | None = None, shared_buffers_mb: int = 64
    ) -> None:
        """Use the server of `data_dir`.

        Args:
            data_dir: Autograph's data directory; made when there is none.
            binaries: Directory of PostgreSQL's programs; None to find them.
            shared_buffers_mb: Memory the server keeps pages in, in MiB.
        """
        self._root = data_dir.expanduser().resolve() / "postgres"
        self._chosen = binaries
        self._shared_buffers_mb = shared_buffers_mb
        self._share: TextIOWrapper | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """Where to connect."""
        return f"postgresql://{_USER}@/postgres?host={self._socket_dir}&port={_PORT}"

    @property
    def pid(self) -> int | None:
        """Process id of the server, as seen from here; None when it does not run."""
        with suppress(OSError, ValueError, IndexError):
            pid = int((self._root / "server.pid").read_text())
            if (
                b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
                or not Path("/proc").exists()
            ):
                return pid
        return None

    async def start(self) -> str:
        """Take a share in the server, starting it when nobody has; return where to connect.

        Raises:
            PostgresError: It cannot be had; the message has the way out.
        """
        self._make_directories()
        with self._alone():
            self._share = (self._root / "users.lock").open("a")
            fcntl.flock(self._share, fcntl.LOCK_SH)
            try:
                if not self._answers():
                    await self._start_server()
            except BaseException:
                self._let_go()
                raise
        return self.dsn

    async def stop(self) -> None:
        """Give the share up; the last one to do so stops the server."""
        if self._share is None:
            return
        with self._alone():
            try:
                fcntl.flock(self._share, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._let_go()
                return
            await self._stop_server()
            self._let_go()

    async def watch(self) -> None:
        """Start the server again whenever it has died; runs until it is cancelled."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            pid = self.pid
            if pid is not None and self._is_running(pid):
                continue
            with suppress(PostgresError), self._alone():
                if not self._answers():
                    await self._start_server()

    def _let_go(self) -> None:
        if self._process is not None and self._process.poll() is None:
            # It goes on for others, as nobody's child; without this Python complains that we left it.
            self._process.returncode = 0
        if self._share is not None:
            self._share.close()
            self._share = None

    # directories

    @property
    def _data(self) -> Path:
        return self._root / "data"

    @property
    def _socket_dir(self) -> Path:
        if len(str(self._root / "socket")) < _MAX_SOCKET_PATH - len("/.s.PGSQL.5432"):
            return self._root / "socket"
        # A Unix socket's path has at most 107 bytes; a deep data directory gets a short one elsewhere.
        digest = hashlib.sha256(str(self._root).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"autograph-{os.geteuid()}-{digest}"

    def _make_directories(self) -> None:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            self._root.chmod(0o700)
            for directory in (self._root / "socket", self._socket_dir):
                directory.mkdir(exist_ok=True, mode=0o700)
                if directory.stat().st_uid not in {os.geteuid(), identity().uid}:
                    raise DataDirUnusable(
                        f"{directory} belongs to somebody else. Remove it, or use another data directory."
                    )
        except OSError as error:
            raise (
                _no_room(self._root, str(error))
                if error.errno == 28
                else DataDirUnusable(
                    f"The data directory {self._root} cannot be used: {error.strerror}. Choose another with --data-dir."
                )
            ) from error

    @contextmanager
    def _alone(self) -> Generator[None]:
        with (self._root / "start.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # the server

    async def _start_server(self) -> None:
        binaries, who = find_binaries(self._chosen), identity()
        if not (self._data / "PG_VERSION").exists():
            await asyncio.to_thread(self._make_cluster, binaries, who)
        self._check_version(binaries)
        self._give_to(who)
        if self._process is not None:
            # A dead child that nobody asked after still counts as running, and the server would not start.
            self._process.poll()
        ends = monotonic() + _START_SECONDS
        while not self._answers():
            log = await self._launch(binaries, who, ends)
            if log is None:
                return
            if not any(lock.name in log for lock in self._locks) or monotonic() > ends:
                raise self._why(log)
            # One that somebody left behind is just starting, or its death has not been noticed yet.
            self._forget_the_dead()
            await asyncio.sleep(_ANOTHER_TRY_SECONDS)

    async def _launch(self, binaries: Binaries, who: Identity, ends: float) -> str | None:
        """Start a server and wait until it answers; return its last words when it does not."""
        log_path = self._root / "server.log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(  # noqa: ASYNC220 - forking takes a millisecond
                [*who.prefix, binaries.postgres, *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Not in our process group: Ctrl-C in one terminal must not stop it for everybody.
                start_new_session=True,
                user=who.uid,
                cwd="/",
            )
        self._process = process
        (self._root / "server.pid").write_text(str(process.pid))
        while not self._answers() or process.poll() is not None:
            if process.poll() is not None or monotonic() > ends:
                return log_path.read_text(errors="replace")
            await asyncio.sleep(_POLL_SECONDS)
        return None

    @property
    def _locks(self) -> tuple[Path, Path]:
        return self._data / "postmaster.pid", self._socket_dir / f".s.PGSQL.{_PORT}.lock"

    def _forget_the_dead(self) -> None:
        """Remove the locks of a server that is no more, where its number still counts as running.

        It may be dead without anybody having asked after it, or its number may have gone to another
        process. Notes who runs otherwise.
        """
        for lock in self._locks:
            with suppress(OSError, ValueError, IndexError):
                pid = abs(int(lock.read_text().split()[0]))
                if _is_postgres(pid):
                    (self._root / "server.pid").write_text(str(pid))
                else:
                    lock.unlink()

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket_dir),
            "unix_socket_permissions": "0700",
            "port": str(_PORT),
            "shared_buffers": f"{self._shared_buffers_mb}MB",
            "max_connections": "200",
            "max_wal_size": "512MB",
            "jit": "off",
            "log_min_messages": "warning",
            "autovacuum_naptime": "30s",
        }
        options = ["-D", str(self._data)]
        for name, value in settings.items():
            options += ["-c", f"{name}={value}"]
        return options

    def _make_cluster(self, binaries: Binaries, who: Identity) -> None:
        """Make the cluster beside its place and move it there: half a cluster is never taken for one.

        Raises:
            DataDirUnusable: Something else is in its place.
            PostgresError: The programs failed.
        """
        if self._data.exists() and any(self._data.iterdir()):
            raise DataDirUnusable(
                f"{self._data} is no PostgreSQL data directory, and not empty. Move it away, or choose another "
                "directory with --data-dir."
            )
        fresh = self._root / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if who.uid is not None:
            os.chown(fresh, who.uid, -1)
            self._open_to(who)
        made = subprocess.run(
            [
                *who.prefix,
                binaries.initdb,
                "-D",
                str(fresh),
                "--username",
                _USER,
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "--no-instructions",
            ],
            capture_output=True,
            text=True,
            check=False,
            user=who.uid,
            cwd="/",
            env={"PATH": os.defpath, "TZ": "UTC"},
        )
        if made.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise self._why(made.stderr)
        os.sync()
        with suppress(FileNotFoundError):
            self._data.rmdir()
        fresh.rename(self._data)

    def _open_to(self, who: Identity) -> None:
        """Let the server's account reach its directories: ours only, never a parent."""
        for directory in (self._root, self._socket_dir):
            os.chown(directory, -1 if who.uid is None else who.uid, -1)

    def _give_to(self, who: Identity) -> None:
        if who.uid is not None:
            self._open_to(who)

    def _check_version(self, binaries: Binaries) -> None:
        made_by = (self._data / "PG_VERSION").read_text().strip()
        said = subprocess.run(
            [binaries.postgres, "--version"], capture_output=True, text=True, check=False
        )
        version = said.stdout.split()[-1].split(".")[0] if "." in said.stdout else ""
        version = next(
            (word.split(".")[0] for word in said.stdout.split() if word[0].isdigit()), version
        )
        if made_by != version:
            raise DataDirUnusable(
                f"{self._data} was made by PostgreSQL {made_by}, and these programs are version {version} "
                f"({binaries.directory}). Install PostgreSQL {made_by} and set AUTOGRAPH_PG_BIN to it."
            )

    def _answers(self) -> bool:
        """Tell whether a server listens and is ready (it answers a start-up packet with something)."""
        path = self._socket_dir / f".s.PGSQL.{_PORT}"
        if not path.exists():
            return False
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            probe.connect(str(path))
            body = (
                b"\x00\x03\x00\x00user\x00" + _USER.encode() + b"\x00database\x00postgres\x00\x00"
            )
            probe.sendall((len(body) + 4).to_bytes(4, "big") + body)
            # "R": it asks who we are. "E": it is still starting, or shutting down.
            return probe.recv(1) == b"R"
        return False

    async def _stop_server(self) -> None:
        pid = self.pid
        if pid is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGINT)
        ends = monotonic() + _STOP_SECONDS
        while monotonic() < ends and self._is_running(pid):  # noqa: ASYNC110 - a process gives no event
            await asyncio.sleep(_POLL_SECONDS)
        (self._root / "server.pid").unlink(missing_ok=True)

    def _is_running(self, pid: int) -> bool:
        if self._process is not None and self._process.pid == pid:
            return self._process.poll() is None
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            return True
        return False

    def _why(self, log: str) -> PostgresError:
        """Return the error that a server's last words mean."""
        lowered = log.lower()
        if "no space left" in lowered:
            return _no_room(self._root, "no space left on device")
        if (
            "could not locate a valid checkpoint" in lowered
            or "invalid data in file" in lowered
            or "corrupt" in lowered
        ):
            return DataDirUnusable(
                f"The database in {self._data} is damaged: {_last_line(log)} Restore a backup, or start anew with "
                "another --data-dir."
            )
        if "permission denied" in lowered:
            return DataDirUnusable(
                f"The database server may not read {self._root}: {_last_line(log)} Choose a --data-dir that it may."
            )
        return DidNotStart(
            f"The embedded database did not start: {_last_line(log)} Its log is {self._root / 'server.log'}.",
            log=log[-_LOG_TAIL:],
        )


@asynccontextmanager
async def embedded_postgres(
    data_dir: Path, *, binaries: Path | None = None, shared_buffers_mb: int = 64
) -> AsyncGenerator[str]:
    """Have a share in the server of `data_dir` for as long as the context lasts; yields where to connect.

    A server that dies meanwhile is started again.

    Raises:
        PostgresError: It cannot be had; the message has the way out.
    """
    server = EmbeddedPostgres(data_dir, binaries=binaries, shared_buffers_mb=shared_buffers_mb)
    dsn = await server.start()
    watching = asyncio.create_task(server.watch(), name="postgres-watch")
    try:
        yield dsn
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await server.stop()


def _is_postgres(pid: int) -> bool:
    """Tell whether a process is there, lives, and is PostgreSQL (as far as the system tells what it is)."""
    if Path("/proc/self").exists():
        with suppress(OSError):
            return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
        return False
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def _no_room(root: Path, why: str) -> DiskFull:
    return DiskFull(
        f"There is no room for the database in {root}: {why}. Free some space, or choose another --data-dir."
    )


def _last_line(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [
        line for line in lines if "FATAL" in line or "PANIC" in line or "error" in line.lower()
    ]
    chosen = (telling or lines or ["it said nothing."])[-1]
    text = chosen.split(":  ", 1)[-1]
    return text if text.endswith(".") else f"{text}."
