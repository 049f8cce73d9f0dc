"""`autograph apps …`: programs of others that act for people here."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from autograph.cli.accounts import HERE, AsJson, DataDir
from autograph.cli.output import err, on_platform, out, print_json
from autograph.features.accounts.models.apps import App
from autograph.graph.model import Json

apps = typer.Typer(help="Apps that people let act for them.", no_args_is_help=True)
Which = Annotated[UUID, typer.Argument(help="Id of an app.")]


@apps.command("list")
def list_apps(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List everybody's apps, newest first."""
    page = on_platform(
        data_dir, lambda made: made.accounts.apps.list_page(limit=limit), as_json=as_json
    )
    if as_json:
        print_json([_shown(one) for one in page.apps])
        return
    table = Table("id", "name", "owner", "scopes", "status", box=None)
    for one in page.apps:
        table.add_row(
            str(one.id),
            one.name,
            str(one.owner_id),
            " ".join(sorted(one.scopes)),
            one.status.value,
        )
    out.print(table)


@apps.command("suspend")
def suspend(
    app_id: Which,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Have an app act for nobody, at once."""
    app = on_platform(
        data_dir,
        lambda made: made.accounts.apps.suspend(made.owner, app_id, reason, HERE),
        as_json=as_json,
    )
    _tell(app, as_json=as_json)


@apps.command("restore")
def restore(app_id: Which, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Let an app act again."""
    app = on_platform(
        data_dir,
        lambda made: made.accounts.apps.restore(made.owner, app_id, HERE),
        as_json=as_json,
    )
    _tell(app, as_json=as_json)


def _tell(app: App, *, as_json: bool) -> None:
    if as_json:
        print_json(_shown(app))
    else:
        err.print(f"{app.name}: {app.status.value}", markup=False)


def _shown(app: App) -> dict[str, Json]:
    from autograph.api.rest.apps import present_app  # noqa: PLC0415 - heavy

    return present_app(app).model_dump(mode="json")
