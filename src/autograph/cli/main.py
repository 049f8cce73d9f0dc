"""The command's tree."""

from __future__ import annotations

from typing import Annotated

import typer

from autograph import __version__
from autograph.cli import (
    accounts,
    agents,
    apps,
    blocks,
    breaks,
    cassettes,
    credentials,
    database,
    egress,
    files,
    forks,
    keys,
    library,
    models,
    packs,
    presets,
    processes,
    reviews,
    runs,
    server,
    storage,
)

app = typer.Typer(
    name="autograph",
    help="Build AI agents as graphs of blocks and run them durably.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("up")(server.up)
app.command("api")(server.api)
app.command("worker")(processes.worker)
app.command("scheduler")(processes.scheduler)
app.command("prune")(storage.prune)
app.command("disk")(storage.disk)
app.command("egress")(egress.egress)
app.command("check")(agents.check)
app.command("run")(runs.run)
app.command("test")(cassettes.play)
app.add_typer(agents.graphs, name="graphs")
breaks.add_to(runs.runs)
app.add_typer(library.library, name="library")
forks.add_to(runs.runs)
cassettes.add_to(runs.runs)
app.add_typer(runs.runs, name="runs")
app.add_typer(reviews.reviews, name="reviews")
app.add_typer(reviews.dead_letters, name="dead-letters")
app.add_typer(files.files, name="files")
app.add_typer(presets.presets, name="presets")
app.add_typer(presets.webhooks, name="webhooks")
app.add_typer(presets.deliveries, name="deliveries")
app.add_typer(blocks.blocks, name="blocks")
app.add_typer(models.models, name="models")
app.add_typer(packs.packs, name="packs")
app.add_typer(accounts.accounts, name="accounts")
app.add_typer(apps.apps, name="apps")
app.command("audit")(accounts.audit)
app.add_typer(credentials.credentials, name="credentials")
app.add_typer(keys.keys, name="keys")
app.add_typer(database.database, name="database")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Build AI agents as graphs of blocks and run them durably."""


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
