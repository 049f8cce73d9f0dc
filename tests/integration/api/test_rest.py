"""The REST API of a platform that is up, as a program meets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent, write_agent_autogpt
from tests.agents import chain, graph, node
from tests.processes import Up, up

pytestmark = pytest.mark.timeout(60)
NOBODYS = "01900000-0000-7000-8000-0000000000ff"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("up"), AUTOGRAPH_MAX_BODY_BYTES="100000") as running:
        yield running


@pytest.fixture
def greeter(catalog: Catalog) -> dict[str, object]:
    made = graph(
        [
            node(catalog, "in", "AgentShortTextInput", name="who", title="Person"),
            node(catalog, "fill", "FillTextTemplate", format="Good day, {{ who }}!"),
            node(catalog, "out", "AgentOutput", name="greeting"),
        ],
        "in.result => fill.values_#_who",
        "fill.output -> out.value",
        name="Greeter",
    )
    return write_agent(made)


def test_models_are_listed_with_what_they_cost(served: Up) -> None:
    found = {one["id"]: one for one in served.http.get("/api/v1/models").json()}

    assert found["gpt-4o-mini"] == {
        "id": "gpt-4o-mini",
        "name": "GPT-4o Mini",
        "provider": "openai",
        "provider_title": "OpenAI",
        "maker": "OpenAI",
        "kind": "text",
        "window": 128_000,
        "max_output": 16_384,
        "rates": {"input": 23.0, "output": 90.0},
        "flat": 1,
        "is_keyless": False,
    }
    assert found["demo"]["is_keyless"] is True
    kinds = {one["kind"] for one in found.values()}
    assert kinds == {"text", "embedding", "transcript", "verdict", "picture"}


class TestGraphs:
    @pytest.mark.seed("D5-S02", "D5-S10")
    def test_an_agent_is_saved_with_its_schemas(
        self, served: Up, greeter: dict[str, object]
    ) -> None:
        answer = served.http.post("/api/v1/graphs", json=greeter)

        saved = answer.json()
        assert answer.status_code == 201
        assert (saved["version"], saved["is_active"], saved["name"]) == (1, True, "Greeter")
        assert saved["input_schema"]["required"] == ["who"]
        assert list(saved["output_schema"]["properties"]) == ["greeting"]
        assert saved["credentials_input_schema"]["properties"] == {}

    @pytest.mark.seed("D5-S02")
    def test_autogpts_shape_is_taken_bare_and_wrapped(self, served: Up, catalog: Catalog) -> None:
        document = write_agent_autogpt(chain(catalog, 2), catalog.specs())

        for body in (document, {"graph": document}):
            assert served.http.post("/api/v1/graphs", json=body).status_code == 201

    @pytest.mark.seed("D5-S04")
    def test_an_invalid_agent_gets_every_error_and_nothing_is_stored(
        self, served: Up, catalog: Catalog
    ) -> None:
        made = graph(
            [
                node(catalog, "a", "Calculator", operation="Guess"),
                node(catalog, "b", "AgentOutput", name="o"),
            ],
            "a.nothing -> b.value",
            name="Broken",
        )
        answer = served.http.post("/api/v1/graphs", json=write_agent(made))

        errors = answer.json()["details"]["errors"]
        assert (answer.status_code, answer.json()["code"]) == (422, "graph.invalid")
        assert set(errors["a"]) == {"operation", "a", "b", "nothing"}
        assert served.http.get("/api/v1/graphs", params={"name": "Broken"}).json()["graphs"] == []

    def test_what_is_no_agent_is_refused_in_one_sentence(self, served: Up) -> None:
        for body in (b"", b"{", b"[]", b'{"nodes": 3}', b"\xff\xfe", b'{"nodes": [1]}'):
            answer = served.http.post("/api/v1/graphs", content=body)
            assert answer.status_code == 422, body
            assert answer.json()["message"].endswith(".")

    @pytest.mark.seed("D5-S06")
    def test_versions_grow_and_a_stale_save_is_refused(
        self, served: Up, greeter: dict[str, object]
    ) -> None:
        graph_id = served.save(greeter)
        changed = {**greeter, "name": "Greeter 2"}
        unchanged, second, stale = (
            served.http.put(f"/api/v1/graphs/{graph_id}", params={"base_version": 1}, json=one)
            for one in (greeter, changed, changed)
        )

        assert (unchanged.status_code, unchanged.json()["version"]) == (200, 1)
        assert (second.json()["version"], second.json()["is_active"]) == (2, True)
        assert (stale.status_code, stale.json()["details"]) == (409, {"latest_version": 2})
        history = served.http.get(f"/api/v1/graphs/{graph_id}/versions").json()
        assert [(one["version"], one["is_active"]) for one in history] == [(2, True), (1, False)]

    def test_an_older_version_can_be_made_active_and_compared(
        self, served: Up, greeter: dict[str, object]
    ) -> None:
        graph_id = served.save(greeter)
        served.http.put(f"/api/v1/graphs/{graph_id}", json={**greeter, "name": "Greeter 2"})
        active = served.http.post(f"/api/v1/graphs/{graph_id}/versions/1/activate").json()
        changed = served.http.get(f"/api/v1/graphs/{graph_id}/versions/1/diff/2").json()

        assert (active["version"], active["is_active"]) == (1, True)
        assert changed["graph"] == {"name": {"before": "Greeter", "after": "Greeter 2"}}

    def test_an_export_comes_back_as_the_same_agent(
        self, served: Up, greeter: dict[str, object]
    ) -> None:
        graph_id = served.save(greeter)
        first = served.http.get(f"/api/v1/graphs/{graph_id}").json()
        for form in ("autograph", "autogpt"):
            exported = served.http.get(
                f"/api/v1/graphs/{graph_id}/export", params={"format": form}
            ).json()
            again = served.http.get(f"/api/v1/graphs/{served.save(exported)}").json()
            assert again["content_hash"] == first["content_hash"]

    def test_a_saved_agent_that_a_node_names_travels_from_then_on(
        self, served: Up, greeter: dict[str, object], catalog: Catalog
    ) -> None:
        inner = served.http.post("/api/v1/graphs", json=greeter).json()
        agent = node(
            catalog,
            "agent",
            "AgentExecutor",
            graph_id=inner["id"],
            graph_version=1,
            input_schema=inner["input_schema"],
            output_schema=inner["output_schema"],
            inputs={"who": "Ada"},
        )
        out = node(catalog, "out", "AgentOutput", name="said")
        outer = write_agent(graph([agent, out], "agent.greeting -> out.value"))
        saved = served.http.post("/api/v1/graphs", json=outer)
        assert saved.status_code == 201, saved.text
        assert [one["id"] for one in saved.json()["graph"]["sub_graphs"]] == [inner["id"]]

        served.http.delete(f"/api/v1/graphs/{inner['id']}")
        run = served.http.post(
            f"/api/v1/graphs/{saved.json()['id']}/execute", params={"wait": 20}, json={}
        )
        assert run.json()["outputs"] == {"said": ["Good day, Ada!"]}
        again = served.http.post("/api/v1/graphs", json=outer)
        assert again.status_code == 422
        assert "graph_id" in again.json()["details"]["errors"]["agent"]

    def test_a_deleted_agent_is_gone(self, served: Up, greeter: dict[str, object]) -> None:
        graph_id = served.save(greeter)

        assert served.http.delete(f"/api/v1/graphs/{graph_id}").status_code == 204
        assert served.http.get(f"/api/v1/graphs/{graph_id}").status_code == 404

    def test_a_list_is_paged(self, served: Up, greeter: dict[str, object]) -> None:
        made = [served.save({**greeter, "name": "Paged"}) for _ in range(3)]
        first = served.http.get("/api/v1/graphs", params={"name": "Paged", "limit": 2}).json()
        rest = served.http.get(
            "/api/v1/graphs", params={"name": "Paged", "limit": 2, "before": first["next_before"]}
        ).json()

        found = [one["id"] for one in first["graphs"] + rest["graphs"]]
        assert (found, rest["next_before"]) == (made[::-1], None)


class TestRuns:
    @pytest.mark.seed("D5-S22", "D5-S23", "D4-E02")
    def test_a_run_is_accepted_at_once_and_waited_for_on_demand(
        self, served: Up, greeter: dict[str, object]
    ) -> None:
        graph_id = served.save(greeter)
        accepted = served.http.post(
            f"/api/v1/graphs/{graph_id}/execute", json={"inputs": {"who": "Ada"}}
        )
        waited = served.http.post(
            f"/api/v1/graphs/{graph_id}/execute",
            params={"wait": 30},
            json={"inputs": {"who": "Ada"}, "version": 1},
        )

        assert (accepted.status_code, waited.status_code) == (202, 200)
        assert waited.json()["outputs"] == {"greeting": ["Good day, Ada!"]}
        shown = served.http.get(f"/api/v1/runs/{waited.json()['id']}").json()
        assert (shown["inputs"], shown["status"]) == ({"who": "Ada"}, "completed")

    @pytest.mark.seed("D5-S14", "D8-16")
    def test_a_wrong_input_names_field_value_and_expected_type(
        self, served: Up, catalog: Catalog
    ) -> None:
        made = graph([node(catalog, "in", "AgentNumberInput", name="count")])
        graph_id = served.save(write_agent(made))
        answer = served.http.post(
            f"/api/v1/graphs/{graph_id}/execute", json={"inputs": {"count": "many", "cuont": 1}}
        )

        assert (answer.status_code, answer.json()["code"]) == (422, "run.invalid_inputs")
        assert answer.json()["details"]["errors"] == {
            "count": 'Expected a whole number, got "many".',
            "cuont": "The agent has no such input. Did you mean 'count'?",
        }
        assert served.http.get("/api/v1/runs", params={"graph_id": graph_id}).json()["runs"] == []

    @pytest.mark.seed("D4-06")
    def test_a_request_sent_twice_with_one_key_starts_one_run(
        self, served: Up, greeter: dict[str, object]
    ) -> None:
        graph_id = served.save(greeter)
        url, headers = f"/api/v1/graphs/{graph_id}/execute", {"Idempotency-Key": f"key-{graph_id}"}
        first = served.http.post(url, json={"inputs": {"who": "Ada"}}, headers=headers)
        second = served.http.post(url, json={"inputs": {"who": "Ada"}}, headers=headers)
        other = served.http.post(url, json={"inputs": {"who": "Bob"}}, headers=headers)

        assert first.json()["id"] == second.json()["id"]
        assert (other.status_code, other.json()["code"]) == (409, "request.key_reused")

    def test_events_are_read_from_any_point(self, served: Up, greeter: dict[str, object]) -> None:
        run_id = served.execute(served.save(greeter), wait=10, who="Ada")["id"]
        everything = served.http.get(f"/api/v1/runs/{run_id}/events").json()
        rest = served.http.get(f"/api/v1/runs/{run_id}/events", params={"since": 2}).json()

        assert [event["kind"] for event in everything] == [
            "run.started",
            *["node.completed"] * 3,
            "run.completed",
        ]
        assert rest == everything[2:]

    def test_a_run_is_cancelled_once_and_then_deleted(self, served: Up, catalog: Catalog) -> None:
        made = graph([node(catalog, "wait", "CountdownTimer", hours=1)])
        run_id = served.execute(served.save(write_agent(made)))["id"]

        going = served.http.delete(f"/api/v1/runs/{run_id}")
        assert (going.status_code, going.json()["code"]) == (409, "run.is_going")
        assert served.http.post(f"/api/v1/runs/{run_id}/cancel").status_code == 202
        while served.http.get(f"/api/v1/runs/{run_id}").json()["status"] != "cancelled":
            pass
        again = served.http.post(f"/api/v1/runs/{run_id}/cancel")
        assert (again.status_code, again.json()["code"]) == (409, "run.is_over")
        assert served.http.delete(f"/api/v1/runs/{run_id}").status_code == 204
        assert served.http.get(f"/api/v1/runs/{run_id}").status_code == 404

    def test_runs_are_listed_by_agent_and_status(
        self, served: Up, greeter: dict[str, object]
    ) -> None:
        graph_id = served.save(greeter)
        made = [served.execute(graph_id, wait=10, who=name)["id"] for name in "ab"]
        found = served.http.get(
            "/api/v1/runs", params={"graph_id": graph_id, "status": "completed"}
        ).json()

        assert [run["id"] for run in found["runs"]] == made[::-1]


class TestBadRequests:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", f"/api/v1/graphs/{NOBODYS}"),
            ("PUT", f"/api/v1/graphs/{NOBODYS}"),
            ("DELETE", f"/api/v1/graphs/{NOBODYS}"),
            ("GET", f"/api/v1/graphs/{NOBODYS}/versions"),
            ("POST", f"/api/v1/graphs/{NOBODYS}/execute"),
            ("GET", f"/api/v1/runs/{NOBODYS}"),
            ("GET", f"/api/v1/runs/{NOBODYS}/events"),
            ("POST", f"/api/v1/runs/{NOBODYS}/cancel"),
            ("DELETE", f"/api/v1/runs/{NOBODYS}"),
            ("GET", "/api/v1/blocks/nothing"),
            ("GET", "/api/v1/nothing"),
        ],
    )
    def test_what_is_not_there_is_404_in_the_one_shape(
        self, served: Up, greeter: dict[str, object], method: str, path: str
    ) -> None:
        body = {"inputs": {}} if path.endswith("execute") else greeter
        answer = served.http.request(method, path, json=None if method == "GET" else body)

        assert answer.status_code == 404
        assert set(answer.json()) == {"code", "message", "details", "request_id"}
        assert answer.headers["x-request-id"] == answer.json()["request_id"]

    def test_a_body_over_the_limit_is_413_declared_or_not(self, served: Up) -> None:
        large = b"x" * 200_000
        declared = served.http.post("/api/v1/graphs", content=large)
        streamed = served.http.post("/api/v1/graphs", content=iter([large[:60_000]] * 4))

        assert (declared.status_code, streamed.status_code) == (413, 413)
        assert "AUTOGRAPH_MAX_BODY_BYTES" in declared.json()["message"]

    def test_a_wrong_parameter_is_422_and_a_wrong_method_405(self, served: Up) -> None:
        wrong = served.http.get("/api/v1/runs", params={"limit": 0})
        method = served.http.delete("/api/v1/blocks")

        assert (wrong.status_code, list(wrong.json()["details"]["errors"])) == (422, ["limit"])
        assert (method.status_code, method.json()["code"]) == (405, "request.method_not_allowed")


class TestTheRest:
    def test_health(self, served: Up) -> None:
        assert served.http.get("/health/live").json()["status"] == "live"
        assert served.http.get("/health/ready").json()["status"] == "ready"

    def test_blocks_are_listed_and_shown(self, served: Up) -> None:
        names = [block["name"] for block in served.http.get("/api/v1/blocks").json()]

        assert {"Calculator", "AgentInput"} <= set(names)
        assert served.http.get("/api/v1/blocks/Calculator").json()["effect"] == "pure"

    def test_some_blocks_are_listed_in_the_order_asked(self, served: Up) -> None:
        asked = "/api/v1/blocks?block=Calculator&block=nothing&block=AgentInput"

        assert [one["name"] for one in served.http.get(asked).json()] == [
            "Calculator",
            "AgentInput",
        ]

    def test_the_page_is_served_with_a_strict_policy(self, served: Up) -> None:
        for path in ("/", "/library", "/runs/01900000-0000-7000-8000-0000000000ff", "/auth/reset"):
            answer = served.http.get(path)
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-cache"
            policy = answer.headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "unsafe" not in policy

    def test_browsers_get_a_page_for_what_is_not_there_and_programs_an_error(
        self, served: Up
    ) -> None:
        page = served.http.get("/nowhere", headers={"accept": "text/html,*/*"})
        error = served.http.get("/nowhere")

        assert (page.status_code, error.status_code) == (404, 404)
        assert page.headers["content-type"].startswith("text/html")
        assert error.json()["code"] == "not_found"

    def test_agents_are_searched_by_name_and_description(
        self, served: Up, greeter: dict[str, object]
    ) -> None:
        sought = {**greeter, "name": "Sought-after 100%", "description": "It finds needles."}
        found_id = served.save(sought)

        def found(search: str) -> list[str]:
            answer = served.http.get("/api/v1/graphs", params={"search": search})
            return [one["id"] for one in answer.json()["graphs"]]

        assert found("SOUGHT-after") == [found_id]
        assert found("needles") == [found_id]
        assert found("100%") == [found_id]
        assert found("after_100") == []

    @pytest.mark.seed("D5-P03", "D14-03", "D14-01")
    def test_the_committed_openapi_is_the_one_that_is_served(self, served: Up) -> None:
        committed = Path(__file__).parents[3] / "docs" / "reference" / "openapi.json"

        shown = served.http.get("/api/openapi.json").json()
        assert shown == json.loads(committed.read_text())
        assert shown["openapi"].startswith("3.1.")
