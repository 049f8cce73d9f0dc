"""`autograph up`: the whole platform in one process."""

from __future__ import annotations

import asyncio
import signal
import socket
import webbrowser
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograph.cli.output import out, run_async, settings_for
from autograph.infra.errors import OperationalError
from autograph.infra.logging import configure_logging
from autograph.infra.settings import Settings

if TYPE_CHECKING:
    import uvicorn


class PortTaken(OperationalError):
    """Something else listens there."""

    code = "process.port_taken"


def up(
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 picks a free one.", min=0, max=65535)
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the page in a browser.")
    ] = False,
) -> None:
    """Bring the whole platform up: database, worker, API and page, in this one process."""
    settings = settings_for(data_dir, port=port, host=host)
    configure_logging(settings.log_level, settings.log_format)
    run_async(_serve(settings, open_browser=open_browser), as_json=False)


async def _serve(settings: Settings, *, open_browser: bool) -> None:
    listening = _listen(settings)
    # Everything heavy is imported while the port is already ours.
    import uvicorn  # noqa: PLC0415

    from autograph.bootstrap import only_one, platform, serve  # noqa: PLC0415

    url = f"http://{settings.host}:{listening.getsockname()[1]}"
    try:
        with only_one(settings.data_dir, url):
            async with platform(settings, takes_work=True) as made:
                config = uvicorn.Config(
                    serve(made),
                    log_config=None,
                    access_log=False,
                    lifespan="off",
                    timeout_graceful_shutdown=5,
                    ws_ping_interval=None,
                )
                server = _without_signals(uvicorn.Server)(config)
                loop = asyncio.get_running_loop()
                for number in (signal.SIGINT, signal.SIGTERM):
                    loop.add_signal_handler(number, setattr, server, "should_exit", True)
                serving = asyncio.create_task(server.serve(sockets=[listening]))
                out.print(f"Autograph is up: {url}  (Ctrl-C stops it)", markup=False)
                if open_browser:
                    webbrowser.open(url)
                await serving
    finally:
        listening.close()


def _without_signals(server: type[uvicorn.Server]) -> type[uvicorn.Server]:
    """Return a server that leaves signals to us.

    It would raise the signal again once it has stopped serving, in the middle of our own farewells: the
    database would be left behind.
    """

    class Server(server):
        @contextmanager
        def capture_signals(self) -> Generator[None]:
            yield

    return Server


def _listen(settings: Settings) -> socket.socket:
    """Return a socket that listens.

    Raises:
        PortTaken: Something else does.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise PortTaken(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Stop what does, or choose "
            "another port with --port (0 picks a free one)."
        ) from error
    listening.listen(1024)
    listening.setblocking(False)
    return listening
