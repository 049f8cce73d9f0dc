"""The command's tree. What a command does is imported when the command is named: a start is waited for by somebody."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from typing import Annotated, Any, Final

import typer

from autograph import __version__

app: typer.Typer
"""The whole tree; grown when it is asked for."""
# Name, the module below `autograph.cli` that has it, and what it is called there.
_BRANCHES: Final = (
    ("up", "server", "up"),
    ("api", "server", "api"),
    ("worker", "processes", "worker"),
    ("scheduler", "processes", "scheduler"),
    ("prune", "storage", "prune"),
    ("disk", "storage", "disk"),
    ("egress", "egress", "egress"),
    ("check", "agents", "check"),
    ("run", "runs", "run"),
    ("test", "cassettes", "play"),
    ("graphs", "agents", "graphs"),
    ("library", "library", "library"),
    ("runs", "runs", "runs"),
    ("reviews", "reviews", "reviews"),
    ("notifications", "notifications", "notifications"),
    ("dead-letters", "reviews", "dead_letters"),
    ("files", "files", "files"),
    ("presets", "presets", "presets"),
    ("webhooks", "presets", "webhooks"),
    ("deliveries", "presets", "deliveries"),
    ("blocks", "blocks", "blocks"),
    ("models", "models", "models"),
    ("packs", "packs", "packs"),
    ("accounts", "accounts", "accounts"),
    ("apps", "apps", "apps"),
    ("audit", "accounts", "audit"),
    ("credentials", "credentials", "credentials"),
    ("gateway", "gateway", "gateway"),
    ("keys", "keys", "keys"),
    ("database", "database", "database"),
)
# The module that adds something below a branch, and the function of it that does.
_TWIGS: Final = {
    "runs": (
        ("forks", "add_to"),
        ("cassettes", "add_to"),
        ("shares", "add_to"),
        ("feedback", "add_to_runs"),
        ("breaks", "add_to"),
    ),
    "graphs": (("feedback", "add_to_graphs"),),
}


def _show_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Build AI agents as graphs of blocks and run them durably."""


@cache
def tree(only: str | None = None) -> typer.Typer:
    """Return the command's tree; with `only`, the branch of that name alone."""
    made = typer.Typer(
        name="autograph",
        help="Build AI agents as graphs of blocks and run them durably.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    made.callback()(root)
    for name, module, attribute in _BRANCHES:
        if only is not None and name != only:
            continue
        branch: Any = getattr(importlib.import_module(f"autograph.cli.{module}"), attribute)
        _add_twigs(name, branch)
        if isinstance(branch, typer.Typer):
            made.add_typer(branch, name=name)
        else:
            made.command(name)(branch)
    return made


@cache
def _add_twigs(name: str, branch: Any) -> None:
    """Add what others offer below a branch; once, for it is the same in every tree."""
    for module, attribute in _TWIGS.get(name, ()):
        getattr(importlib.import_module(f"autograph.cli.{module}"), attribute)(branch)


def __getattr__(name: str) -> Any:
    if name == "app":
        return tree()
    raise AttributeError(name)


def main() -> None:
    """Run the command."""
    first = sys.argv[1] if len(sys.argv) > 1 else ""
    is_known = any(name == first for name, _, _ in _BRANCHES)
    tree(first if is_known else None)()


if __name__ == "__main__":
    main()
