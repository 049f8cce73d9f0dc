"""`autograph runs continue`: what waits at breakpoints goes on."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from autograph.cli.output import on_platform, print_json, print_plain
from autograph.cli.runs import AsJson, DataDir
from autograph.cli.values import json_or_text
from autograph.graph.model import Json
from autograph.infra.errors import Invalid


def add_to(runs: typer.Typer) -> None:
    """Make this command part of `autograph runs`."""
    runs.command("continue")(let_go)


def let_go(
    run_id: Annotated[UUID, typer.Argument(help="Which run.")],
    break_id: Annotated[
        UUID | None, typer.Option(help="Which of its breaks; all of them where none is named.")
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", help="PIN=VALUE it gets instead; may be repeated."),
    ] = None,
    step: Annotated[
        bool, typer.Option("--step", help="Whatever gets ready next waits, too.")
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Let what waits at breakpoints in a run go on."""
    gone_on = on_platform(
        data_dir,
        lambda made: made.breaks.let_go(
            made.owner, run_id, break_id=break_id, inputs=_values(values or []), step=step
        ),
        as_json=as_json,
    )
    if as_json:
        print_json({"run_id": str(run_id), "continued": [one.node for one in gone_on]})
    else:
        print_plain(f"{', '.join(one.node for one in gone_on)} goes on.")


def _values(texts: list[str]) -> dict[str, Json]:
    """Return `PIN=VALUE` texts by pin.

    Raises:
        Invalid: One is not of that form.
    """
    given: dict[str, Json] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise Invalid(f"--input takes PIN=VALUE, not {text!r}.")
        given[name] = json_or_text(value)
    return given
