"""`autograph runs record` and `autograph test`: runs as regression tests."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import typer

from autograph.cli.agents import read_file
from autograph.cli.output import (
    EXIT_FAILED,
    err,
    fail,
    installed_blocks,
    print_json,
    print_plain,
    run_async,
    settings_for,
)
from autograph.cli.runs import AsJson, DataDir, as_id
from autograph.graph.diff import diff
from autograph.graph.model import Graph, Json
from autograph.graph.portable import NotAnAgent, dump
from autograph.graph.validate import validate
from autograph.infra.errors import AutographError, Invalid

if TYPE_CHECKING:
    from autograph.blocks.catalog import Catalog
    from autograph.engine.cassette import Cassette

SUFFIX: Final = ".cassette.json"
_UNFIT: Final = re.compile(r"[^a-z0-9]+")


@dataclass(slots=True)
class _Tested:
    """What came of one cassette."""

    cassette: str
    problems: list[str] = field(default_factory=list[str])
    hint: str = ""


def add_to(runs: typer.Typer) -> None:
    """Make `record` part of `autograph runs`."""
    runs.command("record")(record)


def record(
    run_id: Annotated[UUID, typer.Argument(help="Which run; it was started with --record.")],
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Where to; beside you, by the agent's name.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Turn a recorded run into a cassette, a test of its agent that needs no network, no key and no database.

    It is played once before it is written: a run that comes out otherwise when everything it asked is answered as
    before makes no test. Exit code 1: it did not come out the same.
    """

    async def work() -> Cassette:
        from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

        async with platform(settings_for(data_dir)) as made:
            return await made.cassettes.cassette(made.owner, run_id)

    made, problems = run_async(_proved(run_async(work(), as_json=as_json)), as_json=as_json)
    file = out_file or Path(f"{_UNFIT.sub('-', made.name.lower()).strip('-') or 'agent'}{SUFFIX}")
    if not problems:
        try:
            file.write_text(dump(made.as_json()))
        except OSError as error:
            problems = [f"{file} cannot be written: {error.strerror}."]
    if as_json:
        print_json({"ok": not problems, "cassette": str(file), "problems": problems})
    elif problems:
        err.print("Nothing was written: played again, the run comes out otherwise.", markup=False)
        for one in problems:
            err.print(f"  {one}", markup=False)
    else:
        print_plain(f"{file}: {_counted(len(made.exchanges))}. Play it with `autograph test`.")
    if problems:
        raise typer.Exit(EXIT_FAILED)


def _counted(exchanges: int) -> str:
    return "1 exchange" if exchanges == 1 else f"{exchanges} exchanges"


async def _proved(made: Cassette) -> tuple[Cassette, list[str]]:
    from autograph.bootstrap.offline import prove  # noqa: PLC0415 - an engine

    return await prove(made, installed_blocks())


def play(
    agent: Annotated[str, typer.Argument(help="An agent file, or the id of a saved agent.")],
    cassettes: Annotated[
        list[Path] | None,
        typer.Option("--cassette", help="A cassette, or a folder of them; those beside the agent."),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Play an agent's cassettes and compare what comes out. Whatever was not recorded cannot be reached.

    Exit code 0: all came out the same. 1: some did not. 2: bad use, such as no cassette.
    """
    try:
        found = _read_all(_files(agent, cassettes or []))
        graph = None if as_id(agent) else read_file(Path(agent))
    except AutographError as error:
        fail(error, as_json=as_json)
    tested = run_async(_test(graph or agent, found, data_dir), as_json=as_json)
    failed = [one for one in tested if one.problems]
    if as_json:
        rows: list[Json] = [
            {"cassette": one.cassette, "ok": not one.problems, "problems": one.problems}
            for one in tested
        ]
        print_json({"ok": not failed, "cassettes": rows})
    else:
        for one in tested:
            print_plain(f"{'FAILED' if one.problems else 'passed'}  {one.cassette}")
            for problem in one.problems:
                print_plain(f"  {problem}")
            if one.problems and one.hint:
                print_plain(f"  {one.hint}")
        print_plain(f"{len(tested) - len(failed)} passed, {len(failed)} failed")
    if failed:
        raise typer.Exit(EXIT_FAILED)


async def _test(
    agent: Graph | str, cassettes: Mapping[Path, Cassette], data_dir: Path | None
) -> list[_Tested]:
    graph = agent if isinstance(agent, Graph) else await _saved(UUID(agent), data_dir)
    catalog = installed_blocks()
    return [await _play(graph, file, one, catalog) for file, one in cassettes.items()]


async def _saved(agent: UUID, data_dir: Path | None) -> Graph:
    from autograph.bootstrap import platform  # noqa: PLC0415 - heavy

    async with platform(settings_for(data_dir)) as made:
        return (await made.agents.get(made.owner, agent)).graph


def _files(agent: str, given: Sequence[Path]) -> list[Path]:
    """Return the cassettes that are meant.

    Raises:
        NotAnAgent: There is no such agent file.
        Invalid: There are no cassettes.
    """
    beside = None if as_id(agent) else Path(agent)
    if beside is not None and not beside.exists():
        raise NotAnAgent(f"{agent!r} is neither a file nor the id of an agent.")
    found: list[Path] = []
    for one in given:
        inside = sorted(one.glob(f"*{SUFFIX}")) if one.is_dir() else [one]
        if not inside:
            raise Invalid(f"There is no cassette (*{SUFFIX}) in {one}.")
        found += inside
    if not given and beside is not None:
        found = sorted(beside.parent.glob(f"{_plain(beside.stem)}*{SUFFIX}"))
    if not found:
        where = f"beside {agent}, named {beside.stem}*{SUFFIX}" if beside else "for a saved agent"
        raise Invalid(
            f"There is no cassette {where}. Name one with --cassette, or record one with `autograph runs record RUN`."
        )
    return found


def _read_all(files: Sequence[Path]) -> dict[Path, Cassette]:
    """Return the cassettes in files.

    Raises:
        Invalid: One is none, or cannot be read.
    """
    from autograph.engine.cassette import read_cassette  # noqa: PLC0415 - an engine

    found: dict[Path, Cassette] = {}
    for file in files:
        try:
            found[file] = read_cassette(file.read_bytes())
        except OSError as error:
            raise Invalid(f"{file} cannot be read: {error.strerror}.") from error
        except AutographError as error:
            raise Invalid(f"{file}: {error.message}") from error
    return found


def _plain(name: str) -> str:
    """Return a name in which no character means anything to `glob`."""
    return re.sub(r"([*?\[])", r"[\1]", name)


async def _play(graph: Graph, file: Path, cassette: Cassette, catalog: Catalog) -> _Tested:
    from autograph.bootstrap import offline  # noqa: PLC0415 - an engine

    tested = _Tested(str(file))
    report = validate(graph, catalog.specs())
    tested.problems += [
        f"Node {node} is of a block that is not here: {block}"
        for block, node in report.unknown_blocks
    ]
    if not report.ok:
        tested.problems.append("The agent has errors; `autograph check` names them.")
    if tested.problems:
        return tested
    try:
        tested.problems += (await offline.play(cassette, graph, catalog)).problems
    except AutographError as error:
        tested.problems.append(error.message)
    if cassette.agent is not None and tested.problems:
        tested.hint = _hint(cassette.agent, graph, catalog)
    return tested


def _hint(recorded: Graph, graph: Graph, catalog: Catalog) -> str:
    """Return what is different about the agent since it was recorded."""
    found = diff(recorded, graph, catalog.specs())
    if found.is_empty:
        return "The agent is the one that was recorded."
    parts = [f"{node} ({', '.join(pins)})" for node, pins in found.changed.items()]
    parts += [f"{node} (new)" for node in found.added]
    parts += [f"{node} (gone)" for node in found.removed]
    parts += ["its links"] if found.links_added or found.links_removed else []
    parts += [f"the agent inside {one}" for one in found.sub_graphs]
    return f"Since the recording the agent has changed: {', '.join(parts) or 'in its order'}."
