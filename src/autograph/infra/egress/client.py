"""Asks the world by aiohttp. Import this module late: aiohttp takes its time.

A name is resolved once, every address that comes of it is checked, and the connection goes to what was checked:
a name that leads elsewhere a moment later (rebinding) leads nowhere. Redirects are followed by hand, each through
the same door.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from autograph import __version__
from autograph.infra.egress.checks import check_address, check_url
from autograph.infra.egress.ports import (
    MAX_REDIRECTS,
    BadRequest,
    EgressRefused,
    HttpRequest,
    HttpResponse,
    Proxy,
    ResponseTooLarge,
    Rules,
    Unreachable,
)

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_METHOD: Final = re.compile(r"[A-Z]{1,20}")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_PROOFS: Final = frozenset(
    {"authorization", "cookie", "proxy-authorization", "x-api-key", "api-key", "x-auth-token"}
)
"""Headers that prove who asks: never taken along to another origin."""
_NOT_YOURS: Final = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "upgrade",
        "te",
        "trailer",
        "keep-alive",
    }
)
"""Headers that frame a message or lead it elsewhere: ours to set."""
_AGENT: Final = f"Autograph/{__version__}"
_CONNECT_SECONDS: Final = 10
_MAX_SESSIONS: Final = 200


class AiohttpClient:
    """Implements `Http`."""

    def __init__(self, rules: Rules, *, resolver: AbstractResolver | None = None) -> None:
        """Ask by `rules` where a request brings none of its own; `resolver` looks names up."""
        self._default = rules
        self._resolver = resolver
        self._sessions: OrderedDict[Rules, aiohttp.ClientSession] = OrderedDict()

    async def close(self) -> None:
        """Let go of all connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def send(self, request: HttpRequest, rules: Rules | None = None) -> HttpResponse:
        """Send a request and return the whole answer."""
        async with self.stream(request, rules) as answer:
            body = b"".join([piece async for piece in answer.pieces()])
        return HttpResponse(answer.status, answer.url, answer.headers, body)

    def stream(
        self, request: HttpRequest, rules: Rules | None = None
    ) -> AbstractAsyncContextManager[_Answer]:
        """Send a request and lend the answer."""
        return self._stream(request, rules or self._default)

    @asynccontextmanager
    async def _stream(self, request: HttpRequest, rules: Rules) -> AsyncGenerator[_Answer]:
        headers = _checked_headers(request.headers)
        method, url, body = request.method.upper(), _with_params(request), request.body
        if not _METHOD.fullmatch(method):
            raise BadRequest(f"{request.method[:40]!r} is no method.")
        try:
            async with asyncio.timeout(request.timeout.total_seconds()):
                for _ in range(MAX_REDIRECTS + 1):
                    async with self._ask(
                        method, url, headers, body, rules, request.proxy
                    ) as answer:
                        location = answer.headers.get("Location")
                        if not request.follows or answer.status not in _REDIRECTS or not location:
                            yield _Answer(answer, url, request.max_bytes)
                            return
                        following = urljoin(url, location)
                        if answer.status == 303 or (
                            answer.status in {301, 302} and method == "POST"
                        ):
                            method, body = "GET", None
                            headers = {
                                name: value
                                for name, value in headers.items()
                                if not name.lower().startswith("content-")
                            }
                        if _origin(following) != _origin(url):
                            headers = {
                                name: value
                                for name, value in headers.items()
                                if name.lower() not in _PROOFS | request.proofs
                            }
                        url = following
                raise BadRequest(
                    f"{request.url[:200]} leads on and on: more than {MAX_REDIRECTS} redirects."
                )
        except TimeoutError as error:
            raise Unreachable(
                f"{urlsplit(url).hostname} did not answer within {request.timeout.total_seconds():g} s."
            ) from error
        except aiohttp.ClientConnectorDNSError as error:
            raise Unreachable(f"There is no host {urlsplit(url).hostname}.") from error
        except (aiohttp.ClientError, OSError) as error:
            refused = _refusal(error)
            if refused is not None:
                raise refused from None
            raise Unreachable(f"{urlsplit(url).hostname} cannot be reached: {error}.") from error

    @asynccontextmanager
    async def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        rules: Rules,
        proxy: Proxy | None,
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        check_url(url, rules)
        sent, told = {"User-Agent": _AGENT, **headers}, None
        if proxy is not None:
            check_url(proxy.url, rules)
            told = proxy.headers()
            if url.startswith(
                "http:"
            ):  # it reads the request itself, and passes that on without this
                sent |= told
        session = await self._session(rules)
        async with session.request(
            method,
            URL(url, encoded=True),
            headers=sent,
            data=body,
            allow_redirects=False,
            proxy=proxy.url if proxy else None,
            proxy_headers=told,
        ) as answer:
            yield answer

    async def _session(self, rules: Rules) -> aiohttp.ClientSession:
        """Return the connections of all who have the same rules: one that is kept was checked by them."""
        session = self._sessions.get(rules)
        if session is None:
            session = self._sessions[rules] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=_Checked(rules, self._resolver), limit=0, limit_per_host=0
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
            )
            if len(self._sessions) > _MAX_SESSIONS:
                _, oldest = self._sessions.popitem(last=False)
                await oldest.close()
        self._sessions.move_to_end(rules)
        return session


class _Answer:
    """Implements `Stream`."""

    def __init__(self, answer: aiohttp.ClientResponse, url: str, max_bytes: int) -> None:
        self._answer = answer
        self._max_bytes = max_bytes
        self.url = url
        self.status = answer.status
        joined: dict[str, str] = {}
        for name, value in answer.headers.items():
            key = name.lower()
            joined[key] = f"{joined[key]}, {value}" if key in joined else value
        self.headers: Mapping[str, str] = joined

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises:
            ResponseTooLarge: There is more than is taken.
        """
        taken = 0
        async for piece in self._answer.content.iter_any():
            taken += len(piece)
            if taken > self._max_bytes:
                raise ResponseTooLarge(
                    f"The answer of {urlsplit(self.url).hostname} is larger than {self._max_bytes} bytes.",
                    limit=self._max_bytes,
                )
            yield piece


class _Checked(AbstractResolver):
    """Looks names up, and keeps of what it finds what the rules of the request allow."""

    def __init__(self, rules: Rules, inner: AbstractResolver | None) -> None:
        self._rules = rules
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises:
            OSError: There are none.
            EgressRefused: One of them is inside. One is enough: which of them is asked is not ours to say.
        """
        if self._inner is None:
            self._inner = aiohttp.ThreadedResolver()
        found = await self._inner.resolve(host, port, family)
        for one in found:
            check_address(host, one["host"], self._rules)
        return found

    async def close(self) -> None:
        """Let go of the inner one."""
        if self._inner is not None:
            await self._inner.close()


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers that can be sent.

    Raises:
        BadRequest: One of them cannot.
    """
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or any(one in value for one in "\r\n\0"):
            raise BadRequest(f"{name[:80]!r} is no header that can be sent.")
        if name.lower() in _NOT_YOURS:
            raise BadRequest(f"The header {name} is set by what is sent, not by hand.")
    return dict(headers)


def _with_params(request: HttpRequest) -> str:
    url = request.url.strip()
    if not request.params:
        return url
    return str(URL(url, encoded="%" in url).extend_query(dict(request.params)))


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or default


def _refusal(error: BaseException) -> EgressRefused | None:
    """Return the refusal that a connector has wrapped in an error of its own."""
    seen: list[BaseException | None] = [error]
    while seen:
        one = seen.pop()
        if isinstance(one, EgressRefused):
            return one
        if one is not None:
            seen += [one.__cause__, one.__context__ if one.__cause__ is None else None]
    return None
