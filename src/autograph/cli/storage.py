"""`autograph prune` and `autograph disk`: what is kept, and what goes."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from autograph.cli.output import err, out, print_json, print_plain, run_async, settings_for
from autograph.engine.state import RunStatus
from autograph.graph.model import Json
from autograph.infra.errors import Invalid
from autograph.infra.settings import Settings

if TYPE_CHECKING:
    from autograph.features.storage.models import Pruned, Report

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,5})([hdw])")


def prune(
    older_than: Annotated[
        str, typer.Option(help="How long ago runs ended at least: 12h, 30d, 8w.")
    ] = "30d",
    status: Annotated[
        list[RunStatus] | None,
        typer.Option(help="Only runs that ended so; may be repeated."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be deleted.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Delete runs that ended long ago, with their journals and values. What they cost stays on record."""
    settings = settings_for(data_dir)
    found = run_async(_prune(settings, older_than, status, dry_run=True), as_json=as_json)
    if not dry_run and found.runs:
        what = f"Delete {_runs(found)} ({_mib(found.stored_bytes)})?"
        if not yes and not as_json:
            typer.confirm(what, abort=True)
        found = run_async(_prune(settings, older_than, status, dry_run=False), as_json=as_json)
    if as_json:
        print_json(_pruned(found, dry_run=dry_run))
    elif not found.runs:
        print_plain(f"No run ended more than {older_than} ago.")
    else:
        verb = "Would delete" if dry_run else "Deleted"
        print_plain(f"{verb} {_runs(found)}, {_mib(found.stored_bytes)} of journals and values.")


async def _prune(
    settings: Settings, older_than: str, statuses: list[RunStatus] | None, *, dry_run: bool
) -> Pruned:
    from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

    age = _age(older_than)
    async with platform(settings) as made:
        with err.status("Counting …" if dry_run else "Deleting …") as progress:

            def tell(so_far: Pruned) -> None:
                progress.update(f"Deleting … {_runs(so_far)}, {_mib(so_far.stored_bytes)}")

            return await made.storage.prune(
                older_than=age, statuses=statuses or None, dry_run=dry_run, tell=tell
            )


def disk(
    top: Annotated[int, typer.Option(help="How many agents and runs.", min=1, max=1000)] = 10,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Tell what eats the disk: tables, agents, runs, files."""

    async def work() -> Report:
        from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

        async with platform(settings_for(data_dir)) as made:
            return await made.storage.report(top=top)

    found = run_async(work(), as_json=as_json)
    if as_json:
        print_json(_report(found))
        return
    print_plain(f"The database takes {_mib(found.total_bytes)}.")
    table = Table("table", "size", "rows", box=None)
    for part in found.parts[:top]:
        table.add_row(part.name, _mib(part.size_bytes), f"{part.rows:,}")
    out.print(table)
    for title, eaters in (("agent", found.graphs), ("run of", found.runs)):
        table = Table(title, "id", "runs", "keep", box=None)
        for one in eaters:
            table.add_row(one.name, str(one.id), f"{one.runs:,}", _mib(one.stored_bytes))
        out.print(table)
    print_plain(f"Files take {_mib(found.file_bytes)} beside it.")
    table = Table("person", "id", "files", "take", box=None)
    for person in found.files:
        table.add_row(person.name, str(person.id), f"{person.files:,}", _mib(person.stored_bytes))
    out.print(table)


def _age(text: str) -> timedelta:
    found = _AGE.fullmatch(text)
    if found is None:
        raise Invalid(
            f"--older-than takes hours, days or weeks, such as 12h, 30d or 8w, not {text!r}."
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _runs(found: Pruned) -> str:
    return "1 run" if found.runs == 1 else f"{found.runs:,} runs"


def _mib(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"


def _pruned(found: Pruned, *, dry_run: bool) -> dict[str, Json]:
    return {
        "dry_run": dry_run,
        "runs": found.runs,
        "stored_bytes": found.stored_bytes,
        "payloads": found.payloads,
        "oldest": found.oldest and found.oldest.isoformat(),
    }


def _report(found: Report) -> dict[str, Json]:
    eaters = {
        name: [{**asdict(one), "id": str(one.id)} for one in some]
        for name, some in (
            ("graphs", found.graphs),
            ("runs", found.runs),
            ("files", found.files),
        )
    }
    return {
        "total_bytes": found.total_bytes,
        "payload_bytes": found.payload_bytes,
        "file_bytes": found.file_bytes,
        "parts": [asdict(part) for part in found.parts],
        **eaters,
    }
