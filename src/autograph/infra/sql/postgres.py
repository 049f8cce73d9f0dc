"""PostgreSQL, by asyncpg. Import this module late."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any, Final, Literal

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from autograph.infra.egress.addresses import is_public, parsed
from autograph.infra.egress.ports import Dialer
from autograph.infra.json import Json, NotJson, decode
from autograph.infra.sql.ports import SqlAnswer, SqlQuery, SqlRefused, SqlServer, SqlUnavailable
from autograph.infra.sql.reading import Rows, check_reads

_PORT: Final = 5432
_READS: Final = frozenset({"SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN"})
_GIVES_ROWS_ONLY: Final = _READS - {"WITH"}
_BATCH: Final = 100


async def query(server: SqlServer, query: SqlQuery, dialer: Dialer) -> SqlAnswer:
    """Run one statement in a transaction of its own; raises what `Sql.query` raises.

    Raises:
        SqlRefused: PostgreSQL says no, or the statement is not one that only reads.
        SqlUnavailable: The connection is lost.
    """
    if query.is_read_only:
        check_reads(query.text, _READS)
    try:
        connection = await _connect(server, dialer)
        try:
            answer = await _ask(connection, query)
            await connection.close()
        finally:
            connection.terminate()
    except asyncpg.PostgresConnectionError as error:
        raise SqlUnavailable(f"PostgreSQL at {server.host}: {error}.") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise SqlRefused(f"PostgreSQL refused: {error}") from error
    except OSError as error:
        raise SqlUnavailable(f"PostgreSQL at {server.host} cannot be reached: {error}.") from error
    return answer


async def _connect(server: SqlServer, dialer: Dialer) -> Any:
    """Open a connection: encrypted, and plain only where a server inside can do nothing else.

    Whose certificate it is is not checked, as libpq's `sslmode=require` does not: most servers have one that nobody
    outside knows.

    Raises:
        ConnectionError: Nobody answers as PostgreSQL does.
    """
    port = server.port or _PORT
    address = await dialer.address(server.host, port)
    found = parsed(address)
    encrypted = ssl.create_default_context()
    encrypted.check_hostname = False
    encrypted.verify_mode = ssl.CERT_NONE

    async def connect(how: ssl.SSLContext | Literal[False]) -> Any:
        return await asyncpg.connect(
            host=address,
            port=port,
            user=server.username,
            password=server.password,
            database=server.database,
            ssl=how,
            statement_cache_size=0,
        )

    try:
        return await connect(encrypted)
    except ConnectionError as error:
        if found is None or is_public(found) or "rejected SSL" not in str(error):
            raise
    return await connect(False)


async def _ask(connection: Any, query: SqlQuery) -> SqlAnswer:
    milliseconds = round(query.timeout.total_seconds() * 1000)
    async with connection.transaction(readonly=query.is_read_only):
        # A question comes first: after one, a transaction that only reads cannot be made another by its statement.
        await connection.fetchval(
            "SELECT set_config('statement_timeout', $1, true)", str(milliseconds)
        )
        statement: PreparedStatement[Any] = await connection.prepare(query.text)
        attributes = statement.get_attributes()
        if not attributes:
            await statement.fetch()
            return SqlAnswer(None, (), affected_rows=_count(statement.get_statusmsg()))
        rows = Rows([one.name for one in attributes], most=query.max_rows)
        is_json = [one.type.name in {"json", "jsonb"} for one in attributes]
        if query.is_read_only:
            is_truncated = not await _take(statement, rows, is_json)
            return SqlAnswer(rows.columns, rows.taken, is_truncated)
        found = await statement.fetch()  # what changes rows changes them all before it gives any
        is_truncated = not all(rows.take(_values(one, is_json)) for one in found)
        status = statement.get_statusmsg() or ""
        affected = None if status.split(" ")[0] in _GIVES_ROWS_ONLY else _count(status)
        return SqlAnswer(rows.columns, rows.taken, is_truncated, affected)


async def _take(statement: Any, rows: Rows, is_json: Sequence[bool]) -> bool:
    """Take rows batch by batch; False where there are more."""
    cursor = await statement.cursor()
    while batch := await cursor.fetch(_BATCH):
        for one in batch:
            if not rows.take(_values(one, is_json)):
                return False
    return True


def _values(record: Any, is_json: Sequence[bool]) -> list[object]:
    return [_read(one) if reads else one for one, reads in zip(record, is_json, strict=True)]


def _read(value: object) -> Json:
    """Return what a JSON column holds; asyncpg leaves it as text."""
    try:
        return decode(value) if isinstance(value, str) else value
    except NotJson:
        return value


def _count(status: str | None) -> int:
    """Return how many rows a command's tag speaks of (`INSERT 0 3`, `UPDATE 2`, `CREATE TABLE`)."""
    last = status.split()[-1] if status else ""
    return int(last) if last.isdigit() else 0
