"""`autograph blocks …`: what agents can be built of, and single blocks run by hand."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import BlockError
from autograph.blocks.sdk.testing import FakeContext, run_block
from autograph.cli.output import fail, installed_blocks, out, print_json, print_plain, shown
from autograph.graph.model import Json, is_object
from autograph.infra.clock import SystemClock
from autograph.infra.errors import AutographError, Invalid
from autograph.infra.json import decode, encode

blocks = typer.Typer(help="What agents can be built of.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class _Context(FakeContext):
    """A context without a run: the machine's clock, and a store that lasts as long as the command."""

    def now(self) -> datetime:
        """Return the current moment."""
        return SystemClock().now()

    async def sleep(self, duration: timedelta, *, keep: Json = None) -> None:
        """Wait."""
        await asyncio.sleep(duration.total_seconds())


@blocks.command("list")
def list_blocks(
    category: Annotated[str | None, typer.Option(help="Only those of this category.")] = None,
    as_json: AsJson = False,
) -> None:
    """List every block of this installation."""
    found = [
        entry
        for entry in installed_blocks().entries()
        if category is None or category.upper() in entry.categories
    ]
    if as_json:
        print_json(
            [
                {
                    "id": entry.id,
                    "name": entry.name,
                    "description": entry.description,
                    "categories": list(entry.categories),
                    "effect": entry.effect,
                    "pack": entry.pack,
                }
                for entry in found
            ]
        )
        return
    # Rich takes a third of a second to lay out so many rows.
    width = max((len(entry.name) for entry in found), default=0)
    for entry in found:
        print_plain(f"{entry.name:<{width}}  {entry.effect:<10}  {entry.description}")
    print_plain(f"{len(found)} blocks")


@blocks.command("show")
def show_block(
    block: Annotated[str, typer.Argument(help="Id or name.")],
    as_json: AsJson = False,
) -> None:
    """Show a block: what it takes, gives and does."""
    try:
        found = installed_blocks().get(block)
    except AutographError as error:
        fail(error, as_json=as_json)
    spec = found.spec()
    if as_json:
        print_json(
            {
                "id": spec.id,
                "name": spec.name,
                "description": spec.description,
                "categories": list(spec.categories),
                "kind": spec.kind.value,
                "effect": spec.effect.value,
                "static_output": spec.static_output,
                "input_schema": spec.input_schema,
                "output_schema": spec.output_schema,
                "examples": [
                    {"input": dict(one.input), "outputs": list(one.outputs), "error": one.error}
                    for one in found.examples
                ],
            }
        )
        return
    print_plain(f"{spec.name}  {spec.id}\n{spec.description}\neffect: {spec.effect.value}")
    for title, schema in (("takes", spec.input_schema), ("gives", spec.output_schema)):
        table = Table(title, "type", "", box=None)
        for name, pin in schema.get("properties", {}).items():
            mark = "*" if name in schema.get("required", ()) and title == "takes" else ""
            table.add_row(f"{name}{mark}", _type_of(pin), pin.get("description", ""))
        out.print(table)


def _type_of(pin: Mapping[str, Any]) -> str:
    if "enum" in pin:
        return " | ".join(shown(one) for one in pin["enum"])
    if "anyOf" in pin:
        return " | ".join(_type_of(one) for one in pin["anyOf"])
    return str(pin.get("type", "any"))


@blocks.command("run")
def run_blocks(
    block: Annotated[str | None, typer.Argument(help="Id or name; not with --jsonl.")] = None,
    values: Annotated[list[str] | None, typer.Option("--input", help="NAME=VALUE.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Read {"block_id", "input"} lines from standard input.')
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a block once, or one for each line of standard input; its failure is told, not raised."""
    catalog = installed_blocks()
    if jsonl:
        asyncio.run(_run_lines(catalog))
        return
    if block is None:
        fail(Invalid("Name a block, or give lines with --jsonl."), as_json=as_json)
    given = dict(_parse_value(one) for one in values or [])
    answer = asyncio.run(_run_one(catalog, {"block_id": block, "input": given}))
    if as_json:
        print_json(answer)
    else:
        for name, value in answer["outputs"]:
            print_plain(f"{name}: {shown(value)}")
    if answer["error"] is not None:
        if not as_json:
            print(answer["error"], file=sys.stderr)
        raise typer.Exit(1)


def _parse_value(text: str) -> tuple[str, Json]:
    name, found, value = text.partition("=")
    if not found:
        fail(Invalid(f"--input takes NAME=VALUE, not {text!r}."), as_json=False)
    try:
        return name, decode(value)
    except Invalid:
        return name, value


async def _run_lines(catalog: Catalog) -> None:
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            request = decode(line)
        except Invalid as error:
            answer: dict[str, Json] = {
                "block_id": None,
                "outputs": [],
                "error": f"line {number}: {error.message}",
            }
        else:
            answer = await _run_one(catalog, request)
        sys.stdout.buffer.write(encode(answer) + b"\n")
        sys.stdout.buffer.flush()


async def _run_one(catalog: Catalog, request: Json) -> dict[str, Json]:
    """Run a block and return its outputs, and its failure where it failed; never raises."""
    block_id = request.get("block_id") if is_object(request) else None
    outputs: list[Json] = []
    problem: str | None = None
    try:
        if (
            not is_object(request)
            or not isinstance(block_id, str)
            or not is_object(request.get("input", {}))
        ):
            raise Invalid('A line is {"block_id": text, "input": object}.')
        ctx = _Context()
        outputs = [
            [name, value]
            for name, value in await run_block(catalog.get(block_id), request.get("input", {}), ctx)
        ]
        encode(outputs)
    except (BlockError, AutographError) as error:
        problem = error.message
    except Exception as error:  # noqa: BLE001 - a border: a block that crashes is a line like any other
        problem = f"{type(error).__name__}: {error}"
    return {"block_id": block_id, "outputs": outputs if problem is None else [], "error": problem}
