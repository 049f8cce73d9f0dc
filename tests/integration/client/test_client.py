"""The Python client against a platform that is up, over ways that break."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograph.blocks.catalog import Catalog
from autograph.client import (
    AsyncClient,
    Client,
    Conflict,
    ConnectionFailed,
    Event,
    Forbidden,
    Invalid,
    NotConfigured,
    NotFound,
    RateLimited,
    RunFailed,
    ServerFault,
    Unauthenticated,
    Unavailable,
    WaitedInVain,
)
from autograph.client.retries import Retries
from autograph.features.accounts.models import Scope
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.integration.client.conftest import Served
from tests.integration.client.wire import saying, way_to
from tests.processes import up
from tests.servers import free_port

pytestmark = pytest.mark.timeout(120)
NOBODYS = "01900000-0000-7000-8000-0000000000ff"
QUICK = Retries(first_delay=0.01)


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    with Client(served.url, key=served.key) as made:
        yield made


@pytest.mark.seed("D3-02")
class TestEverything:
    def test_an_agent_is_saved_and_run(self, client: Client, greeter: dict[str, object]) -> None:
        saved = client.graphs.create(greeter)
        run = client.graphs.execute(saved.id, {"who": "Ada"}, wait=30)

        assert run.outputs == {"greeting": ["Good day, Ada!"]}
        assert (run.status, run.is_over, run.graph_version) == ("completed", True, 1)
        run.raise_if_failed()
        assert [one.node for one in client.runs.node_runs(run.id, page_size=1)] == [
            "in",
            "fill",
            "out",
        ]
        assert client.graphs.get(saved.id).input_schema["required"] == ["who"]
        assert client.graphs.update(saved.id, greeter, base_version=1).version == 1
        changed = {**greeter, "description": "It greets."}
        assert client.graphs.update(saved.id, changed, base_version=1).version == 2
        with pytest.raises(Conflict, match="graph\\.stale"):
            client.graphs.update(saved.id, changed, base_version=1)
        assert [one.version for one in client.graphs.versions(saved.id)] == [2, 1]
        assert client.graphs.activate(saved.id, 1).is_active
        assert client.graphs.export(saved.id, form="autogpt")["nodes"]
        client.runs.delete(run.id)
        client.graphs.delete(saved.id)
        with pytest.raises(NotFound):
            client.runs.get(run.id)

    def test_who_one_is_and_what_there_is(self, client: Client) -> None:
        assert set(client.me().scopes) == set(Scope)
        found = client.blocks.get("Calculator")
        assert found in client.blocks.list()
        result = client.blocks.execute("Calculator", {"operation": "Add", "a": 1, "b": 2})
        assert result.outputs == {"result": [3]}
        with pytest.raises(Invalid) as bad:
            client.blocks.execute("Calculator", {"operation": "Add", "a": "one", "b": 2})
        assert (bad.value.status, bad.value.code) == (422, "run.invalid_inputs")
        assert "a" in bad.value.details["errors"]
        with pytest.raises(Conflict) as waits:
            client.blocks.execute("HumanInTheLoop", {"data": {}, "name": "x"})
        assert waits.value.code == "block.waits"

    def test_lists_go_on_over_their_pages(self, client: Client, greeter: dict[str, object]) -> None:
        graph_id = client.graphs.create(greeter).id
        made = [client.graphs.execute(graph_id, {"who": str(i)}).id for i in range(7)]

        assert [one.id for one in client.runs.list(graph_id=graph_id, page_size=2)] == made[::-1]
        assert graph_id in [one.id for one in client.graphs.list(name="Greeter", page_size=1)]

    def test_a_question_is_answered_while_its_run_is_followed(
        self, client: Client, asker: dict[str, object]
    ) -> None:
        run = client.graphs.execute(client.graphs.create(asker).id, wait=0)
        seen: list[Event] = []
        for event in client.runs.stream(run.id):
            seen.append(event)
            if event.kind == "node.waiting":
                (review,) = client.reviews.list(run_id=run.id)
                answered = client.reviews.answer(review.id, "approve", data={"post": "Ho"})
                assert answered.status == "answered"
                with pytest.raises(Conflict) as twice:
                    client.reviews.answer(review.id, "reject")
                assert twice.value.details["first"]["decision"] == "approve"

        assert [one.seq for one in seen] == list(range(1, len(seen) + 1))
        assert seen[-1].kind == "run.completed"
        assert client.runs.get(run.id).outputs == {"out": [{"post": "Ho"}]}
        half = len(seen) // 2
        assert list(client.runs.stream(run.id, after=half)) == seen[half:]
        assert list(client.runs.stream(run.id, after=len(seen))) == []

    def test_a_run_is_waited_for_and_stopped(
        self, client: Client, asker: dict[str, object]
    ) -> None:
        run = client.graphs.execute(client.graphs.create(asker).id)
        with pytest.raises(WaitedInVain, match="goes on"):
            client.runs.wait(run.id, at_most=0.2)
        client.runs.stop(run.id)
        ended = client.runs.wait(run.id, at_most=30)

        assert ended.status == "cancelled"
        with pytest.raises(RunFailed) as failed:
            ended.raise_if_failed()
        assert failed.value.run_id == run.id

    def test_credentials_go_in_and_never_come_out(
        self, client: Client, served: Served, catalog: Catalog
    ) -> None:
        made = [
            client.credentials.add_api_key("github", "Hub", "gh-s3cret"),
            client.credentials.add_user_password("smtp", "Mail", "ada", "pw-s3cret"),
            client.credentials.add_host_headers("http", "H", "example.com", {"X-Key": "h-s3cret"}),
        ]
        assert [one.type for one in made] == ["api_key", "user_password", "host_scoped"]
        assert client.credentials.list(provider="smtp")[0].account == "ada"
        raw = served.up.http.get(
            "/external/v1/integrations/credentials", headers={"X-API-Key": served.key}
        )
        assert len(raw.json()) == 3
        assert "s3cret" not in raw.text
        with pytest.raises(NotFound):
            client.credentials.delete("gitlab", made[0].id)
        for one in made:
            assert client.credentials.delete(one.provider, one.id) == []
        assert client.credentials.list() == []


class TestRefusals:
    def test_errors_are_typed_and_say_everything(self, client: Client, served: Served) -> None:
        with pytest.raises(NotFound) as missing:
            client.runs.get(NOBODYS)
        assert missing.value.code == "run.not_found"
        assert len(missing.value.request_id) == 36
        with Client(served.url, key="ag_wrong") as other, pytest.raises(Unauthenticated):
            other.me()
        narrow = served.new_key([Scope.IDENTITY])
        with Client(served.url, key=narrow) as other, pytest.raises(Forbidden) as refused:
            other.blocks.list()
        assert refused.value.details["scopes"] == ["READ_BLOCK"]

    def test_a_key_is_shown_nowhere(self, served: Served, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        with Client(served.url, key=served.key) as client:
            client.me()
            shown = [repr(client), repr(vars(client)), caplog.text]
        assert served.url in shown[0]
        assert all(served.key not in one for one in shown)

    def test_without_a_key_nothing_is_sent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AUTOGRAPH_API_KEY", raising=False)
        with pytest.raises(NotConfigured, match="AUTOGRAPH_API_KEY"):
            Client()
        monkeypatch.setenv("AUTOGRAPH_API_KEY", "k")
        monkeypatch.setenv("AUTOGRAPH_URL", "http://127.0.0.1:1/")
        with Client() as client:
            assert repr(client) == "Client('http://127.0.0.1:1')"

    def test_a_wait_the_server_does_not_give_is_refused_here(self, client: Client) -> None:
        with pytest.raises(ValueError, match=r"runs\.wait"):
            client.graphs.execute(NOBODYS, wait=301)

    def test_a_revoked_key_ends_its_stream(
        self, served: Served, client: Client, asker: dict[str, object]
    ) -> None:
        run = client.graphs.execute(client.graphs.create(asker).id)
        made = served.up.http.post(
            "/api/v1/api-keys", json={"name": "k", "scopes": ["READ_GRAPH"]}
        ).json()
        with Client(served.url, key=made["key"], retries=QUICK) as reader:
            events = reader.runs.stream(run.id)
            assert next(events).kind == "run.started"
            served.up.http.delete(f"/api/v1/api-keys/{made['id']}")
            with pytest.raises(Unauthenticated):
                list(events)
        client.runs.stop(run.id)


class TestRetries:
    OK = (200, {}, json.dumps({"outputs": {}, "duration_ms": 1, "credits": 0}).encode())
    ME = (200, {}, b'{"id":"i","name":"n","email":null,"timezone":"UTC","scopes":[]}')

    def test_what_is_refused_for_now_is_sent_again_when_it_may(self) -> None:
        soon = (429, {"retry-after": "0"}, b'{"code":"request.rate_limited","message":"m"}')
        with saying([soon, soon, self.OK]) as server, Client(server.url, key="k") as client:
            client.blocks.execute("b", {})
        assert len(server.heard) == 3

    def test_patience_ends(self) -> None:
        soon = (429, {"retry-after": "0"}, b'{"code":"request.rate_limited","message":"m"}')
        late = (429, {"retry-after": "900"}, b'{"code":"request.rate_limited","message":"m"}')
        patient = Retries(at_most=2)
        with (
            saying([soon] * 3 + [late]) as server,
            Client(server.url, key="k", retries=patient) as client,
        ):
            with pytest.raises(RateLimited):
                client.me()
            with pytest.raises(RateLimited) as refused:
                client.me()
        assert refused.value.retry_after == 900

    def test_what_might_be_done_twice_is_sent_once(self) -> None:
        down = (503, {}, b'{"code":"unavailable","message":"m"}')
        with (
            saying([down, down, self.ME]) as server,
            Client(server.url, key="k", retries=QUICK) as client,
        ):
            with pytest.raises(Unavailable):
                client.blocks.execute("b", {})
            assert client.me().name == "n"
        assert [one[0] for one in server.heard] == ["POST", "GET", "GET"]

    def test_a_page_of_a_proxy_is_an_error_too(self) -> None:
        page = (502, {"x-request-id": "abc-12345"}, b"<h1>Bad gateway</h1>")
        bug = (500, {}, b'{"code":"bug","message":"m","request_id":"r"}')
        hasty = Retries(at_most=0)
        with (
            saying([page, bug]) as server,
            Client(server.url, key="k", retries=hasty) as client,
        ):
            with pytest.raises(Unavailable, match="Bad gateway") as refused:
                client.me()
            with pytest.raises(ServerFault):
                client.me()
        assert (refused.value.code, refused.value.request_id) == ("http.502", "abc-12345")

    def test_nobody_answers(self) -> None:
        with (
            Client(f"http://127.0.0.1:{free_port()}", key="k", retries=QUICK) as client,
            pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1"),
        ):
            client.me()

    def test_a_start_whose_answer_was_lost_starts_nothing_twice(
        self, served: Served, greeter: dict[str, object]
    ) -> None:
        with way_to(served.url) as way, Client(way.url, key=served.key, retries=QUICK) as client:
            saved = client.graphs.create(greeter)
            way.loses_answers = 2
            run = client.graphs.execute(saved.id, {"who": "Ada"}, wait=30)
            assert way.loses_answers == 0
            assert run.outputs == {"greeting": ["Good day, Ada!"]}
            assert [one.id for one in client.runs.list(graph_id=saved.id)] == [run.id]

    def test_a_stream_goes_on_behind_a_lost_connection(
        self, served: Served, catalog: Catalog
    ) -> None:
        made = graph(
            [node(catalog, f"n{i}", "Calculator", operation="Add", a=1, b=i) for i in range(40)],
            *(f"n{i}.result -> n{i + 1}.a" for i in range(39)),
            name="Chain",
        )
        with Client(served.url, key=served.key) as direct:
            run = direct.graphs.execute(direct.graphs.create(write_agent(made)).id, wait=30)
            whole = list(direct.runs.stream(run.id))
        with way_to(served.url) as way, Client(way.url, key=served.key, retries=QUICK) as client:
            # In the middle of the head, of an event, between two, and again.
            way.cut_after = [50, 1_500, 2_000, 1_100, 2_500]
            seen = list(client.runs.stream(run.id))
            assert way.connections == 6

        assert seen == whole
        assert [one.seq for one in seen] == list(range(1, len(seen) + 1))

    def test_a_stream_survives_a_cut_while_its_run_waits(
        self, served: Served, asker: dict[str, object]
    ) -> None:
        with (
            way_to(served.url) as way,
            Client(way.url, key=served.key, retries=QUICK) as client,
            Client(served.url, key=served.key) as direct,
        ):
            run = direct.graphs.execute(direct.graphs.create(asker).id)
            events = client.runs.stream(run.id)
            seen = [next(events)]
            while seen[-1].kind != "node.waiting":
                seen.append(next(events))
            way.cut()
            (review,) = direct.reviews.list(run_id=run.id)
            direct.reviews.answer(review.id, "approve")
            seen += list(events)

        assert [one.seq for one in seen] == list(range(1, len(seen) + 1))
        assert seen[-1].kind == "run.completed"


@pytest.mark.seed("D10-01")
def test_a_stream_survives_its_server(tmp_path: Path, catalog: Catalog) -> None:
    """The server is killed in the middle of a run, and comes back at the same address."""
    made = graph(
        [
            node(catalog, "wait", "CountdownTimer", seconds=1, repeat=4, input_message="x"),
            node(catalog, "out", "AgentOutput", name="o"),
        ],
        "wait.output_message -> out.value",
    )
    with up(tmp_path) as first:
        key = Served(first, "").new_key([*Scope])
        patient = Retries(at_most=1_000, first_delay=0.1, longest_delay=0.5)
        with Client(first.url, key=key, retries=patient) as client:
            run = client.graphs.execute(client.graphs.create(write_agent(made)).id)
            events = client.runs.stream(run.id)
            seen = [next(events)]
            first.kill()
            port = int(first.url.rpartition(":")[2])
            with up(tmp_path, port=port):
                seen += list(events)

    assert [one.seq for one in seen] == list(range(1, len(seen) + 1))
    assert seen[-1].kind == "run.completed"


@pytest.mark.seed("D10-01")
def test_who_failed_together_does_not_come_back_together() -> None:
    patient = Retries(at_most=20, first_delay=1, longest_delay=8)
    delays = [[patient.delay(tried) or 0 for _ in range(200)] for tried in range(1, 7)]

    for tried, expected in zip(delays, (1, 2, 4, 8, 8, 8), strict=True):
        assert expected * 0.75 <= min(tried) < max(tried) <= expected * 1.25
        assert len(set(tried)) > 100


class TestAsync:
    async def test_the_same_can_be_awaited(
        self, served: Served, greeter: dict[str, object]
    ) -> None:
        async with AsyncClient(served.url, key=served.key) as client:
            saved = await client.graphs.create(greeter)
            run = await client.graphs.execute(saved.id, {"who": "Ada"}, wait=30)
            seen = [event async for event in client.runs.stream(run.id)]
            listed = [one.id async for one in client.runs.list(graph_id=saved.id, page_size=1)]

            assert run.outputs == {"greeting": ["Good day, Ada!"]}
            assert [one.seq for one in seen] == list(range(1, len(seen) + 1))
            assert listed == [run.id]
            assert (await client.runs.wait(run.id)).is_over
            with pytest.raises(NotFound):
                await client.runs.get(NOBODYS)

    async def test_lost_answers_and_cut_streams(
        self, served: Served, greeter: dict[str, object]
    ) -> None:
        with way_to(served.url) as way:
            async with AsyncClient(way.url, key=served.key, retries=QUICK) as client:
                saved = await client.graphs.create(greeter)
                way.loses_answers = 1
                run = await client.graphs.execute(saved.id, {"who": "Ada"}, wait=30)
            way.cut_after = [700, 900]
            async with AsyncClient(way.url, key=served.key, retries=QUICK) as client:
                seen = [event async for event in client.runs.stream(run.id)]
                listed = [one.id async for one in client.runs.list(graph_id=saved.id)]

        assert listed == [run.id]
        assert [one.seq for one in seen] == list(range(1, len(seen) + 1))
        assert seen[-1].kind == "run.completed"


def test_both_clients_offer_the_same() -> None:
    for name in ("blocks", "graphs", "runs", "reviews", "credentials"):
        with Client("http://127.0.0.1:1", key="k") as client:
            of_sync = {one for one in dir(getattr(client, name)) if not one.startswith("_")}
        of_async = {
            one
            for one in dir(getattr(AsyncClient("http://127.0.0.1:1", key="k"), name))
            if not one.startswith("_")
        }
        assert of_sync == of_async


def test_one_client_serves_many_threads(served: Served, greeter: dict[str, object]) -> None:
    with Client(served.url, key=served.key) as client:
        graph_id = client.graphs.create(greeter).id
        found: list[str] = []

        def work(number: int) -> None:
            run = client.graphs.execute(graph_id, {"who": str(number)}, wait=30)
            found.extend(run.outputs["greeting"])

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert sorted(found) == [f"Good day, {number}!" for number in range(8)]


def test_the_client_brings_nothing_of_the_server_with_it() -> None:
    code = "import sys, autograph.client; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())

    own = {one for one in loaded if one.startswith("autograph")}
    assert {one for one in own if not one.startswith("autograph.client")} == {"autograph"}
    assert not loaded & {"pydantic", "fastapi", "sqlalchemy", "orjson", "structlog", "asyncpg"}
