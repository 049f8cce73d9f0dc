"""Saved graphs under bad luck: a connection that breaks in the middle, and many who save at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph.blocks.catalog import Catalog
from autograph.bootstrap import Platform, Process, platform
from autograph.features.agents import repository
from autograph.features.agents.errors import StaleGraph
from autograph.graph.model import Graph, Position
from autograph.graph.portable import write_agent
from autograph.infra.errors import OperationalError
from autograph.infra.settings import Settings
from tests.agents import chain

pytestmark = pytest.mark.timeout(60)
BREAK = text("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.fixture
async def up(database_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    async with platform(settings, process=Process.API) as made:
        yield made


async def rows(up: Platform) -> tuple[list[Any], list[Any]]:
    """Everything in both tables."""
    async with up.database.acquire() as connection:
        graphs = await connection.fetch("SELECT id, active_version, latest_version FROM graphs")
        versions = await connection.fetch("SELECT graph_id, version FROM graph_versions ORDER BY 2")
    return [tuple(one) for one in graphs], [tuple(one) for one in versions]


@pytest.mark.seed("D5-S05", "D1-E24", "D3-E19")
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_save_that_breaks_off_leaves_nothing_of_itself(
    up: Platform, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The connection is lost between the rows of one save, before and after the version's own."""
    kept = await up.agents.create(up.owner, write_agent(chain(catalog, 1)))
    as_it_was = ([(kept.id, 1, 1)], [(kept.id, 1)])
    assert await rows(up) == as_it_was
    insert = repository._insert_version
    broken: list[str] = []

    async def breaks(connection: AsyncConnection, *version: Any) -> None:
        if moment == "after":
            await insert(connection, *version)
        broken.append(moment)
        await connection.execute(BREAK)

    monkeypatch.setattr(repository, "_insert_version", breaks)
    with pytest.raises(OperationalError):
        await up.agents.create(up.owner, write_agent(chain(catalog, 2)))
    with pytest.raises(OperationalError):
        await up.agents.update(up.owner, kept.id, write_agent(chain(catalog, 3)))

    assert broken == [moment] * 2
    assert await rows(up) == as_it_was
    monkeypatch.undo()
    again = await up.agents.update(up.owner, kept.id, write_agent(chain(catalog, 3)))
    assert (again.version, again.is_active) == (2, True)
    assert await rows(up) == ([(kept.id, 2, 2)], [(kept.id, 1), (kept.id, 2)])


@pytest.mark.seed("D5-S06")
async def test_of_many_who_save_at_once_nobodys_version_is_lost(
    up: Platform, catalog: Catalog
) -> None:
    saved = await up.agents.create(up.owner, write_agent(chain(catalog, 1)))
    made = await asyncio.gather(
        *(
            up.agents.update(up.owner, saved.id, write_agent(chain(catalog, length)))
            for length in range(2, 12)
        )
    )

    assert sorted(one.version for one in made) == list(range(2, 12))
    for one in made:
        kept = await up.agents.get(up.owner, saved.id, one.version)
        assert kept.content_hash == one.content_hash
    assert len({one.content_hash for one in made}) == 10


@pytest.mark.seed("D5-S06")
async def test_of_many_who_change_the_same_version_one_is_saved_and_the_others_are_told(
    up: Platform, catalog: Catalog
) -> None:
    saved = await up.agents.create(up.owner, write_agent(chain(catalog, 1)))
    done = await asyncio.gather(
        *(
            up.agents.update(up.owner, saved.id, write_agent(chain(catalog, 2)), base_version=1)
            for _ in range(10)
        ),
        return_exceptions=True,
    )

    refused = [one for one in done if isinstance(one, StaleGraph)]
    assert (len(refused), len(done) - len(refused)) == (9, 1)
    assert {one.details["latest_version"] for one in refused} == {2}
    assert len(await up.agents.versions(up.owner, saved.id)) == 2


@pytest.mark.seed("D4-10")
async def test_the_same_content_has_the_same_hash_and_what_did_not_change_makes_no_version(
    up: Platform, catalog: Catalog
) -> None:
    made = chain(catalog, 2)
    first = await up.agents.create(up.owner, write_agent(made))
    twin = await up.agents.create(up.owner, write_agent(made))
    assert first.id != twin.id
    assert first.content_hash == twin.content_hash
    hash(first.graph.links)  # it is a value, and cannot be changed
    with pytest.raises(FrozenInstanceError):
        first.graph.name = "another"  # type: ignore[misc]

    async def save(graph: Graph, base: int) -> tuple[int, int]:
        """Save a graph as a screen sends it; return which version it is, and how many there are."""
        text = json.dumps(write_agent(graph), sort_keys=True)
        saved = await up.agents.update(up.owner, first.id, json.loads(text), base_version=base)
        assert saved.is_active
        return saved.version, len(await up.agents.versions(up.owner, first.id))

    shown = (await up.agents.get(up.owner, first.id)).graph
    assert await save(shown, 1) == (1, 1)
    moved = replace(
        shown, nodes=(replace(shown.nodes[0], position=Position(7, 7)), *shown.nodes[1:])
    )
    assert await save(moved, 1) == (2, 2), "where a node stands is kept"
    assert await save(moved, 2) == (2, 2)
    renamed = replace(moved, name="Another name")
    assert await save(renamed, 2) == (3, 3)

    await up.agents.activate(up.owner, first.id, 1)
    assert await save(renamed, 3) == (3, 3), "it runs again, and is no new version"
    assert await save(shown, 3) == (4, 4), "an older one that is saved again is the newest"
    with pytest.raises(StaleGraph):
        await save(shown, 3)
