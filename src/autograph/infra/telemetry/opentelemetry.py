"""Spans by OpenTelemetry. Import this module late: it needs the extra `telemetry`."""

from __future__ import annotations

from contextlib import AbstractContextManager

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

from autograph import __version__


class OpenTelemetryTracer:
    """Implements `Tracer`: hands spans to an exporter, in batches."""

    def __init__(self, exporter: SpanExporter) -> None:
        """Export to `exporter`."""
        resource = Resource.create({"service.name": "autograph", "service.version": __version__})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("autograph", __version__)

    def span(
        self, name: str, **attributes: str | int | float | bool
    ) -> AbstractContextManager[object]:
        """Note what happens in a `with` block."""
        return self._tracer.start_as_current_span(name, attributes=attributes)

    def close(self) -> None:
        """Hand over what is waiting, and end."""
        self._provider.shutdown()
