"""What waits for a person or another system, answered over HTTP and by command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.processes import Up, as_json, command, up

NOBODYS = "01900000-0000-7000-8000-0000000000ff"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Up]:
    with up(folder) as running:
        yield running


@pytest.fixture
def ask(served: Up, catalog: Catalog) -> Callable[..., tuple[str, dict[str, Any]]]:
    """Start a run that asks a person; return the run's id and the open question."""

    def asked(**constants: Any) -> tuple[str, dict[str, Any]]:
        made = graph(
            [
                node(
                    catalog, "ask", "HumanInTheLoop", data={"post": "Hi"}, name="Post", **constants
                ),
                node(catalog, "yes", "AgentOutput", name="yes"),
                node(catalog, "no", "AgentOutput", name="no"),
                node(catalog, "why", "AgentOutput", name="why"),
            ],
            "ask.approved_data -> yes.value",
            "ask.rejected_data -> no.value",
            "ask.review_message -> why.value",
        )
        run_id = served.execute(served.save(write_agent(made)))["id"]
        until(served, run_id, "waiting")
        listed = served.http.get("/api/v1/reviews", params={"run_id": run_id}).json()
        return run_id, listed["reviews"][0]

    return asked


def until(served: Up, run_id: str, status: str) -> dict[str, Any]:
    while (run := served.http.get(f"/api/v1/runs/{run_id}").json())["status"] != status:
        assert run["status"] in {"queued", "running", "waiting"}, run
    return run


class TestReviews:
    def test_a_run_tells_what_it_waits_for(self, served: Up, ask: Any) -> None:
        run_id, review = ask()
        (wait,) = served.http.get(f"/api/v1/runs/{run_id}").json()["waits_for"]
        assert (wait["node"], wait["kind"], wait["review_id"]) == ("ask", "review", review["id"])
        assert (review["title"], review["payload"]) == ("Post", {"post": "Hi"})

    def test_an_edited_approval_goes_on_with_the_edit(self, served: Up, ask: Any) -> None:
        run_id, review = ask()
        answer = {"decision": "approve", "data": {"post": "Hello"}, "message": "Politer."}

        decided = served.http.post(f"/api/v1/reviews/{review['id']}", json=answer)

        assert (decided.status_code, decided.json()["status"]) == (200, "answered")
        run = until(served, run_id, "completed")
        assert run["outputs"] == {"yes": [{"post": "Hello"}], "why": ["Politer."]}

    def test_a_second_answer_is_told_the_first(self, served: Up, ask: Any) -> None:
        run_id, review = ask()
        path = f"/api/v1/reviews/{review['id']}"
        assert served.http.post(path, json={"decision": "reject", "message": "No."}).is_success

        again = served.http.post(path, json={"decision": "approve"})

        assert (again.status_code, again.json()["code"]) == (409, "review.answered")
        first = again.json()["details"]["first"]
        assert (first["decision"], first["message"]) == ("reject", "No.")
        assert until(served, run_id, "completed")["outputs"]["no"] == [{"post": "Hi"}]

    @pytest.mark.parametrize(
        ("constants", "answer", "field"),
        [
            ({"editable": False}, {"decision": "approve", "data": 1}, "data"),
            ({}, {"decision": "done"}, "decision"),
            ({}, {"decision": "reject", "data": 1}, "data"),
            ({}, {"decision": "reject", "auto_approve": True}, "auto_approve"),
            ({}, {"decision": "perhaps"}, "decision"),
        ],
    )
    def test_an_answer_that_does_not_fit_names_the_field(
        self, served: Up, ask: Any, constants: Any, answer: Any, field: str
    ) -> None:
        _, review = ask(**constants)
        refused = served.http.post(f"/api/v1/reviews/{review['id']}", json=answer)
        assert refused.status_code == 422
        assert field in refused.json()["details"]["errors"]
        found = served.http.get(f"/api/v1/reviews/{review['id']}").json()
        assert found["status"] == "waiting"

    def test_many_are_answered_at_once_each_for_itself(self, served: Up, ask: Any) -> None:
        run_id, review = ask()
        body = [{"id": review["id"], "decision": "approve"}, {"id": NOBODYS, "decision": "approve"}]

        found = served.http.post("/api/v1/reviews", json=body).json()

        assert [one["status"] for one in found] == [200, 404]
        assert found[1]["error"]["code"] == "review.not_found"
        until(served, run_id, "completed")
        listed = served.http.get(
            "/api/v1/reviews", params={"run_id": run_id, "status": "closed"}
        ).json()
        assert [one["answer"]["decision"] for one in listed["reviews"]] == ["approve"]

    def test_too_many_at_once_are_refused_and_none_is_answered(self, served: Up, ask: Any) -> None:
        _, review = ask()
        refused = served.http.post(
            "/api/v1/reviews", json=[{"id": review["id"], "decision": "approve"}] * 101
        )
        assert refused.status_code == 422
        found = served.http.get(f"/api/v1/reviews/{review['id']}").json()
        assert found["status"] == "waiting"

    def test_they_are_listed_by_kind(self, served: Up, ask: Any) -> None:
        run_id, review = ask()

        def listed(kind: str) -> list[str]:
            asked = {"run_id": run_id, "kind": kind}
            found = served.http.get("/api/v1/reviews", params=asked).json()
            return [one["id"] for one in found["reviews"]]

        assert (listed("review"), listed("action")) == ([review["id"]], [])

    def test_a_cancelled_run_closes_its_questions(self, served: Up, ask: Any) -> None:
        run_id, review = ask()
        assert served.http.post(f"/api/v1/runs/{run_id}/cancel").is_success
        until(served, run_id, "cancelled")
        late = served.http.post(f"/api/v1/reviews/{review['id']}", json={"decision": "approve"})
        assert (late.status_code, late.json()["code"]) == (409, "review.answered")
        assert "ended without an answer" in late.json()["message"]

    def test_by_command(self, served: Up, folder: Path, ask: Any) -> None:
        run_id, review = ask()
        listed = as_json(command("reviews", "list", "--json", data_dir=folder))
        assert review["id"] in [one["id"] for one in listed]
        shown = command("reviews", "show", review["id"], data_dir=folder).stdout
        assert "Post  (review, waiting)" in shown
        told = command("runs", "show", run_id, data_dir=folder).stdout
        assert f"ask waits for a review (autograph reviews show {review['id']})" in told

        done = command("reviews", "approve", review["id"], "--data", '"edited"', data_dir=folder)

        assert done.returncode == 0
        assert until(served, run_id, "completed")["outputs"]["yes"] == ["edited"]
        again = command("reviews", "reject", review["id"], data_dir=folder)
        assert (again.returncode, "answered before: approve" in again.stderr) == (2, True)


class TestCalls:
    def wait(self, served: Up, catalog: Catalog) -> tuple[str, str]:
        """Start a run that waits for a call; return its id and the address."""
        made = graph(
            [
                node(catalog, "call", "WaitForCall", name="Paid?"),
                node(catalog, "url", "AgentOutput", name="url"),
                node(catalog, "out", "AgentOutput", name="o"),
            ],
            "call.url -> url.value",
            "call.payload -> out.value",
        )
        run_id = served.execute(served.save(write_agent(made)))["id"]
        waiting = until(served, run_id, "waiting")
        (url,) = waiting["outputs"]["url"]
        assert [one["kind"] for one in waiting["waits_for"]] == ["call"]
        return run_id, url

    def test_a_call_is_taken_once_and_said_again_without_harm(
        self, served: Up, catalog: Catalog
    ) -> None:
        run_id, url = self.wait(served, catalog)
        assert served.http.get("/api/v1/reviews", params={"run_id": run_id}).json()["reviews"] == []

        assert served.http.post(url, content=b"{oh").status_code == 422
        for amount in (1, 2):
            assert served.http.post(url, json={"paid": amount}).status_code == 202

        assert until(served, run_id, "completed")["outputs"]["o"] == [{"paid": 1}]

    def test_a_link_is_a_call_that_brings_its_query(self, served: Up, catalog: Catalog) -> None:
        run_id, url = self.wait(served, catalog)
        assert served.http.get(url, params={"paid": "yes"}).status_code == 202
        assert until(served, run_id, "completed")["outputs"]["o"] == [{"paid": "yes"}]

    def test_nobody_waits_at_a_guessed_address(self, served: Up) -> None:
        answer = served.http.post("/api/v1/calls/guessed", json={})
        assert (answer.status_code, answer.json()["code"]) == (404, "call.not_found")


class TestSettings:
    def test_an_agent_whose_reviews_are_off_asks_nobody(
        self, served: Up, folder: Path, catalog: Catalog
    ) -> None:
        made = graph(
            [
                node(catalog, "ask", "HumanInTheLoop", data=1, name="Sure?"),
                node(catalog, "out", "AgentOutput", name="o"),
            ],
            "ask.approved_data -> out.value",
        )
        graph_id = served.save(write_agent(made))
        path = f"/api/v1/graphs/{graph_id}/settings"
        changed = served.http.patch(path, json={"human_in_the_loop_safe_mode": False})
        assert changed.json() == {
            "human_in_the_loop_safe_mode": False,
            "sensitive_action_safe_mode": False,
            "max_runs": None,
            "egress_hosts": None,
        }
        assert served.execute(graph_id, wait=20)["outputs"] == {"o": [1]}

        shown = command("graphs", "settings", graph_id, "--max-runs", "3", data_dir=folder)
        assert "max_runs: 3" in shown.stdout
        assert served.http.get(path).json()["max_runs"] == 3
        assert served.http.patch(path, json={"max_runs": 0}).status_code == 422
        assert served.http.get(f"/api/v1/graphs/{NOBODYS}/settings").status_code == 404


@pytest.mark.seed("D5-P08")
def test_a_queued_run_tells_where_it_stands(served: Up, catalog: Catalog) -> None:
    made = graph([node(catalog, "wait", "CountdownTimer", seconds=1, repeat=30)])
    graph_id = served.save(write_agent(made))
    path = f"/api/v1/graphs/{graph_id}"
    assert served.http.patch(f"{path}/settings", json={"max_runs": 1}).is_success

    def begin(priority: str) -> str:
        answer = served.http.post(f"{path}/execute", json={"priority": priority})
        assert answer.status_code == 202
        return str(answer.json()["id"])

    first = begin("normal")
    while served.http.get(f"/api/v1/runs/{first}").json()["status"] == "queued":
        pass
    late = begin("low")
    early = begin("high")

    def place(run_id: str) -> dict[str, Any]:
        return dict(served.http.get(f"/api/v1/runs/{run_id}").json()["queue"])

    assert place(early) == {"position": 1, "queued": 2, "people": 1, "is_held": True}
    assert place(late) == {"position": 2, "queued": 2, "people": 1, "is_held": True}
    assert served.http.get(f"/api/v1/runs/{first}").json()["queue"] is None
    for run_id in (first, late, early):
        served.http.post(f"/api/v1/runs/{run_id}/cancel")
