"""Debugging runs over HTTP and by command: run to here, pinned values, breakpoints; and a kill -9 at one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.model import Graph
from autograph.graph.portable import write_agent
from tests.agents import chain, graph, node
from tests.processes import COMMAND, Up, as_json, command, up

pytestmark = pytest.mark.timeout(120)
NOBODYS = "01900000-0000-7000-8000-0000000000ff"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Up]:
    with up(folder) as running:
        yield running


def execute(served: Up, graph_id: str, /, wait: float = 20, **body: Any) -> dict[str, Any]:
    answer = served.http.post(
        f"/api/v1/graphs/{graph_id}/execute", params={"wait": wait}, json=body
    )
    assert answer.is_success, answer.text
    return dict(answer.json())


def broken(served: Up, run_id: str, nodes: set[str]) -> dict[str, Any]:
    """The run, once these nodes wait at breakpoints and it holds no worker."""
    while True:
        run: dict[str, Any] = served.http.get(f"/api/v1/runs/{run_id}").json()
        if {one["node"] for one in run["breaks"]} == nodes and run["status"] == "waiting":
            return run
        assert run["status"] in {"queued", "running", "waiting"}, run


def go_on(served: Up, run_id: str, **body: Any) -> dict[str, Any]:
    answer = served.http.post(f"/api/v1/runs/{run_id}/continue", json=body)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def over(served: Up, run_id: str) -> dict[str, Any]:
    while True:
        run: dict[str, Any] = served.http.get(f"/api/v1/runs/{run_id}").json()
        if run["status"] not in {"queued", "running", "waiting"}:
            return run


def node_runs(served: Up, run_id: str) -> dict[str, dict[str, Any]]:
    found = served.http.get(f"/api/v1/runs/{run_id}/node-runs").json()["node_runs"]
    return {one["node"]: one for one in found}


class TestRunToHere:
    def test_only_what_the_node_needs_runs(self, served: Up, catalog: Catalog) -> None:
        run = execute(served, served.save(write_agent(chain(catalog, 4))), until=["n1"])

        assert (run["status"], run["outputs"]) == ("completed", {})
        assert (run["stats"]["until"], run["debug"]["until"]) == (["n1"], ["n1"])
        assert list(node_runs(served, run["id"])) == ["n0", "n1"]
        last = served.http.get(f"/api/v1/runs/{run['id']}/events").json()[-1]
        assert (last["kind"], last["body"]) == ("run.completed", {"until": ["n1"]})

    def test_inputs_and_credentials_that_nothing_needs_may_be_left_out(
        self, served: Up, catalog: Catalog
    ) -> None:
        made = graph(
            [
                node(catalog, "here", "StoreValue", input=1),
                node(catalog, "who", "AgentShortTextInput", name="who"),
                node(catalog, "issue", "GithubMakeIssue", repo_url="o/r", body="x"),
            ],
            "who.result -> issue.title",
        )
        graph_id = served.save(write_agent(made))
        refused = served.http.post(f"/api/v1/graphs/{graph_id}/execute", json={})
        assert refused.status_code == 422

        assert execute(served, graph_id, until=["here"])["status"] == "completed"
        pinned = {"issue": {"number": 7}}
        assert (
            execute(served, graph_id, inputs={"who": "Ada"}, pinned=pinned)["status"] == "completed"
        )

    def test_a_node_that_there_is_not(self, served: Up, catalog: Catalog) -> None:
        graph_id = served.save(write_agent(chain(catalog, 2)))
        for body in ({"until": ["x"]}, {"breakpoints": ["x"]}, {"pinned": {"x": {"result": 1}}}):
            refused = served.http.post(f"/api/v1/graphs/{graph_id}/execute", json=body)
            assert (refused.status_code, refused.json()["code"]) == (422, "run.unknown_target")
            assert refused.json()["details"]["nodes"] == ["n0", "n1", "out"]
            assert "n0, n1, out" in refused.json()["message"]

    def test_a_dry_run_goes_to_a_node_too_and_simulates_by_no_part_of_a_run(
        self, served: Up, catalog: Catalog
    ) -> None:
        made = graph(
            [
                node(catalog, "say", "AITextGenerator", prompt="Hi.", model="demo"),
                node(catalog, "out", "AgentOutput", name="o"),
            ],
            "say.response -> out.value",
        )
        graph_id = served.save(write_agent(made))
        execute(served, graph_id, until=["say"])
        run = execute(served, graph_id, until=["say"], dry_run=True)

        found = node_runs(served, run["id"])
        assert {name: one["simulated"] for name, one in found.items()} == {"say": "sample"}


class TestPinned:
    def test_the_node_does_not_run_and_its_values_go_on(self, served: Up, catalog: Catalog) -> None:
        made = graph(
            [
                node(catalog, "say", "AITextGenerator", prompt="Hi.", model="demo"),
                node(catalog, "out", "AgentOutput", name="o"),
            ],
            "say.response -> out.value",
        )
        graph_id = served.save(write_agent(made))
        run = execute(served, graph_id, pinned={"say": {"response": ["one", "two"]}})

        assert run["outputs"] == {"o": ["one", "two"]}
        assert (run["stats"]["pinned"], run["stats"]["node_runs"]) == (1, 3)
        assert run["debug"]["pinned"] == {"say": {"response": ["one", "two"]}}
        found = node_runs(served, run["id"])
        assert (found["say"]["is_pinned"], found["out"]["is_pinned"]) == (True, False)
        kinds = [
            (one["kind"], one["body"].get("is_pinned"))
            for one in served.http.get(f"/api/v1/runs/{run['id']}/events").json()
            if one["body"].get("node") == "say"
        ]
        assert kinds == [("node.completed", True)]

    def test_a_large_value_is_pinned_and_shown_again(self, served: Up, catalog: Catalog) -> None:
        graph_id = served.save(write_agent(chain(catalog, 1)))
        large = "x" * 100_000
        run = execute(served, graph_id, pinned={"n0": {"result": large}})

        assert run["outputs"] == {"sum": [large]}
        assert run["debug"]["pinned"] == {"n0": {"result": [large]}}

    def test_a_key_is_for_one_way_to_run(self, served: Up, catalog: Catalog) -> None:
        graph_id = served.save(write_agent(chain(catalog, 1)))

        def ask(body: dict[str, Any]) -> Any:
            return served.http.post(
                f"/api/v1/graphs/{graph_id}/execute",
                json=body,
                headers={"Idempotency-Key": "debug-once"},
            )

        first, second = ask({"until": ["n0"]}), ask({"until": ["n0"]})
        assert first.json()["id"] == second.json()["id"]
        other = ask({})
        assert (other.status_code, other.json()["code"]) == (409, "request.key_reused")


class TestBreakpoints:
    def test_a_run_waits_without_a_worker_and_goes_on_with_other_inputs(
        self, served: Up, catalog: Catalog
    ) -> None:
        graph_id = served.save(write_agent(chain(catalog, 3)))
        run = broken(served, execute(served, graph_id, wait=0, breakpoints=["n1"])["id"], {"n1"})

        assert (run["worker"], run["breaks"][0]["inputs"]) == (
            None,
            {"operation": "Add", "a": 1, "b": 1},
        )
        (wait,) = run["waits_for"]
        assert (wait["node"], wait["kind"], wait["review_id"]) == ("n1", "breakpoint", None)
        assert served.http.get("/api/v1/reviews").json()["reviews"] == []  # it is no review

        go_on(served, run["id"], inputs={"b": "40"})

        done = over(served, run["id"])
        assert (done["outputs"], done["breaks"]) == ({"sum": [42]}, [])

    def test_step_by_step(self, served: Up, catalog: Catalog) -> None:
        graph_id = served.save(write_agent(chain(catalog, 3)))
        run = broken(served, execute(served, graph_id, wait=0, breakpoints=["n0"])["id"], {"n0"})
        for following in ("n1", "n2"):
            go_on(served, run["id"], step=True)
            broken(served, run["id"], {following})
        go_on(served, run["id"])

        assert over(served, run["id"])["outputs"] == {"sum": [3]}

    def test_stop_at_a_breakpoint(self, served: Up, catalog: Catalog) -> None:
        graph_id = served.save(write_agent(chain(catalog, 2)))
        run = broken(served, execute(served, graph_id, wait=0, breakpoints=["n0"])["id"], {"n0"})
        assert served.http.post(f"/api/v1/runs/{run['id']}/cancel").status_code == 202
        assert over(served, run["id"])["status"] == "cancelled"
        late = served.http.post(f"/api/v1/runs/{run['id']}/continue", json={})
        assert (late.status_code, late.json()["code"]) == (409, "run.not_paused")

    def test_what_cannot_be_said(self, served: Up, catalog: Catalog) -> None:
        made = graph(
            [node(catalog, name, "Calculator", operation="Add", a=1, b=1) for name in ("x", "y")]
        )
        graph_id = served.save(write_agent(made))
        run = broken(
            served, execute(served, graph_id, wait=0, breakpoints=["x", "y"])["id"], {"x", "y"}
        )
        by_node = {one["node"]: one["id"] for one in run["breaks"]}

        def refused(**body: Any) -> tuple[int, dict[str, Any]]:
            answer = served.http.post(f"/api/v1/runs/{run['id']}/continue", json=body)
            return answer.status_code, answer.json()

        assert refused(inputs={"a": 1})[1]["details"]["errors"] == {
            "break_id": "Say which: 2 node runs wait"
        }
        status, body = refused(break_id=by_node["x"], inputs={"q": 1, "a": "no number"})
        assert (status, set(body["details"]["errors"])) == (422, {"inputs.q", "inputs.a"})
        assert refused(break_id=NOBODYS)[1]["code"] == "run.break_not_found"
        nobody = served.http.post(f"/api/v1/runs/{NOBODYS}/continue", json={})
        assert (nobody.status_code, nobody.json()["code"]) == (404, "run.not_found")

        go_on(served, run["id"], break_id=by_node["x"])
        broken(served, run["id"], {"y"})
        go_on(served, run["id"])
        assert over(served, run["id"])["status"] == "completed"

    def test_in_an_agent_inside_as_long_as_it_travels_with_this_one(
        self, served: Up, catalog: Catalog
    ) -> None:
        graph_id = served.save(write_agent(nested(catalog)))
        run_id = execute(served, graph_id, wait=0, breakpoints=["deep"])["id"]
        run = broken(served, run_id, {"deep"})
        assert run["breaks"][0]["run_id"] != run_id

        # To step inside stays inside: the agent around it goes on when that has ended.
        go_on(served, run_id, step=True, inputs={"a": 10})
        broken(served, run_id, {"deeper"})
        go_on(served, run_id, step=True)
        broken(served, run_id, {"give"})
        go_on(served, run_id, step=True)
        assert over(served, run_id)["outputs"] == {"o": [12]}

    def test_to_step_over_an_agent_inside_runs_it_whole_and_pins_hold_in_it(
        self, served: Up, catalog: Catalog
    ) -> None:
        graph_id = served.save(write_agent(nested(catalog)))
        pinned = {"deep": {"result": 5}}
        run_id = execute(served, graph_id, wait=0, breakpoints=["agent"], pinned=pinned)["id"]
        broken(served, run_id, {"agent"})
        go_on(served, run_id, step=True)
        broken(served, run_id, {"out"})
        go_on(served, run_id)
        assert over(served, run_id)["outputs"] == {"o": [6]}

    def test_a_fork_breaks_where_the_run_did(self, served: Up, catalog: Catalog) -> None:
        graph_id = served.save(write_agent(chain(catalog, 3)))
        run = broken(served, execute(served, graph_id, wait=0, breakpoints=["n1"])["id"], {"n1"})
        go_on(served, run["id"])
        over(served, run["id"])

        fork = served.http.post(f"/api/v1/runs/{run['id']}/fork", json={"from_node_run": 2}).json()
        broken(served, fork["id"], {"n1"})
        go_on(served, fork["id"])
        assert over(served, fork["id"])["outputs"] == {"sum": [3]}


def test_a_run_that_is_killed_at_a_breakpoint_waits_there_still(
    tmp_path: Path, catalog: Catalog
) -> None:
    with up(tmp_path) as first:
        graph_id = first.save(write_agent(chain(catalog, 3)))
        run = execute(first, graph_id, wait=0, breakpoints=["n0"])
        broken(first, run["id"], {"n0"})
        go_on(first, run["id"], step=True, inputs={"b": 5})
        before = broken(first, run["id"], {"n1"})
        first.kill()

    with up(tmp_path) as second:
        after = broken(second, run["id"], {"n1"})
        assert after["breaks"] == before["breaks"]
        # What was said before holds: to step, and the changed value.
        go_on(second, run["id"], step=True)
        broken(second, run["id"], {"n2"})
        go_on(second, run["id"])
        assert over(second, run["id"])["outputs"] == {"sum": [7]}
        kinds = [
            one["body"]["node"]
            for one in second.http.get(f"/api/v1/runs/{run['id']}/events").json()
            if one["kind"] == "node.waiting"
        ]
        assert kinds == ["n0", "n1", "n2"]


class TestCommand:
    def test_run_to_a_node_with_pinned_values(
        self, served: Up, folder: Path, catalog: Catalog
    ) -> None:
        graph_id = served.save(write_agent(chain(catalog, 3)))
        done = as_json(
            command(
                "run", graph_id, "--until", "n2", "--pin", "n1.result=40", "--json", data_dir=folder
            )
        )
        assert (done["status"], done["stats"]["node_runs"]) == ("completed", 2)

        wrong = command("run", graph_id, "--pin", "n1=40", data_dir=folder)
        assert wrong.returncode == 2
        assert "NODE.PIN=VALUE" in wrong.stderr
        unknown = command("run", graph_id, "--until", "n9", data_dir=folder)
        assert unknown.returncode == 2
        assert "n0, n1, n2, out" in unknown.stderr

    def test_break_and_continue(self, served: Up, folder: Path, catalog: Catalog) -> None:
        graph_id = served.save(write_agent(chain(catalog, 2)))
        going = subprocess.Popen(
            [*COMMAND, "run", graph_id, "--break", "n1", "--data-dir", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert going.stderr is not None
        try:
            told = going.stderr.readline()
            assert told.startswith("n1 waits with {")
            assert '"a": 1.0' in told
            run_id = going.stderr.readline().split()[3]
            shown = command("runs", "show", run_id, data_dir=folder)
            assert "n1 waits for a breakpoint" in shown.stdout
            done = command("runs", "continue", run_id, "--input", "b=41", data_dir=folder)
            assert (done.returncode, done.stdout) == (0, "n1 goes on.\n")
            assert going.communicate(timeout=30)[0] == "42\n"
        finally:
            going.kill()
            going.communicate()
        late = command("runs", "continue", run_id, data_dir=folder)
        assert late.returncode == 2
        assert "Nothing in run" in late.stderr


def nested(catalog: Catalog) -> Graph:
    """An agent with an agent inside: deep adds 1 to 1, deeper 1 to that."""
    inner = graph(
        [
            node(catalog, "deep", "Calculator", operation="Add", a=1, b=1),
            node(catalog, "deeper", "Calculator", operation="Add", b=1),
            node(catalog, "give", "AgentOutput", name="n"),
        ],
        "deep.result -> deeper.a",
        "deeper.result -> give.value",
        id="inner",
        name="Inner",
    )
    schema = {"type": "object", "properties": {"n": {}}}
    return graph(
        [
            node(
                catalog,
                "agent",
                "AgentExecutor",
                graph_id="inner",
                graph_version=1,
                input_schema={"type": "object", "properties": {}},
                output_schema=schema,
            ),
            node(catalog, "out", "AgentOutput", name="o"),
        ],
        "agent.n -> out.value",
        sub_graphs=(inner,),
    )
