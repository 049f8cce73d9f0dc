"""`autograph database`: moving what an installation knows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograph.cli.output import out, run_async, settings_for
from autograph.infra.errors import UserError
from autograph.infra.settings import Settings

database = typer.Typer(help="The database behind it all.", no_args_is_help=True)


class NowhereToCopy(UserError):
    """No database is named to copy to."""

    code = "database.not_named"


@database.command()
def copy(
    data_dir: Annotated[
        Path | None, typer.Option(help="Whose embedded database is copied.")
    ] = None,
) -> None:
    """Copy the embedded database into the empty one that AUTOGRAPH_DATABASE_URL names."""
    settings = settings_for(data_dir)
    run_async(_copy(settings), as_json=False)


async def _copy(settings: Settings) -> None:
    from autograph.bootstrap import only_one  # noqa: PLC0415 - heavy
    from autograph.infra.copying import copy as copy_database  # noqa: PLC0415 - heavy
    from autograph.infra.database import Database  # noqa: PLC0415 - heavy
    from autograph.infra.postgres.server import embedded_postgres  # noqa: PLC0415 - heavy

    if settings.database_url is None:
        raise NowhereToCopy(
            "Where to? Set AUTOGRAPH_DATABASE_URL to an empty PostgreSQL database: "
            "postgresql://user:password@host/name."
        )
    with only_one(settings.data_dir, "its database is being copied"):
        async with embedded_postgres(settings.data_dir, binaries=settings.pg_bin) as source:
            with out.status("Copying …"):
                rows = await copy_database(Database(source), Database(settings.database_url))
    out.print(f"Copied {rows:,} rows. The embedded database is as it was.")
