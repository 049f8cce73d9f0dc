"""The socket of a platform that is up: events from any point, without gaps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import chain, graph, node
from tests.processes import Up, up

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("up"), AUTOGRAPH_MAX_SUBSCRIPTIONS="3") as running:
        yield running


@asynccontextmanager
async def opened(served: Up, **more: Any) -> AsyncIterator[ClientConnection]:
    async with connect(served.url.replace("http", "ws") + "/ws", proxy=None, **more) as client:
        assert (await heard(client))["type"] == "hello"
        yield client


async def heard(client: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        return dict(json.loads(await client.recv()))


async def say(client: ClientConnection, **message: Any) -> None:
    await client.send(json.dumps(message))


async def until(client: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """Everything heard up to a message of that type, which is the last."""
    found = [await heard(client)]
    while found[-1]["type"] != kind:
        found.append(await heard(client))
    return found


class TestRuns:
    @pytest.mark.seed("D5-S18", "D1-E14", "D5-S23")
    async def test_a_run_is_followed_to_its_end_without_gaps(
        self, served: Up, catalog: Catalog
    ) -> None:
        made = graph(
            [
                node(catalog, "wait", "CountdownTimer", seconds=1),
                node(catalog, "out", "AgentOutput", name="said"),
            ],
            "wait.output_message -> out.value",
        )
        run_id = served.execute(served.save(write_agent(made)))["id"]
        async with opened(served) as client:
            await say(client, type="subscribe", run=run_id, since=0)
            messages = await until(client, "end")

        events = [message for message in messages if message["type"] == "event"]
        assert messages[0] == {"type": "subscribed", "run": run_id, "since": 0}
        assert {event["run"] for event in events} == {run_id}
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert (events[0]["kind"], events[-1]["kind"]) == ("run.started", "run.completed")
        assert messages[-1] == {"type": "end", "run": run_id, "status": "completed"}

    @pytest.mark.seed("D10-04")
    async def test_who_comes_back_gets_the_rest(self, served: Up, catalog: Catalog) -> None:
        run_id = served.execute(served.save(write_agent(chain(catalog, 5))), wait=10)["id"]
        async with opened(served) as client:
            await say(client, type="subscribe", run=run_id, since=4)
            messages = await until(client, "end")

        assert [message["seq"] for message in messages if message["type"] == "event"] == [
            5,
            6,
            7,
            8,
        ]

    @pytest.mark.seed("D10-09")
    async def test_a_run_of_a_thousand_nodes_has_no_gap(self, served: Up, catalog: Catalog) -> None:
        run_id = served.execute(served.save(write_agent(chain(catalog, 999))))["id"]
        async with opened(served) as client:
            await say(client, type="subscribe", run=run_id, since=0)
            messages = await until(client, "end")

        events = [message for message in messages if message["type"] == "event"]
        ended = [event["body"]["node"] for event in events if event["kind"] == "node.completed"]
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert {event["run"] for event in events} == {run_id}
        assert sorted(ended) == sorted(["out", *(f"n{number}" for number in range(999))])

    async def test_runs_of_an_agent_are_told_when_they_begin_and_end(
        self, served: Up, catalog: Catalog
    ) -> None:
        graph_id = served.save(write_agent(chain(catalog, 2)))
        async with opened(served) as client:
            for which in (graph_id, "*"):
                await say(client, type="subscribe", graph=which)
                await until(client, "subscribed")
            run_id = served.execute(graph_id)["id"]
            while (message := await heard(client)).get("run", {}).get("status") != "completed":
                assert message["type"] == "run"

        assert message["run"]["id"] == run_id


class TestRefusals:
    @pytest.mark.seed("D10-06", "D10-07")
    @pytest.mark.parametrize(
        "message",
        [
            "not json",
            "[]",
            '{"type": "dance"}',
            '{"type": "subscribe"}',
            '{"type": "subscribe", "run": "x"}',
            '{"type": "subscribe", "run": "01900000-0000-7000-8000-0000000000ff"}',
            '{"type": "subscribe", "graph": "01900000-0000-7000-8000-0000000000ff"}',
            '{"type": "subscribe", "run": "01900000-0000-7000-8000-0000000000ff", "since": -1}',
        ],
    )
    async def test_a_message_that_makes_no_sense_is_answered_and_the_socket_stays(
        self, served: Up, message: str
    ) -> None:
        async with opened(served) as client:
            await client.send(message)
            answer = await heard(client)
            assert answer["type"] == "error"
            assert answer["message"]

            await say(client, type="subscribe", graph="*")
            assert (await heard(client))["type"] == "subscribed"

    async def test_subscriptions_are_limited(self, served: Up, catalog: Catalog) -> None:
        async with opened(served) as client:
            for _ in range(3):
                await say(
                    client, type="subscribe", graph=served.save(write_agent(chain(catalog, 1)))
                )
                await until(client, "subscribed")
            await say(client, type="subscribe", graph="*")

            assert "AUTOGRAPH_MAX_SUBSCRIPTIONS" in (await until(client, "error"))[-1]["message"]

    @pytest.mark.seed("D10-02")
    async def test_a_page_of_another_origin_is_turned_away(self, served: Up) -> None:
        with pytest.raises(ConnectionClosed) as closed:
            async with opened(served, origin="https://elsewhere.example"):
                pass

        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
