"""`autograph runs fork`, `retry` and `again`: new runs that go on from one that was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from autograph.cli.output import EXIT_FAILED, print_json, print_plain, run_async, settings_for
from autograph.cli.runs import AsJson, DataDir, present, print_result
from autograph.engine.state import RunStatus
from autograph.graph.model import Json
from autograph.infra.errors import Invalid
from autograph.infra.json import decode

if TYPE_CHECKING:
    from autograph.bootstrap import Platform
    from autograph.features.runs.models import ForkPlan, Run

RunId = Annotated[UUID, typer.Argument(help="Which run.")]
Values = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", help="NAME=VALUE that is other; may be repeated."),
]
_FOREVER = timedelta(days=365)


def add_to(runs: typer.Typer) -> None:
    """Make these commands part of `autograph runs`."""
    runs.command("fork")(fork)
    runs.command("retry")(retry)
    runs.command("again")(again)


def fork(
    run_id: RunId,
    from_node_run: Annotated[int, typer.Argument(help="Number of the node run to do again.")],
    version: Annotated[
        int | None, typer.Option(help="Another version of the agent.", min=1)
    ] = None,
    values: Values = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only tell what would be reused and what done again.")
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Run an agent on from a node run of another run; what does not depend on it is kept."""
    if plan:
        found = run_async(_plan(run_id, from_node_run, version, values, data_dir), as_json=as_json)
        _print_plan(found, as_json=as_json)
        return
    _go_on(
        lambda made: made.forks.fork(
            made.owner, run_id, from_node_run, version=version, inputs=_values(values)
        ),
        data_dir,
        as_json=as_json,
    )


def retry(run_id: RunId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Do again what failed in a run; what did not fail is kept."""
    _go_on(lambda made: made.forks.retry(made.owner, run_id), data_dir, as_json=as_json)


def again(
    run_id: RunId, values: Values = None, as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Run an agent again from the beginning, with the inputs of a run."""
    _go_on(
        lambda made: made.forks.again(made.owner, run_id, inputs=_values(values)),
        data_dir,
        as_json=as_json,
    )


async def _plan(
    run_id: UUID,
    from_node_run: int,
    version: int | None,
    values: list[str] | None,
    data_dir: Path | None,
) -> ForkPlan:
    from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

    async with platform(settings_for(data_dir)) as made:
        return await made.forks.plan(
            made.owner, run_id, from_node_run, version=version, inputs=_values(values)
        )


def _go_on(
    start: Callable[[Platform], Awaitable[UUID]], data_dir: Path | None, *, as_json: bool
) -> None:
    async def work() -> Run:
        from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

        async with platform(settings_for(data_dir)) as made:
            new_id = await start(made)
            await made.runs.wait(made.owner, new_id, at_most=_FOREVER)
            return await made.runs.get(made.owner, new_id)

    finished = run_async(work(), as_json=as_json)
    if as_json:
        print_json(present(finished))
    else:
        print_result(finished)
    if finished.result.status is not RunStatus.COMPLETED:
        raise typer.Exit(EXIT_FAILED)


def _values(values: list[str] | None) -> dict[str, Json] | None:
    given: dict[str, Json] = {}
    for text in values or ():
        name, found, value = text.partition("=")
        if not found:
            raise Invalid(f"--input takes NAME=VALUE, not {text!r}.")
        try:
            given[name] = decode(value)
        except Invalid:
            given[name] = value
    return given or None


def _print_plan(plan: ForkPlan, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(plan))
        return
    for title, steps in (
        ("kept", plan.reused),
        ("done again", plan.again),
        ("gone from the agent", plan.gone),
    ):
        for step in steps:
            print_plain(f"{title}: {step.node_run} {step.node} ({step.block}, {step.status})")
    for node in plan.new_nodes:
        print_plain(f"new in the agent: {node}")
    print_plain(f"What is done again cost {plan.credits_before} credits the first time.")
