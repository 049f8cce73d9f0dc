"""`autograph keys …`: the keys that secrets are encrypted with. They work beside a platform that is up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.table import Table

from autograph.cli.output import (
    EXIT_FAILED,
    err,
    out,
    print_json,
    print_plain,
    run_async,
    settings_for,
)
from autograph.infra.logging import configure_logging

if TYPE_CHECKING:
    from autograph.infra.database import Database
    from autograph.infra.settings import Settings

T = TypeVar("T")

keys = typer.Typer(help="Keys that secrets are encrypted with.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]


def _on(
    data_dir: Path | None, work: Callable[[Settings, Database], Awaitable[T]], *, as_json: bool
) -> T:
    async def run() -> T:
        from autograph.bootstrap.ground import database_of  # noqa: PLC0415 - heavy

        settings = settings_for(data_dir)
        async with database_of(settings) as database:
            return await work(settings, database)

    configure_logging("warning", "console")
    return run_async(run(), as_json=as_json)


@keys.command("list")
def list_keys(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the keys that are here or are needed, and how much is encrypted with each."""
    from autograph.bootstrap import keys as use_cases  # noqa: PLC0415 - heavy

    found = _on(data_dir, use_cases.list_keys, as_json=as_json)
    if as_json:
        print_json(
            [
                {"id": one.id, "current": one.is_current, "here": one.is_here, "rows": one.rows}
                for one in found
            ]
        )
        return
    table = Table("id", "seals", "here", "rows", box=None)
    for one in found:
        table.add_row(
            one.id, "yes" if one.is_current else "", "yes" if one.is_here else "NO", str(one.rows)
        )
    out.print(table)


@keys.command("rotate")
def rotate(
    prepare: Annotated[
        bool,
        typer.Option(
            "--prepare",
            help="Only put a new key into the file, to give the file to other machines before it is used.",
        ),
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Encrypt everything with a new key, while the platform runs. Where it was interrupted it goes on."""
    from autograph.bootstrap import keys as use_cases  # noqa: PLC0415 - heavy

    done = _on(
        data_dir,
        lambda settings, database: use_cases.rotate_keys(settings, database, is_prepare=prepare),
        as_json=as_json,
    )
    resealed = done.resealed
    if as_json:
        print_json(
            {
                "current": done.current,
                "resealed": dict(resealed.done) if resealed else {},
                "stuck": list(resealed.stuck) if resealed else [],
                "unneeded": list(done.unneeded),
            }
        )
    elif resealed is None:
        print_plain("There is a new key in the file. Give the file to all machines, then rotate.")
    else:
        rows = ", ".join(f"{count} {table}" for table, count in resealed.done.items() if count)
        print_plain(f"{done.current} seals now. Sealed anew: {rows or 'nothing'}.")
        for one in done.unneeded:
            print_plain(f"{one} is needed by nothing but old backups: autograph keys forget {one}")
    if resealed is not None and resealed.stuck:
        for one in resealed.stuck:
            err.print(f"It does not open: {one}", markup=False)
        raise typer.Exit(EXIT_FAILED)


@keys.command("forget")
def forget(
    key_id: Annotated[str | None, typer.Argument(metavar="KEY", help="As `list` shows it.")] = None,
    lost: Annotated[
        bool,
        typer.Option("--lost", help="Give up what is encrypted with keys that are not here."),
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Take a key out of the file that nothing needs. With --lost: go on without what lost keys encrypted."""
    from autograph.bootstrap import keys as use_cases  # noqa: PLC0415 - heavy

    if lost == (key_id is not None):
        raise typer.BadParameter("Name a key, or say --lost.")
    if key_id is not None:
        _on(
            data_dir,
            lambda settings, database: use_cases.forget_key(settings, database, key_id),
            as_json=as_json,
        )
        if as_json:
            print_json({"forgotten": key_id})
        else:
            print_plain(f"{key_id} is gone.")
        return
    found = _on(data_dir, use_cases.forget_lost, as_json=as_json)
    if as_json:
        print_json({"given_up": dict(found)})
    else:
        rows = ", ".join(f"{count} {table}" for table, count in found.items() if count)
        print_plain(f"Given up: {rows or 'nothing'}. Credentials wait for a new secret.")
