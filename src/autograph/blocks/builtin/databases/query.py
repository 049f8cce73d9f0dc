"""Asking a database."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Effect,
    Example,
    Format,
    Json,
    Outputs,
    SqlKind,
    SqlQuery,
    SqlServer,
    UserPasswordSecret,
    credential_pin,
    pin,
)

Texts = list[str]
Rows = list[dict[str, Json]]
_MINE: Final[dict[str, Json]] = {"id": "example", "provider": "database", "type": "user_password"}


class SQLQueryInput(BlockInput):
    """A question."""

    database_type: SqlKind = pin(
        SqlKind.POSTGRES, description="What kind of database it is.", advanced=False
    )
    host: str = pin(
        description="Name or address of its server.",
        placeholder="db.example.com",
        secret=True,
        extra={"format": "password"},
    )
    port: int | None = pin(None, description="Its port; the usual one where it is empty.")
    database: str = pin(description="What the database is called.")
    query: str = pin(
        description="One SQL statement.", format=Format.LONG_TEXT, extra={"x-code": "sql"}
    )
    read_only: bool = pin(
        default=True, description="It may only read; whatever changes something is refused."
    )
    timeout: int = pin(30, description="Seconds it may take.", ge=1, le=600)
    max_rows: int = pin(1000, description="Rows that are given out at most.", ge=1, le=10_000)
    credentials: CredentialRef = credential_pin(
        "database",
        kinds=("user_password",),
        description="Who asks. Best somebody who may only read.",
    )


class SQLQueryOutput(BlockOutput):
    """What came of it."""

    results: Rows = pin(description="The rows, by column.")
    columns: Texts = pin(description="The columns' names.")
    row_count: int = pin(description="How many rows are given out.")
    truncated: bool = pin(description="Whether there are more.")
    affected_rows: int = pin(description="How many rows the statement changed.")


class SQLQuery(Block[SQLQueryInput]):
    """A question to a database."""

    id = "4dc35c0f-4fd8-465e-9616-5a216f1ba2bc"
    name = "SQLQuery"
    description = (
        "Runs one SQL statement on a PostgreSQL database and gives out the rows. It may change nothing, unless you "
        "say so."
    )
    categories = (Category.DATA,)
    effect = Effect.EFFECT
    Input = SQLQueryInput
    Output = SQLQueryOutput
    examples = (
        Example(
            {
                "host": "127.0.0.1",
                "database": "shop",
                "query": "/* all of them */ DELETE FROM orders",
                "credentials": _MINE,
            },
            error="DELETE is no statement that only reads",
            secrets={"example": UserPasswordSecret("reader", "example-pass")},
        ),
        Example(
            {"host": "10.0.0.1", "database": "shop", "query": "SELECT 1", "credentials": _MINE},
            error="not on the public internet",
            secrets={"example": UserPasswordSecret("reader", "example-pass")},
        ),
    )

    async def run(self, input: SQLQueryInput, ctx: Context) -> Outputs:
        """Yield the rows, and how many the statement changed.

        Raises:
            BlockError: The credential is no name and password.
        """
        secret = await ctx.credential(input.credentials)
        if not isinstance(secret, UserPasswordSecret):
            raise BlockError("The credential is no name and password.")
        server = SqlServer(
            kind=input.database_type,
            host=input.host.strip(),
            database=input.database,
            username=secret.username,
            password=secret.password,
            port=input.port,
        )
        query = SqlQuery(
            input.query,
            is_read_only=input.read_only,
            max_rows=input.max_rows,
            timeout=timedelta(seconds=input.timeout),
        )
        answer = await ctx.sql.query(server, query)
        if answer.columns is not None:
            yield "results", [dict(row) for row in answer.rows]
            yield "columns", list(answer.columns)
            yield "row_count", len(answer.rows)
            yield "truncated", answer.is_truncated
        if answer.affected_rows is not None:
            yield "affected_rows", answer.affected_rows
