"""Bad networks: a way to a server that loses connections, and a server that says what it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Way:
    """A way to a server, byte by byte, that can be cut.

    Attributes:
        connections: How many were made.
        loses_answers: So many connections are cut instead of bringing an answer; the request has arrived.
        cut_after: Bytes of an answer after which the next connections are cut, one for each number.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._to = parts.hostname, parts.port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.connections = 0
        self.loses_answers = 0
        self.cut_after: list[int] = []
        self._open: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        self._accepting.join(5)

    def cut(self) -> None:
        """Cut what is open."""
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            far = socket.create_connection(self._to)
            self._open += [near, far]
            limit = self.cut_after.pop(0) if self.cut_after else None
            threading.Thread(target=_carry, args=(near, far), daemon=True).start()
            threading.Thread(target=self._bring, args=(far, near, limit), daemon=True).start()

    def _bring(self, far: socket.socket, near: socket.socket, limit: int | None) -> None:
        brought = 0
        with suppress(OSError):
            while data := far.recv(65_536):
                if self.loses_answers:
                    self.loses_answers -= 1
                    break
                if limit is not None and brought + len(data) >= limit:
                    near.sendall(data[: limit - brought])
                    break
                brought += len(data)
                near.sendall(data)
        for one in (near, far):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _carry(near: socket.socket, far: socket.socket) -> None:
    with suppress(OSError):
        while data := near.recv(65_536):
            far.sendall(data)
    with suppress(OSError):
        far.shutdown(socket.SHUT_WR)


@contextmanager
def way_to(url: str) -> Iterator[Way]:
    """Lay a way to a server."""
    way = Way(url)
    try:
        yield way
    finally:
        way.close()


@dataclass
class Script:
    """What a server says, answer by answer, and what it heard."""

    answers: list[tuple[int, dict[str, str], bytes]]
    heard: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    url: str = ""


@contextmanager
def saying(answers: Sequence[tuple[int, dict[str, str], bytes]]) -> Iterator[Script]:
    """Serve these answers, one after the other, whatever is asked."""
    script = Script(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def _say(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            script.heard.append((self.command, self.path, headers))
            status, told, body = script.answers.pop(0)
            self.send_response(status)
            for name, value in {**told, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _say  # noqa: N815 - the names of http.server

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
