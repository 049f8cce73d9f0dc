"""The client, imported by its first request: aiohttp takes a fifth of a second."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from autograph.infra.egress.ports import HttpRequest, HttpResponse, Rules, Stream

if TYPE_CHECKING:
    from autograph.infra.egress.client import AiohttpClient


class LateClient:
    """Implements `Http`."""

    def __init__(self, rules: Rules) -> None:
        """Ask by `rules` where a request brings none of its own."""
        self._rules = rules
        self._made: AiohttpClient | None = None

    async def close(self) -> None:
        """Let go of all connections."""
        if self._made is not None:
            await self._made.close()

    async def send(self, request: HttpRequest, rules: Rules | None = None) -> HttpResponse:
        """Send a request and return the whole answer."""
        return await self._client().send(request, rules)

    def stream(
        self, request: HttpRequest, rules: Rules | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        """Send a request and lend the answer."""
        return self._stream(request, rules)

    @asynccontextmanager
    async def _stream(self, request: HttpRequest, rules: Rules | None) -> AsyncGenerator[Stream]:
        async with self._client().stream(request, rules) as answer:
            yield answer

    def _client(self) -> AiohttpClient:
        if self._made is None:
            from autograph.infra.egress.client import AiohttpClient  # noqa: PLC0415 - see above

            self._made = AiohttpClient(self._rules)
        return self._made
