"""`autograph reviews` and `autograph dead-letters`: what waits for a person's word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer
from rich.table import Table

from autograph.cli.output import (
    on_platform,
    out,
    print_json,
    print_plain,
    shown,
)
from autograph.graph.model import Json
from autograph.infra.json import decode

if TYPE_CHECKING:
    from autograph.bootstrap import Platform
    from autograph.features.runs.models import DeadLetter, Review

reviews = typer.Typer(help="What runs ask people.", no_args_is_help=True)
dead_letters = typer.Typer(
    help="Runs that were set aside, because workers died over them.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]
ReviewId = Annotated[UUID, typer.Argument(help="Which review.")]
RunId = Annotated[UUID, typer.Argument(help="Which run.")]
Limit = Annotated[int, typer.Option(help="How many.", min=1, max=200)]
Message = Annotated[str, typer.Option("--message", "-m", help="Why; the run is told.")]

T = TypeVar("T")


@reviews.command("list")
def list_reviews(
    limit: Limit = 20,
    closed: Annotated[
        bool, typer.Option("--closed", help="Those that were answered, or ended unanswered.")
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List what runs ask, newest first."""
    page = on_platform(
        data_dir,
        lambda made: made.reviews.list_page(made.owner, limit=limit, is_open=not closed),
        as_json=as_json,
    )
    if as_json:
        print_json([_review(one) for one in page.rows])
    elif not page.rows:
        print_plain("Nothing waits for you.")
    else:
        table = Table("id", "kind", "node", "asks", "until", box=None)
        for one in page.rows:
            until = "" if one.due_at is None else one.due_at.isoformat()[:19]
            table.add_row(str(one.id), one.kind, one.node_id, one.title, until)
        out.print(table)


@reviews.command("show")
def show_review(review_id: ReviewId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show what is asked, and what was answered."""
    found = on_platform(
        data_dir, lambda made: made.reviews.get(made.owner, review_id), as_json=as_json
    )
    if as_json:
        print_json(_review(found))
        return
    print_plain(f"{found.title}  ({found.kind}, {found.status})")
    print_plain(shown(found.payload))
    if found.answer is not None:
        print_plain(f"Answered: {shown(found.answer)}")


@reviews.command("approve")
def approve(
    review_id: ReviewId,
    data: Annotated[str | None, typer.Option(help="What is reviewed, as edited: JSON.")] = None,
    message: Message = "",
    always: Annotated[
        bool, typer.Option("--always", help="Ask no more about this node in this run.")
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Let the run go on; for an unknown outcome: run the node again."""
    _decide(review_id, "approve", data, message, data_dir, as_json=as_json, always=always)


@reviews.command("reject")
def reject(
    review_id: ReviewId, message: Message = "", as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Do not let it; the run is told why."""
    _decide(review_id, "reject", None, message, data_dir, as_json=as_json)


@reviews.command("done")
def done(
    review_id: ReviewId,
    data: Annotated[
        str | None, typer.Option(help="What the node gave out, by pin: a JSON object.")
    ] = None,
    message: Message = "",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Say that a node whose worker died took effect."""
    _decide(review_id, "done", data, message, data_dir, as_json=as_json)


def _decide(
    review_id: UUID,
    choice: str,
    data: str | None,
    message: str,
    data_dir: Path | None,
    *,
    as_json: bool,
    always: bool = False,
) -> None:
    async def work(made: Platform) -> Review:
        from autograph.engine.waits import Answer, Choice  # noqa: PLC0415 - heavy

        edited = None if data is None else decode(data)
        answer = Answer(Choice(choice), edited, message, auto_approve=always)
        return await made.reviews.decide(made.owner, review_id, answer)

    found = on_platform(data_dir, work, as_json=as_json)
    if as_json:
        print_json(_review(found))
    else:
        print_plain(f"Answered. Run {found.run_id} goes on when a worker is up.")


def _review(review: Review) -> dict[str, Json]:
    from autograph.api.rest.reviews import present  # noqa: PLC0415 - heavy

    return present(review)


@dead_letters.command("list")
def list_dead_letters(
    limit: Limit = 20,
    decided: Annotated[
        bool, typer.Option("--decided", help="Those about which was decided.")
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List runs that were set aside, newest first."""
    page = on_platform(
        data_dir,
        lambda made: made.dead_letters.list_page(made.owner, limit=limit, is_open=not decided),
        as_json=as_json,
    )
    if as_json:
        print_json([_letter(one) for one in page.rows])
    elif not page.rows:
        print_plain("No run was set aside.")
    else:
        table = Table("run", "since", "workers lost", "why", box=None)
        for one in page.rows:
            table.add_row(
                str(one.run_id), one.created_at.isoformat()[:19], str(one.crashes), one.message
            )
        out.print(table)


@dead_letters.command("show")
def show_dead_letter(run_id: RunId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show why a run was set aside, and over what."""
    found = on_platform(
        data_dir, lambda made: made.dead_letters.get(made.owner, run_id), as_json=as_json
    )
    if as_json:
        print_json(_letter(found))
        return
    print_plain(
        f"Run {found.run_id}  ({found.decision or 'set aside'}, {found.crashes} workers lost)"
    )
    print_plain(found.message)
    for one in found.in_flight:
        print_plain(f"Begun and not ended: {one.node} (node run {one.node_run})")


@dead_letters.command("redrive")
def redrive(run_id: RunId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Queue the run again; it goes on where its journal ends."""
    letter = on_platform(
        data_dir, lambda made: made.dead_letters.redrive(made.owner, run_id), as_json=as_json
    )
    _print_letter(letter, "is queued again", as_json=as_json)


@dead_letters.command("discard")
def discard(
    run_id: RunId, message: Message = "", as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """End the run as failed."""
    letter = on_platform(
        data_dir,
        lambda made: made.dead_letters.discard(made.owner, run_id, reason=message),
        as_json=as_json,
    )
    _print_letter(letter, "ends as failed when a worker is up", as_json=as_json)


def _print_letter(letter: DeadLetter, told: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_letter(letter))
    else:
        print_plain(f"Run {letter.run_id} {told}.")


def _letter(letter: DeadLetter) -> dict[str, Json]:
    return {
        "run_id": str(letter.run_id),
        "graph_id": str(letter.graph_id),
        "code": letter.code,
        "message": letter.message,
        "crashes": letter.crashes,
        "created_at": letter.created_at.isoformat(),
        "decision": letter.decision,
        "decided_at": letter.decided_at and letter.decided_at.isoformat(),
        "in_flight": [{"node_run": one.node_run, "node": one.node} for one in letter.in_flight],
    }
