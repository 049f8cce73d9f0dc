"""One process serves a data directory at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from autograph.infra.errors import OperationalError


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
