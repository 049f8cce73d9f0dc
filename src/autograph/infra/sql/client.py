"""Asks the driver of the kind, which is imported by its first question."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from autograph.infra.egress.ports import Dialer
from autograph.infra.sql.ports import (
    SqlAnswer,
    SqlKind,
    SqlQuery,
    SqlRefused,
    SqlServer,
    SqlUnavailable,
)

_MAX_TEXT: Final = 1_000_000


class SqlClient:
    """Implements `Sql`."""

    def __init__(self, dialer: Dialer) -> None:
        """Connect by `dialer`."""
        self._dialer = dialer

    async def query(self, server: SqlServer, query: SqlQuery) -> SqlAnswer:
        """Run one statement on a connection of its own.

        Raises:
            SqlRefused: The statement is none, or nobody here speaks to such a database.
            SqlUnavailable: It does not answer in time.
        """
        if len(query.text) > _MAX_TEXT or "\0" in query.text:
            raise SqlRefused(f"A statement has at most {_MAX_TEXT} characters, and no U+0000.")
        ask = _driver(server.kind)
        try:
            async with asyncio.timeout(query.timeout.total_seconds()):
                return await ask(server, query, self._dialer)
        except TimeoutError as error:
            raise SqlUnavailable(
                f"{server.host} did not answer within {query.timeout.total_seconds():g} s (input: timeout)."
            ) from error


def _driver(kind: SqlKind) -> Callable[[SqlServer, SqlQuery, Dialer], Awaitable[SqlAnswer]]:
    if kind is SqlKind.POSTGRES:
        from autograph.infra.sql import postgres  # noqa: PLC0415 - few processes ask one

        return postgres.query
    raise SqlRefused(f"Databases of the kind {kind.value} are not spoken to here yet; postgres is.")
