"""`autograph models …`: which language models can be asked."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from autograph.blocks.models.catalogue import Model, load
from autograph.blocks.sdk import ModelError
from autograph.cli.output import fail, out, print_json, print_plain
from autograph.graph.model import Json
from autograph.infra.errors import NotFound

models = typer.Typer(help="Which language models can be asked.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@models.command("list")
def list_models(
    provider: Annotated[str | None, typer.Option(help="Only those of this provider.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the models that are known by name."""
    found = [
        one for one in load().models.values() if provider is None or one.provider.id == provider
    ]
    if as_json:
        print_json([_shown(one) for one in found])
        return
    table = Table("model", "provider", "window", "in", "out", box=None)
    for one in found:
        rates = ["", ""] if one.rates is None else [f"{rate:g}" for rate in one.rates[:2]]
        table.add_row(one.id, one.provider.id, f"{one.window:,}", *rates)
    out.print(table)
    print_plain(f"{len(found)} models; in and out: credits for a million tokens")


@models.command("show")
def show_model(
    name: Annotated[str, typer.Argument(help="As a node names it.")], as_json: AsJson = False
) -> None:
    """Show which model a name leads to."""
    try:
        found = load().find(name)
    except ModelError as error:
        fail(NotFound(error.message), as_json=as_json)
    facts = _shown(found)
    if as_json:
        print_json(facts)
        return
    if found.retired is not None:
        print_plain(f"{found.retired} is no more; {found.id} answers in its place.")
    for key, value in facts.items():
        print_plain(f"{key}: {value}")


def _shown(model: Model) -> dict[str, Json]:
    return {
        "id": model.id,
        "name": model.name,
        "provider": model.provider.id,
        "maker": model.maker,
        "kind": model.kind,
        "window": model.window,
        "max_output": model.max_output,
        "rates": None if model.rates is None else list(model.rates),
    }
