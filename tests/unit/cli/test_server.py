"""The socket that the API listens on."""

from __future__ import annotations

import socket

import pytest

from autograph.cli.server import PortTaken, listen
from autograph.infra.settings import Settings


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_headers() -> None:
    with listen(Settings(host="127.0.0.1", port=0)) as listening:
        listening.setblocking(True)
        with socket.create_connection(listening.getsockname()):
            connection, _ = listening.accept()
            with connection:
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    with listen(Settings(host="127.0.0.1", port=0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"127\.0\.0\.1:{port}.*--port"):
            listen(Settings(host="127.0.0.1", port=port))
