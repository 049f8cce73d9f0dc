"""`autograph run` and `autograph runs …`: running agents, and looking after runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from autograph.cli.agents import read_file
from autograph.cli.output import (
    EXIT_BAD_USE,
    EXIT_FAILED,
    err,
    out,
    print_json,
    print_plain,
    run_async,
    settings_for,
    shown,
)
from autograph.cli.values import json_or_text, pinned
from autograph.engine.state import RunStatus
from autograph.features.runs.models import (
    Debug,
    DryRun,
    JournalRow,
    NodeResult,
    Order,
    Priority,
    Run,
    RunFilter,
)
from autograph.graph import schemas
from autograph.graph.model import Graph, Json, is_object
from autograph.graph.portable import NotAnAgent, write_agent
from autograph.infra.errors import Invalid, UserError
from autograph.infra.json import decode
from autograph.infra.logging import configure_logging

if TYPE_CHECKING:
    from autograph.bootstrap import Platform

runs = typer.Typer(help="Runs of agents.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]
_FOREVER = timedelta(days=365)
_LOOKS_EVERY = timedelta(seconds=0.5)


def run(  # noqa: PLR0913 - each is an option of the command
    agent: Annotated[str, typer.Argument(help="An agent file, or the id of a saved agent.")],
    values: Annotated[
        list[str] | None, typer.Option("--input", "-i", help="NAME=VALUE; may be repeated.")
    ] = None,
    inputs_file: Annotated[Path | None, typer.Option(help="A JSON object of inputs.")] = None,
    credential: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=ID: which credential to use for what the agent needs; may be repeated. "
            "`autograph credentials list` has the ids."
        ),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show every step as it happens.")] = False,
    priority: Annotated[
        Priority, typer.Option(help="Its turn among one's own runs.")
    ] = Priority.NORMAL,
    unattended: Annotated[
        bool, typer.Option("--unattended", help="Nobody is there to answer what became of a node.")
    ] = False,
    record: Annotated[
        bool,
        typer.Option(
            "--record", help="Keep what its nodes ask of the world, to make a test of it."
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Simulate what would touch the world, and say by what; nothing goes out.",
        ),
    ] = False,
    recording: Annotated[
        UUID | None,
        typer.Option(help="Run that a dry run simulates by; the agent's newest that completed."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Model that a dry run asks where samples say too little; none, otherwise."
        ),
    ] = None,
    until: Annotated[
        list[str] | None,
        typer.Option(help="Run to this node: only what it needs runs; may be repeated."),
    ] = None,
    pin: Annotated[
        list[str] | None,
        typer.Option(
            help="NODE.PIN=VALUE: the node does not run, it gives out this; may be repeated."
        ),
    ] = None,
    breakpoint: Annotated[
        list[str] | None,
        typer.Option(
            "--break",
            help="Node that waits before it runs until `autograph runs continue`; may be repeated.",
        ),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Run an agent to its end and print what comes of it. Needs no server.

    Exit code 0: completed. 1: failed. 2: bad use. 3: the platform cannot be had.
    """
    configure_logging("warning", "console")

    def order(graph_id: UUID, inputs: Mapping[str, Json]) -> Order:
        return Order(
            graph_id,
            inputs,
            priority=priority,
            is_attended=not unattended,
            is_recorded=record,
            dry_run=DryRun(recording, model) if dry_run else None,
            debug=Debug(until or None, pinned(pin or []), breakpoint or ()),
        )

    finished, simulated = run_async(
        _run(agent, values or [], inputs_file, data_dir, order, credential or [], watch=watch),
        as_json=as_json,
    )
    if as_json:
        dry: dict[str, Json] = {"node_runs": [asdict(one) for one in simulated]} if dry_run else {}
        print_json({**present(finished), **dry})
    else:
        print_result(finished)
        for one in simulated:
            err.print(f"{one.node} ({one.block}): {one.simulated or 'ran'}", markup=False)
    if finished.result.status is not RunStatus.COMPLETED:
        raise typer.Exit(EXIT_FAILED)


def _chosen(values: list[str]) -> dict[str, Json]:
    """Return which credential is used for which name.

    Raises:
        Invalid: One says neither.
    """
    found: dict[str, Json] = {}
    for text in values:
        name, equals, credential_id = text.partition("=")
        if not (name and equals and credential_id):
            raise Invalid(f"--credential takes NAME=ID, not {text!r}.")
        found[name] = credential_id
    return found


async def _run(
    agent: str,
    values: list[str],
    inputs_file: Path | None,
    data_dir: Path | None,
    order: Callable[[UUID, Mapping[str, Json]], Order],
    credentials: list[str],
    *,
    watch: bool,
) -> tuple[Run, Sequence[NodeResult]]:
    from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

    saved_id = as_id(agent)
    graph = None if saved_id else read_file(Path(agent))
    given = _inputs_of(inputs_file)
    chosen = _chosen(credentials)
    async with platform(settings_for(data_dir)) as made:
        if saved_id is not None:
            saved = await made.agents.get(made.owner, saved_id)
        elif graph is not None:
            saved = await made.agents.ensure(made.owner, write_agent(graph))
        else:
            raise NotAnAgent(f"{agent!r} is neither a file nor the id of an agent.")
        given |= _parse_values(
            values, saved.graph, schemas.input_schema(saved.graph, made.catalog.specs())
        )
        wanted = replace(order(saved.id, given), credentials=chosen)
        run_id = await made.runs.start_order(made.owner, wanted)
        if watch:
            async for row in made.runs.follow(made.owner, run_id):
                err.print(_line(row), markup=False)
        elif wanted.debug.breakpoints:
            await _wait_with_breaks(made, run_id)
        else:
            await _wait_with_progress(made, run_id, saved.graph)
        finished = await made.runs.get(made.owner, run_id)
        is_dry = "simulated" in finished.result.stats
        return finished, await _node_runs(made, run_id) if is_dry else ()


async def _node_runs(made: Platform, run_id: UUID) -> list[NodeResult]:
    found: list[NodeResult] = []
    after: int | None = 0
    while after is not None:
        page = await made.runs.node_results(made.owner, run_id, after=after, limit=1_000)
        found += page.rows
        after = page.next_after
    return found


async def _wait_with_breaks(made: Platform, run_id: UUID) -> None:
    """Wait for the end of a run, and say what waits at breakpoints meanwhile."""
    told: set[UUID] = set()
    while not await made.runs.wait(made.owner, run_id, at_most=_LOOKS_EVERY):
        for one in (await made.runs.get(made.owner, run_id)).breaks:
            if one.id not in told:
                told.add(one.id)
                err.print(f"{one.node} waits with {shown(dict(one.inputs))}", markup=False)
                err.print(f"  autograph runs continue {run_id} [--step]", markup=False)


async def _wait_with_progress(made: Any, run_id: UUID, graph: Graph) -> None:
    if not sys.stderr.isatty():
        await made.runs.wait(made.owner, run_id, at_most=_FOREVER)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(graph.name)
        done = 0
        async for row in made.runs.follow(made.owner, run_id):
            done += row.kind == "node.completed"
            progress.update(task, description=f"{graph.name}: {done} node runs done")


def as_id(text: str) -> UUID | None:
    """Return the id that a text is; None where it is none, or a file has that name."""
    if Path(text).exists():
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


def _inputs_of(file: Path | None) -> dict[str, Json]:
    if file is None:
        return {}
    try:
        found = decode(file.read_bytes())
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from error
    if not is_object(found):
        raise Invalid(f"{file} must hold a JSON object of inputs.")
    return found


def _parse_values(values: list[str], graph: Graph, schema: Mapping[str, Any]) -> dict[str, Json]:
    """Return `NAME=VALUE` pairs; where the agent takes anything, a value that is JSON is taken as JSON."""
    given: dict[str, Json] = {}
    for text in values:
        name, found, value = text.partition("=")
        if not found:
            raise Invalid(
                f"--input takes NAME=VALUE, not {text!r}. {graph.name} takes: {_names(schema)}."
            )
        pin = schema["properties"].get(name, {})
        given[name] = (
            value if pin.get("type") or pin.get("anyOf") or pin.get("enum") else json_or_text(value)
        )
    return given


def _names(schema: Mapping[str, Any]) -> str:
    return ", ".join(schema["properties"]) or "nothing"


def present(run: Run) -> dict[str, Json]:
    """Return a run as `--json` prints it."""
    result = run.result
    return {
        "run_id": str(run.row.id),
        "status": run.row.status.value,
        "outputs": result.outputs,
        "errors": result.errors,
        "starved": result.starved,
        "stats": result.stats,
        "error": result.error,
    }


def print_result(run: Run) -> None:
    """Print what a run came to, as people read it."""
    result = run.result
    several = len(result.outputs) > 1
    for name, found in result.outputs.items():
        for value in found:
            print_plain(f"{name}: {shown(value)}" if several else shown(value))
    for one in result.starved:
        missing = ", ".join(one["missing"])
        err.print(
            f"{one['node']} never ran for want of {missing} ({one['sets']} waiting).", markup=False
        )
    for one in result.errors:
        if not one["handled"]:
            err.print(f"{one['node']} failed: {one['message']}", markup=False)
    if result.error is not None and not result.errors:
        err.print(str(result.error["message"]), markup=False)


@runs.command("list")
def list_runs(
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=500)] = 20,
    search: Annotated[
        str, typer.Option(help="Part of the agent's name, of an output or of an error.")
    ] = "",
    status: Annotated[RunStatus | None, typer.Option(help="Only those that are so.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List runs, newest first."""

    async def work() -> list[dict[str, Json]]:
        from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

        async with platform(settings_for(data_dir)) as made:
            wanted = RunFilter(status=status, text=search)
            page = await made.runs.list_page(made.owner, wanted, limit=limit)
        return [
            {
                "id": str(row.id),
                "graph_id": str(row.graph_id),
                "status": row.status.value,
                "queued_at": row.queued_at.isoformat(),
                "ended_at": row.ended_at and row.ended_at.isoformat(),
            }
            for row in page.rows
        ]

    rows = run_async(work(), as_json=as_json)
    if as_json:
        print_json(rows)
    elif not rows:
        print_plain(
            "No run fits."
            if search or status
            else "Nothing has run here yet. Run an agent with `autograph run FILE`."
        )
    else:
        table = Table("id", "status", "agent", "queued", box=None)
        for row in rows:
            table.add_row(row["id"], row["status"], row["graph_id"], row["queued_at"][:19])
        out.print(table)


@runs.command("show")
def show_run(
    run_id: Annotated[UUID, typer.Argument(help="Which run.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show a run: where it is, and what it came to."""

    async def work() -> Run:
        from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

        async with platform(settings_for(data_dir)) as made:
            return await made.runs.get(made.owner, run_id)

    found = run_async(work(), as_json=as_json)
    if as_json:
        print_json({**present(found), "inputs": found.inputs})
        return
    print_plain(f"{found.row.id}  {found.row.status.value}")
    if found.place is not None:
        print_plain(
            f"{found.place.position}. of your queued runs; {found.place.queued} are queued in all"
        )
    for wait in found.waits_for:
        which = "" if wait.review_id is None else f" (autograph reviews show {wait.review_id})"
        due = "" if wait.due_at is None else f", until {wait.due_at.isoformat()[:19]}"
        print_plain(f"{wait.node} waits for a {wait.kind}{due}{which}")
    for one in found.breaks:
        print_plain(f"{one.node} would get {shown(dict(one.inputs))} (break {one.id})")
    print_result(found)


@runs.command("watch")
def watch_run(
    run_id: Annotated[UUID, typer.Argument(help="Which run.")],
    since: Annotated[int, typer.Option(help="Seq of the last event you have.", min=0)] = 0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show a run's events as they happen, until it is over."""

    async def work() -> None:
        from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

        async with platform(settings_for(data_dir)) as made:
            async for row in made.runs.follow(made.owner, run_id, since=since):
                if as_json:
                    print_json(
                        {
                            "seq": row.seq,
                            "kind": row.kind,
                            "body": row.body,
                            "at": row.at.isoformat(),
                        }
                    )
                else:
                    print_plain(_line(row))

    run_async(work(), as_json=as_json)


@runs.command("cancel")
def cancel_run(
    run_id: Annotated[UUID, typer.Argument(help="Which run.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Ask a run to stop."""

    async def work() -> None:
        from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

        async with platform(settings_for(data_dir)) as made:
            await made.runs.cancel(made.owner, run_id)

    run_async(work(), as_json=as_json)
    if as_json:
        print_json({"run_id": str(run_id), "cancelled": True})
    else:
        print_plain(f"Run {run_id} was asked to stop.")


@runs.command("delete")
def delete_runs(
    run_ids: Annotated[list[UUID], typer.Argument(help="Which runs; they must be over.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Delete runs that are over, with their journals. One that goes on stops no other."""

    async def work() -> list[dict[str, Json]]:
        from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

        found: list[dict[str, Json]] = []
        async with platform(settings_for(data_dir)) as made:
            for run_id in run_ids:
                try:
                    await made.runs.delete(made.owner, run_id)
                    found.append({"id": str(run_id), "error": None})
                except UserError as error:
                    told = {"code": error.code, "message": error.message}
                    found.append({"id": str(run_id), "error": told})
        return found

    found = run_async(work(), as_json=as_json)
    if as_json:
        print_json(found)
    else:
        for one in found:
            print_plain(one["error"]["message"] if one["error"] else f"{one['id']} is deleted.")
    if any(one["error"] for one in found):
        raise typer.Exit(EXIT_BAD_USE)


def _line(row: JournalRow) -> str:
    """Return an event as one line."""
    body = row.body
    what = body.get("node", "")
    told = body.get("message") or ", ".join(
        f"{pin}={shown(value)[:80]}" for pin, value, *_ in body.get("outputs", ())
    )
    return f"{row.seq:>5}  {row.kind:<15} {what}  {told}".rstrip()
