"""`autograph library`: one's agents as one keeps them, and their folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from autograph.cli.output import on_platform, out, print_json, print_plain
from autograph.features.library.models import (
    AgentSort,
    AgentStatus,
    Filter,
    Folder,
    LibraryAgent,
    Shelf,
    Wanted,
)

if TYPE_CHECKING:
    from autograph.bootstrap import Platform

library = typer.Typer(help="One's agents, and how they are.", no_args_is_help=True)
folders = typer.Typer(help="Folders of agents.", no_args_is_help=True)
library.add_typer(folders, name="folders")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]
AgentId = Annotated[UUID, typer.Argument(help="Which agent.")]
AgentIds = Annotated[list[UUID], typer.Argument(help="Which agents.")]
FolderId = Annotated[UUID, typer.Argument(help="Which folder.")]
Into = Annotated[
    UUID | None, typer.Option("--to", help="Into which folder; out of all where left out.")
]
Icon = Annotated[str | None, typer.Option(help="An emoji.")]
Color = Annotated[str | None, typer.Option(help="#RRGGBB.")]

T = TypeVar("T")


@library.command("list")
def list_agents(  # noqa: PLR0913 - each is an option of the command
    *,
    search: Annotated[str | None, typer.Option(help="In names and descriptions.")] = None,
    status: Annotated[AgentStatus | None, typer.Option(help="Only those that are so.")] = None,
    shelf: Annotated[Shelf, typer.Option(help="Where they are.")] = Shelf.KEPT,
    favorites: Annotated[bool, typer.Option("--favorites", help="Only favorites.")] = False,
    folder: Annotated[UUID | None, typer.Option(help="Only those right in it.")] = None,
    sort: Annotated[AgentSort, typer.Option(help="In which order.")] = AgentSort.UPDATED,
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=200)] = 50,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List agents with how each of them is."""
    wanted = Filter(shelf, search, status, favorites, folder)
    page = on_platform(
        data_dir,
        lambda made: made.library.list_page(made.owner, wanted, sort, limit=limit),
        as_json=as_json,
    )
    if as_json:
        print_json([_plain(one) for one in page.agents])
        return
    table = Table("id", "name", "version", "runs", "last run", "now", box=None)
    for one in page.agents:
        last = "never" if one.last_run is None else one.last_run.status.value
        name = f"{'★ ' if one.is_favorite else ''}{one.name}"
        version = str(one.active_version)
        table.add_row(str(one.id), escape(name), version, str(one.runs), last, _now(one))
    out.print(table)


def _now(one: LibraryAgent) -> str:
    said = (
        ("running", one.running),
        ("to review", one.reviews),
        ("listening", one.listening),
        ("not listening", one.broken),
    )
    return ", ".join(f"{count} {what}" for what, count in said if count)


@library.command("show")
def show_agent(agent_id: AgentId, data_dir: DataDir = None) -> None:
    """Print an agent with how it is, as JSON."""
    found = on_platform(data_dir, lambda made: made.library.get(made.owner, agent_id), as_json=True)
    print_json(_plain(found))


@library.command("favorite")
def favorite(
    agent_ids: AgentIds,
    *,
    off: Annotated[bool, typer.Option("--off", help="Not any more.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Make agents favorites."""
    _change(data_dir, agent_ids, Wanted(is_favorite=not off))


@library.command("archive")
def archive(
    agent_ids: AgentIds,
    *,
    off: Annotated[bool, typer.Option("--off", help="Take them back.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Put agents away: out of lists. They still run, and their triggers still start them."""
    _change(data_dir, agent_ids, Wanted(is_archived=not off))


@library.command("move")
def move_agents(agent_ids: AgentIds, to: Into = None, data_dir: DataDir = None) -> None:
    """Put agents into a folder, or out of all."""
    _change(data_dir, agent_ids, Wanted(is_moved=True, folder_id=to))


def _change(data_dir: Path | None, agent_ids: Sequence[UUID], wanted: Wanted) -> None:
    on_platform(
        data_dir, lambda made: made.library.change(made.owner, agent_ids, wanted), as_json=False
    )
    print_plain("Done.")


@library.command("duplicate")
def duplicate(
    agent_id: AgentId,
    name: Annotated[str | None, typer.Option(help="What to call the copy.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Save the active version of an agent as another agent."""
    made = on_platform(
        data_dir, lambda made: made.library.duplicate(made.owner, agent_id, name), as_json=as_json
    )
    if as_json:
        print_json(_plain(made))
    else:
        print_plain(f"{made.name}  {made.id}")


@library.command("delete")
def delete_agent(agent_id: AgentId, data_dir: DataDir = None) -> None:
    """Take an agent out of sight; its triggers start nothing any more. `library restore` takes it back."""
    on_platform(data_dir, lambda made: made.library.delete(made.owner, agent_id), as_json=False)
    print_plain("Deleted.")


@library.command("restore")
def restore_agent(agent_id: AgentId, data_dir: DataDir = None) -> None:
    """Take a deleted agent back, as it was."""
    found = on_platform(
        data_dir, lambda made: made.library.restore(made.owner, agent_id), as_json=False
    )
    print_plain(f"{found.name} is back.")


@folders.command("list")
def list_folders(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List folders, those inside others below them."""
    found = on_platform(data_dir, lambda made: made.folders.list_all(made.owner), as_json=as_json)
    if as_json:
        print_json([_plain(one) for one in found])
        return
    table = Table("id", "folder", "agents", box=None)
    for depth, one in _tree(found, None, 0):
        name = f"{'  ' * depth}{f'{one.icon} ' if one.icon else ''}{one.name}"
        table.add_row(str(one.id), escape(name), str(one.agent_count))
    out.print(table)


def _tree(found: Sequence[Folder], parent: UUID | None, depth: int) -> list[tuple[int, Folder]]:
    rows: list[tuple[int, Folder]] = []
    for one in found:
        if one.parent_id == parent:
            rows.extend([(depth, one), *_tree(found, one.id, depth + 1)])
    return rows


@folders.command("create")
def create_folder(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    icon: Icon = None,
    color: Color = None,
    within: Annotated[UUID | None, typer.Option("--in", help="In which folder.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a folder; prints its id."""
    made = on_platform(
        data_dir,
        lambda made: made.folders.create(
            made.owner, name, icon=icon, color=color, parent_id=within
        ),
        as_json=False,
    )
    print_plain(str(made.id))


@folders.command("change")
def change_folder(
    folder_id: FolderId,
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    icon: Icon = None,
    color: Color = None,
    data_dir: DataDir = None,
) -> None:
    """Rename a folder, or change how it looks; what is left out stays."""

    async def work(made: Platform) -> None:
        now = await made.folders.get(made.owner, folder_id)
        await made.folders.change(
            made.owner,
            folder_id,
            name=now.name if name is None else name,
            icon=now.icon if icon is None else icon,
            color=now.color if color is None else color,
        )

    on_platform(data_dir, work, as_json=False)
    print_plain("Done.")


@folders.command("move")
def move_folder(folder_id: FolderId, to: Into = None, data_dir: DataDir = None) -> None:
    """Put a folder, with all that is in it, into another one, or out of all."""
    on_platform(data_dir, lambda made: made.folders.move(made.owner, folder_id, to), as_json=False)
    print_plain("Done.")


@folders.command("delete")
def delete_folder(folder_id: FolderId, data_dir: DataDir = None) -> None:
    """Delete a folder and those in it; the agents in all of them go where it was."""
    on_platform(data_dir, lambda made: made.folders.delete(made.owner, folder_id), as_json=False)
    print_plain("Deleted.")


def _plain(one: LibraryAgent | Folder) -> dict[str, Any]:
    return asdict(one)
