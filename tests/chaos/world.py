"""Real processes, servers, and the counter, which is the outside world."""

from __future__ import annotations

import json
import os
import queue
import signal
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from autograph.infra.postgres.server import EmbeddedPostgres
from tests.chaos.scenario import Fault, How, Layout, Target
from tests.processes import COMMAND
from tests.servers import RabbitMq, Redis, rabbitmq_server, redis_server

BLOCKS = Path(__file__).parent / "blocks"
_UP_SECONDS = 60.0
_FREEZE_SECONDS = 2.0


class Counter:
    """Counts every effect that reaches it, in the order of arrival."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, int]] = []
        counter = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                line = self.rfile.readline()
                with suppress(ValueError, OSError):
                    told = json.loads(line)
                    counter.seen.append((told["key"], told["run"], told["node_run"]))
                    self.wfile.write(b"ok\n")

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Member:
    """A process of the platform, which is started again when it was killed."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._command = command
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> None:
        """Start it and return when it is up."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [*COMMAND, *self._command],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **self._environment},
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if " is up" not in line:
            self.kill()
            raise AssertionError(
                f"{self._command[0]} did not come up: {self._log.read_text()[-3000:]}"
            )
        self.url = line.partition("up: ")[2].split(" ")[0]

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self._reap()

    def stop(self) -> None:
        self.send(signal.SIGTERM)
        self._reap()

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait(60)
            if self._process.stdout is not None:
                self._process.stdout.close()


class World:
    """One layout's processes, kept up for many scenarios."""

    def __init__(self, layout: Layout, folder: Path, stack: ExitStack) -> None:
        self.layout = layout
        self.counter = Counter()
        stack.callback(self.counter.close)
        self._database = EmbeddedPostgres(folder)
        environment = {
            "PYTHONPATH": str(BLOCKS),
            "AUTOGRAPH_LOG_LEVEL": "warning",
            "AUTOGRAPH_DRAIN_TIME": "PT2S",
        }
        self.broker: RabbitMq | None = None
        self.redis: Redis | None = None
        if layout is Layout.CLUSTER:
            self.broker = stack.enter_context(rabbitmq_server(folder / "rabbitmq"))
            self.redis = stack.enter_context(redis_server(folder / "redis"))
            environment["AUTOGRAPH_QUEUE_URL"] = self.broker.url
            environment["AUTOGRAPH_REDIS_URL"] = self.redis.url
        commands = {
            Layout.UP: [["up", "--port", "0"]],
            Layout.CLUSTER: [
                ["api", "--port", "0"],
                ["worker", "--slots", "20"],
                ["worker", "--slots", "20"],
                ["scheduler"],
            ],
        }[layout]
        self.members = [
            Member([*command, "--data-dir", str(folder)], environment, folder / f"{number}.log")
            for number, command in enumerate(commands)
        ]
        for member in self.members:
            member.start()
            stack.callback(member.stop)

    @property
    def dsn(self) -> str:
        """Where its database is."""
        return self._database.dsn

    @property
    def url(self) -> str:
        """Where its API is; another address after each start."""
        return self.members[0].url

    def hit(self, fault: Fault, *, which: int) -> None:
        """Do what a fault says, and make it good; `which` picks among several."""
        if fault.target is Target.DATABASE:
            pid = self._database.pid
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return  # whoever lives starts it again
        if fault.target is Target.BROKER or fault.target is Target.REDIS:
            server = self.broker if fault.target is Target.BROKER else self.redis
            assert server is not None
            server.kill()
            sleep(fault.away)
            server.start()
            return
        members = {
            Target.UP: self.members[:1],
            Target.API: self.members[:1],
            Target.WORKER: self.members[1:3],
            Target.SCHEDULER: self.members[3:],
        }[fault.target]
        member = members[which % len(members)]
        if fault.how is How.FREEZE:
            member.send(signal.SIGSTOP)
            sleep(_FREEZE_SECONDS)
            member.send(signal.SIGCONT)
            return
        member.stop() if fault.how is How.DRAIN else member.kill()
        sleep(fault.away)
        member.start()


@contextmanager
def world(layout: Layout, folder: Path) -> Iterator[World]:
    """Bring a world up, and stop all of it in the end."""
    with ExitStack() as stack:
        yield World(layout, folder, stack)


def in_threads(*works: Callable[[], None]) -> None:
    """Do several things at once; the first that fails is raised."""
    failures: queue.Queue[BaseException] = queue.Queue()

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised where the threads are joined
            failures.put(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not failures.empty():
        raise failures.get()


def until(deadline: float) -> Iterator[None]:
    """Go round until a point in time, ten times a second."""
    while monotonic() < deadline:
        yield
        sleep(0.1)
