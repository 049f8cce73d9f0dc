"""The doors of a cluster: which processes have one, what an API does by itself, and what two APIs share."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from websockets.sync.client import ClientConnection, connect

from autograph.blocks.catalog import Catalog
from autograph.client import Client
from autograph.graph.portable import write_agent
from tests.agents import chain, graph, node
from tests.processes import Up, as_json, carrying, command, serving
from tests.servers import RabbitMq, Redis, rabbitmq_server, redis_server

pytestmark = pytest.mark.timeout(300)
PASSWORD = "a long enough sentence"
OWNER = {"email": "owner@example.com", "password": PASSWORD}


@dataclass
class Cluster:
    """Two APIs, a worker and a scheduler, and what is between them."""

    apis: list[Up]
    others: list[Any]
    broker: RabbitMq


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RabbitMq, Redis]]:
    """A broker and a Redis; who kills one starts it again."""
    folder = tmp_path_factory.mktemp("servers")
    with rabbitmq_server(folder / "rabbitmq") as broker, redis_server(folder / "redis") as redis:
        yield broker, redis


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, servers: tuple[RabbitMq, Redis]
) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    broker, redis = servers
    urls = {"AUTOGRAPH_QUEUE_URL": broker.url, "AUTOGRAPH_REDIS_URL": redis.url}
    with ExitStack() as stack:
        apis = [stack.enter_context(serving("api", folder, **urls)) for _ in range(2)]
        others = [
            stack.enter_context(carrying(one, folder, **urls)) for one in ("worker", "scheduler")
        ]
        yield Cluster(apis, others, broker)


def ports_of(pid: int) -> set[int]:
    """The TCP ports that a process and its children listen on."""
    process = psutil.Process(pid)
    return {
        connection.laddr.port
        for one in (process, *process.children(recursive=True))
        for connection in one.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }


def until_one_takes_and_nothing_is_left(broker: RabbitMq) -> None:
    """Return when a worker listens to runs of normal priority, and none of their messages is unanswered."""
    listing = ("list_queues", "name", "consumers", "messages")
    while "autograph.runs.normal\t1\t0" not in broker.ctl(*listing).splitlines():
        time.sleep(0.1)


def new_key(up: Up, **options: Any) -> str:
    body = {"name": "k", "scopes": ["READ_GRAPH", "WRITE_GRAPH", "EXECUTE_GRAPH"], **options}
    answer = up.http.post("/api/v1/api-keys", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["key"])


@pytest.mark.seed("D1-07", "D1-E03", "D7-P03")
def test_nobody_comes_in_but_by_an_api(cluster: Cluster, catalog: Catalog) -> None:
    first, second = cluster.apis
    for api in cluster.apis:
        assert ports_of(api.process.pid) == {httpx2.URL(api.url).port}
    assert [ports_of(one.pid) for one in cluster.others] == [set(), set()]

    with Client(second.url, key=new_key(first)) as client:
        saved = client.graphs.create(write_agent(chain(catalog, 3)))
        assert client.graphs.execute(saved.id, wait=30).outputs == {"sum": [3.0]}


@pytest.mark.seed("D2-E07")
def test_workers_take_their_work_from_the_broker(cluster: Cluster, catalog: Catalog) -> None:
    api, *_ = cluster.apis
    # A worker is up before the broker has answered it.
    until_one_takes_and_nothing_is_left(cluster.broker)

    run = api.execute(api.save(write_agent(chain(catalog, 2))), wait=30)

    assert run["status"] == "completed"
    until_one_takes_and_nothing_is_left(cluster.broker)


@pytest.mark.seed("D10-10")
def test_what_a_worker_does_is_told_at_every_api(cluster: Cluster, catalog: Catalog) -> None:
    """It runs for two seconds yet when both sockets are open: what they hear is pushed to them."""
    wait = node(catalog, "wait", "CountdownTimer", seconds=1, repeat=3, input_message="x")
    out = node(catalog, "out", "AgentOutput", name="o")
    document = write_agent(graph([wait, out], "wait.output_message -> out.value"))
    first, second = cluster.apis
    run_id = first.execute(first.save(document))["id"]
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(connect(api.url.replace("http", "ws") + "/ws"))
            for api in (first, second)
        ]
        for socket in sockets:
            socket.send(json.dumps({"type": "subscribe", "run": run_id}))
        assert first.http.get(f"/api/v1/runs/{run_id}").json()["status"] != "completed"
        heard = [events_of(socket) for socket in sockets]

    assert heard[0] == heard[1]
    assert [seq for seq, _ in heard[0]] == list(range(1, len(heard[0]) + 1))
    assert heard[0][-1][1] == "run.completed"


def events_of(socket: ClientConnection) -> list[tuple[int, str]]:
    """What a socket hears of a run, to its end."""
    found: list[tuple[int, str]] = []
    while (message := json.loads(socket.recv(60)))["type"] != "end":
        if message["type"] == "event":
            found.append((message["seq"], message["kind"]))
    return found


@pytest.mark.seed("D2-05", "D1-22")
def test_a_limit_is_one_limit_over_both_apis(cluster: Cluster) -> None:
    """100 a minute, of which 25 may come at once: not 25 at each API."""
    headers = {"X-API-Key": new_key(cluster.apis[0], rate=100)}
    began = time.monotonic()
    answers = [
        api.http.get("/external/v1/graphs", headers=headers)
        for api, _ in zip(cycle(cluster.apis), range(60), strict=False)
    ]
    elapsed = time.monotonic() - began

    passed = sum(one.status_code == 200 for one in answers)
    assert {one.status_code for one in answers} <= {200, 429}
    assert 25 <= passed <= 25 + elapsed * 100 / 60 + 1


@pytest.mark.seed("D2-07", "D2-E01")
def test_graphs_are_looked_after_while_everything_else_is_away(
    tmp_path: Path, catalog: Catalog, servers: tuple[RabbitMq, Redis]
) -> None:
    """No worker, no scheduler, no broker, no Redis: one API and the database."""
    broker, redis = servers
    urls = {"AUTOGRAPH_QUEUE_URL": broker.url, "AUTOGRAPH_REDIS_URL": redis.url}
    with serving("api", tmp_path, **urls) as api:
        broker.kill()
        redis.kill()
        try:
            graph_id = api.save(write_agent(chain(catalog, 2)))
            at = f"/api/v1/graphs/{graph_id}"
            changed = api.http.put(at, json=write_agent(chain(catalog, 3)))
            shown = api.http.get(at)
            listed = api.http.get("/api/v1/graphs")
            gone = api.http.delete(at)
            after = api.http.get(at)
        finally:
            broker.start()
            redis.start()

    assert (changed.json()["version"], shown.json()["version"]) == (2, 2)
    assert [one["id"] for one in listed.json()["graphs"]] == [graph_id]
    assert (gone.status_code, after.status_code) == (204, 404)


@pytest.mark.seed("D2-15")
def test_a_token_of_one_api_is_good_at_the_other_also_while_keys_change(tmp_path: Path) -> None:
    def token(api: Up) -> str:
        answer = api.http.post("/api/v1/auth/login", json={**OWNER, "delivery": "token"})
        return str(answer.json()["access_token"])

    def knows(api: Up, token: str) -> bool:
        with httpx2.Client(base_url=api.url, timeout=60) as http:
            answer = http.get("/api/v1/account", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code == 200 and answer.json()["email"] == OWNER["email"]

    with serving("api", tmp_path) as first, serving("api", tmp_path) as second:
        assert first.http.post("/api/v1/auth/set-up", json={**OWNER, "name": "Olga"}).is_success
        before = [token(first), token(second)]
        assert all(knows(api, one) for api in (first, second) for one in before)

        changed = command("keys", "rotate", "--json", data_dir=tmp_path)
        assert as_json(changed)["current"], changed.stderr
        after = [token(first), token(second)]

        assert all(knows(api, one) for api in (first, second) for one in before + after)
