"""What agents remember by meaning: found again, bounded, forgotten, and nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
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
from autograph.features.runs.errors import BlockFailed
from autograph.features.runs.models import Order
from autograph.features.storage.errors import StorageFull
from autograph.graph.portable import dump, write_agent
from autograph.infra.ids import new_id
from autograph.infra.settings import Settings
from tests.agents import graph, node

pytestmark = pytest.mark.timeout(60)
Start = Callable[..., AbstractAsyncContextManager[Platform]]
TEA = "Ann drinks green tea every morning."
SHOES = "Berta collects leather shoes."
DEMO: dict[str, Any] = {"model": "demo-embedding", "scope": "across_agents"}


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Start:
    def made(**settings: Any) -> AbstractAsyncContextManager[Platform]:
        found = Settings(database_url=database_url, data_dir=tmp_path, **settings)
        return platform(found, process=Process.UP)

    return made


@pytest.fixture
async def up(start: Start) -> AsyncIterator[Platform]:
    async with start() as made:
        yield made


async def remember(up: Platform, *texts: str, who: Principal | None = None, **more: Any) -> Any:
    given = {"texts": list(texts), **DEMO, **more}
    done = await up.blocks.run(who or up.owner, "Remember", given)
    return done.outputs["ids"][0]


async def recall(up: Platform, query: str, who: Principal | None = None, **more: Any) -> Any:
    done = await up.blocks.run(who or up.owner, "Recall", {"query": query, **DEMO, **more})
    return done.outputs["memories"][0]


async def sql(up: Platform, text: str, *values: Any) -> Any:
    async with up.database.acquire() as connection:
        return await connection.fetchval(text, *values)


async def somebody(up: Platform) -> Principal:
    made = new_id()
    await sql(up, "INSERT INTO users (id, name) VALUES ($1, 'Bob')", made)
    return Principal(made, "Bob")


class TestRecall:
    async def test_the_nearest_comes_first_with_all_that_is_known_of_it(self, up: Platform) -> None:
        ids = await remember(up, TEA, SHOES, metadata={"from": "chat", "deep": {"a": [1]}})
        found = await recall(up, "green tea")

        assert [one["text"] for one in found] == [TEA, SHOES]
        assert found[0]["id"] == ids[0]
        assert found[0]["metadata"] == {"from": "chat", "deep": {"a": [1]}}
        assert 1 > found[0]["score"] > found[1]["score"]
        assert (await recall(up, TEA))[0]["score"] == pytest.approx(1)

    async def test_how_many_and_how_near_and_which(self, up: Platform) -> None:
        await remember(up, TEA, metadata={"year": 2025})
        await remember(up, SHOES, metadata={"year": 2026})

        assert len(await recall(up, "green tea", count=1)) == 1
        assert [one["text"] for one in await recall(up, TEA, least=0.99)] == [TEA]
        found = await recall(up, "green tea", where={"year": 2026})
        assert [one["text"] for one in found] == [SHOES]

    async def test_the_same_text_is_one_memory(self, up: Platform) -> None:
        first = await remember(up, TEA, TEA, metadata={"a": 1})
        again = await remember(up, TEA, metadata={"a": 1})
        other = await remember(up, TEA, metadata={"a": 2})

        assert first == [*again, *again] != other
        assert len(await recall(up, "tea")) == 2

    async def test_collections_models_and_agents_are_apart(self, up: Platform) -> None:
        await remember(up, TEA, collection="drinks")

        assert await recall(up, TEA) == []
        assert await recall(up, TEA, collection="drinks", model="demo:another") == []
        assert await recall(up, TEA, collection="drinks", scope="within_agent") == []
        assert len(await recall(up, TEA, collection="drinks")) == 1

    async def test_without_pgvector_the_same_is_found(self, start: Start) -> None:
        async with start() as made:
            assert await sql(made, "SELECT count(*) FROM pg_extension WHERE extname = 'vector'")
            await remember(made, TEA, SHOES, "Cleo paints in the morning.")
            by_pgvector = await recall(made, "tea in the morning")
            await sql(made, "DROP EXTENSION vector")
        async with start() as made:
            assert await recall(made, "tea in the morning") == by_pgvector
            assert len(by_pgvector) == 3


class TestForgetting:
    async def test_by_ids_and_all(self, up: Platform) -> None:
        ids = await remember(up, TEA, SHOES)
        await remember(up, TEA, collection="drinks")

        async def forget(**given: Any) -> Any:
            done = await up.blocks.run(up.owner, "Forget", {"scope": "across_agents", **given})
            return done.outputs["count"][0]

        assert await forget(ids=[ids[0], "not an id"]) == 1
        assert [one["text"] for one in await recall(up, "tea")] == [SHOES]
        assert await forget(everything=True) == 1
        assert len(await recall(up, "tea", collection="drinks")) == 1

    async def test_what_has_an_end_is_not_found_after_it_and_then_deleted(
        self, up: Platform
    ) -> None:
        await remember(up, TEA, keep_days=1)
        await remember(up, SHOES)
        assert len(await recall(up, "tea")) == 2
        await sql(
            up, "UPDATE memories SET expires_at = now() - interval '1 s' WHERE expires_at > now()"
        )

        assert [one["text"] for one in await recall(up, "tea")] == [SHOES]
        await up.storage.tend()
        assert await sql(up, "SELECT count(*) FROM memories") == 1

    async def test_the_installation_forgets_what_is_old(self, start: Start) -> None:
        async with start(memory_retention=timedelta(days=30)) as made:
            await remember(made, TEA, SHOES)
            await sql(
                made,
                "UPDATE memories SET created_at = now() - interval '31 days' WHERE text = $1",
                TEA,
            )
            await made.storage.tend()

            assert await sql(made, "SELECT text FROM memories") == SHOES


class TestLimits:
    async def test_how_many_a_person_may_keep(self, start: Start) -> None:
        async with start(max_memories=2) as made:
            await remember(made, TEA, SHOES)
            await remember(made, TEA, SHOES)  # nothing new
            with pytest.raises(BlockFailed, match="AUTOGRAPH_MAX_MEMORIES") as failed:
                await remember(made, "A third.")

            assert failed.value.details["block_code"] == "storage.full"
            assert await sql(made, "SELECT count(*) FROM memories") == 2
            await remember(made, "A third.", who=await somebody(made))

    async def test_they_count_among_what_a_person_keeps(
        self, start: Start, catalog: Catalog
    ) -> None:
        async with start(max_user_bytes=20_000) as made:
            before = (await made.storage.usage(made.owner)).stored_bytes
            await remember(made, "x" * 30_000)
            used = (await made.storage.usage(made.owner)).stored_bytes - before
            made.storage._known.clear()  # pyright: ignore[reportPrivateUsage] - it is remembered for half a minute

            assert used == 30_000 + len("{}") + 4 * 64
            with pytest.raises(BlockFailed, match="AUTOGRAPH_MAX_USER_BYTES"):
                await remember(made, TEA)
            saved = await made.agents.create(
                made.owner, write_agent(graph([node(catalog, "o", "AgentOutput", name="o")]))
            )
            with pytest.raises(StorageFull):
                await made.runs.start(made.owner, saved.id, {})

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"texts": ["x" * 32_001]}, "1 to 32,000 characters"),
            ({"texts": ["a\0b"]}, "can be written down"),
            ({"texts": [TEA], "metadata": {"a": "\0"}}, "can be written down"),
            ({"texts": [TEA], "metadata": {"a": "x" * 17_000}}, "at most 16,384"),
            ({"texts": [TEA], "collection": "a\0b"}, "collection's name"),
            ({"texts": [TEA], "model": "gpt-4o"}, "not for embeddings"),
        ],
    )
    async def test_what_cannot_be_kept_is_told(
        self, up: Platform, given: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(BlockFailed, match=said):
            await up.blocks.run(up.owner, "Remember", {**DEMO, **given})

        assert await sql(up, "SELECT count(*) FROM memories") == 0


class TestWhose:
    async def test_nobody_finds_or_deletes_what_another_remembers(self, up: Platform) -> None:
        bob = await somebody(up)
        (mine,) = await remember(up, TEA)
        (his,) = await remember(up, TEA, who=bob)

        assert mine == his, "the same text, so that guessing an id is easy"
        for query in ({"ids": [mine]}, {"everything": True}):
            await remember(up, TEA, who=bob)
            await up.blocks.run(bob, "Forget", {"scope": "across_agents", **query})
            assert await recall(up, TEA, who=bob) == []
            assert len(await recall(up, TEA)) == 1

    async def test_they_go_with_their_person(self, up: Platform) -> None:
        bob = await somebody(up)
        await remember(up, TEA, who=bob)
        await remember(up, SHOES)
        await sql(up, "DELETE FROM users WHERE id = $1", bob.user_id)

        assert await sql(up, "SELECT text FROM memories") == SHOES


async def test_a_run_with_a_memory_is_played(up: Platform, catalog: Catalog) -> None:
    await remember(up, SHOES)
    keep = node(catalog, "keep", "Remember", texts=[TEA], **DEMO)
    find = node(catalog, "find", "Recall", **DEMO)
    drop = node(catalog, "drop", "Forget", scope="across_agents")
    out = node(catalog, "o", "AgentOutput", name="o")
    made = graph(
        [keep, find, drop, out],
        "keep.ids_$_0 -> find.query",
        "find.memory_#_id -> drop.ids_$_0",
        "drop.count -> o.value",
    )
    saved = await up.agents.create(up.owner, write_agent(made))
    run_id: UUID = await up.runs.start_order(up.owner, Order(saved.id, {}, is_recorded=True))
    assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))
    found = await up.cassettes.cassette(up.owner, run_id)
    cassette = read_cassette(dump(found.as_json()).encode())

    _, problems = await prove(cassette, catalog)

    assert problems == []
    assert {one["kind"] for one in cassette.exchanges} >= {"embedding", "recalled", "forgotten"}
    other = node(catalog, "find", "Recall", query="green tea", count=7, **DEMO)
    played = await play(cassette, graph([other]), catalog)
    assert any("the memories 'memories'" in one for one in played.problems)
