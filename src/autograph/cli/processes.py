"""`autograph worker` and `autograph scheduler`: the processes of a cluster that serve nobody."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import structlog
import typer

from autograph.cli.output import out, run_async, settings_for
from autograph.infra.logging import configure_logging
from autograph.infra.settings import Settings

if TYPE_CHECKING:
    from autograph.bootstrap import Process

_log = structlog.stdlib.get_logger(__name__)
_RESTART_AFTER: Final = 1.0
"""Seconds before a worker process that died is started again."""

DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]


def worker(
    processes: Annotated[
        int, typer.Option(help="Worker processes; one for each core is a good start.", min=1)
    ] = 1,
    slots: Annotated[
        int | None, typer.Option(help="Runs that each of them carries at once.", min=1)
    ] = None,
    data_dir: DataDir = None,
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Take runs from the queue and carry them. SIGTERM drains: node runs end, runs are handed back."""
    settings = settings_for(data_dir, worker_slots=slots)
    configure_logging(settings.log_level, settings.log_format)
    if processes > 1:
        run_async(_supervise(processes, settings), as_json=False)
        return
    from autograph.bootstrap import Process  # noqa: PLC0415 - heavy

    run_async(_run(settings, Process.WORKER, supervised=supervised), as_json=False)


def scheduler(data_dir: DataDir = None) -> None:
    """Move wake-ups to the broker, queue what is due, give back what dead workers held."""
    settings = settings_for(data_dir)
    configure_logging(settings.log_level, settings.log_format)
    from autograph.bootstrap import Process  # noqa: PLC0415 - heavy

    run_async(_run(settings, Process.SCHEDULER), as_json=False)


async def _run(settings: Settings, process: Process, *, supervised: bool = False) -> None:
    from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

    asked = _asked_to_stop()
    if supervised:
        # The pipe ends with the supervisor, however it ends.
        await asyncio.get_running_loop().connect_read_pipe(lambda: _Ends(asked), sys.stdin)
    async with platform(settings, process=process) as made:
        out.print(f"Autograph {process} {made.worker.id} is up  (Ctrl-C stops it)", markup=False)
        await asked.wait()
        _on_signals(made.worker.hurry)
        _log.info("draining", runs=made.worker.active)


class _Ends(asyncio.Protocol):
    """Sets an event when its pipe is closed."""

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    def connection_lost(self, exc: Exception | None) -> None:
        self._event.set()


def _asked_to_stop() -> asyncio.Event:
    asked = asyncio.Event()
    _on_signals(asked.set)
    return asked


def _on_signals(call: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, call)


async def _supervise(count: int, settings: Settings) -> None:
    """Keep `count` worker processes alive until asked to stop, then let them drain."""
    asked = _asked_to_stop()
    command = [sys.executable, "-m", "autograph.cli.main", "worker"]
    command += [
        "--supervised",
        "--data-dir",
        str(settings.data_dir),
        "--slots",
        str(settings.worker_slots),
    ]
    children: set[asyncio.subprocess.Process] = set()
    keepers = [asyncio.create_task(_keep(command, children, asked)) for _ in range(count)]
    await asked.wait()
    _signal(children, signal.SIGTERM)
    _on_signals(lambda: _signal(children, signal.SIGTERM))
    await asyncio.gather(*keepers)


async def _keep(
    command: Sequence[str], children: set[asyncio.subprocess.Process], asked: asyncio.Event
) -> None:
    while not asked.is_set():
        # A session of its own: Ctrl-C reaches the supervisor, who passes it on once.
        child = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, start_new_session=True
        )
        children.add(child)
        code = await child.wait()
        children.discard(child)
        if asked.is_set():
            return
        _log.warning(
            "a worker process ended; another one takes its place", pid=child.pid, code=code
        )
        try:
            async with asyncio.timeout(_RESTART_AFTER):
                await asked.wait()
        except TimeoutError:
            continue


def _signal(children: set[asyncio.subprocess.Process], number: signal.Signals) -> None:
    for child in children:
        if child.returncode is None:
            child.send_signal(number)
