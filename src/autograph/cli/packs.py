"""`autograph packs …`: providers as files, checked, shown and made."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from autograph.blocks.packs.shelf import OWN, all_entries, pack_at
from autograph.cli.output import EXIT_FAILED, fail, out, print_json, print_plain, settings_for
from autograph.infra.errors import AutographError, NotFound

packs = typer.Typer(help="Providers, each described by one file.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@packs.command("list")
def list_packs(as_json: AsJson = False) -> None:
    """List the packs of this installation and how many blocks each has."""
    counts: dict[str, int] = {}
    try:
        for entry in all_entries(settings_for(None).provider_dir):
            counts[str(entry.pack)] = counts.get(str(entry.pack), 0) + 1
    except AutographError as error:
        fail(error, as_json=as_json)
    if as_json:
        print_json([{"id": pack, "blocks": count} for pack, count in sorted(counts.items())])
        return
    table = Table("pack", "blocks", box=None)
    for pack, count in sorted(counts.items()):
        table.add_row(pack, str(count))
    out.print(table)


@packs.command("show")
def show_pack(
    pack: Annotated[str, typer.Argument(help="The provider's id.")], as_json: AsJson = False
) -> None:
    """Show a pack: its blocks, what each sends, and the page it was written from."""
    try:
        found = pack_at(_path_of(pack))
    except AutographError as error:
        fail(error, as_json=as_json)
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "description": one.description,
            "effect": one.effect.value,
            "request": one.request,
            "documentation": one.documentation,
        }
        for one in found.actions.values()
    ]
    if as_json:
        print_json({"id": found.id, "name": found.provider.name, "actions": rows})
        return
    print_plain(f"{found.provider.name}  {found.provider.base_url or ''}")
    table = Table("name", "effect", "request", box=None)
    for row in rows:
        table.add_row(row["name"], row["effect"], row["request"])
    out.print(table)


def _path_of(pack: str) -> Path:
    own = settings_for(None).provider_dir
    for folder in (own.expanduser(), OWN) if own else (OWN,):
        path = folder / f"{pack}.toml"
        if path.stem == pack and path.is_file():
            return path
    raise NotFound(f"There is no pack {pack!r}; `autograph packs list` names them.")


@packs.command("lint")
def lint_packs(
    file: Annotated[
        Path | None, typer.Argument(help="A pack's file; all that come along where none is named.")
    ] = None,
    play: Annotated[bool, typer.Option(help="Play every recording on a local server.")] = True,
    as_json: AsJson = False,
) -> None:
    """Tell everything that is wrong with a pack. Exit code 1 when something is."""
    from autograph.blocks.packs.lint import lint  # noqa: PLC0415 - the other commands do without

    files = [file] if file is not None else sorted(OWN.glob("*.toml"))
    problems = [problem for one in files for problem in lint(one)]
    if play and not problems:
        problems = asyncio.run(_play(files))
    if as_json:
        print_json({"ok": not problems, "problems": problems})
    else:
        for problem in problems:
            print_plain(problem)
        print_plain(f"{len(files)} packs, {len(problems)} problems")
    if problems:
        raise typer.Exit(EXIT_FAILED)


async def _play(files: list[Path]) -> list[str]:
    from autograph.blocks.packs.action import block_of  # noqa: PLC0415 - as above
    from autograph.blocks.sdk.testing import check_block  # noqa: PLC0415 - as above

    problems: list[str] = []
    for path in files:
        pack = pack_at(path)
        for action in pack.actions.values():
            try:
                await check_block(block_of(pack, action))
            except AssertionError as error:
                problems.append(f"{path.name}: {error}")
    return problems
