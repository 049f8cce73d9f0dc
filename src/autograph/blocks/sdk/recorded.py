"""Plays recorded exchanges on a real local server, and tells where what was sent is not what was recorded."""

from __future__ import annotations

import base64
import email
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from email.message import Message
from ipaddress import ip_network
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from autograph.blocks.sdk.examples import Exchanged
from autograph.blocks.sdk.fields import Json
from autograph.infra.egress.client import AiohttpClient
from autograph.infra.egress.ports import HttpRequest, HttpResponse, Rules, Stream
from autograph.infra.json import NotJson, decode, encode

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
        problems.extend(_differences(expected, request, await request.read()))
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


def _differences(expected: Exchanged, request: web.Request, body: bytes) -> list[str]:
    """Return where a request is not the one that was recorded."""
    url = f"{request.headers.get(_MEANT, '')}{request.rel_url.raw_path}"
    sent: list[tuple[str, Json, Json]] = [
        ("method", expected.method, request.method),
        ("address", expected.url, url),
        (
            "query",
            sorted(expected.query),
            sorted(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)),
        ),
    ]
    sent += [
        (f"header {name}", text, request.headers.get(name))
        for name, text in expected.request_headers.items()
    ]
    if not expected.body:
        sent.append(("body", b"", body))
    for how, wanted in expected.body.items():
        sent.append((how, wanted, _read(how, request.headers.get("content-type", ""), body)))
    return [
        f"{what}: recorded {one!r}, sent {other!r}" for what, one, other in sent if one != other
    ]


def _read(how: str, kind: str, body: bytes) -> Json:
    if how == "body":
        try:
            return decode(body) if kind.startswith("application/json") else f"{kind}: {body!r}"
        except NotJson:
            return body.decode("utf-8", "replace")
    if how == "form":
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    if how == "multipart":
        return _parts(kind, body)
    return body.decode("utf-8", "replace")


def _parts(kind: str, body: bytes) -> dict[str, str]:
    message = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    found: dict[str, str] = {}
    for part in message.walk():
        name = _parameter(part, "name")
        if name is not None:
            content: Any = part.get_payload(decode=True)
            found[name] = content.decode("utf-8", "replace")
    return found


def _parameter(part: Message, name: str) -> str | None:
    found = part.get_param(name, header="content-disposition")
    return found if isinstance(found, str) else None


def _response(expected: Exchanged) -> web.Response:
    headers: Mapping[str, str] = expected.response_headers
    if "response" in expected.response:
        content = encode(expected.response["response"])
        return web.Response(
            status=expected.status,
            headers={"Content-Type": "application/json", **headers},
            body=content,
        )
    if "base64" in expected.response:
        return web.Response(
            status=expected.status,
            headers=headers,
            body=base64.b64decode(expected.response["base64"]),
        )
    return web.Response(
        status=expected.status,
        headers={"Content-Type": "text/plain; charset=utf-8", **headers},
        body=str(expected.response.get("text", "")).encode(),
    )
