"""What is kept, what may be kept, and what goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from autograph.blocks.catalog import Catalog
from autograph.bootstrap import Platform, Process, platform
from autograph.engine.journal.payloads import pack, unpack
from autograph.features.storage.errors import StorageFull
from autograph.graph.model import Graph
from autograph.graph.portable import write_agent
from autograph.infra import migrations
from autograph.infra.database import Database
from autograph.infra.ids import new_id
from autograph.infra.migrations.runner import split_statements
from autograph.infra.settings import Settings
from tests.agents import chain, graph, node

Start = Callable[..., AbstractAsyncContextManager[Platform]]


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


def large(catalog: Catalog, letter: str = "x") -> Graph:
    """An agent whose output is too large for an event."""
    template = f"{{{{ '{letter}' * 200000 }}}}"
    return graph(
        [
            node(catalog, "fill", "FillTextTemplate", format=template, values={}),
            node(catalog, "out", "AgentOutput", name="o"),
        ],
        "fill.output -> out.value",
    )


async def run(up: Platform, made: Graph) -> UUID:
    saved = await up.agents.ensure(up.owner, write_agent(made))
    run_id = await up.runs.start(up.owner, saved.id, {})
    assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))
    return run_id


async def count(up: Platform, table: str) -> int:
    async with up.database.acquire() as connection:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))


async def ended_before(up: Platform, run_id: UUID, age: timedelta) -> None:
    async with up.database.acquire() as connection:
        await connection.execute(
            "UPDATE runs SET ended_at = ended_at - $2::interval WHERE id = $1", run_id, age
        )


class TestPayloads:
    @pytest.mark.parametrize("text", [b'"' + b"x" * 100_000 + b'"', b'"\x01\xff\x07rnd"', b"[]"])
    def test_what_is_packed_is_unpacked(self, text: bytes) -> None:
        assert unpack(*pack(text)) == text

    async def test_a_large_value_is_kept_once_and_small(
        self, up: Platform, catalog: Catalog
    ) -> None:
        for _ in range(3):
            found = await up.runs.get(up.owner, await run(up, large(catalog)))
            assert found.result.outputs == {"o": ["x" * 200_000]}
        async with up.database.acquire() as connection:
            rows = await connection.fetch(
                "SELECT encoding, octet_length(value) AS size FROM payloads"
            )
        assert [row["encoding"] for row in rows] == ["zlib"]
        assert rows[0]["size"] < 2_000
        assert await count(up, "payload_uses") == 3

    async def test_one_that_nobody_refers_to_is_swept_and_others_stay(
        self, up: Platform, catalog: Catalog
    ) -> None:
        gone, stays = await run(up, large(catalog, "g")), await run(up, large(catalog, "s"))
        await up.runs.delete(up.owner, gone)
        await up.storage.tend()
        assert (
            await count(up, "payloads") == 2
        )  # it was used a moment ago: a commit may count on it
        async with up.database.acquire() as connection:
            await connection.execute("UPDATE payloads SET used_at = used_at - interval '2 hours'")

        await up.storage.tend()

        assert await count(up, "payloads") == 1
        found = await up.runs.get(up.owner, stays)
        assert found.result.outputs == {"o": ["s" * 200_000]}
        assert (await up.runs.events(up.owner, stays))[-1].kind == "run.completed"

    async def test_one_that_is_used_again_while_it_is_swept_stays(
        self, up: Platform, catalog: Catalog, database_url: str
    ) -> None:
        gone = await run(up, large(catalog))
        await up.runs.delete(up.owner, gone)
        writer = await asyncpg.connect(database_url)
        async with up.database.acquire() as connection:
            await connection.execute("UPDATE payloads SET used_at = used_at - interval '2 hours'")
            digest = await connection.fetchval("SELECT digest FROM payloads")
        transaction = writer.transaction()
        await transaction.start()
        await writer.execute("UPDATE payloads SET used_at = now() WHERE digest = $1", digest)
        sweeping = asyncio.create_task(up.storage.tend())
        await asyncio.sleep(0.2)
        assert not sweeping.done()

        await transaction.commit()
        await sweeping

        assert await count(up, "payloads") == 1
        await writer.close()


class TestPrune:
    async def test_what_is_old_and_over_goes_with_all_it_kept_but_its_cost(
        self, up: Platform, catalog: Catalog
    ) -> None:
        old, young = await run(up, large(catalog, "o")), await run(up, chain(catalog, 2))
        await ended_before(up, old, timedelta(days=31))
        async with up.database.acquire() as connection:
            await connection.execute(
                """INSERT INTO charges (run_id, node_run, owner_id, node_id, block_id, credits)
                   VALUES ($1, 1, $2, 'n', 'b', 3)""",
                old,
                up.owner.user_id,
            )

        plan = await up.storage.prune(older_than=timedelta(days=30), dry_run=True)
        done = await up.storage.prune(older_than=timedelta(days=30))

        assert (plan.runs, done.runs) == (1, 1)
        assert plan.stored_bytes == done.stored_bytes > 0
        left = (await up.runs.list_page(up.owner)).rows
        assert [row.id for row in left] == [young]
        async with up.database.acquire() as connection:
            events = await connection.fetch("SELECT DISTINCT run_id FROM run_events")
        assert [row["run_id"] for row in events] == [young]
        assert await count(up, "charges") == 1
        assert (await up.storage.prune(older_than=timedelta(days=30))).runs == 0

    async def test_what_goes_on_stays_however_old(self, up: Platform, catalog: Catalog) -> None:
        made = graph([node(catalog, "wait", "CountdownTimer", hours=1)])
        saved = await up.agents.create(up.owner, write_agent(made))
        run_id = await up.runs.start(up.owner, saved.id, {})
        await ended_before(up, run_id, timedelta(days=99))
        assert (await up.storage.prune(older_than=timedelta())).runs == 0
        assert (await up.runs.get(up.owner, run_id)).row.ended_at is None

    async def test_the_retention_is_kept_by_whoever_tends_and_empty_months_go(
        self, start: Start, catalog: Catalog
    ) -> None:
        async with start(retention=timedelta(days=30)) as up:
            old = await run(up, chain(catalog, 2))
            await ended_before(up, old, timedelta(days=40))
            async with up.database.acquire() as connection:
                await connection.execute("SELECT make_month('2020-02-01Z')")
            await asyncio.gather(*[up.storage.tend() for _ in range(3)])
            assert (await up.runs.list_page(up.owner)).rows == []
            async with up.database.acquire() as connection:
                months = await connection.fetch(
                    "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'run_events'::regclass"
                )
            names = {row["name"] for row in months}
            assert "run_events_2020_02" not in names
            assert len(names) == 3  # this month, the next, and the default

    async def test_runs_that_something_inside_keeps_do_not_hide_those_after_them(
        self, up: Platform, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("autograph.features.storage.repository._AT_ONCE", 1)
        kept, goes = await run(up, chain(catalog, 2)), await run(up, chain(catalog, 2))
        await ended_before(up, kept, timedelta(days=40))
        await ended_before(up, goes, timedelta(days=35))
        made = graph([node(catalog, "wait", "CountdownTimer", hours=1)])
        inside = await up.runs.start(
            up.owner, (await up.agents.create(up.owner, write_agent(made))).id, {}
        )
        async with up.database.acquire() as connection:
            await connection.execute("UPDATE runs SET parent_id = $1 WHERE id = $2", kept, inside)

        assert (await up.storage.prune(older_than=timedelta(days=30))).runs == 1

        left = {row.id for row in (await up.runs.list_page(up.owner)).rows}
        assert (kept in left, goes in left) == (True, False)

    async def test_a_key_goes_with_its_run(self, up: Platform, catalog: Catalog) -> None:
        saved = await up.agents.create(up.owner, write_agent(chain(catalog, 2)))
        run_id = await up.runs.start(up.owner, saved.id, {}, idempotency_key="once")
        assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))
        assert await count(up, "idempotency_keys") == 1
        assert (await up.storage.prune(older_than=timedelta())).runs == 1
        assert await count(up, "idempotency_keys") == 0


class TestBudget:
    async def test_a_run_that_waited_has_no_more_room_than_one_that_did_not(
        self, start: Start, catalog: Catalog
    ) -> None:
        made = graph(
            [
                node(catalog, "first", "FillTextTemplate", format="{{ 'x' * 60000 }}", values={}),
                node(catalog, "wait", "CountdownTimer", seconds=2),
                node(catalog, "out", "AgentOutput", name="o"),
            ],
            "first.output -> wait.input_message",
            "wait.output_message -> out.value",
        )
        async with start(max_journal_bytes=100_000) as up:
            run_id = await run(up, made)
            over = await up.runs.get(up.owner, run_id)
        assert over.row.status == "failed"
        assert over.result is not None
        assert "AUTOGRAPH_MAX_JOURNAL_BYTES" in str(over.result.error)

    async def test_a_key_that_was_used_needs_no_room(self, start: Start, catalog: Catalog) -> None:
        async with start(max_user_bytes=1_024) as up:
            saved = await up.agents.create(up.owner, write_agent(chain(catalog, 20)))
            first = await up.runs.start(up.owner, saved.id, {}, idempotency_key="k")
            assert await up.runs.wait(up.owner, first, at_most=timedelta(seconds=20))
            await up.storage.tend()
        async with start(max_user_bytes=1_024) as up:
            with pytest.raises(StorageFull):
                await up.runs.start(up.owner, saved.id, {})
            assert await up.runs.start(up.owner, saved.id, {}, idempotency_key="k") == first

    async def test_who_keeps_all_they_may_starts_no_more(
        self, start: Start, catalog: Catalog
    ) -> None:
        async with start(max_user_bytes=1_024) as up:
            run_id = await run(up, chain(catalog, 20))
            await up.storage.tend()
            usage = await up.storage.usage(up.owner)
            assert usage.runs == 1
            assert usage.stored_bytes > 1_024
        async with start(max_user_bytes=1_024) as up:
            with pytest.raises(StorageFull, match="AUTOGRAPH_MAX_USER_BYTES"):
                await run(up, chain(catalog, 2))
            await up.runs.delete(up.owner, run_id)
            await up.storage.prune(older_than=timedelta())
            await run(up, chain(catalog, 2))


class TestReport:
    async def test_it_says_what_eats_the_disk(self, up: Platform, catalog: Catalog) -> None:
        biggest = await run(up, large(catalog))
        await run(up, chain(catalog, 2))
        report = await up.storage.report(top=5)

        async with up.database.acquire() as connection:
            size = await connection.fetchval("SELECT pg_total_relation_size('payloads')")
        parts = {part.name: part.size_bytes for part in report.parts}
        assert parts["payloads"] == size
        assert report.total_bytes > sum(parts.values()) / 2
        assert report.runs[0].id == biggest
        assert report.graphs[0].name == "A graph"
        assert report.payload_bytes > 0


async def test_journals_of_the_schema_before_are_moved_by_month(
    database_url: str, catalog: Catalog
) -> None:
    connection = await asyncpg.connect(database_url)
    name = f"test_{new_id().hex}"
    await connection.execute(f"CREATE DATABASE {name}")
    head, _, tail = database_url.partition("@/")
    before = f"{head}@/{name}?{tail.partition('?')[2]}"
    old = await asyncpg.connect(before)
    folder = Path(migrations.__file__).parent / "sql"
    for file in ("0001_initial.sql", "0002_waiting.sql"):
        for statement in split_statements((folder / file).read_text()):
            await old.execute(statement)
    await old.execute("CREATE TABLE alembic_version (version_num text PRIMARY KEY)")
    await old.execute("INSERT INTO alembic_version VALUES ('0002')")
    run_id = new_id()
    await old.execute(
        """INSERT INTO run_events (run_id, seq, kind, body) VALUES
           ($1, 1, 'run.started', '{"inputs": {}, "payloads": {"a": "one"}, "order": ["a"]}'),
           ($1, 2, 'node.completed', '{"node_run": 1, "node": "n", "outputs": [["o", null, "two"], ["p", 1]]}')""",
        run_id,
    )
    await old.execute("INSERT INTO payloads (digest, value) VALUES ('one', '1'), ('two', '2')")

    database = Database(before)
    assert await migrations.upgrade(database)

    rows = await old.fetch(
        "SELECT tableoid::regclass::text AS part, seq FROM run_events ORDER BY seq"
    )
    assert [row["seq"] for row in rows] == [1, 2]
    assert {row["part"][:13] for row in rows} == {"run_events_20"}
    uses = await old.fetch("SELECT run_id, digest FROM payload_uses ORDER BY digest")
    assert [(row["run_id"], row["digest"]) for row in uses] == [(run_id, "one"), (run_id, "two")]
    await database.close()
    await old.close()
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()
