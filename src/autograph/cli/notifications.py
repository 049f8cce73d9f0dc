"""`autograph notifications`: what the person at this machine was told, and what they want to hear of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer
from rich.table import Table

from autograph.cli.output import on_platform, out, print_json, print_plain
from autograph.features.notifications.models import Channel, Kind, Notification, Preferences
from autograph.graph.model import Json

if TYPE_CHECKING:
    from autograph.bootstrap import Platform

notifications = typer.Typer(help="What happened that you may want to know.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]

T = TypeVar("T")


def _on(data_dir: Path | None, work: Callable[[Platform], Awaitable[T]], *, as_json: bool) -> T:
    async def told(made: Platform) -> T:
        # Where no platform is up, nobody has told what happened since.
        await made.notifications.tell()
        return await work(made)

    return on_platform(data_dir, told, as_json=as_json)


@notifications.command("list")
def list_notifications(
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=200)] = 20,
    unread: Annotated[bool, typer.Option("--unread", help="Those that nobody has read.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List what you were told, newest first."""
    page = _on(
        data_dir,
        lambda made: made.notifications.list_page(made.owner, limit=limit, unread_only=unread),
        as_json=as_json,
    )
    if as_json:
        print_json([_shown(one) for one in page.rows])
    elif not page.rows:
        print_plain("Nothing has happened that you wanted to hear of.")
    else:
        table = Table("id", "when", "what", "", box=None)
        for one in page.rows:
            is_new = "" if one.read_at else "unread"
            table.add_row(str(one.id), one.at.isoformat()[:19], one.title, is_new)
        out.print(table)


@notifications.command("read")
def read(
    notification_id: Annotated[
        UUID | None, typer.Argument(help="Which; all where none is named.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Count one notification as read, or all."""

    async def work(made: Platform) -> int:
        if notification_id is None:
            return await made.notifications.mark_all(made.owner)
        await made.notifications.mark(made.owner, notification_id, is_read=True)
        return 1

    marked = _on(data_dir, work, as_json=as_json)
    if as_json:
        print_json({"marked": marked})
    else:
        print_plain(f"{marked} read.")


@notifications.command("preferences")
def preferences(
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show what you hear of, and by which way."""
    found = _on(data_dir, lambda made: made.notifications.preferences(made.owner), as_json=as_json)
    _show(found, as_json=as_json)


@notifications.command("choose")
def choose(
    kind: Annotated[Kind, typer.Argument(help="What about.")],
    channel: Annotated[Channel, typer.Argument(help="By which way.")],
    is_wanted: Annotated[bool, typer.Option("--on/--off", help="Whether you want to hear.")] = True,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Choose whether you hear of something by a channel."""
    found = _on(
        data_dir,
        lambda made: made.notifications.choose(made.owner, {kind: {channel: is_wanted}}),
        as_json=as_json,
    )
    _show(found, as_json=as_json)


def _show(found: Preferences, *, as_json: bool) -> None:
    switches = found.all()
    if as_json:
        print_json(switches)
        return
    table = Table("what", *Channel, box=None)
    for kind, channels in switches.items():
        table.add_row(kind, *("on" if channels[one] else "off" for one in Channel))
    out.print(table)


def _shown(one: Notification) -> dict[str, Json]:
    return {
        "id": str(one.id),
        "kind": one.kind.value,
        "title": one.title,
        "subject": str(one.subject),
        "times": one.times,
        "body": dict(one.body),
        "at": one.at.isoformat(),
        "read_at": one.read_at and one.read_at.isoformat(),
    }
