"""Real servers for tests: on loopback, free ports and a scratch directory, ended by their process ids.

    with redis_server(tmp_path) as redis: ...            # ready in 0.1 s
    with rabbitmq_server(tmp_path) as rabbitmq: ...      # ready in 4-6 s
    with rabbitmq_cluster(tmp_path, nodes=3) as nodes: ...

Each has a `url`, `kill()` (as a power cut would), `stop()` (politely) and `start()` (same port, same data).
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_READY_SECONDS: Final = 50
_RABBITMQ: Final = Path("/usr/lib/rabbitmq/bin")
"""The programs themselves: the wrappers in /usr/sbin change the user and forget the environment."""


class Server:
    """A process that answers on a port of this machine."""

    def __init__(
        self,
        command: Sequence[str | Path],
        port: int,
        directory: Path,
        *,
        hello: tuple[bytes, bytes],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare; `hello` is what to send, and what the answer of a server that is ready begins with."""
        self.port = port
        self._command = [str(part) for part in command]
        self._directory = directory
        self._hello = hello
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start it, and do not wait."""
        with (self._directory / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # so that one id names it and the shell that started it
            )

    def start(self) -> None:
        """Start it, and return when it answers."""
        self.launch()
        self.wait()

    def wait(self) -> None:
        """Return when it answers."""
        until = time.monotonic() + _READY_SECONDS
        while not self._answers():
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > until:
                log = (self._directory / "output.log").read_text(errors="replace")
                self.kill()
                raise AssertionError(f"{self._command[0]} did not come up:\n{log[-4_000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        say, expect = self._hello
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection,
        ):
            connection.sendall(say)
            return connection.recv(64).startswith(expect)
        return False

    def kill(self) -> None:
        """Kill it as a power cut would; returns when it is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to stop; returns when it is gone."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


class Redis(Server):
    """A Redis that writes everything down at once."""

    def __init__(self, directory: Path) -> None:
        port = free_port()
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", directory]
        command += ["--save", "", "--appendonly", "yes", "--daemonize", "no"]
        super().__init__(command, port, directory, hello=(b"PING\r\n", b"+PONG"))
        self.url = f"redis://127.0.0.1:{port}/0"


class RabbitMq(Server):
    """A RabbitMQ node; `epmd_port` is where the nodes of its cluster find each other."""

    def __init__(self, directory: Path, *, name: str, epmd_port: int) -> None:
        port = free_port()
        self.name = f"{name}@localhost"
        self.url = f"amqp://guest:guest@127.0.0.1:{port}/"
        self._config = directory / "rabbitmq.conf"
        self._config.touch()
        (directory / "plugins").write_text("[].")
        self._environment = {
            "HOME": str(directory),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(epmd_port),
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(directory / "data"),
            "RABBITMQ_LOG_BASE": str(directory / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self._config),
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        cookie = directory / ".erlang.cookie"
        cookie.write_text("autograph")
        cookie.chmod(0o400)
        super().__init__(
            [_RABBITMQ / "rabbitmq-server"],
            port,
            directory,
            hello=(b"AMQP\x00\x00\x09\x01", b"\x01"),
            environment=self._environment,
        )

    def configure(self, lines: Sequence[str]) -> None:
        """Write its configuration."""
        self._config.write_text("".join(f"{line}\n" for line in lines))

    def ctl(self, *arguments: str) -> str:
        """Run `rabbitmqctl` on this node; return what it prints. It takes a second or two."""
        done = subprocess.run(
            [_RABBITMQ / "rabbitmqctl", "--quiet", "-n", self.name, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        return done.stdout


@contextmanager
def redis_server(directory: Path) -> Iterator[Redis]:
    """Start a Redis; stop it in the end."""
    directory.mkdir(parents=True, exist_ok=True)
    server = Redis(directory)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def rabbitmq_server(directory: Path) -> Iterator[RabbitMq]:
    """Start a RabbitMQ; end it in the end."""
    with _epmd(directory) as epmd_port:
        server = RabbitMq(directory, name="rabbit", epmd_port=epmd_port)
        server.start()
        try:
            yield server
        finally:
            server.kill()


@contextmanager
def rabbitmq_cluster(directory: Path, nodes: int = 3) -> Iterator[list[RabbitMq]]:
    """Start a cluster of RabbitMQ nodes; end it in the end."""
    with _epmd(directory) as epmd_port:
        made: list[RabbitMq] = []
        for number in range(1, nodes + 1):
            place = directory / f"node{number}"
            place.mkdir()
            made.append(RabbitMq(place, name=f"rabbit{number}", epmd_port=epmd_port))
        names = [
            f"cluster_formation.classic_config.nodes.{number} = {node.name}"
            for number, node in enumerate(made, start=1)
        ]
        try:
            for node in made:
                node.configure(
                    ["cluster_formation.peer_discovery_backend = classic_config", *names]
                )
                node.launch()
            for node in made:
                node.wait()
            yield made
        finally:
            for node in made:
                node.kill()


@contextmanager
def _epmd(directory: Path) -> Iterator[int]:
    """Run a port mapper of our own, in the foreground: the one Erlang starts itself outlives everybody."""
    directory.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = ["epmd", "-address", "127.0.0.1", "-port", str(port)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def missing_programs() -> list[str]:
    """Name the server programs that this machine lacks (`scripts/install_servers.py`)."""
    return [
        name
        for name, found in {
            "bubblewrap": shutil.which("bwrap"),
            "redis-server": shutil.which("redis-server"),
            "rabbitmq-server": (_RABBITMQ / "rabbitmq-server").exists(),
        }.items()
        if not found
    ]
