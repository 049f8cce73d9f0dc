"""The way out with a span of each request: whom it asked and what came of it, never with what."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from urllib.parse import urlsplit

from autograph.infra.egress.ports import Http, HttpRequest, HttpResponse, Rules, Stream
from autograph.infra.telemetry.ports import Span, Tracer


class TracedHttp:
    """Implements `Http` on another one. Paths, queries, headers and bodies are in no span."""

    def __init__(self, http: Http, tracer: Tracer) -> None:
        """Ask by `http`, and tell `tracer`."""
        self._http = http
        self._tracer = tracer

    async def send(self, request: HttpRequest, rules: Rules | None = None) -> HttpResponse:
        """Send a request and return the whole answer."""
        with self._span(request) as span:
            answer = await self._http.send(request, rules)
            span.set_attribute("status", answer.status)
        return answer

    def stream(
        self, request: HttpRequest, rules: Rules | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        """Send a request and lend the answer; the span ends when that is given back."""
        return self._stream(request, rules)

    @asynccontextmanager
    async def _stream(self, request: HttpRequest, rules: Rules | None) -> AsyncGenerator[Stream]:
        with self._span(request) as span:
            async with self._http.stream(request, rules) as answer:
                span.set_attribute("status", answer.status)
                yield answer

    def _span(self, request: HttpRequest) -> AbstractContextManager[Span]:
        return self._tracer.span("http", method=request.method, host=_host(request.url))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # it is no address, which whoever sends it will say
        return ""
