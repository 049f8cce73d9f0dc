"""`autograph runs share`, `shared` and `unshare`: runs shown by a link."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final, TypeVar
from uuid import UUID

import typer

from autograph.cli.output import on_platform, print_json, print_plain
from autograph.cli.runs import AsJson, DataDir
from autograph.features.accounts.models.sessions import Visit
from autograph.graph.model import Json
from autograph.infra.clock import SystemClock

if TYPE_CHECKING:
    from autograph.bootstrap import Platform
    from autograph.features.runs.models import Share

RunId = Annotated[UUID, typer.Argument(help="Which run.")]
_HERE: Final = Visit(agent="command")
T = TypeVar("T")


def add_to(runs: typer.Typer) -> None:
    """Make these commands part of `autograph runs`."""
    runs.command("share")(share)
    runs.command("shared")(shared)
    runs.command("unshare")(unshare)


def share(
    run_id: RunId,
    days: Annotated[
        float | None, typer.Option(help="For how long the link is good; for ever.", min=0.001)
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show what came of a run to whoever has a new link. A link from before shows nothing any more."""

    async def work(made: Platform) -> tuple[Share, str]:
        until = None if days is None else SystemClock().now() + timedelta(days=days)
        found, token = await made.shares.share(made.owner, run_id, _HERE, expires_at=until)
        return found, made.shares.link(token)

    found, link = on_platform(data_dir, work, as_json=as_json)
    if as_json:
        print_json({"share_url": link, **_present(found)})
    else:
        print_plain(link)


def shared(run_id: RunId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Tell whether a run is shown by a link, and until when."""
    found = on_platform(
        data_dir, lambda made: made.shares.find(made.owner, run_id), as_json=as_json
    )
    if as_json:
        print_json({"share": None if found is None else _present(found)})
    elif found is None:
        print_plain("It is not shown. Show it with `autograph runs share`.")
    else:
        until = "" if found.expires_at is None else f", until {found.expires_at.isoformat()[:19]}"
        print_plain(f"Shown by a link since {found.created_at.isoformat()[:19]}{until}.")


def unshare(run_id: RunId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show a run no more: its link leads to nothing from now on."""
    on_platform(
        data_dir, lambda made: made.shares.revoke(made.owner, run_id, _HERE), as_json=as_json
    )
    if as_json:
        print_json({"share": None})
    else:
        print_plain(f"Run {run_id} is not shown any more.")


def _present(share: Share) -> dict[str, Json]:
    return {
        "created_at": share.created_at.isoformat(),
        "expires_at": share.expires_at and share.expires_at.isoformat(),
    }
