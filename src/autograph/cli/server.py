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

    from autograph.bootstrap import Process


class PortTaken(OperationalError):
    """Something else listens there."""

    code = "process.port_taken"


Port = Annotated[
    int | None, typer.Option(help="Port to listen on; 0 picks a free one.", min=0, max=65535)
]
Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]


def up(
    port: Port = None,
    host: Host = None,
    data_dir: DataDir = None,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the page in a browser.")
    ] = False,
) -> None:
    """Bring the whole platform up: database, worker, API and page, in this one process."""
    settings = settings_for(data_dir, port=port, host=host)
    configure_logging(settings.log_level, settings.log_format)
    run_async(_up(settings, open_browser=open_browser), as_json=False)


def api(port: Port = None, host: Host = None, data_dir: DataDir = None) -> None:
    """Serve the API and the page; what is accepted is run by `autograph worker`."""
    settings = settings_for(data_dir, port=port, host=host)
    configure_logging(settings.log_level, settings.log_format)
    run_async(_api(settings), as_json=False)


async def _up(settings: Settings, *, open_browser: bool) -> None:
    from autograph.bootstrap import Process, only_one  # noqa: PLC0415 - heavy

    listening = listen(settings)
    url = f"http://{settings.host}:{listening.getsockname()[1]}"
    with listening, only_one(settings.data_dir, url):
        await _serve(settings, Process.UP, listening, url, open_browser=open_browser)


async def _api(settings: Settings) -> None:
    from autograph.bootstrap import Process  # noqa: PLC0415 - heavy

    with listen(settings) as listening:
        url = f"http://{settings.host}:{listening.getsockname()[1]}"
        await _serve(settings, Process.API, listening, url, open_browser=False)


async def _serve(
    settings: Settings, process: Process, listening: socket.socket, url: str, *, open_browser: bool
) -> None:
    import uvicorn  # noqa: PLC0415 - heavy

    from autograph.api.ws.socket import MAX_MESSAGE  # noqa: PLC0415 - heavy
    from autograph.bootstrap import platform, require_owner  # noqa: PLC0415 - heavy
    from autograph.bootstrap.doors import serve  # noqa: PLC0415 - heavy

    if settings.public_url is None:
        settings = settings.model_copy(update={"public_url": url})
    async with platform(settings, process=process) as made:
        await require_owner(settings, made.accounts)
        config = uvicorn.Config(
            serve(made),
            log_config=None,
            access_log=False,
            proxy_headers=settings.trusted_proxies is not None,
            forwarded_allow_ips=settings.trusted_proxies,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
            ws_ping_interval=settings.socket_heartbeat,
            ws_ping_timeout=settings.socket_heartbeat,
            ws_max_size=MAX_MESSAGE,
        )
        server = _without_signals(uvicorn.Server)(config)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, setattr, server, "should_exit", True)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        word = "Autograph" if process == "up" else f"Autograph {process}"
        out.print(f"{word} is up: {url}  (Ctrl-C stops it)", markup=False)
        if open_browser:
            webbrowser.open(url)
        await serving
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, made.worker.hurry)


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


def listen(settings: Settings) -> socket.socket:
    """Return a socket that listens.

    Raises:
        PortTaken: Something else does.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Connections inherit it. Without it the body of an answer waits for the client to acknowledge its
    # headers, which clients put off for 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
