"""What an agent sees of its person's library: their own agents that are in sight, and nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from autograph.blocks.catalog import Catalog
from autograph.bootstrap import Platform, Process, platform
from autograph.bootstrap.offline import play, prove
from autograph.engine.cassette import read_cassette
from autograph.features.accounts.models import Principal
from autograph.features.library.models import Wanted
from autograph.features.runs.models import Order
from autograph.graph.portable import dump, write_agent
from autograph.infra.ids import new_id
from autograph.infra.settings import Settings
from tests.agents import graph, node

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
async def up(database_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    found = Settings(database_url=database_url, data_dir=tmp_path)
    async with platform(found, process=Process.UP) as made:
        yield made


async def save(
    up: Platform, catalog: Catalog, name: str, description: str = "", who: Principal | None = None
) -> UUID:
    out = node(catalog, "out", "AgentOutput", name="out", value="tea")
    made = graph([out], name=name, description=description)
    return (await up.agents.create(who or up.owner, write_agent(made))).id


async def somebody(up: Platform) -> Principal:
    made = new_id()
    async with up.database.acquire() as connection:
        await connection.execute("INSERT INTO users (id, name) VALUES ($1, 'Bob')", made)
    return Principal(made, "Bob")


async def listed(up: Platform, who: Principal | None = None, **given: Any) -> dict[str, Any]:
    done = await up.blocks.run(who or up.owner, "ListLibraryAgents", given)
    return dict(done.outputs)


def names(found: dict[str, Any]) -> list[str]:
    return [one["agent_name"] for one in found["agents"][0]]


class TestListing:
    async def test_an_agent_is_told_as_another_one_runs_it(
        self, up: Platform, catalog: Catalog
    ) -> None:
        made = await save(up, catalog, "Tea", "Makes tea.")
        found = await listed(up)

        tea = {
            "library_agent_id": str(made),
            "agent_id": str(made),
            "agent_version": 1,
            "agent_name": "Tea",
            "description": "Makes tea.",
        }
        assert found == {
            "agents": [[tea]],
            "agent": [tea],
            "total_count": [1],
            "page": [1],
            "total_pages": [1],
        }

    async def test_nobody_sees_the_agents_of_another(self, up: Platform, catalog: Catalog) -> None:
        bob = await somebody(up)
        await save(up, catalog, "Mine")
        await save(up, catalog, "Bob's", who=bob)

        assert names(await listed(up)) == ["Mine"]
        assert names(await listed(up, bob)) == ["Bob's"]
        assert names(await listed(up, bob, search_query="mine")) == []

    async def test_what_is_archived_or_deleted_is_left_out(
        self, up: Platform, catalog: Catalog
    ) -> None:
        old = await save(up, catalog, "Old")
        gone = await save(up, catalog, "Gone")
        await save(up, catalog, "Kept")
        await up.library.change(up.owner, [old], Wanted(is_archived=True))
        await up.library.delete(up.owner, gone)
        found = await listed(up)

        assert (names(found), found["total_count"]) == (["Kept"], [1])

    async def test_names_and_descriptions_are_searched_as_they_are(
        self, up: Platform, catalog: Catalog
    ) -> None:
        await save(up, catalog, "Green TEA")
        await save(up, catalog, "Other", "about tea")
        await save(up, catalog, "100%")

        assert names(await listed(up, search_query=" tea ")) == ["Green TEA", "Other"]
        assert names(await listed(up, search_query="%")) == ["100%"]
        assert names(await listed(up, search_query="_")) == []

    async def test_pages_come_by_name_and_say_how_many_there_are(
        self, up: Platform, catalog: Catalog
    ) -> None:
        for name in ("e", "B", "a", "D", "c"):
            await save(up, catalog, name)
        pages = [await listed(up, limit=2, page=page) for page in (1, 2, 3, 4)]

        assert [names(one) for one in pages] == [["a", "B"], ["c", "D"], ["e"], []]
        assert {(*one["total_count"], *one["total_pages"]) for one in pages} == {(5, 3)}
        assert "agent" not in pages[3]


async def test_what_was_listed_is_played_again_without_the_library(
    up: Platform, catalog: Catalog
) -> None:
    tea = await save(up, catalog, "Tea")
    asking = graph([node(catalog, "find", "ListLibraryAgents", search_query="tea")])
    made = (await up.agents.create(up.owner, write_agent(asking))).id
    run_id = await up.runs.start_order(up.owner, Order(made, {}, is_recorded=True))
    assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))
    await up.library.delete(up.owner, tea)
    cassette = read_cassette(
        dump((await up.cassettes.cassette(up.owner, run_id)).as_json()).encode()
    )

    _, problems = await prove(cassette, catalog)
    assert problems == []
    (kept,) = [one for one in cassette.exchanges if one["kind"] == "agents"]
    assert (kept["search"], kept["found"][0]["name"]) == ("tea", "Tea")

    other = graph([node(catalog, "find", "ListLibraryAgents", search_query="coffee")])
    played = await play(cassette, other, catalog)
    assert any("Not in the recording: agents" in one for one in played.problems)
