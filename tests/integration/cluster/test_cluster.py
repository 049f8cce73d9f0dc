"""A whole cluster as people start it: two APIs, workers and a scheduler on PostgreSQL, RabbitMQ and Redis."""

from __future__ import annotations

import json
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest
from websockets.sync.client import connect

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import chain, graph, node
from tests.processes import Up, carrying, serving
from tests.servers import RabbitMq, Redis, rabbitmq_server, redis_server

pytestmark = pytest.mark.timeout(120)


@dataclass
class Cluster:
    """Its parts."""

    stack: ExitStack
    folder: Path
    environment: dict[str, str]
    apis: list[Up]
    broker: RabbitMq
    redis: Redis

    def add_worker(self) -> Any:
        return self.stack.enter_context(carrying("worker", self.folder, **self.environment))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RabbitMq, Redis]]:
    """A broker and a Redis; who kills one starts it again."""
    folder = tmp_path_factory.mktemp("servers")
    with rabbitmq_server(folder / "rabbitmq") as broker, redis_server(folder / "redis") as redis:
        yield broker, redis


@pytest.fixture
def cluster(tmp_path: Path, servers: tuple[RabbitMq, Redis]) -> Iterator[Cluster]:
    broker, redis = servers
    with ExitStack() as stack:
        environment = {"AUTOGRAPH_QUEUE_URL": broker.url, "AUTOGRAPH_REDIS_URL": redis.url}
        apis = [stack.enter_context(serving("api", tmp_path, **environment)) for _ in range(2)]
        stack.enter_context(carrying("scheduler", tmp_path, **environment))
        yield Cluster(stack, tmp_path, environment, apis, broker, redis)


def until_over(up: Up, runs: list[str]) -> list[dict[str, Any]]:
    """The runs, once all of them have ended."""
    left, over = list(runs), {}
    deadline = monotonic() + 60
    while left:
        assert monotonic() < deadline, f"{len(left)} runs do not end: {left[:3]}"
        run = up.http.get(f"/api/v1/runs/{left[0]}").json()
        if run["status"] in {"completed", "failed", "cancelled"}:
            over[left.pop(0)] = run
    return [over[run_id] for run_id in runs]


@pytest.mark.seed("D2-10")
def test_runs_spread_over_workers_and_news_reach_every_api(
    cluster: Cluster, catalog: Catalog
) -> None:
    """100 runs, accepted by two APIs, run on two workers; a socket at one API sees a run of the other."""
    first, second = cluster.apis
    for _ in range(2):
        cluster.add_worker()
    made = graph(
        [
            node(catalog, "wait", "CountdownTimer", seconds=1, repeat=10, input_message="x"),
            node(catalog, "out", "AgentOutput", name="o"),
        ],
        "wait.output_message -> out.value",
    )
    graph_id = first.save(write_agent(made))
    runs = [cluster.apis[number % 2].execute(graph_id)["id"] for number in range(100)]

    workers: dict[str, int] = {}
    while len(workers) < 100:
        for run_id in runs:
            if run_id not in workers:
                run = second.http.get(f"/api/v1/runs/{run_id}").json()
                assert run["status"] in {"queued", "running"}
                if run["worker"] is not None:
                    workers[run_id] = run["worker"]
    over = until_over(second, runs)

    assert {run["status"] for run in over} == {"completed"}
    counts = Counter(workers.values())
    assert len(counts) == 2
    assert max(counts.values()) <= 65

    url = first.url.replace("http", "ws") + "/ws"
    with connect(url) as socket:
        assert json.loads(socket.recv(5))["type"] == "hello"
        run_id = second.execute(graph_id)["id"]
        socket.send(json.dumps({"type": "subscribe", "run": run_id}))
        kinds = []
        while (message := json.loads(socket.recv(20)))["type"] != "end":
            kinds.append(message.get("event", message).get("kind"))
    assert "run.completed" in kinds


@pytest.mark.seed("D5-S15", "D1-24")
@pytest.mark.seed("D1-E17")
def test_what_is_accepted_while_the_broker_is_away_runs(cluster: Cluster, catalog: Catalog) -> None:
    api, *_ = cluster.apis
    graph_id = api.save(write_agent(chain(catalog, 3)))
    cluster.add_worker()
    cluster.broker.kill()
    runs = [api.execute(graph_id)["id"] for _ in range(20)]
    assert {run["status"] for run in until_over(api, runs)} == {"completed"}

    cluster.broker.start()
    assert {run["status"] for run in until_over(api, [api.execute(graph_id)["id"]])} == {
        "completed"
    }


@pytest.mark.seed("D1-24", "D14-09")
def test_a_broker_that_is_killed_while_runs_are_submitted_loses_and_doubles_nothing(
    cluster: Cluster, catalog: Catalog
) -> None:
    api, other = cluster.apis
    graph_id = api.save(write_agent(chain(catalog, 2)))
    cluster.add_worker()
    stop = threading.Thread(target=lambda: (cluster.broker.kill(), cluster.broker.start()))
    runs: list[str] = []
    for number in range(1_000):
        if number == 200:
            stop.start()
        runs.append(cluster.apis[number % 2].execute(graph_id)["id"])
    stop.join()

    over = until_over(other, runs)
    assert Counter(run["status"] for run in over) == {"completed": 1_000}
    for run_id in runs[::50]:
        events = api.http.get(f"/api/v1/runs/{run_id}/events").json()
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert Counter(event["kind"] for event in events)["run.completed"] == 1


def test_a_cluster_goes_on_without_redis(cluster: Cluster, catalog: Catalog) -> None:
    api, *_ = cluster.apis
    graph_id = api.save(write_agent(chain(catalog, 3)))
    cluster.add_worker()
    cluster.redis.kill()
    assert api.execute(graph_id, wait=20)["status"] == "completed"
    cluster.redis.start()
    assert api.execute(graph_id, wait=20)["status"] == "completed"


@pytest.mark.seed("D2-E03")
def test_a_cancel_reaches_the_worker_that_holds_the_run(cluster: Cluster, catalog: Catalog) -> None:
    first, second = cluster.apis
    for _ in range(2):
        cluster.add_worker()
    made = graph([node(catalog, "wait", "CountdownTimer", seconds=1, repeat=100)])
    graph_id = first.save(write_agent(made))
    runs = [first.execute(graph_id)["id"] for _ in range(10)]
    for run_id in runs:
        while first.http.get(f"/api/v1/runs/{run_id}").json()["status"] == "queued":
            pass

    for run_id in runs:
        assert second.http.post(f"/api/v1/runs/{run_id}/cancel").status_code == 202

    assert {run["status"] for run in until_over(first, runs)} == {"cancelled"}


def test_a_worker_that_is_asked_to_stop_hands_its_runs_to_another(
    cluster: Cluster, catalog: Catalog
) -> None:
    api, *_ = cluster.apis
    made = graph(
        [
            node(catalog, "wait", "CountdownTimer", seconds=1, repeat=3, input_message="x"),
            node(catalog, "out", "AgentOutput", name="o"),
        ],
        "wait.output_message -> out.value",
    )
    graph_id = api.save(write_agent(made))
    leaving = cluster.add_worker()
    runs = [api.execute(graph_id)["id"] for _ in range(20)]
    for run_id in runs:
        while api.http.get(f"/api/v1/runs/{run_id}").json()["status"] == "queued":
            pass
    cluster.add_worker()
    leaving.send_signal(signal.SIGTERM)
    assert leaving.wait(60) == 0

    over = until_over(api, runs)
    assert [run["outputs"] for run in over] == [{"o": ["x", "x", "x"]}] * 20


def test_a_worker_process_that_dies_is_started_again_and_all_end_with_their_supervisor(
    tmp_path: Path, catalog: Catalog
) -> None:
    with serving("api", tmp_path) as api:
        graph_id = api.save(write_agent(chain(catalog, 2)))
        with ExitStack() as stack:
            supervisor = stack.enter_context(carrying("worker --processes 2", tmp_path))
            workers = psutil.Process(supervisor.pid).children()
            assert len(workers) == 2
            for worker in workers:
                worker.kill()
            assert api.execute(graph_id, wait=30)["status"] == "completed"

            children = psutil.Process(supervisor.pid).children()
            supervisor.kill()
            _, alive = psutil.wait_procs(children, timeout=60)
            assert not alive
