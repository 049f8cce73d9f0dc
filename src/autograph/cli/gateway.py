"""`autograph gateway …`: what stands before everything."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from autograph.cli.output import out, print_json, print_plain, settings_for
from autograph.infra.settings import Settings

if TYPE_CHECKING:
    from autograph.api.gateway.table import Row

gateway = typer.Typer(help="What stands before everything.", no_args_is_help=True)


@gateway.callback()
def _branch() -> None:
    """Keep `routes` a name of its own."""


@gateway.command("routes")
def list_routes(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List every route: method, path, who may use it, with what it is counted, and how large a body may be."""
    rows = _rows(settings_for(None))
    if as_json:
        print_json([asdict(one) for one in rows])
        return
    shown = Table("method", box=None)
    for name in ("path", "permission", "rate", "body"):
        shown.add_column(name, overflow="fold")
    for one in rows:
        who = one.permission or "anybody"
        size = f"{one.max_body_bytes / 1024:,.0f} KiB"
        whose = f"{who} (programs)" if one.is_for_programs else who
        shown.add_row(one.method, one.path, whose, one.rate, size)
    out.print(shown)
    print_plain(f"{len(rows)} routes; permissions: docs/concepts/security.md, limits: settings")


def _rows(settings: Settings) -> list[Row]:
    # Heavy: the whole application is put together.
    from autograph.api.app import create_app  # noqa: PLC0415
    from autograph.api.gateway.inspection import Inspection  # noqa: PLC0415
    from autograph.api.gateway.table import table  # noqa: PLC0415
    from autograph.api.ws.socket import MAX_MESSAGE  # noqa: PLC0415

    inspection = Inspection(
        max_body_bytes=settings.max_body_bytes, max_file_bytes=settings.max_file_bytes
    )
    return table(
        create_app(None).router.routes,
        inspection,
        max_body_bytes=settings.max_body_bytes,
        max_message_bytes=MAX_MESSAGE,
    )
