"""Runs Alembic without a configuration file. Imported only when there is something to migrate."""

from __future__ import annotations

from pathlib import Path

import asyncpg
from alembic import command, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

_HERE = Path(__file__).parent


def config() -> Config:
    """Return Alembic's configuration, made here and not read from a file."""
    made = Config()
    made.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    made.set_main_option("version_locations", str(_HERE / "versions").replace("%", "%%"))
    made.set_main_option("path_separator", "newline")
    return made


def newest_revision() -> str | None:
    """Return the revision of the newest script."""
    return ScriptDirectory.from_config(config()).get_current_head()


async def run(dsn: str) -> None:
    """Bring a database to the newest revision, in one transaction."""
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn), poolclass=NullPool
    )
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    made = config()
    made.attributes["connection"] = connection
    command.upgrade(made, "head")


def execute_sql_file(name: str) -> None:
    """Run every statement of `sql/<name>` inside a migration; the driver takes one at a time."""
    for statement in split_statements((_HERE / "sql" / name).read_text()):
        op.execute(statement)


def split_statements(text: str) -> list[str]:
    """Split SQL at semicolons that end a line, outside of `$$` bodies."""
    statements: list[str] = []
    current: list[str] = []
    is_in_body = False
    for line in text.splitlines():
        if line.strip().startswith("--"):
            continue
        current.append(line)
        is_in_body ^= line.count("$$") % 2 == 1
        if line.rstrip().endswith(";") and not is_in_body:
            statements.append("\n".join(current).strip().rstrip(";"))
            current = []
    if "".join(current).strip():
        statements.append("\n".join(current).strip())
    return [statement for statement in statements if statement]
