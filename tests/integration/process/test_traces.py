"""Traces: the steps of a request reach a collector, and one that is away is nobody's trouble."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from autograph.infra.telemetry.opentelemetry import trace_to
from tests.processes import COMMAND, command, up

pytestmark = pytest.mark.timeout(120)
WHOLE = [
    "request",
    "gateway.authenticate",
    "gateway.authorise",
    "gateway.limit",
    "gateway.inspect",
    "handler",
]


class Collector:
    """Takes what a collector is sent, as OTLP over HTTP says: protobuf, by POST to /v1/traces."""

    def __init__(self) -> None:
        self.status = 200
        self.sent: list[tuple[str, str, bytes]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.sent.append((self.path, self.headers["content-type"], body))
                self.send_response(collector.status)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def traces(self) -> dict[str, list[Any]]:
        """Return the spans of each request by its id, first begun first."""
        by_trace: dict[bytes, list[Any]] = {}
        for path, media_type, body in list(self.sent):
            assert (path, media_type) == ("/v1/traces", "application/x-protobuf")
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                named = {one.key: one.value.string_value for one in resource.resource.attributes}
                assert named["service.name"] == "autograph"
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        by_trace.setdefault(span.trace_id, []).append(span)
        found: dict[str, list[Any]] = {}
        for spans in by_trace.values():
            spans.sort(key=lambda one: one.start_time_unix_nano)
            found[_attributes(spans[0]).get("request_id", "")] = spans
        return found

    def trace(self, request_id: str) -> list[Any]:
        """Return the spans of a request, once they have come; its own comes last."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if request_id in (found := self.traces()):
                return found[request_id]
            time.sleep(0.05)
        raise AssertionError(f"no trace of {request_id}: {sorted(self.traces())}")


def _attributes(span: Any) -> dict[str, str]:
    return {one.key: one.value.string_value for one in span.attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@contextmanager
def _listening() -> Iterator[str]:
    """A port where connections are taken, and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"http://127.0.0.1:{silent.getsockname()[1]}"


@pytest.mark.seed("D3-E04")
def test_the_steps_of_a_request_reach_the_collector_in_their_order(
    tmp_path: Path, collector: Collector
) -> None:
    with up(tmp_path, AUTOGRAPH_OTLP_ENDPOINT=collector.url) as running:

        def ask(request_id: str, path: str, **headers: str) -> int:
            return running.http.get(
                path, headers={"x-request-id": request_id, **headers}
            ).status_code

        assert ask("trace-good", "/api/v1/graphs") == 200
        assert ask("trace-wrong-token", "/api/v1/graphs", authorization="Bearer tok-canary") == 401
        assert ask("trace-attack", "/api/v1/graphs?q=${jndi:x}") == 403

        good = collector.trace("trace-good")
        wrong = collector.trace("trace-wrong-token")
        attack = collector.trace("trace-attack")
    assert [one.name for one in good] == WHOLE
    assert [one.name for one in wrong] == WHOLE[:2]
    assert [one.name for one in attack] == WHOLE[:5]
    assert all(one.parent_span_id == good[0].span_id for one in good[1:])
    assert good[0].parent_span_id == b""
    assert _attributes(good[-1])["route"] == "/api/v1/graphs"
    assert good[-1].status.code == 0
    assert _attributes(wrong[-1])["error.type"] == "auth.token_invalid"
    assert _attributes(attack[-1])["error.type"] == "request.refused"
    assert (wrong[-1].status.code, wrong[-1].status.message, list(wrong[-1].events)) == (2, "", [])
    assert not any(b"tok-canary" in body or b"jndi" in body for _, _, body in collector.sent)


def test_what_waits_at_the_end_is_sent(tmp_path: Path, collector: Collector) -> None:
    with up(tmp_path, AUTOGRAPH_OTLP_ENDPOINT=collector.url) as running:
        running.http.get("/health/live", headers={"x-request-id": "the-last-one"})
    assert "the-last-one" in collector.traces()


@pytest.mark.parametrize("kind", ["nobody listens", "nothing is answered"])
def test_a_collector_that_is_away_slows_nobody(tmp_path: Path, kind: str) -> None:
    with _listening() as silent:
        url = silent if kind == "nothing is answered" else "http://127.0.0.1:1"
        with up(tmp_path, AUTOGRAPH_OTLP_ENDPOINT=url) as running:
            slowest = 0.0
            until = time.monotonic() + 3
            while time.monotonic() < until:
                began = time.monotonic()
                assert running.http.get("/health/live").status_code == 200
                slowest = max(slowest, time.monotonic() - began)
            began = time.monotonic()
        took = time.monotonic() - began
    assert slowest < 1
    assert took < 15, "the end waits for a collector"


def test_it_is_said_once_that_spans_are_not_taken_and_what_waits_is_bounded(
    collector: Collector,
) -> None:
    collector.status = 500
    structlog.reset_defaults()  # another test may have had the log configured
    tracer = trace_to(collector.url)
    with structlog.testing.capture_logs() as lines:
        try:
            for _ in range(30_000):
                with tracer.span("request"):
                    pass
            processor: Any = tracer._provider._active_span_processor._span_processors[0]
            assert len(processor._batch_processor._queue) <= 8_192
            _until(lambda: len(lines) == 1)
            collector.status = 200
            _until(lambda: len(lines) == 2)
        finally:
            tracer.close()
    assert [one["event"] for one in lines] == [
        "traces are not taken; check AUTOGRAPH_OTLP_ENDPOINT",
        "traces are taken again",
    ]


def _until(holds: Any) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_without_the_extra_it_refuses_to_start_with_the_way_out(tmp_path: Path) -> None:
    start = (
        "import sys; sys.modules['opentelemetry.sdk'] = None; "
        f"sys.argv = ['autograph', 'up', '--port', '0', '--data-dir', {str(tmp_path)!r}]; "
        "from autograph.cli.main import main; main()"
    )
    done = subprocess.run(
        [COMMAND[0], "-c", start],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"AUTOGRAPH_OTLP_ENDPOINT": "http://127.0.0.1:4318", "COLUMNS": "200"},
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "pip install 'autograph[telemetry]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_that_is_none_is_refused_by_the_name_of_its_setting(tmp_path: Path) -> None:
    done = command("disk", data_dir=tmp_path, AUTOGRAPH_OTLP_ENDPOINT="collector-canary:4318")
    assert done.returncode == 2
    assert "AUTOGRAPH_OTLP_ENDPOINT" in done.stderr
    assert "canary" not in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_setting_nothing_of_it_is_imported() -> None:
    code = (
        "import sys; from contextlib import AsyncExitStack; "
        "from autograph.bootstrap import Process; from autograph.bootstrap.telemetry import make_tracer; "
        "from autograph.infra.settings import Settings; "
        "print(type(make_tracer(Settings(), Process.UP, AsyncExitStack())).__name__, 'opentelemetry.sdk' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Untraced", "False"]
