"""Where traces go: nowhere, or to a collector."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import ClassVar

from autograph.bootstrap.process import Process
from autograph.infra.errors import OperationalError
from autograph.infra.settings import Settings
from autograph.infra.telemetry.ports import Tracer


class NoTelemetry(OperationalError):
    """Traces are to be sent, and what sends them is not installed."""

    code: ClassVar[str] = "telemetry.not_installed"


def make_tracer(settings: Settings, process: Process, stack: AsyncExitStack) -> Tracer | None:
    """Return what notes spans; None where nothing is traced: without a collector, and in what neither serves nor works.

    Raises:
        NoTelemetry: Settings name a collector, and the extra `telemetry` is not installed.
    """
    if settings.otlp_endpoint is None or not (process.serves or process is Process.WORKER):
        return None
    try:
        from autograph.infra.telemetry.opentelemetry import trace_to  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise NoTelemetry(
            "AUTOGRAPH_OTLP_ENDPOINT is set, and what sends traces is not installed. Install it "
            "(pip install 'autograph[telemetry]'), or unset the setting."
        ) from error
    tracer = trace_to(settings.otlp_endpoint)
    stack.push_async_callback(asyncio.to_thread, tracer.close)
    return tracer
