"""`autograph egress`: what one's runs asked of the world."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from autograph.cli.output import on_platform, out, print_json, print_plain


def egress(
    days: Annotated[int, typer.Option(help="How many days, today with them.", min=1, max=366)] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
) -> None:
    """Tell which hosts your runs asked, how often, and how much went there and came back."""
    found = on_platform(
        data_dir, lambda made: made.egress.usage(made.owner, days=days), as_json=as_json
    )
    if as_json:
        print_json([{**asdict(one), "day": one.day.isoformat()} for one in found])
        return
    if not found:
        print_plain("Your runs asked nobody.")
        return
    table = Table("day", "host", "requests", "failed", "sent", "received", box=None)
    for one in found:
        sizes = (f"{size / 1024:,.1f} KiB" for size in (one.sent_bytes, one.received_bytes))
        table.add_row(
            one.day.isoformat(), one.host, f"{one.requests:,}", f"{one.failures:,}", *sizes
        )
    out.print(table)
