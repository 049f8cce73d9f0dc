"""Asked to stop while it is asked much: every request that was taken is answered whole."""

from __future__ import annotations

import signal
import socket
import threading
from pathlib import Path

import httpx2
import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import chain
from tests.processes import serving

pytestmark = pytest.mark.timeout(240)
CLIENTS = 8


class Client:
    """Asks again and again, on one connection, until nobody is there any more."""

    def __init__(self, url: str, path: str) -> None:
        self.answered = 0
        self.broken: list[bytes] = []
        self._place = httpx2.URL(url)
        self._head = f"GET {path} HTTP/1.1\r\nHost: {self._place.host}\r\n\r\n".encode()
        self.thread = threading.Thread(target=self._ask)

    def _ask(self) -> None:
        place = (self._place.host, self._place.port)
        while True:
            try:
                with socket.create_connection(place, timeout=30) as connection:
                    while self._answer(connection):
                        pass
            except ConnectionRefusedError:
                return

    def _answer(self, connection: socket.socket) -> bool:
        """Ask once; return whether the connection may be used again."""
        got = b""
        try:
            connection.sendall(self._head)
            while not _is_whole(got) and (piece := connection.recv(65_536)):
                got += piece
        except ConnectionError:
            pass  # told apart below: what had begun to be answered is broken, what had not was not taken
        if got and not _is_whole(got):
            self.broken.append(got)
        elif got:
            assert got.startswith(b"HTTP/1.1 200"), got[:100]
            self.answered += 1
        return bool(got) and b"connection: close" not in got.lower()


def _is_whole(got: bytes) -> bool:
    head, found, body = got.partition(b"\r\n\r\n")
    if not found:
        return False
    length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
    return len(body) == int(length)


@pytest.mark.seed("D14-02")
@pytest.mark.parametrize("command", ["up", "api"])
def test_sigterm_under_load_breaks_no_answer(
    tmp_path: Path, catalog: Catalog, command: str
) -> None:
    with serving(command, tmp_path) as served:
        graph_id = served.save(write_agent(chain(catalog, 200)))
        clients = [Client(served.url, f"/api/v1/graphs/{graph_id}") for _ in range(CLIENTS)]
        for client in clients:
            client.thread.start()
        while min(client.answered for client in clients) < 5:
            assert all(client.thread.is_alive() for client in clients)
        served.process.send_signal(signal.SIGTERM)
        for client in clients:
            client.thread.join(60)
        assert served.process.wait(60) == 0

    assert [client.broken for client in clients] == [[]] * CLIENTS
