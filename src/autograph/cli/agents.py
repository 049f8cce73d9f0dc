"""`autograph check` and `autograph graphs …`: agent files, and the agents saved here."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer
from rich.table import Table

from autograph.cli.output import (
    EXIT_FAILED,
    fail,
    installed_blocks,
    out,
    print_json,
    print_plain,
    run_async,
    settings_for,
)
from autograph.features.agents.models import GraphSettings
from autograph.graph import schemas
from autograph.graph.model import Graph, Json
from autograph.graph.portable import NotAnAgent, dump, read_agent, write_agent, write_agent_autogpt
from autograph.graph.report import Report
from autograph.graph.validate import validate
from autograph.infra.egress.ports import hosts_of
from autograph.infra.errors import AutographError

graphs = typer.Typer(help="Agents saved here.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]


def check(
    file: Annotated[Path, typer.Argument(help="An agent file, AutoGPT's or ours.")],
    as_json: AsJson = False,
) -> None:
    """Tell everything that is wrong with an agent file. Exit code 1 when it has errors, 2 when it is no agent."""
    try:
        graph = read_file(file)
    except AutographError as error:
        fail(error, as_json=as_json)
    specs = installed_blocks().specs()
    report = validate(graph, specs)
    if as_json:
        print_json(
            {
                "ok": report.ok,
                "name": graph.name,
                "nodes": len(graph.nodes),
                "links": len(graph.links),
                "sub_graphs": len(graph.sub_graphs),
                "errors": report.errors(),
                "warnings": report.warnings(),
                "problems": [
                    {
                        "severity": one.severity.value,
                        "code": one.code.value,
                        "node": one.node_id,
                        "pin": one.pin,
                        "message": one.message,
                    }
                    for one in report.problems
                ],
                "unknown_blocks": [
                    {"id": block_id, "node": node} for block_id, node in report.unknown_blocks
                ],
                "credentials": schemas.credentials_schema(graph, specs),
                "inputs": schemas.input_schema(graph, specs),
                "outputs": schemas.output_schema(graph, specs),
            }
        )
    else:
        _print_report(
            graph, report, schemas.input_schema(graph, specs), schemas.output_schema(graph, specs)
        )
    if not report.ok:
        raise typer.Exit(EXIT_FAILED)


def read_file(file: Path) -> Graph:
    """Read an agent file.

    Raises:
        NotAnAgent: It is none, or it cannot be read.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise NotAnAgent(f"{file} cannot be read: {error.strerror}.") from error
    try:
        return read_agent(data)
    except NotAnAgent as error:
        raise NotAnAgent(f"{file}: {error.message}") from error


def _print_report(graph: Graph, report: Report, inputs: Json, outputs: Json) -> None:
    inside = f", {len(graph.sub_graphs)} agents inside" if graph.sub_graphs else ""
    print_plain(f"{graph.name}: {len(graph.nodes)} nodes, {len(graph.links)} links{inside}")
    print_plain(f"takes {', '.join(inputs['properties']) or 'nothing'}")
    print_plain(f"gives {', '.join(outputs['properties']) or 'nothing'}")
    names = {node.id: node.name for node in graph.nodes if node.name}
    for one in report.problems:
        where = names.get(one.node_id, one.node_id) or "graph"
        print_plain(
            f"{one.severity.value}: {where}{' · ' + one.pin if one.pin else ''}: {one.message}"
        )
    print_plain("It can run." if report.ok else "It cannot run as it is.")


@graphs.command("list")
def list_graphs(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the agents saved here, newest first."""

    async def work() -> list[dict[str, Json]]:
        from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

        async with platform(settings_for(data_dir)) as made:
            found = await made.agents.list_page(made.owner, limit=500)
        return [
            {
                "id": str(one.id),
                "name": one.name,
                "version": one.active_version,
                "updated_at": one.updated_at.isoformat(),
            }
            for one in found
        ]

    rows = run_async(work(), as_json=as_json)
    if as_json:
        print_json(rows)
    elif not rows:
        print_plain("No agent is saved here yet. Save one with `autograph graphs push FILE`.")
    else:
        table = Table("id", "name", "version", "updated", box=None)
        for row in rows:
            table.add_row(row["id"], row["name"], str(row["version"]), row["updated_at"][:19])
        out.print(table)


@graphs.command("push")
def push(
    file: Annotated[Path, typer.Argument(help="An agent file, AutoGPT's or ours.")],
    graph_id: Annotated[
        UUID | None, typer.Option("--id", help="Save it as the next version of this agent.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Save an agent file here."""

    async def work() -> dict[str, Json]:
        from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

        document = write_agent(read_file(file))
        async with platform(settings_for(data_dir)) as made:
            if graph_id is None:
                saved = await made.agents.create(made.owner, document)
            else:
                saved = await made.agents.update(made.owner, graph_id, document)
        return {"id": str(saved.id), "version": saved.version, "name": saved.graph.name}

    saved = run_async(work(), as_json=as_json)
    if as_json:
        print_json(saved)
    else:
        print_plain(f"{saved['name']} is saved as version {saved['version']} of {saved['id']}.")


@graphs.command("pull")
def pull(
    graph_id: Annotated[UUID, typer.Argument(help="Which agent.")],
    version: Annotated[int | None, typer.Option(help="Which version; the active one else.")] = None,
    form: Annotated[
        Literal["autograph", "autogpt"], typer.Option("--format", help="Which form.")
    ] = "autograph",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Write a saved agent as a file, without secrets."""

    async def work() -> str:
        from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

        async with platform(settings_for(data_dir)) as made:
            graph = (await made.agents.get(made.owner, graph_id, version)).graph
            specs = made.catalog.specs()
        if form == "autogpt":
            return dump(write_agent_autogpt(graph, specs))
        return dump(write_agent(graph, specs, keep_secrets=False))

    text = run_async(work(), as_json=False)
    if output is None:
        print(text, end="")
    else:
        output.write_text(text)


@graphs.command("settings")
def graph_settings(
    graph_id: Annotated[UUID, typer.Argument(help="Which agent.")],
    reviews: Annotated[
        bool | None, typer.Option("--reviews/--no-reviews", help="Review nodes wait for a person.")
    ] = None,
    ask: Annotated[
        bool | None,
        typer.Option("--ask/--no-ask", help="A person is asked before sensitive actions."),
    ] = None,
    max_runs: Annotated[
        int | None, typer.Option(help="How many run at once; 0 for any number.", min=0)
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(
            help="A host that its runs may ask; again for more, no other is asked. *.name for all below, any for every one."
        ),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show how the runs of an agent are held back, after changing what is named."""

    async def work() -> GraphSettings:
        from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

        async with platform(settings_for(data_dir)) as made:
            found = await made.agents.settings(made.owner, graph_id)
            changed = replace(
                found,
                human_in_the_loop_safe_mode=(
                    found.human_in_the_loop_safe_mode if reviews is None else reviews
                ),
                sensitive_action_safe_mode=(
                    found.sensitive_action_safe_mode if ask is None else ask
                ),
                max_runs=found.max_runs if max_runs is None else max_runs or None,
                egress_hosts=hosts_of(host) if host else found.egress_hosts,
            )
            if changed != found:
                await made.agents.set_settings(made.owner, graph_id, changed)
            return changed

    found = run_async(work(), as_json=as_json)
    if as_json:
        print_json(asdict(found))
        return
    shown = {**asdict(found), "egress_hosts": found.egress_hosts and " ".join(found.egress_hosts)}
    for name, value in shown.items():
        print_plain(f"{name}: {'any' if value is None else value}")
