"""What is asked of a database, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, Protocol

from autograph.infra.errors import OperationalError, UserError
from autograph.infra.json import Json


class SqlRefused(UserError):
    """The database, or the rules here, say no; the message is theirs."""

    code: ClassVar[str] = "sql.refused"


class SqlUnavailable(OperationalError):
    """The database does not answer, or not in time."""

    code: ClassVar[str] = "sql.unavailable"


class SqlKind(StrEnum):
    """What speaks at the other end."""

    POSTGRES = "postgres"
    MYSQL = "mysql"
    MSSQL = "mssql"


@dataclass(frozen=True, slots=True)
class SqlServer:
    """A database, and who asks.

    Attributes:
        port: None for the usual one of its kind.
    """

    kind: SqlKind
    host: str
    database: str
    username: str
    password: str = field(repr=False)
    port: int | None = None


@dataclass(frozen=True, slots=True)
class SqlQuery:
    """A statement.

    Attributes:
        is_read_only: It may change nothing; the database sees to that.
        max_rows: So many are taken.
        timeout: From the first look-up to the last row.
    """

    text: str
    is_read_only: bool
    max_rows: int
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """What came of it.

    Attributes:
        columns: Their names, each once; None where the statement gives no rows.
        rows: By column.
        is_truncated: There are more rows.
        affected_rows: How many it changed; None where it gives rows that it only read.
    """

    columns: Sequence[str] | None
    rows: Sequence[Mapping[str, Json]]
    is_truncated: bool = False
    affected_rows: int | None = None


class Sql(Protocol):
    """Asks databases of others. The egress rules are in front of every connection."""

    async def query(self, server: SqlServer, query: SqlQuery) -> SqlAnswer:
        """Run one statement on a connection of its own.

        Raises:
            SqlRefused: The database says no, or the statement is not one that only reads.
            SqlUnavailable: It does not answer in time.
            EgressRefused: It is where nobody may go.
            BadRequest: Its host or port is none.
            Unreachable: Nobody is there.
        """
        ...
