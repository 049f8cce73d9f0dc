"""`autograph runs feedback` and `autograph graphs feedback`: what people say of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer
from rich.table import Table

from autograph.cli.output import on_platform, out, print_json, print_plain
from autograph.cli.runs import AsJson, DataDir
from autograph.features.runs.models import Feedback, FeedbackPage, Verdict
from autograph.graph.model import Json

if TYPE_CHECKING:
    from autograph.bootstrap import Platform

T = TypeVar("T")


def add_to_runs(runs: typer.Typer) -> None:
    """Make what is said of a run part of `autograph runs`."""
    runs.command("feedback")(feedback)


def add_to_graphs(graphs: typer.Typer) -> None:
    """Make what was said of an agent part of `autograph graphs`."""
    graphs.command("feedback")(list_feedback)


def feedback(
    run_id: Annotated[UUID, typer.Argument(help="Which run.")],
    verdict: Annotated[
        Verdict | None, typer.Argument(help="Did it do what you wanted? None shows what you said.")
    ] = None,
    words: Annotated[str, typer.Option(help="Why.")] = "",
    forget: Annotated[bool, typer.Option("--forget", help="Take back what you said.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Say whether a run did what you wanted, or show what you said. The last word counts."""

    async def work(made: Platform) -> Feedback | None:
        if forget:
            await made.feedback.take_back(made.owner, run_id)
        elif verdict is not None:
            return await made.feedback.give(made.owner, run_id, verdict, words)
        return await made.feedback.find(made.owner, run_id)

    found = on_platform(data_dir, work, as_json=as_json)
    if as_json:
        print_json({"feedback": None if found is None else _present(found)})
    elif found is None:
        print_plain("You said nothing of this run.")
    else:
        print_plain(f"{found.verdict.value}  {found.words}".rstrip())


def list_feedback(
    graph_id: Annotated[UUID, typer.Argument(help="Which agent.")],
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=200)] = 20,
    verdict: Annotated[Verdict | None, typer.Option(help="Only what is so.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List what you said of an agent's runs, that of the newest runs first."""

    async def work(made: Platform) -> FeedbackPage:
        return await made.feedback.list_page(made.owner, graph_id, limit=limit, verdict=verdict)

    page = on_platform(data_dir, work, as_json=as_json)
    if as_json:
        rows = [_present(one) for one in page.rows]
        print_json({"feedback": rows, "good": page.good, "bad": page.bad})
        return
    print_plain(f"good: {page.good}, bad: {page.bad}")
    if page.rows:
        table = Table("run", "verdict", "words", "when", box=None)
        for one in page.rows:
            table.add_row(
                str(one.run_id), one.verdict.value, one.words, one.updated_at.isoformat()[:19]
            )
        out.print(table)


def _present(feedback: Feedback) -> dict[str, Json]:
    return {
        "run_id": str(feedback.run_id),
        "verdict": feedback.verdict.value,
        "words": feedback.words,
        "updated_at": feedback.updated_at.isoformat(),
    }
