"""A worker is killed with runs in flight: everything accepted ends, and nothing committed runs again."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.processes import up

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def slow_agent(catalog: Catalog) -> dict[str, object]:
    """Adds one, waits a second, adds one, gives out: a step before the wait, and one after it."""
    made = graph(
        [
            node(catalog, "in", "AgentInput", name="x"),
            node(catalog, "before", "Calculator", operation="Add", b=1),
            node(catalog, "wait", "CountdownTimer", seconds=1),
            node(catalog, "after", "Calculator", operation="Add", b=1),
            node(catalog, "out", "AgentOutput", name="sum"),
        ],
        "in.result -> before.a",
        "before.result -> wait.input_message",
        "wait.output_message -> after.a",
        "after.result -> out.value",
    )
    return write_agent(made)


@pytest.mark.seed("D1-16", "D1-E25")
def test_runs_of_a_killed_process_finish_in_the_next_one(
    tmp_path: Path, slow_agent: dict[str, object]
) -> None:
    with up(tmp_path) as first:
        graph_id = first.save(slow_agent)
        runs = [first.execute(graph_id, x=number)["id"] for number in range(30)]
        first.kill()

    with up(tmp_path) as second:
        for number, run_id in enumerate(runs):
            ended = wait_for_end(second.http, run_id)
            assert (ended["status"], ended["outputs"]) == ("completed", {"sum": [number + 2.0]})

            events = second.http.get(f"/api/v1/runs/{run_id}/events").json()
            assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
            ends = Counter(
                event["body"]["node_run"] for event in events if event["kind"] == "node.completed"
            )
            assert ends == dict.fromkeys(range(1, 6), 1)


@pytest.mark.seed("D1-16")
def test_another_process_takes_over_while_the_first_ones_database_lives_on(
    tmp_path: Path, slow_agent: dict[str, object]
) -> None:
    """The killed process leaves its database server behind; whoever comes next adopts it."""
    with up(tmp_path) as first:
        graph_id = first.save(slow_agent)
        run_id = first.execute(graph_id, x=1)["id"]
        assert first.http.get(f"/api/v1/runs/{run_id}").json()["status"] == "running"
        first.kill()

    with up(tmp_path) as second:
        assert wait_for_end(second.http, run_id)["outputs"] == {"sum": [3.0]}

    server = tmp_path / "postgres" / "server.pid"
    assert not server.exists(), "the last one out stops the database"


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_stops_everything_and_hands_its_runs_back(
    tmp_path: Path, slow_agent: dict[str, object], asked: signal.Signals
) -> None:
    with up(tmp_path) as first:
        run_id = first.execute(first.save(slow_agent), x=1)["id"]
        first.process.send_signal(asked)
        assert first.process.wait(20) == 0
    assert not (tmp_path / "postgres" / "server.pid").exists()

    with up(tmp_path) as second:
        assert wait_for_end(second.http, run_id)["outputs"] == {"sum": [3.0]}


def wait_for_end(http: object, run_id: str) -> dict[str, object]:
    for _ in range(2_000):
        run = http.get(f"/api/v1/runs/{run_id}").json()  # type: ignore[attr-defined]
        if run["status"] in {"completed", "failed", "cancelled"}:
            return dict(run)
        http.get(f"/api/v1/runs/{run_id}/events")  # type: ignore[attr-defined]
    raise AssertionError(f"run {run_id} does not end: {run}")


@pytest.mark.seed("D1-16")
def test_a_model_with_tools_goes_on_where_it_was(tmp_path: Path, catalog: Catalog) -> None:
    """What a tool brought before the process died is not brought again, nor is the model asked again for it."""
    script = """```demo
[{"turn": 0, "call": {"tool": "calculator", "arguments": {"a": 1}}},
 {"turn": 1, "call": {"tool": "countdowntimer", "arguments": {"input_message": "x"}}},
 {"turn": 2, "reply": "Done."}]
```"""
    made = graph(
        [
            node(
                catalog,
                "think",
                "Orchestrator",
                prompt=f"Reckon and wait.\n{script}",
                model="demo",
                agent_mode_max_iterations=-1,
            ),
            node(catalog, "add", "Calculator", operation="Add", b=1),
            node(catalog, "wait", "CountdownTimer", seconds=2),
            node(catalog, "out", "AgentOutput", name="said"),
            node(catalog, "sum", "AgentOutput", name="sum"),
        ],
        "think.tools -> add.a",
        "think.tools -> wait.input_message",
        "think.finished -> out.value",
        "add.result -> sum.value",
    )
    with up(tmp_path) as first:
        run_id = first.execute(first.save(write_agent(made)))["id"]
        while "timer" not in first.http.get(f"/api/v1/runs/{run_id}/events").text:
            pass
        first.kill()

    with up(tmp_path) as second:
        ended = wait_for_end(second.http, run_id)
        events = second.http.get(f"/api/v1/runs/{run_id}/events").json()

    assert (ended["status"], ended["outputs"]) == ("completed", {"sum": [2.0], "said": ["Done."]})
    waits = [one["body"]["wait"] for one in events if one["kind"] == "node.waiting"]
    assert waits == ["tools", "tools", "timer"]
