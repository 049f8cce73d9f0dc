"""The steps before every handler: their order, their limits, what they refuse and what they let through."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import structlog
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from autograph.bootstrap.doors import serve
from autograph.infra.telemetry.opentelemetry import OpenTelemetryTracer
from tests.security.corpus import ATTACKS, Sent, legitimate
from tests.security.people import HERE, OWNER, PASSWORD, Town, town

pytestmark = pytest.mark.timeout(120)


async def send(made: Town, token: str, sent: Sent) -> tuple[int, dict[str, Any]]:
    """Send a request as it is: nobody tidies its path up on the way."""
    path, _, query = sent.target.partition("?")
    headers = {
        "host": "autograph.test",
        "content-length": str(len(sent.body)),
        "authorization": f"Bearer {token}",
        **{name.lower(): value for name, value in sent.headers.items()},
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("203.0.113.7", 1234),
        "server": ("autograph.test", 80),
    }
    told: list[MutableMapping[str, Any]] = []
    is_sent, is_over = False, asyncio.Event()

    async def receive() -> MutableMapping[str, Any]:
        nonlocal is_sent
        if is_sent:
            await is_over.wait()
            return {"type": "http.disconnect"}
        is_sent = True
        return {"type": "http.request", "body": sent.body, "more_body": False}

    async def tell(message: MutableMapping[str, Any]) -> None:
        told.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            is_over.set()

    await made.app(scope, receive, tell)
    body = b"".join(one.get("body", b"") for one in told)
    is_json = (b"content-type", b"application/json") in told[0]["headers"]
    return told[0]["status"], json.loads(body) if is_json and body else {}


class TestInspection:
    @pytest.mark.seed("D3-07", "D1-08", "D1-E08")
    async def test_attacks_are_refused_by_a_rule_that_is_named(self, open_town: Town) -> None:
        owner = await open_town.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)
        assert len(ATTACKS) >= 60
        passed: list[Sent] = []
        for attack in ATTACKS:
            status, body = await send(open_town, owner.access, attack)
            if status not in {403, 413, 415}:
                passed.append(attack)
            elif status == 403:
                assert body["code"] == "request.refused", (attack, body)
                assert body["details"]["rule"]
        assert [(one.target[:60], one.headers) for one in passed] == []

    @pytest.mark.seed("D3-07", "D1-08")
    async def test_what_only_looks_like_an_attack_passes(self, open_town: Town) -> None:
        owner = await open_town.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)
        requests = legitimate()
        assert len(requests) >= 200
        refused: list[tuple[Sent, dict[str, Any]]] = []
        for request in requests:
            status, body = await send(open_town, owner.access, request)
            assert status < 500, (request, body)
            if status in {403, 413, 415, 429}:
                refused.append((request, body))
        assert refused == []

    @pytest.mark.seed("D1-08")
    async def test_each_refusal_is_logged_with_its_rule(self, open_town: Town) -> None:
        owner = await open_town.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)
        structlog.reset_defaults()  # another test may have had the log configured
        for attack in ATTACKS:
            with structlog.testing.capture_logs() as lines:
                status, body = await send(open_town, owner.access, attack)
            noted = [one["rule"] for one in lines if one["event"] == "a request was refused"]
            assert status in {403, 413, 415}
            assert noted == [body["details"].get("rule", body["code"])], attack

    @pytest.mark.seed("D1-08")
    async def test_where_it_only_notes_what_looks_like_an_attack_passes_and_is_noted(
        self, database_url: str, tmp_path: Path
    ) -> None:
        denied = {"ip_deny": ["10.9.0.0/16"]}
        async with town(database_url, tmp_path, inspection="note", **denied) as made:
            token = await made.person("Ada")
            structlog.reset_defaults()
            with structlog.testing.capture_logs() as lines:
                async with made.client(token) as http:
                    query = await http.get("/api/v1/graphs?q=${jndi:x}")
                    agent = await http.get("/api/v1/graphs", headers={"user-agent": "sqlmap/1.8"})
                async with made.client(token, ip="10.9.1.1") as http:
                    address = await http.get("/api/v1/graphs")
        assert [one.status_code for one in (query, agent, address)] == [200, 200, 403]
        noted = [one["rule"] for one in lines if one["event"] == "a request would be refused"]
        assert noted == ["query.template", "agent.scanner"]

    async def test_a_body_that_grows_too_long_is_cut_off(self, open_town: Town) -> None:
        owner = await open_town.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(30):
                yield b" " * 10_000

        async with open_town.client(owner.access) as http:
            answer = await http.post(
                "/api/v1/graphs", content=endless(), headers={"Content-Type": "application/json"}
            )
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    async def test_addresses_that_are_denied_or_not_allowed(
        self, database_url: str, tmp_path: Path
    ) -> None:
        rules = {"ip_allow": ["10.0.0.0/8"], "ip_deny": ["10.9.0.0/16"]}
        async with town(database_url, tmp_path, **rules) as made:
            for ip, rule in (
                ("10.1.1.1", None),
                ("10.9.1.1", "address.denied"),
                ("192.0.2.1", "address.not_allowed"),
            ):
                async with made.client(ip=ip) as http:
                    answer = await http.get("/health/live")
                    assert answer.status_code == (403 if rule else 200)
                    assert answer.json().get("details", {}).get("rule") == rule


class TestLimits:
    @pytest.mark.seed("D1-22")
    async def test_one_address_logs_in_so_often(self, database_url: str, tmp_path: Path) -> None:
        async with town(database_url, tmp_path, rate_auth=8) as made, made.client() as http:
            answers = [
                await http.post("/api/v1/auth/login", json={"email": f"{i}@a.b", "password": "x"})
                for i in range(3)
            ]
            async with made.client(ip="198.51.100.1") as other:
                elsewhere = await other.post(
                    "/api/v1/auth/login", json={"email": "a@a.b", "password": "x"}
                )
        assert [one.status_code for one in answers] == [401, 401, 429]
        assert answers[0].headers["ratelimit-limit"] == "8"
        assert answers[0].headers["ratelimit-remaining"] == "1"
        assert answers[2].json()["code"] == "request.rate_limited"
        assert answers[2].json()["details"]["rate_class"] == "auth"
        assert int(answers[2].headers["retry-after"]) >= 1
        assert elsewhere.status_code == 401

    @pytest.mark.seed("D3-E05")
    async def test_people_are_counted_each_by_themselves(
        self, database_url: str, tmp_path: Path
    ) -> None:
        async with town(database_url, tmp_path, rate_read=8) as made:
            ada, bob = await made.person("Ada"), await made.person("Bob")
            async with made.client(ada) as of_ada, made.client(bob) as of_bob:
                codes = [(await of_ada.get("/api/v1/graphs")).status_code for _ in range(3)]
                assert codes == [200, 200, 429]
                assert (await of_bob.get("/api/v1/graphs")).status_code == 200

    async def test_wrong_tokens_are_counted(self, settled: Town) -> None:
        async with settled.client("wrong") as http:
            codes = [(await http.get("/api/v1/account")).status_code for _ in range(61)]
        assert codes == [401] * 60 + [429]


class TestOrder:
    @pytest.fixture
    async def traced(self, settled: Town) -> AsyncIterator[tuple[Town, InMemorySpanExporter]]:
        """A platform whose spans are kept."""
        kept = InMemorySpanExporter()
        tracer = OpenTelemetryTracer(InMemorySpanExporter())
        tracer._provider.add_span_processor(SimpleSpanProcessor(kept))
        settled.app = serve(replace(settled.platform, tracer=tracer))
        yield settled, kept
        tracer.close()

    @pytest.mark.seed("D3-07", "D3-E04", "D3-E06", "D7-S22", "D1-E07")
    async def test_authenticate_authorise_limit_inspect_handle(
        self, traced: tuple[Town, InMemorySpanExporter]
    ) -> None:
        made, kept = traced
        token = await made.person("Ada")

        async def spans(token: str | None, path: str) -> tuple[int, list[str]]:
            kept.clear()
            async with made.client(token) as http:
                status = (await http.get(path)).status_code
            found = sorted(kept.get_finished_spans(), key=lambda one: one.start_time or 0)
            return status, [one.name.removeprefix("gateway.") for one in found]

        whole = ["request", "authenticate", "authorise", "limit", "inspect", "handler"]
        assert await spans(token, "/api/v1/graphs") == (200, whole)
        assert await spans("wrong", "/api/v1/graphs") == (401, whole[:2])
        assert await spans(None, "/api/v1/graphs") == (401, whole[:2])
        assert await spans(token, "/api/admin/users") == (403, whole[:3])
        assert await spans(token, "/api/v1/graphs?q=${jndi:x}") == (403, whole[:5])
        assert await spans(token, "/nowhere") == (404, whole[:5])

    @pytest.mark.seed("D3-E06")
    async def test_over_the_limit_nothing_is_inspected(
        self, database_url: str, tmp_path: Path
    ) -> None:
        async with town(database_url, tmp_path, rate_read=4) as made:
            token = await made.person("Ada")
            async with made.client(token) as http:
                first = await http.get("/api/v1/graphs?q=${jndi:x}")
                second = await http.get("/api/v1/graphs?q=${jndi:x}")
        assert (first.status_code, second.status_code) == (403, 429)


class TestFaults:
    async def test_a_fault_of_ours_is_answered_as_every_error_and_tells_nothing(
        self, settled: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def breaks(self: object, *_: object, **__: object) -> None:
            raise ZeroDivisionError("postgresql://secret")

        monkeypatch.setattr("autograph.features.agents.service.AgentService.list_page", breaks)
        token = await settled.person("Ada")
        async with settled.client(token) as http:
            answer = await http.get("/api/v1/graphs")
        assert answer.status_code == 500
        assert set(answer.json()) == {"code", "message", "details", "request_id"}
        assert answer.json()["request_id"] in answer.json()["message"]
        assert "secret" not in answer.text


class TestHeaders:
    @pytest.mark.seed("D7-S13")
    async def test_every_answer_has_them(self, settled: Town) -> None:
        async with settled.client() as http:
            for path in ("/", "/health/live", "/api/v1/graphs", "/nowhere"):
                headers = (await http.get(path)).headers
                assert headers["x-content-type-options"] == "nosniff"
                assert headers["x-frame-options"] == "DENY"
                assert "script-src" not in headers["content-security-policy"]
                assert "default-src 'self'" in headers["content-security-policy"]
                assert "unsafe" not in headers["content-security-policy"]
                assert headers["cache-control"] in {"no-store", "no-cache"}
                assert "strict-transport-security" not in headers

    async def test_https_is_for_ever(self, database_url: str, tmp_path: Path) -> None:
        async with (
            town(database_url, tmp_path, public_url="https://a.example") as made,
            made.client() as http,
        ):
            assert (await http.get("/")).headers["strict-transport-security"]

    @pytest.mark.seed("D7-S10")
    async def test_a_forged_context_counts_for_nothing(self, settled: Town) -> None:
        token = await settled.person("Ada")
        owner = str(settled.platform.owner.user_id)
        forged = {
            "X-User-Id": owner,
            "X-Autograph-Principal": owner,
            "X-Act-As-User-Id": owner,
            "X-Forwarded-User": owner,
        }
        async with settled.client(token, headers=forged) as http:
            assert (await http.get("/api/v1/account")).json()["email"] == "ada@example.com"
        async with settled.client(headers=forged) as http:
            assert (await http.get("/api/v1/account")).status_code == 401
