"""Which credentials an agent needs: told before it runs, chosen for a run, lent by the installation."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Effect,
    Outputs,
    credential_pin,
    pin,
)
from autograph.blocks.sdk.credentials import ApiKeySecret
from autograph.bootstrap import Process, platform
from autograph.graph.portable import write_agent
from autograph.infra.settings import Settings
from tests.agents import graph, node
from tests.security.people import Town

pytestmark = pytest.mark.timeout(60)
NEED = "github_api_key-oauth2_credentials"


class LengthOfKey(Block["LengthOfKey.Input"]):
    """Says how long a key is."""

    id = "6f1cc0de-5b0e-4a7a-8f54-51c1b4b1d0aa"
    name = "LengthOfKey"
    description = "Says how long a key is."
    categories = (Category.BASIC,)
    effect = Effect.READ

    class Input(BlockInput):
        credentials: CredentialRef = credential_pin(
            "github", kinds=["api_key", "oauth2"], scopes=["repo"], description="Whose key."
        )

    class Output(BlockOutput):
        length: int = pin(description="How long it is.")

    async def run(self, input: Input, ctx: Context) -> Outputs:
        secret = await ctx.credential(input.credentials)
        assert isinstance(secret, ApiKeySecret)
        yield "length", len(secret.api_key)


@pytest.fixture
def lent() -> str | None:
    return None


@pytest.fixture
async def place(
    database_url: str, tmp_path: Path, catalog: Catalog, lent: str | None
) -> AsyncIterator[Town]:
    made = Settings(database_url=database_url, data_dir=tmp_path, system_credentials=lent)  # type: ignore[arg-type]
    load = Catalog([*catalog, LengthOfKey])
    async with platform(made, process=Process.UP, load=lambda: load) as running:
        place = Town(running)
        await place.set_up()
        yield place


async def save(place: Town, http: Any, **constants: Any) -> str:
    catalog = place.platform.catalog
    made = graph(
        [
            node(catalog, "key", "LengthOfKey", **constants),
            node(catalog, "out", "AgentOutput", name="length"),
        ],
        "key.length -> out.value",
    )
    answer = await http.post("/api/v1/graphs", json=write_agent(made))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def add(http: Any, provider: str = "github") -> Any:
    secret = {"type": "api_key", "api_key": "12345"}
    body = {"provider": provider, "title": "Mine", "secret": secret}
    return (await http.post("/api/v1/credentials", json=body)).json()


class TestAnAgentThatNeedsACredential:
    @pytest.mark.seed("D8-03", "D8-16")
    async def test_is_told_before_it_runs_and_nothing_is_started(self, place: Town) -> None:
        async with place.client(await place.person("Ada")) as http:
            graph_id = await save(place, http)
            told = (await http.get(f"/api/v1/graphs/{graph_id}/credentials")).json()
            started = await http.post(f"/api/v1/graphs/{graph_id}/execute", json={})
            runs = (await http.get("/api/v1/runs")).json()["runs"]

        need = told["needs"][0]
        assert (need["name"], need["is_required"], need["scopes"]) == (NEED, True, ["repo"])
        assert told["is_satisfied"] is False
        assert "Choose or add one for GitHub" in need["unsatisfied"]["key"]["credentials"]
        assert (started.status_code, started.json()["code"]) == (422, "run.credentials_missing")
        assert started.json()["details"]["errors"] == need["unsatisfied"]
        assert runs == []

    async def test_runs_with_what_was_chosen_for_the_run(self, place: Town) -> None:
        async with place.client(await place.person("Ada")) as http:
            graph_id = await save(place, http, credentials=_foreign())
            mine = await add(http)
            told = (await http.get(f"/api/v1/graphs/{graph_id}/credentials")).json()["needs"][0]
            run = await http.post(
                f"/api/v1/graphs/{graph_id}/execute",
                json={"credentials_inputs": {NEED: {"id": mine["id"]}}},
                params={"wait": 20},
            )

        assert [one["id"] for one in told["matches"]] == [mine["id"]]
        assert "no credential 'Theirs' of yours" in told["unsatisfied"]["key"]["credentials"]
        assert run.json()["outputs"] == {"length": [5]}

    async def test_what_was_chosen_reaches_the_agents_inside(self, place: Town) -> None:
        catalog = place.platform.catalog
        inner = graph(
            [
                node(catalog, "key", "LengthOfKey"),
                node(catalog, "out", "AgentOutput", name="length"),
            ],
            "key.length -> out.value",
            id="inner",
        )
        agent = node(
            catalog,
            "agent",
            "AgentExecutor",
            graph_id="inner",
            graph_version=1,
            input_schema={"type": "object", "properties": {}},
            output_schema={"type": "object", "properties": {"length": {}}},
        )
        out = node(catalog, "gives", "AgentOutput", name="length")
        made = graph([agent, out], "agent.length -> gives.value", id="outer", sub_graphs=(inner,))
        async with place.client(await place.person("Ada")) as http:
            mine = await add(http)
            saved = await http.post("/api/v1/graphs", json=write_agent(made))
            at = f"/api/v1/graphs/{saved.json()['id']}"
            told = (await http.get(f"{at}/credentials")).json()
            refused = await http.post(f"{at}/execute", json={})
            run = await http.post(
                f"{at}/execute",
                json={"credentials_inputs": {NEED: mine["id"]}},
                params={"wait": 20},
            )

        assert told["is_satisfied"] is False
        assert refused.json()["code"] == "run.credentials_missing"
        assert run.json()["outputs"] == {"length": [5]}

    async def test_refuses_what_does_not_fit(self, place: Town) -> None:
        async with place.client(await place.person("Ada")) as http:
            graph_id = await save(place, http)
            other = await add(http, "exa")
            said = [
                await http.post(f"/api/v1/graphs/{graph_id}/execute", json=body)
                for body in (
                    {"credentials_inputs": {NEED: other["id"]}},
                    {"credentials_inputs": {"exa_credentials": other["id"]}},
                )
            ]

        assert "Mine is for Exa" in said[0].json()["message"]
        assert NEED in said[1].json()["message"]

    @pytest.mark.seed("D3-E17")
    async def test_a_credential_of_somebody_else_does_not_serve(self, place: Town) -> None:
        async with (
            place.client(await place.person("Ada")) as http,
            place.client(await place.person("Bob")) as other,
        ):
            theirs = await add(other)
            graph_id = await save(place, http, credentials=_foreign(theirs["id"]))
            said = await http.post(
                f"/api/v1/graphs/{graph_id}/execute",
                json={"credentials_inputs": {NEED: theirs["id"]}},
            )

        assert said.json()["code"] == "run.credentials_missing"

    async def test_deleting_it_tells_what_breaks(self, place: Town) -> None:
        async with place.client(await place.person("Ada")) as http:
            mine = await add(http)
            graph_id = await save(place, http, credentials=_foreign(mine["id"]))
            uses = (await http.get(f"/api/v1/credentials/{mine['id']}/uses")).json()
            refused = await http.delete(f"/api/v1/credentials/{mine['id']}")
            gone = await http.delete(f"/api/v1/credentials/{mine['id']}", params={"force": True})

        assert uses == [{"graph_id": graph_id, "graph": "A graph", "node": "key"}]
        assert (refused.status_code, refused.json()["code"]) == (409, "credential.in_use")
        assert refused.json()["details"]["uses"] == uses
        assert gone.json()["uses"] == uses


class TestWhatTheInstallationLends:
    @pytest.fixture
    def lent(self) -> str:
        return json.dumps({"github": {"api_key": "canary-lent", "title": "Our GitHub"}})

    async def test_serves_everybody_and_is_seen_by_nobody(self, place: Town) -> None:
        async with place.client(await place.person("Ada")) as http:
            runs = [
                await http.post(
                    f"/api/v1/graphs/{await save(place, http, **constants)}/execute",
                    json={},
                    params={"wait": 20},
                )
                for constants in ({}, {"credentials": _foreign()})
            ]
            listed = await http.get("/api/v1/credentials")
            system = listed.json()[0]
            events = await http.get(f"/api/v1/runs/{runs[0].json()['id']}/events")
            at = f"/api/v1/credentials/{system['id']}"
            refused = [
                await http.delete(at),
                await http.patch(at, json={"title": "Mine"}),
                await http.post(f"{at}/test"),
            ]
            export = await http.get("/api/v1/account/export")

        assert [one.json()["outputs"] for one in runs] == [{"length": [11]}] * 2
        assert (system["title"], system["is_system"]) == ("Our GitHub", True)
        assert [one.json()["code"] for one in refused] == ["credential.is_system"] * 3
        assert '"is_system":true' in events.text.replace(" ", "")
        assert "canary-lent" not in listed.text + events.text + export.text


def _foreign(credential_id: str = "0b2d4f6a-aaaa-4bbb-8ccc-0123456789ab") -> dict[str, str]:
    return {"id": credential_id, "provider": "github", "type": "api_key", "title": "Theirs"}
