"""`/mcp` as the protocol's own client meets it: tools are agents of the key's person, and of nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from autograph.api.external import tools
from autograph.blocks.catalog import Catalog
from autograph.engine.journal.postgres import PostgresJournal
from autograph.features.accounts.models import Scope
from autograph.graph.portable import write_agent
from autograph.infra.ids import new_id
from tests.agents import graph, node
from tests.security.people import Town


@asynccontextmanager
async def client(town: Town, key: str, mode: str = "auto") -> AsyncIterator[Client]:
    async with town.client(key) as http:
        transport = streamable_http_client("http://autograph.test/mcp", http_client=http)
        async with Client(transport, mode=mode) as made:
            yield made


async def greeter(town: Town, token: str, catalog: Catalog) -> str:
    made = graph(
        [
            node(catalog, "in", "AgentShortTextInput", name="who"),
            node(catalog, "fill", "FillTextTemplate", format="Good day, {{ who }}!"),
            node(catalog, "out", "AgentOutput", name="greeting"),
        ],
        "in.result => fill.values_#_who",
        "fill.output -> out.value",
        name="Gréeter",
        description="Greets somebody.",
    )
    async with town.client(token) as http:
        return str((await http.post("/api/v1/graphs", json=write_agent(made))).json()["id"])


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize(
    "scopes",
    [(Scope.USE_TOOLS,), (Scope.EXECUTE_GRAPH, Scope.READ_GRAPH)],
    ids=["tools", "graphs"],
)
async def test_an_agent_is_a_tool(
    settled: Town, catalog: Catalog, mode: str, scopes: tuple[Scope, ...]
) -> None:
    ada = await settled.person("Ada")
    await greeter(settled, ada, catalog)
    async with client(settled, await settled.key(ada, *scopes), mode) as mcp:
        listed = {one.name: one for one in (await mcp.list_tools()).tools}
        [name] = [one for one in listed if one.startswith("greeter-")]
        result = await mcp.call_tool(name, {"who": "Ada"})
        assert result.structured_content is not None
        run_id = result.structured_content["run_id"]
        again = await mcp.call_tool(tools.RESULT, {"run_id": run_id})

    assert listed[name].description == "Greets somebody."
    assert listed[name].input_schema["required"] == ["who"]
    assert result.content[0].text == "Good day, Ada!"  # type: ignore[union-attr]
    assert result.structured_content["outputs"] == {"greeting": ["Good day, Ada!"]}
    assert (result.meta or {})["run_id"] == run_id
    assert again.structured_content == result.structured_content
    assert (tools.RUNS in listed) is (Scope.READ_GRAPH in scopes)


async def test_what_does_not_fit_is_an_error_of_the_tool(settled: Town, catalog: Catalog) -> None:
    ada = await settled.person("Ada")
    graph_id = await greeter(settled, ada, catalog)
    async with settled.client(await settled.key(ada)) as http:
        said = (await http.post("/mcp", json=call(graph_id, {"whom": "x"}))).json()

    assert said["result"]["isError"] is True
    assert "Did you mean 'who'?" in said["result"]["content"][0]["text"]


@pytest.mark.seed("D7-S12")
async def test_an_agent_of_somebody_else_is_as_unknown_as_none(
    settled: Town, catalog: Catalog
) -> None:
    graph_id = await greeter(settled, await settled.person("Ada"), catalog)
    bob = await settled.key(await settled.person("Bob"))
    async with client(settled, bob) as mcp:
        listed = [one.name for one in (await mcp.list_tools()).tools]
        for one in (graph_id, str(new_id())):
            with pytest.raises(MCPError, match="Unknown tool"):
                await mcp.call_tool(call(one, {})["params"]["name"], {"who": "Bob"})

    assert listed == [tools.RESULT, tools.RUNS]


async def test_a_call_that_is_sent_again_begins_no_second_run(
    settled: Town, catalog: Catalog
) -> None:
    ada = await settled.person("Ada")
    message = call(await greeter(settled, ada, catalog), {"who": "Ada"})
    runs: list[str] = []
    async with settled.client(await settled.key(ada)) as http:
        for session in ("one", "one", "two"):
            answer = await http.post("/mcp", json=message, headers={"Mcp-Session-Id": session})
            runs.append(answer.json()["result"]["_meta"]["run_id"])

    assert runs[0] == runs[1] != runs[2]


async def test_to_start_runs_is_not_to_see_agents(settled: Town) -> None:
    ada = await settled.person("Ada")
    async with settled.client(await settled.key(ada, Scope.EXECUTE_GRAPH)) as http:
        answer = await http.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})

    assert answer.status_code == 403
    assert "USE_TOOLS" in answer.json()["details"]["scopes"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"method": "ping", "id": {}}'])
async def test_what_is_no_message_is_refused(settled: Town, body: bytes) -> None:
    async with settled.client(await settled.key(await settled.person("Ada"))) as http:
        answer = await http.post("/mcp", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in {400, 422}


async def test_a_page_of_another_origin_is_refused(settled: Town) -> None:
    async with settled.client(await settled.key(await settled.person("Ada"))) as http:
        answer = await http.post("/mcp", json={}, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403


def call(graph_id: str, arguments: Any) -> Any:
    name = tools.name_of(UUID(graph_id), "Anything")
    params = {"name": name, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}


async def test_a_run_that_asks_a_person_is_not_waited_for(
    settled: Town, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    park = PostgresJournal.park

    async def late(self: PostgresJournal, *told: Any, **more: Any) -> bool:
        await asyncio.sleep(0.3)  # its question is known before the run waits
        return await park(self, *told, **more)

    monkeypatch.setattr(PostgresJournal, "park", late)
    ada = await settled.person("Ada")
    made = graph(
        [
            node(catalog, "count", "Calculator", operation="Add", a=1, b=1),
            node(catalog, "ask", "HumanInTheLoop", name="Post"),
            node(catalog, "out", "AgentOutput", name="out"),
        ],
        "count.result -> ask.data",
        "ask.approved_data -> out.value",
    )
    async with settled.client(ada) as http:
        graph_id = (await http.post("/api/v1/graphs", json=write_agent(made))).json()["id"]
    told: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)

    async with client(settled, await settled.key(ada)) as mcp:
        name = call(graph_id, {})["params"]["name"]
        result = await mcp.call_tool(name, {}, progress_callback=note)

    assert result.is_error is False
    assert "waits for a person's answer" in result.content[0].text  # type: ignore[union-attr]
    assert (result.structured_content or {})["status"] == "waiting"
    assert told == [1]
