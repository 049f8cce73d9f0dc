"""Questions to a real PostgreSQL, over TCP and by the egress rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from autograph.blocks.builtin.databases.query import SQLQuery
from autograph.blocks.sdk import BlockError, UserPasswordSecret
from autograph.blocks.sdk.testing import FakeContext, run_block
from autograph.infra.egress.dial import CheckedDialer
from autograph.infra.egress.ports import EgressRefused, Rules
from autograph.infra.errors import AutographError
from autograph.infra.sql import reading
from autograph.infra.sql.ports import SqlRefused, SqlUnavailable
from autograph.infra.sql.reading import as_json, check_reads

Ask = Any
MINE = {"id": "mine", "provider": "database", "type": "user_password"}
TABLE = """
CREATE TABLE teas (id int PRIMARY KEY, name text, price numeric, seen timestamptz, tags text[], facts jsonb);
INSERT INTO teas VALUES (1, 'Sencha', 4.5, '2026-01-02T03:04:05Z', '{green,japan}', '{"caffeine": 30}'),
    (2, 'Oolong', 12, NULL, '{}', NULL), (3, 'Assam', 12345678901234567890.5, NULL, NULL, '[1]');
"""


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    writer.close()


@pytest.fixture
async def ask(database_url: str) -> AsyncIterator[Ask]:
    """Runs the block on a database that has a table; the embedded server listens on a socket alone, so a port leads there."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(TABLE)
    user = await connection.fetchval("SELECT current_user")
    await connection.close()
    parts = urlsplit(database_url)
    folder = parse_qs(parts.query)["host"][0]

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        await asyncio.gather(_carry(reader, back), _carry(there, writer))

    async with await asyncio.start_server(lead, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        ctx = FakeContext(secrets={"mine": UserPasswordSecret(user, "not-asked-for")})

        async def run(query: str, **more: Any) -> dict[str, Any]:
            values: Mapping[str, Any] = {
                "host": "127.0.0.1",
                "port": port,
                "database": parts.path.strip("/"),
                "query": query,
                "credentials": MINE,
                **more,
            }
            return dict(await run_block(SQLQuery, values, ctx))

        run.ctx = ctx  # type: ignore[attr-defined]
        yield run


class TestReading:
    async def test_rows_come_as_json(self, ask: Ask) -> None:
        assert await ask("SELECT * FROM teas ORDER BY id") == {
            "results": [
                {
                    "id": 1,
                    "name": "Sencha",
                    "price": 4.5,
                    "seen": "2026-01-02T03:04:05+00:00",
                    "tags": ["green", "japan"],
                    "facts": {"caffeine": 30},
                },
                {
                    "id": 2,
                    "name": "Oolong",
                    "price": 12,
                    "seen": None,
                    "tags": [],
                    "facts": None,
                },
                {
                    "id": 3,
                    "name": "Assam",
                    "price": "12345678901234567890.5",
                    "seen": None,
                    "tags": None,
                    "facts": [1],
                },
            ],
            "columns": ["id", "name", "price", "seen", "tags", "facts"],
            "row_count": 3,
            "truncated": False,
        }

    async def test_columns_of_one_name_are_told_apart(self, ask: Ask) -> None:
        found = await ask("SELECT 1 AS a, 2 AS a, 3 AS a")
        assert found["results"] == [{"a": 1, "a_2": 2, "a_3": 3}]

    @pytest.mark.parametrize(("most", "truncated"), [(249, True), (250, False), (251, False)])
    async def test_no_more_rows_are_taken_than_asked_for(
        self, ask: Ask, most: int, truncated: bool
    ) -> None:
        found = await ask("SELECT generate_series(1, 250) AS n", max_rows=most)
        assert (found["row_count"], found["truncated"]) == (min(most, 250), truncated)

    async def test_a_million_million_rows_are_not_fetched(self, ask: Ask) -> None:
        query = "SELECT a FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"
        with pytest.raises(SqlUnavailable, match="timeout"):
            # Nothing of it is kept in memory: the server works at it until its time is up.
            await ask(f"{query} ORDER BY a DESC", timeout=1)

    async def test_rows_that_are_too_large_are_refused(
        self, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "MAX_BYTES", 2**20)
        with pytest.raises(SqlRefused, match="larger than 1 MiB"):
            await ask("SELECT repeat('x', 100000) FROM generate_series(1, 100)")

    async def test_a_question_that_takes_too_long_is_ended_over_there(self, ask: Ask) -> None:
        with pytest.raises((SqlRefused, SqlUnavailable), match="timeout"):
            await ask("SELECT pg_sleep(30)", timeout=1)
        found = await ask(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3%'"
        )
        assert found["results"][0]["n"] <= 1  # the one that asks

    async def test_what_the_database_says_is_said(self, ask: Ask) -> None:
        with pytest.raises(SqlRefused, match='relation "coffees" does not exist'):
            await ask("SELECT * FROM coffees")


class TestReadOnly:
    @pytest.mark.parametrize(
        "query",
        [
            "DELETE FROM teas",
            "  -- SELECT\n /* SELECT /* nested */ */ DELETE FROM teas",
            "WITH gone AS (DELETE FROM teas RETURNING *) SELECT * FROM gone",
            "EXPLAIN ANALYZE DELETE FROM teas",
            "SELECT * INTO copies FROM teas",
            "SELECT * FROM teas FOR UPDATE",
            "SELECT 1; DELETE FROM teas",
            "COMMIT",
            "SET TRANSACTION READ WRITE",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
            "SELECT set_config('transaction_read_only', 'off', true)",
            "COPY teas TO PROGRAM 'cat'",
            "COPY teas TO '/tmp/teas'",
            "DO $$ BEGIN DELETE FROM teas; END $$",
            "CALL anything()",
            "PREPARE a AS DELETE FROM teas",
            "VACUUM",
            "CREATE DATABASE other",
            "SELECT lo_create(0)",
            "SELECT nextval('teas_id_seq')",
            "",
            "/* SELECT",
        ],
    )
    async def test_nothing_can_be_changed(self, ask: Ask, query: str) -> None:
        with pytest.raises(AutographError):
            await ask(query)
        assert (await ask("SELECT count(*) AS n FROM teas"))["results"] == [{"n": 3}]

    @pytest.mark.parametrize(
        "query",
        [
            "select 1",
            "((SELECT 1))",
            "with a as (select 1) select * from a",
            "VALUES (1), (2)",
            "TABLE teas",
            "SHOW server_version",
            "EXPLAIN SELECT * FROM teas",
            "/* a /* b */ c */ -- d\nSELECT 'DELETE'",
        ],
    )
    async def test_reading_in_all_its_forms_is_let_through(self, ask: Ask, query: str) -> None:
        assert (await ask(query))["row_count"] >= 1

    def test_a_comment_that_never_ends_takes_no_time(self) -> None:
        with pytest.raises(SqlRefused, match="Nothing"):
            check_reads("/*" * 400_000, {"SELECT"})


class TestChanging:
    async def test_rows_are_counted(self, ask: Ask) -> None:
        assert await ask("UPDATE teas SET price = 1 WHERE id < 3", read_only=False) == {
            "affected_rows": 2
        }
        assert await ask("CREATE TABLE cups (n int)", read_only=False) == {"affected_rows": 0}
        assert (await ask("SELECT sum(price) AS s FROM teas WHERE id < 3"))["results"] == [{"s": 2}]

    async def test_what_is_returned_is_given_out(self, ask: Ask) -> None:
        found = await ask("DELETE FROM teas RETURNING id", read_only=False, max_rows=2)
        assert (found["affected_rows"], found["row_count"], found["truncated"]) == (3, 2, True)

    async def test_one_statement_is_one_statement(self, ask: Ask) -> None:
        with pytest.raises(SqlRefused, match="multiple commands"):
            await ask("DELETE FROM teas; DELETE FROM teas", read_only=False)

    async def test_what_fails_changes_nothing(self, ask: Ask) -> None:
        with pytest.raises(SqlRefused):
            await ask("UPDATE teas SET price = 1 / (id - 2)", read_only=False)
        assert (await ask("SELECT price FROM teas WHERE id = 1"))["results"] == [{"price": 4.5}]


class TestPlaces:
    async def test_a_server_inside_is_not_reached(self, ask: Ask) -> None:
        ask.ctx.dialer = CheckedDialer(Rules())
        with pytest.raises(EgressRefused, match="EGRESS_INSIDE"):
            await ask("SELECT 1")

    async def test_an_unencrypted_server_outside_gets_no_password(
        self, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("autograph.infra.sql.postgres.is_public", lambda _: True)
        with pytest.raises(SqlUnavailable, match="rejected SSL"):
            await ask("SELECT 1")

    async def test_where_nobody_speaks_postgresql_is_said(self, ask: Ask) -> None:
        async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.abort()

        async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
            with pytest.raises(SqlUnavailable):
                await ask("SELECT 1", port=server.sockets[0].getsockname()[1])

    async def test_a_server_that_never_answers_is_left(self, ask: Ask) -> None:
        async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                await reader.read()
            writer.transport.abort()
            hung_up.set()

        hung_up = asyncio.Event()
        async with await asyncio.start_server(wait, "127.0.0.1", 0) as server:
            with pytest.raises(SqlUnavailable, match="within 1 s"):
                await ask("SELECT 1", port=server.sockets[0].getsockname()[1], timeout=1)
            await hung_up.wait()
            await asyncio.sleep(0.01)

    async def test_other_kinds_are_named(self, ask: Ask) -> None:
        with pytest.raises(SqlRefused, match="mssql"):
            await ask("SELECT 1", database_type="mssql")

    async def test_it_needs_a_name_and_a_password(self, ask: Ask) -> None:
        with pytest.raises(BlockError, match="no credential"):
            await ask("SELECT 1", credentials={**MINE, "id": "other"})


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (2**63, "9223372036854775808"),
        (float("nan"), "nan"),
        (b"\x00\xff", "AP8="),
        ({"a": (1, None)}, {"a": [1, None]}),
    ],
)
def test_values_without_a_json_form_are_texts(value: Any, seen: Any) -> None:
    assert as_json(value) == seen
