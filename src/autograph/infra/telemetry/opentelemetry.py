"""Spans by OpenTelemetry, sent to a collector by OTLP over HTTP. Import this module late: it needs the extra `telemetry`."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Final

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from autograph import __version__
from autograph.infra.errors import AutographError
from autograph.infra.telemetry.ports import Span

_log = structlog.stdlib.get_logger(__name__)
_MAX_WAITING: Final = 8_192
"""Spans that wait to be sent, some 10 MB at most; over it, the oldest are dropped."""
_EVERY_MS: Final = 1_000
_SEND_SECONDS: Final = 5.0
_CLOSE_SECONDS: Final = 2.0
"""How long the end of the process waits for a collector."""
_W3C: Final = TraceContextTextMapPropagator()
_PARENT: Final = "traceparent"


class OpenTelemetryTracer:
    """Implements `Tracer`: hands spans to an exporter, in batches, in a thread of its own."""

    def __init__(self, exporter: SpanExporter) -> None:
        """Export to `exporter`."""
        resource = Resource.create({"service.name": "autograph", "service.version": __version__})
        self._exporter = exporter
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter, max_queue_size=_MAX_WAITING, schedule_delay_millis=_EVERY_MS
            )
        )
        self._tracer = self._provider.get_tracer("autograph", __version__)

    @contextmanager
    def span(
        self, name: str, /, *, parent: str | None = None, **attributes: str | float
    ) -> Generator[Span]:
        """Note what happens in a `with` block."""
        within = None if parent is None else _W3C.extract({_PARENT: parent}, Context())
        # Of an error its code is noted alone: its message and its stack may quote what is secret.
        with self._tracer.start_as_current_span(
            name,
            within,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as noted:
            try:
                yield noted
            except Exception as error:
                is_ours = isinstance(error, AutographError)
                noted.set_attribute("error.type", error.code if is_ours else type(error).__name__)
                noted.set_status(StatusCode.ERROR)
                raise

    def here(self) -> str | None:
        """Return the span that goes on, as a `traceparent`; None outside of all."""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get(_PARENT)

    def close(self) -> None:
        """Hand over what is waiting, and end; what a collector does not take within two seconds is dropped."""
        ending = Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        ending.start()
        ending.join(_CLOSE_SECONDS)
        if ending.is_alive():
            self._exporter.shutdown()


class _Sender(OTLPSpanExporter):
    """Sends spans, and says once that they are not taken, and once that they are again."""

    is_taken = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans; those that are not taken are dropped."""
        result = super().export(spans)
        is_taken = result is SpanExportResult.SUCCESS
        if is_taken is not self.is_taken:
            self.is_taken = is_taken
            if is_taken:
                _log.info("traces are taken again")
            else:
                _log.warning("traces are not taken; check AUTOGRAPH_OTLP_ENDPOINT")
        return result


def trace_to(endpoint: str) -> OpenTelemetryTracer:
    """Return what sends spans to a collector, of which `endpoint` is the base address."""
    # It says of every try anew what we say once.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    url = f"{endpoint.rstrip('/')}/v1/traces"
    return OpenTelemetryTracer(_Sender(endpoint=url, timeout=_SEND_SECONDS))
