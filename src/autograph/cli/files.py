"""`autograph files …`: what one has uploaded, and what one's runs have made."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, TypeVar
from uuid import UUID

import typer
from rich.table import Table

from autograph.cli.output import (
    err,
    on_platform,
    out,
    print_json,
    print_plain,
    run_async,
)
from autograph.graph.model import Json
from autograph.infra.clock import SystemClock
from autograph.infra.errors import Invalid

if TYPE_CHECKING:
    from autograph.bootstrap import Platform
    from autograph.features.files.models import File

T = TypeVar("T")

files = typer.Typer(help="Files: uploaded, or made by runs.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]
Which = Annotated[str, typer.Argument(metavar="FILE", help="Id of a file, or file:// and its id.")]
_PIECE = 256 * 1024


@files.command("upload")
def upload(
    path: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="What to take in.")
    ],
    name: Annotated[
        str | None, typer.Option(help="What it is called; as on disk if not said.")
    ] = None,
    hours: Annotated[
        float | None, typer.Option(min=0.01, max=87_600, help="Gone after so many hours.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Take a file in; prints the reference by which an agent's inputs name it."""

    async def work(made: Platform) -> File:
        from autograph.features.files.models import NewFile  # noqa: PLC0415 - heavy

        until = None if hours is None else SystemClock().now() + timedelta(hours=hours)
        with path.open("rb") as source:
            new = NewFile(name or path.name, "", until)
            return await made.files.upload(made.owner, new, _pieces(source))

    file = on_platform(data_dir, work, as_json=as_json)
    if as_json:
        print_json(_shown(file))
    else:
        print_plain(file.reference)


@files.command("list")
def list_files(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    before: Annotated[str | None, typer.Option(help="Only older ones than this.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List files, newest first."""
    older = None if before is None else _id(before, as_json=as_json)
    page = on_platform(
        data_dir,
        lambda made: made.files.list_page(made.owner, limit=limit, before=older),
        as_json=as_json,
    )
    if as_json:
        print_json([_shown(one) for one in page.files])
        return
    table = Table("id", "name", "type", "size", "expires", box=None)
    for one in page.files:
        until = "" if one.expires_at is None else one.expires_at.isoformat()[:16]
        table.add_row(str(one.id), one.name, one.media_type, _size(one.size_bytes), until)
    out.print(table)


@files.command("show")
def show(which: Which, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show what is known of a file."""
    file_id = _id(which, as_json=as_json)
    file = on_platform(
        data_dir, lambda made: made.files.get(made.owner.user_id, file_id), as_json=as_json
    )
    if as_json:
        print_json(_shown(file))
        return
    for name, value in _shown(file).items():
        if value is not None:
            print_plain(f"{name}: {value}")


@files.command("download")
def download(
    which: Which,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", "-o", help="Where to; - for the terminal. By its name, here, if not said."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Write what is in a file to disk; a download that breaks off leaves nothing."""
    file_id = _id(which, as_json=False)

    async def work(made: Platform) -> Path | None:
        file = await made.files.get(made.owner.user_id, file_id)
        if to == Path("-"):
            async for piece in made.files.read(file):
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
            return None
        target = to or Path(file.name)
        if target.exists() and not force:
            raise Invalid(f"{target} is there already; --force replaces it.")
        part = target.with_name(f".{target.name}.{file.id.hex[-8:]}.part")
        try:
            with part.open("wb") as sink:
                async for piece in made.files.read(file):
                    await asyncio.to_thread(sink.write, piece)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target

    written = on_platform(data_dir, work, as_json=False)
    if written is not None:
        err.print(str(written), markup=False)


@files.command("keep")
def keep(which: Which, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Keep a file for good: what a run has made goes with its run otherwise."""
    file_id = _id(which, as_json=as_json)

    async def work(made: Platform) -> File:
        from autograph.features.files.models import FileChange  # noqa: PLC0415 - heavy

        return await made.files.change(made.owner, file_id, FileChange(sets_expiry=True))

    file = on_platform(data_dir, work, as_json=as_json)
    if as_json:
        print_json(_shown(file))
    else:
        err.print(f"{file.name} is kept.", markup=False)


@files.command("delete")
def delete(which: Which, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Delete a file."""
    file_id = _id(which, as_json=as_json)
    on_platform(data_dir, lambda made: made.files.delete(made.owner, file_id), as_json=as_json)
    if as_json:
        print_json({"ok": True})
    else:
        err.print("Deleted.", markup=False)


async def _pieces(source: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(source.read, _PIECE):
        yield piece


def _id(text: str, *, as_json: bool) -> UUID:
    async def parsed() -> UUID:
        try:
            return UUID(text.removeprefix("file://"))
        except ValueError:
            raise Invalid(
                f"{text[:80]!r} is no id of a file. `autograph files list` shows them."
            ) from None

    return run_async(parsed(), as_json=as_json)


def _size(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB" if size >= 2**20 else f"{size / 1024:,.1f} KiB"


def _shown(file: File) -> dict[str, Json]:
    from autograph.api.rest.files import present_file  # noqa: PLC0415 - heavy

    return present_file(file).model_dump(mode="json")
