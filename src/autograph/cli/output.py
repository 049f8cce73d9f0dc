"""What the command prints, and with which exit code it ends.

0 it worked (a run: completed) · 1 the run failed, the graph has errors · 2 bad use: a file that is no
agent, an unknown id, a wrong input · 3 the platform cannot be had: no database, no room, a port taken
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import typer
from rich.console import Console

from autograph.blocks.catalog import Catalog, load_catalog
from autograph.graph.model import Json, is_object
from autograph.infra.errors import AutographError, OperationalError, UserError
from autograph.infra.logging import configure_logging
from autograph.infra.settings import Settings, SettingsInvalid, read_settings

if TYPE_CHECKING:
    from autograph.bootstrap import Platform

EXIT_FAILED: Final = 1
EXIT_BAD_USE: Final = 2
EXIT_UNAVAILABLE: Final = 3

out: Final = Console(soft_wrap=True, highlight=False)
err: Final = Console(stderr=True, soft_wrap=True, highlight=False)

T = TypeVar("T")


def print_json(value: Json) -> None:
    """Print a value as JSON, indented on a terminal."""
    indent = 2 if sys.stdout.isatty() else None
    print(json.dumps(value, ensure_ascii=False, indent=indent, default=str))


def print_plain(text: str) -> None:
    """Print text as it is, without markup."""
    out.print(text, markup=False)


def shown(value: Json) -> str:
    """Return a value as people read it: text as it is, 42.0 as 42, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def fail(error: AutographError, *, as_json: bool) -> NoReturn:
    """Tell what went wrong and end.

    Raises:
        typer.Exit: Always.
    """
    if as_json:
        print_json(
            {
                "ok": False,
                "error": {"code": error.code, "message": error.message, "details": error.details},
            }
        )
    else:
        err.print(error.message, markup=False)
        _print_details(error.details)
    code = EXIT_FAILED
    if isinstance(error, OperationalError):
        code = EXIT_UNAVAILABLE
    elif isinstance(error, UserError):
        code = EXIT_BAD_USE
    raise typer.Exit(code)


def _print_details(details: Mapping[str, Any]) -> None:
    errors = details.get("errors")
    for node_id, pins in errors.items() if is_object(errors) else ():
        for pin, message in pins.items() if is_object(pins) else ():
            err.print(
                f"  {node_id or 'graph'}{' · ' + pin if pin else ''}: {message}", markup=False
            )


def run_async(work: Coroutine[Any, Any, T], *, as_json: bool) -> T:
    """Run a coroutine to its end; what it raises on purpose is told and ends the command.

    Raises:
        typer.Exit: It failed.
    """
    try:
        with asyncio.Runner(loop_factory=_fast_loop()) as runner:
            return runner.run(work)
    except AutographError as error:
        fail(error, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def on_platform(
    data_dir: Path | None, work: Callable[[Platform], Awaitable[T]], *, as_json: bool
) -> T:
    """Put a platform together, do some work on it, and return what came of it.

    Raises:
        typer.Exit: It failed, and that was told.
    """

    async def whole() -> T:
        from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

        async with platform(settings_for(data_dir)) as made:
            return await work(made)

    configure_logging("warning", "console")
    return run_async(whole(), as_json=as_json)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the faster event loop; None where there is none for this system."""
    try:
        import uvloop  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


def settings_for(data_dir: Path | None, **overrides: Any) -> Settings:
    """Return the settings, with what the command line says over what the environment says.

    Raises:
        typer.Exit: One is wrong.
    """
    given: dict[str, Any] = {"data_dir": data_dir, **overrides}
    try:
        return read_settings({name: value for name, value in given.items() if value is not None})
    except SettingsInvalid as error:
        fail(error, as_json=False)


def installed_blocks() -> Catalog:
    """Return the blocks of this installation.

    Raises:
        typer.Exit: A pack of its own is wrong.
    """
    try:
        return load_catalog(settings_for(None).provider_dir)
    except AutographError as error:
        fail(error, as_json=False)
