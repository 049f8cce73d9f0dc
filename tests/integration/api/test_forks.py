"""Runs that go on from a run that was, over HTTP and by command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import chain, graph, node
from tests.processes import Up, as_json, command, up

NOBODYS = "01900000-0000-7000-8000-0000000000ff"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Up]:
    with up(folder) as running:
        yield running


def over(served: Up, run: dict[str, Any]) -> dict[str, Any]:
    while run["status"] in {"queued", "running", "waiting"}:
        run = served.http.get(f"/api/v1/runs/{run['id']}").json()
    return run


def events(served: Up, run_id: str) -> list[dict[str, Any]]:
    return list(served.http.get(f"/api/v1/runs/{run_id}/events").json())


class TestFork:
    def test_what_comes_before_the_point_is_kept(self, served: Up, catalog: Catalog) -> None:
        done = served.execute(served.save(write_agent(chain(catalog, 4))), wait=20)

        answer = served.http.post(f"/api/v1/runs/{done['id']}/fork", json={"from_node_run": 3})

        assert answer.status_code == 202
        forked = over(served, answer.json())
        assert (forked["status"], forked["outputs"]) == ("completed", done["outputs"])
        journal = events(served, forked["id"])
        assert [event["seq"] for event in journal] == list(range(1, len(journal) + 1))
        assert journal[0]["body"]["forked_from"] == {"run_id": done["id"], "node_runs": [3]}
        reused = {
            event["body"]["node"]: event["body"]["reused_from"]
            for event in journal
            if event["body"].get("reused_from")
        }
        assert reused == {"n0": 1, "n1": 2}

    def test_the_plan_is_told_and_nothing_is_started(self, served: Up, catalog: Catalog) -> None:
        done = served.execute(served.save(write_agent(chain(catalog, 2))), wait=20)
        before = served.http.get("/api/v1/runs").json()

        body = {"from_node_run": 2, "plan_only": True}
        plan = served.http.post(f"/api/v1/runs/{done['id']}/fork", json=body)

        assert plan.status_code == 200
        assert [step["node"] for step in plan.json()["reused"]] == ["n0"]
        assert [step["node"] for step in plan.json()["again"]] == ["n1", "out"]
        assert plan.json()["credits_before"] == 0
        assert served.http.get("/api/v1/runs").json() == before

    def test_on_an_edited_version(self, served: Up, catalog: Catalog) -> None:
        document = write_agent(chain(catalog, 3))
        graph_id = served.save(document)
        done = served.execute(graph_id, wait=20)
        for each in document["nodes"]:
            if each["id"] == "n2":
                each["constants"]["b"] = 10
        assert served.http.put(f"/api/v1/graphs/{graph_id}", json=document).is_success

        body = {"from_node_run": 3, "graph_version": 2}
        forked = over(served, served.http.post(f"/api/v1/runs/{done['id']}/fork", json=body).json())

        assert (forked["graph_version"], forked["outputs"]) == (2, {"sum": [12]})

    def test_from_a_node_run_that_never_happened(self, served: Up, catalog: Catalog) -> None:
        done = served.execute(served.save(write_agent(chain(catalog, 2))), wait=20)

        refused = served.http.post(f"/api/v1/runs/{done['id']}/fork", json={"from_node_run": 9})

        assert (refused.status_code, refused.json()["code"]) == (422, "run.fork_point_unknown")
        known = refused.json()["details"]["node_runs"]
        assert [(step["node_run"], step["node"], step["block"]) for step in known] == [
            (1, "n0", "Calculator"),
            (2, "n1", "Calculator"),
            (3, "out", "AgentOutput"),
        ]

    def test_of_nobodys_run_and_on_no_version(self, served: Up, catalog: Catalog) -> None:
        body = {"from_node_run": 1}
        assert served.http.post(f"/api/v1/runs/{NOBODYS}/fork", json=body).status_code == 404
        done = served.execute(served.save(write_agent(chain(catalog, 2))), wait=20)
        missing = served.http.post(
            f"/api/v1/runs/{done['id']}/fork", json={**body, "graph_version": 7}
        )
        assert (missing.status_code, missing.json()["code"]) == (404, "graph.not_found")

    def test_what_a_person_decided_stands(self, served: Up, catalog: Catalog) -> None:
        made = graph(
            [
                node(catalog, "ask", "HumanInTheLoop", data=1, name="Sure?"),
                node(catalog, "add", "Calculator", operation="Add", a=0, b=1),
                node(catalog, "out", "AgentOutput", name="o"),
            ],
            "ask.approved_data -> add.a",
            "add.result -> out.value",
        )
        run_id = served.execute(served.save(write_agent(made)))["id"]
        reviews: list[dict[str, Any]] = []
        while not reviews:
            reviews = served.http.get("/api/v1/reviews", params={"run_id": run_id}).json()[
                "reviews"
            ]
        decision = {"decision": "approve", "data": 5}
        assert served.http.post(f"/api/v1/reviews/{reviews[0]['id']}", json=decision).is_success
        done = over(served, served.http.get(f"/api/v1/runs/{run_id}").json())

        forked = over(
            served,
            served.http.post(f"/api/v1/runs/{run_id}/fork", json={"from_node_run": 2}).json(),
        )

        assert forked["outputs"] == done["outputs"] == {"o": [6]}
        listed = served.http.get("/api/v1/reviews", params={"run_id": forked["id"]}).json()
        assert listed["reviews"] == []


class TestRetry:
    @pytest.mark.seed("D8-19")
    def test_what_failed_is_done_again_and_what_did_not_is_kept(
        self, served: Up, catalog: Catalog
    ) -> None:
        made = graph(
            [
                node(catalog, "in", "AgentNumberInput", name="x"),
                node(catalog, "fine", "Calculator", operation="Add", a=1, b=1),
                node(catalog, "divide", "Calculator", operation="Divide", a=1, b=0),
            ],
            "in.result -> divide.b",
        )
        failed = served.execute(served.save(write_agent(made)), wait=20, x=0)
        assert failed["status"] == "failed"

        retried = over(served, served.http.post(f"/api/v1/runs/{failed['id']}/retry").json())

        assert retried["status"] == "failed"
        reused = {
            event["body"]["node"]
            for event in events(served, retried["id"])
            if event["body"].get("reused_from")
        }
        assert reused == {"in", "fine"}

    def test_a_run_that_completed_has_nothing_to_retry(self, served: Up, catalog: Catalog) -> None:
        done = served.execute(served.save(write_agent(chain(catalog, 2))), wait=20)
        refused = served.http.post(f"/api/v1/runs/{done['id']}/retry")
        assert (refused.status_code, refused.json()["code"]) == (409, "run.nothing_to_retry")

    def test_a_run_that_goes_on_is_not_retried(self, served: Up, catalog: Catalog) -> None:
        made = graph([node(catalog, "wait", "CountdownTimer", hours=1)])
        going = served.execute(served.save(write_agent(made)))
        refused = served.http.post(f"/api/v1/runs/{going['id']}/retry")
        assert (refused.status_code, refused.json()["code"]) == (409, "run.is_going")


class TestAgain:
    def test_with_the_same_inputs_and_with_another(self, served: Up, catalog: Catalog) -> None:
        made = graph(
            [
                node(catalog, "a", "AgentNumberInput", name="a"),
                node(catalog, "b", "AgentNumberInput", name="b"),
                node(catalog, "add", "Calculator", operation="Add"),
                node(catalog, "out", "AgentOutput", name="sum"),
            ],
            "a.result -> add.a",
            "b.result -> add.b",
            "add.result -> out.value",
        )
        done = served.execute(served.save(write_agent(made)), wait=20, a=1, b=2)
        path = f"/api/v1/runs/{done['id']}/again"

        same = over(served, served.http.post(path).json())
        other = over(served, served.http.post(path, json={"inputs": {"b": 40}}).json())
        wrong = served.http.post(path, json={"inputs": {"b": "forty"}})

        assert (same["outputs"], other["outputs"]) == ({"sum": [3]}, {"sum": [41]})
        assert other["inputs"] == {"a": 1, "b": 40}
        assert wrong.status_code == 422


def test_by_command(served: Up, folder: Path, catalog: Catalog) -> None:
    done = served.execute(served.save(write_agent(chain(catalog, 2))), wait=20)
    told = command("runs", "fork", done["id"], "2", "--plan", data_dir=folder).stdout
    assert told.splitlines()[:2] == [
        "kept: 1 n0 (Calculator, completed)",
        "done again: 2 n1 (Calculator, completed)",
    ]
    forked = as_json(command("runs", "fork", done["id"], "2", "--json", data_dir=folder))
    assert forked["outputs"] == {"sum": [2]}
    again = command("runs", "again", done["id"], data_dir=folder)
    assert (again.returncode, again.stdout.strip()) == (0, "2")
    wrong = command("runs", "again", done["id"], "--input", "x", data_dir=folder)
    assert (wrong.returncode, "NAME=VALUE" in wrong.stderr) == (2, True)
    refused = command("runs", "retry", done["id"], data_dir=folder)
    assert (refused.returncode, "completed" in refused.stderr) == (2, True)
