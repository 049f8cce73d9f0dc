"""The socket of a platform that is up: events from any point, without gaps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from annotated_types import Le
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from autograph.infra.settings import Settings
from tests.agents import chain, graph, node
from tests.processes import Up, up

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("up"), AUTOGRAPH_MAX_SUBSCRIPTIONS="3") as running:
        yield running


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A platform of which one person gets two sockets, and which looks for signs of life each second."""
    folder = tmp_path_factory.mktemp("narrow")
    limits = {"AUTOGRAPH_MAX_USER_SOCKETS": "2", "AUTOGRAPH_SOCKET_HEARTBEAT": "1"}
    with up(folder, **limits) as running:
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


class TestWhatAClientIsHeldTo:
    async def test_hello_says_which_socket_it_is_and_what_is_taken(self, narrow: Up) -> None:
        async with (
            connect(narrow.url.replace("http", "ws") + "/ws", proxy=None) as one,
            connect(narrow.url.replace("http", "ws") + "/ws", proxy=None) as other,
        ):
            first, second = await heard(one), await heard(other)
        assert first["connection"] != second["connection"]
        assert abs(datetime.fromisoformat(first["now"]) - datetime.now(UTC)) < timedelta(minutes=1)
        assert first["heartbeat_seconds"] == 1
        assert first["limits"] == {
            "sockets": 2,
            "subscriptions": 100,
            "message_bytes": 65_536,
            "messages_per_second": 150,
        }

    async def test_one_person_has_so_many_sockets_and_gets_one_back_by_closing_another(
        self, narrow: Up
    ) -> None:
        async with opened(narrow):
            async with opened(narrow):
                code, reason = await refused(narrow)
                assert (code, "AUTOGRAPH_MAX_USER_SOCKETS" in reason) == (1013, True)
            async with asyncio.timeout(5):
                while await is_refused(narrow):
                    await asyncio.sleep(0.02)

    @pytest.mark.seed("D10-05")
    @pytest.mark.parametrize(("message", "times", "code"), [("pong", 200, 1008), ("x", 1, 1009)])
    async def test_who_sends_too_much_loses_that_socket_alone(
        self, served: Up, message: str, times: int, code: int
    ) -> None:
        large = "x" * 2**20
        async with opened(served) as quiet, opened(served) as loud:
            with suppress(ConnectionClosed):
                for _ in range(times):
                    await say(loud, type="pong", pad=large if message == "x" else "")
            assert (await ended(loud))[0] == code
            await say(quiet, type="subscribe", graph="*")
            assert (await heard(quiet))["type"] == "subscribed"

    async def test_as_many_messages_as_are_taken_end_nothing(self, served: Up) -> None:
        async with opened(served) as client:
            for _ in range(150):
                await say(client, type="pong")
            await asyncio.sleep(1.1)
            await say(client, type="subscribe", graph="*")
            assert (await heard(client))["type"] == "subscribed"

    @pytest.mark.seed("D10-14")
    async def test_a_peer_that_is_gone_without_a_word_is_noticed(self, narrow: Up) -> None:
        """The way to it swallows everything, as a network does whose cable was cut: nobody closes anything."""
        default, most = Settings().socket_heartbeat, Settings.model_fields["socket_heartbeat"]
        assert default * 2 <= max(one.le for one in most.metadata if isinstance(one, Le)) * 2 <= 60

        async with swallowing(narrow) as (way, cut), opened(narrow):
            client = await connect(f"ws://127.0.0.1:{way}/ws", proxy=None, ping_interval=None)
            assert (await heard(client))["type"] == "hello"
            assert await is_refused(narrow)
            await asyncio.sleep(2.5)
            assert await is_refused(narrow), "it gives signs of life, and was let go of"
            cut.set()
            began = monotonic()
            async with asyncio.timeout(10):
                while await is_refused(narrow):
                    await asyncio.sleep(0.02)
            assert monotonic() - began < 2 * 1 + 1
            client.transport.abort()


async def refused(served: Up) -> tuple[int, str]:
    """The code and the reason by which a socket is not served; 0 where it is."""
    async with connect(served.url.replace("http", "ws") + "/ws", proxy=None) as client:
        try:
            await heard(client)
        except ConnectionClosed:
            return await ended(client)
    return 0, ""


async def ended(client: ClientConnection) -> tuple[int, str]:
    """The code and the reason by which the server ends a socket."""
    async with asyncio.timeout(5):
        await client.wait_closed()
    return client.close_code or 0, client.close_reason or ""


async def is_refused(served: Up) -> bool:
    return (await refused(served))[0] != 0


@asynccontextmanager
async def swallowing(served: Up) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A way to the platform, by its port, which passes nothing on any more once an event is set."""
    cut = asyncio.Event()
    host, _, port = served.url.removeprefix("http://").partition(":")
    open_ways: list[asyncio.StreamWriter] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if not cut.is_set():
                writer.write(data)
                await writer.drain()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        open_ways.extend((writer, far_writer))
        await asyncio.gather(
            pass_on(reader, far_writer), pass_on(far_reader, writer), return_exceptions=True
        )

    server = await asyncio.start_server(join, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], cut
    for writer in open_ways:
        writer.transport.abort()
    server.close()
