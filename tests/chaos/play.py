"""Plays a scenario in a world, and collects the evidence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from time import monotonic, sleep
from typing import Any

import asyncpg
import httpx2

from autograph.blocks.catalog import Catalog
from autograph.graph.model import Graph, Node, OutcomeUnknown, Policy, Retry
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.chaos.invariants import TERMINAL, Evidence, RunFacts
from tests.chaos.scenario import Kind, Scenario
from tests.chaos.world import World, in_threads, until

COUNT = "c0a05000-0000-4000-8000-000000000001"
FLAKY = "c0a05000-0000-4000-8000-000000000002"
PATIENCE = 60.0
"""Seconds within which everything has to end after the last fault."""


class Play:
    """One scenario in one world."""

    def __init__(self, scenario: Scenario, world: World, graphs: Mapping[Kind, str]) -> None:
        self._scenario = scenario
        self._world = world
        self._graphs = graphs
        self._begun = monotonic()
        self._runs: dict[str, Kind] = {}
        self._may_repeat: set[tuple[str, int]] = set()
        self._http = httpx2.Client(timeout=10)
        self._is_over = False

    def play(self) -> Evidence:
        """Do everything at once, wait for the end, and return what is known then."""
        in_threads(self._start_runs, self._hit, self._answer)
        self._http.close()
        return asyncio.run(self._collect())

    def _ask(self, method: str, path: str, **more: Any) -> httpx2.Response | None:
        """Ask the API; None while it is away, or cannot."""
        try:
            answer = self._http.request(method, self._world.url + path, **more)
        except httpx2.HTTPError:
            return None
        return None if answer.status_code >= 500 else answer

    def _wait_for(self, at: float) -> None:
        sleep(max(0.0, self._begun + at - monotonic()))

    def _start_runs(self) -> None:
        """Ask for every run, cancel some, and wait for the end of all."""
        self._accept()
        self._cancel()
        last = max(fault.at for fault in self._scenario.faults)
        left = list(self._runs)
        for _ in until(self._begun + last + PATIENCE):
            while left:
                answer = self._ask("GET", f"/api/v1/runs/{left[0]}")
                if answer is None or answer.json().get("status") not in TERMINAL:
                    break
                left.pop(0)
            if not left:
                break
        self._is_over = True

    def _accept(self) -> None:
        seed = self._scenario.seed
        for number, start in enumerate(self._scenario.starts):
            self._wait_for(start.at)
            # Asked again with the same key until it is accepted, as a client does whose answer got lost.
            key = {"Idempotency-Key": f"chaos-{seed}-{number}-{self._begun}"}
            path = f"/api/v1/graphs/{self._graphs[start.kind]}/execute"
            for _ in until(self._begun + PATIENCE):
                answer = self._ask("POST", path, json={"inputs": {}}, headers=key)
                if answer is not None and answer.is_success:
                    self._runs[answer.json()["id"]] = start.kind
                    break
            else:
                raise AssertionError(f"{start} was never accepted")

    def _cancel(self) -> None:
        for run_id, kind in self._runs.items():
            if kind is Kind.CANCEL:
                for _ in until(self._begun + PATIENCE):
                    answer = self._ask("POST", f"/api/v1/runs/{run_id}/cancel")
                    if answer is not None and answer.status_code in {202, 409}:
                        break

    def _hit(self) -> None:
        for number, fault in enumerate(sorted(self._scenario.faults, key=lambda one: one.at)):
            self._wait_for(fault.at)
            self._world.hit(fault, which=self._scenario.seed + number)

    def _answer(self) -> None:
        """Be the person whom runs ask."""
        while not self._is_over:
            sleep(0.1)
            listed = self._ask("GET", "/api/v1/reviews")
            for review in listed.json()["reviews"] if listed is not None else ():
                body: dict[str, Any] = {"decision": "approve"}
                if review["kind"] == "outcome" and self._scenario.says_done:
                    body = {"decision": "done", "data": {"out": review["payload"]["value"]}}
                elif review["kind"] == "outcome":
                    self._may_repeat.add((review["run_id"], review["node_run"]))
                self._ask("POST", f"/api/v1/reviews/{review['id']}", json=body)

    async def _collect(self) -> Evidence:
        connection = await _connected(self._world.dsn)
        ids = list(self._runs)
        # Wake-ups may still wait for a broker that has just come back.
        deadline = monotonic() + PATIENCE / 2
        while monotonic() < deadline and await connection.fetchval(
            "SELECT EXISTS (SELECT 1 FROM jobs)"
        ):
            await asyncio.sleep(0.1)
        rows = await connection.fetch(
            """
            WITH RECURSIVE family AS (
                SELECT id FROM runs WHERE id = ANY ($1::uuid[])
                UNION ALL SELECT runs.id FROM runs JOIN family ON runs.parent_id = family.id
            )
            SELECT r.id::text, r.status, r.result::text,
                   (SELECT count(*) FROM jobs WHERE run_id = r.id) AS jobs,
                   (SELECT count(*) FROM run_inbox WHERE run_id = r.id) AS inbox,
                   (SELECT count(*) FROM waits WHERE run_id = r.id AND status = 'waiting') AS waits
            FROM runs r JOIN family USING (id)
            """,
            ids,
        )
        ids = [row["id"] for row in rows]
        events = await connection.fetch(
            "SELECT run_id::text, seq, kind, body::text FROM run_events WHERE run_id = ANY ($1::uuid[]) ORDER BY seq",
            ids,
        )
        charges = await connection.fetch(
            "SELECT run_id::text, node_run, credits FROM charges WHERE run_id = ANY ($1::uuid[])",
            ids,
        )
        await connection.close()
        runs = {row["id"]: self._facts(row, events, charges) for row in rows}
        mine = [one for one in list(self._world.counter.seen) if one[1] in runs]
        repeats = {
            (run, number) for _, run, number in mine if self._runs.get(run) is Kind.LINGER_RETRY
        }
        return Evidence(list(self._runs), runs, mine, frozenset(self._may_repeat | repeats))

    def _facts(self, row: Any, events: Any, charges: Any) -> RunFacts:
        return RunFacts(
            id=row["id"],
            kind=self._runs.get(row["id"]),
            status=row["status"],
            outputs=json.loads(row["result"])["outputs"] if row["result"] else {},
            events=[
                (one["seq"], one["kind"], json.loads(one["body"]))
                for one in events
                if one["run_id"] == row["id"]
            ],
            charges=[
                (one["node_run"], one["credits"]) for one in charges if one["run_id"] == row["id"]
            ],
            left={"jobs": row["jobs"], "run_inbox": row["inbox"], "waits": row["waits"]},
        )


async def _connected(dsn: str) -> asyncpg.Connection[asyncpg.Record]:
    """Connect as soon as the database is back."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await asyncpg.connect(dsn)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)


def save_graphs(world: World, catalog: Catalog) -> dict[Kind, str]:
    """Save an agent of each kind; return their ids."""
    found: dict[Kind, str] = {}
    with httpx2.Client(base_url=world.url, timeout=30) as http:
        for kind, made in graphs(catalog, world.counter.port).items():
            answer = http.post("/api/v1/graphs", json=write_agent(made))
            assert answer.status_code == 201, answer.text
            found[kind] = answer.json()["id"]
    return found


def graphs(catalog: Catalog, port: int) -> dict[Kind, Graph]:
    """An agent of each kind; each but one ends with an effect that the counter sees."""

    def count(policy: Policy | None = None, name: str = "count", **constants: Any) -> Node:
        return Node(name, COUNT, {"port": port, **constants}, policy=policy or Policy())

    def add(name: str) -> Node:
        return node(catalog, name, "Calculator", operation="Add", a=0, b=1)

    out = node(catalog, "out", "AgentOutput", name="o")
    end = "count.out -> out.value"
    inner = graph([count(value=7), out], end, id="inner")
    lingering = {
        kind: graph([count(Policy(outcome_unknown=policy), value=9, linger=0.5), out], end)
        for kind, policy in (
            (Kind.LINGER_ASK, OutcomeUnknown.ASK),
            (Kind.LINGER_RETRY, OutcomeUnknown.RETRY),
            (Kind.LINGER_FAIL, OutcomeUnknown.FAIL),
        )
    }
    schema = {"type": "object", "properties": {}}
    agent = node(
        catalog,
        "count",
        "AgentExecutor",
        graph_id="inner",
        graph_version=1,
        input_schema=schema,
        output_schema={"type": "object", "properties": {"o": {}}},
    )
    return {
        Kind.CHAIN: graph(
            [*(add(f"n{i}") for i in range(4)), count(), out],
            *(f"n{i}.result -> n{i + 1}.a" for i in range(3)),
            "n3.result -> count.value",
            end,
        ),
        Kind.FAN_OUT: graph(
            [add("n"), *(count(name=f"count{i}") for i in range(5)), out],
            *(f"n.result -> count{i}.value" for i in range(5)),
            *(f"count{i}.out -> out.value" for i in range(5)),
        ),
        Kind.TIMER: graph(
            [node(catalog, "wait", "CountdownTimer", seconds=2, input_message="due"), count(), out],
            "wait.output_message -> count.value",
            end,
        ),
        Kind.CHILD: graph([agent, out], "count.o -> out.value", id="outer", sub_graphs=(inner,)),
        Kind.REVIEW: graph(
            [node(catalog, "ask", "HumanInTheLoop", data=5, name="Sure?"), count(), out],
            "ask.approved_data -> count.value",
            end,
        ),
        Kind.FAILURE: graph(
            [node(catalog, "bad", "Calculator", operation="Divide", a=1, b=0), count(value=1)]
        ),
        Kind.RETRY: graph(
            [Node("flaky", FLAKY, {"value": 3}, policy=Policy(retry=Retry(1))), count(), out],
            "flaky.out -> count.value",
            end,
        ),
        Kind.CANCEL: graph([count(value=1), node(catalog, "wait", "CountdownTimer", hours=1)]),
        **lingering,
    }
