"""Which processes there are, and that of one kind there is one on a data directory."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from autograph.infra.errors import OperationalError


class Process(StrEnum):
    """What a process does; the table is in `platform`."""

    UP = "up"
    API = "api"
    WORKER = "worker"
    SCHEDULER = "scheduler"
    COMMAND = "command"

    @property
    def takes_work(self) -> bool:
        """Whether it looks at the queue; a command only runs what it is handed."""
        return self is not Process.COMMAND

    @property
    def carries_runs(self) -> bool:
        """Whether it has slots for runs."""
        return self in {Process.UP, Process.WORKER, Process.COMMAND}

    @property
    def serves(self) -> bool:
        """Whether it answers requests."""
        return self in {Process.UP, Process.API}

    @property
    def relays(self) -> bool:
        """Whether it moves wake-ups to the broker, and tells people what happens."""
        return self in {Process.UP, Process.API, Process.SCHEDULER}

    @property
    def tends(self) -> bool:
        """Whether it keeps the storage within bounds."""
        return self in {Process.UP, Process.SCHEDULER}


class AlreadyUp(OperationalError):
    """Another process serves this data directory already."""

    code: ClassVar[str] = "process.already_up"


@contextmanager
def only_one(data_dir: Path, what: str) -> Generator[None]:
    """Hold a data directory's `up.lock`.

    Raises:
        AlreadyUp: Another process holds it.
    """
    path = data_dir.expanduser() / "up.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            where = lock.read().strip() or "another process"
            raise AlreadyUp(
                f"Autograph is up on {data_dir} already ({where}). Use that one, stop it, or give this one "
                "another --data-dir."
            ) from error
        lock.truncate(0)
        lock.write(what)
        lock.flush()
        yield
