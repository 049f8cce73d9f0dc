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

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from autograph.infra.telemetry.opentelemetry import trace_to
from tests.agents import graph, node
from tests.processes import COMMAND, carrying, command, serving, up

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
HEADERS = {"x-key": "header-canary"}
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

    def spans(self) -> dict[bytes, list[Any]]:
        """Return the spans of each trace by its id, first begun first."""
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
        for spans in by_trace.values():
            spans.sort(key=lambda one: one.start_time_unix_nano)
        return by_trace

    def traces(self) -> dict[str, list[Any]]:
        """Return the spans of each request by its id."""
        return {
            str(_attributes(spans[0]).get("request_id", "")): spans
            for spans in self.spans().values()
        }

    def trace(self, request_id: str) -> list[Any]:
        """Return the spans of a request, once they have come; its own comes last."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if request_id in (found := self.traces()):
                return found[request_id]
            time.sleep(0.05)
        raise AssertionError(f"no trace of {request_id}: {sorted(self.traces())}")


def _attributes(span: Any) -> dict[str, str | int]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


class Site:
    """A site out there: it answers anything by 418."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                self.send_response(418)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
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


def test_a_request_and_the_run_that_a_worker_makes_of_it_are_one_trace(
    tmp_path: Path, collector: Collector, site: Site, catalog: Catalog
) -> None:
    asked = f"{site.url}/path-canary?key=query-canary"
    inner = graph(
        [
            node(catalog, "given", "AgentInput", name="x"),
            node(catalog, "ask", "SendWebRequest", url=asked, method="GET", headers=HEADERS),
            node(catalog, "told", "AgentOutput", name="said"),
        ],
        "ask.client_error -> told.value",
    )
    given: dict[str, Any] = {
        "AUTOGRAPH_OTLP_ENDPOINT": collector.url,
        "AUTOGRAPH_EGRESS_INSIDE": '["127.0.0.0/8"]',
    }
    with serving("api", tmp_path, **given) as running, carrying("worker", tmp_path, **given):
        inner_id = running.save(write_agent(inner))
        outer = graph(
            [
                node(catalog, "add", "Calculator", operation="Add", a=1, b=2),
                node(
                    catalog,
                    "call",
                    "AgentExecutor",
                    graph_id=inner_id,
                    graph_version=1,
                    input_schema={"type": "object", "properties": {"x": {}}},
                    output_schema={"type": "object", "properties": {"said": {}}},
                ),
                node(catalog, "out", "AgentOutput", name="said"),
            ],
            "add.result -> call.x",
            "call.said -> out.value",
        )
        outer_id = running.save(write_agent(outer))
        ended = running.http.post(
            f"/api/v1/graphs/{outer_id}/execute",
            params={"wait": 30},
            json={"inputs": {}},
            headers={
                "x-request-id": "trace-of-a-run",
                "traceparent": f"00-{TRACE}-{CALLER}-01",
            },
        )
        run_id = ended.json()["id"]
        first = running.http.get(f"/api/v1/runs/{run_id}/events").json()[0]["body"]
    assert ended.json()["status"] == "completed", ended.text
    assert site.asked == ["/path-canary?key=query-canary"]
    assert first["request_id"] == "trace-of-a-run"
    assert first["trace"].split("-")[1] == TRACE

    spans = collector.spans()[bytes.fromhex(TRACE)]
    called = {outer_id: "outer", inner_id: "inner"}

    def name_of(span: Any) -> str:
        facts = _attributes(span)
        which = called.get(str(facts.get("graph_id")), facts.get("node"))
        return span.name if which is None else f"{span.name} {which}"

    names = {one.span_id: name_of(one) for one in spans}
    # Once before it waits for the inner one and once after that, the outer run is held by a worker.
    assert {(names.get(one.parent_span_id, ""), name_of(one)) for one in spans} == {
        ("", "request"),
        *(("request", step) for step in WHOLE[1:]),
        ("handler", "run outer"),
        ("run outer", "node add"),
        ("run outer", "run inner"),
        ("run inner", "node given"),
        ("run inner", "node ask"),
        ("node ask", "http"),
        ("run inner", "node told"),
        ("run outer", "node out"),
    }
    by_name = {name_of(one): one for one in spans}
    assert by_name["request"].parent_span_id.hex() == CALLER
    ask = _attributes(by_name["node ask"])
    assert (ask["block"], ask["attempt"], ask["outcome"]) == ("SendWebRequest", 1, "completed")
    assert _attributes(by_name["run outer"])["run_id"] == run_id
    outcomes = [_attributes(one)["outcome"] for one in spans if name_of(one) == "run outer"]
    assert (outcomes[-1], {*outcomes[:-1]} - {"let go"}) == ("completed", set())
    assert _attributes(by_name["http"]) == {"method": "GET", "host": "127.0.0.1", "status": 418}
    assert not any(b"canary" in body for _, _, body in collector.sent)


@pytest.mark.parametrize("sent", ["", "00-canary", f"00-{TRACE}", f"00-{'0' * 32}-{'0' * 16}-01"])
def test_a_traceparent_that_is_none_begins_a_trace(
    tmp_path: Path, collector: Collector, sent: str
) -> None:
    with up(tmp_path, AUTOGRAPH_OTLP_ENDPOINT=collector.url) as running:
        ids = {"x-request-id": "trace-anew", "traceparent": sent}
        assert running.http.get("/health/live", headers=ids).status_code == 200
    (request, *_) = collector.traces()["trace-anew"]
    assert request.parent_span_id == b""
    assert request.trace_id.hex() not in {TRACE, "0" * 32}
    assert not any(b"canary" in body for _, _, body in collector.sent)


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
    assert done.stdout.split() == ["NoneType", "False"]
