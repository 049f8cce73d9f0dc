"""Plays recorded exchanges on a real local server, and tells where what was sent is not what was recorded."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from autograph.blocks.sdk.examples import Exchanged
from autograph.blocks.sdk.exchanges import Sent, answer_of, differences
from autograph.infra.egress.client import AiohttpClient
from autograph.infra.egress.ports import HttpRequest, HttpResponse, Rules, Stream

_MEANT: Final = "X-Meant-For"
_BY: Final = "X-Meant-By"
_LOOPBACK: Final = Rules(inside=(ip_network("127.0.0.0/8"),))


class RecordedHttp:
    """An `Http` whose requests all go to the server that plays the recording."""

    def __init__(self, port: int) -> None:
        """Send everything to a port of this machine."""
        self._port = port
        self._client = AiohttpClient(_LOOPBACK)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.close()

    async def send(self, request: HttpRequest, rules: Rules | None = None) -> HttpResponse:
        """Send a request and return the whole answer."""
        answer = await self._client.send(self._turned(request), rules)
        return replace(answer, url=request.url)

    def stream(
        self, request: HttpRequest, rules: Rules | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        """Send a request and lend the answer."""
        return self._client.stream(self._turned(request), rules)

    def _turned(self, request: HttpRequest) -> HttpRequest:
        parts = urlsplit(request.url)
        here = parts._replace(scheme="http", netloc=f"127.0.0.1:{self._port}").geturl()
        meant = f"{parts.scheme}://{parts.netloc}"
        headers = {**request.headers, _MEANT: meant}
        if request.proxy is not None:  # what it would be told is told the recording
            headers |= {**request.proxy.headers(), _BY: request.proxy.url}
        return replace(request, url=here, headers=headers, proxy=None)


@asynccontextmanager
async def recorded(exchanges: Sequence[Exchanged]) -> AsyncGenerator[RecordedHttp]:
    """Lend a way out that leads to a server which plays `exchanges`, in order.

    Raises:
        AssertionError: Something else was sent than was recorded, or not all of it.
    """
    problems: list[str] = []
    left = list(exchanges)

    async def play(request: web.Request) -> web.Response:
        if not left:
            problems.append(f"{request.method} {request.url} was not recorded")
            return web.Response(status=599)
        expected = left.pop(0)
        problems.extend(differences(expected, await _sent(request)))
        return _response(expected)

    server = web.Application(client_max_size=1 << 30)
    server.router.add_route("*", "/{path:.*}", play)
    runner = web.AppRunner(server)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        http = RecordedHttp(runner.addresses[0][1])
        try:
            yield http
        finally:
            await http.close()
            assert not problems, "; ".join(problems)
        assert not left, f"not sent: {', '.join(f'{one.method} {one.url}' for one in left)}"
    finally:
        await runner.cleanup()


async def _sent(request: web.Request) -> Sent:
    return Sent(
        request.method,
        f"{request.headers.get(_MEANT, '')}{request.rel_url.raw_path}",
        parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True),
        {name.lower(): text for name, text in request.headers.items()},
        await request.read(),
    )


def _response(expected: Exchanged) -> web.Response:
    headers, content = answer_of(expected)
    return web.Response(status=expected.status, headers=headers, body=content)
