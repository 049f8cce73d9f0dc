"""What a second worker process adds on this machine (`make bench`).

    python benchmarks/scale.py [--json] [--quick]

Runs are queued first, then worker processes take them. Three kinds of work: nodes that compute (the
worker's Python is the limit), nodes that wait for the world (its slots are), and nodes that do next to
nothing (the commits are: worker and database share the cores). Beside each stands how much of the two
cores the workers and the database used meanwhile: that is what the limit is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import uvloop
from rich.console import Console
from rich.table import Table

from autograph.bootstrap import Platform, Process, platform
from autograph.graph.model import Graph, Link, Node
from autograph.graph.portable import write_agent
from autograph.infra.postgres.server import embedded_postgres
from autograph.infra.settings import Settings

TEMPLATE = "db7d8f02-2f44-4c55-ab7a-eae0941f0c30"
CALCULATOR = "b1ab9b19-67a6-406d-abf5-2dba76d00c79"
COUNTDOWN = "d67a9c52-5e4e-11e2-bcfd-0800200c9a71"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Work:
    """A kind of work: what runs, how often, and how many a worker carries at once."""

    name: str
    graph: Graph
    runs: int
    slots: int


def computing(length: int) -> Graph:
    """Templates in a row that each loop for some milliseconds."""
    text = "{% for i in range(2000) %}{{ i * i }}{% endfor %}"
    nodes = tuple(Node(f"n{i}", TEMPLATE, {"format": text, "values": {}}) for i in range(length))
    return Graph("computing", "Computing", nodes=nodes)


def waiting() -> Graph:
    """One node that waits for a fifth of a second, five times."""
    return Graph(
        "waiting",
        "Waiting",
        nodes=(Node("n", COUNTDOWN, {"seconds": 1, "input_message": 1}),),
    )


def trivial(length: int) -> Graph:
    """Calculators in a row."""
    nodes = tuple(
        Node(f"n{i}", CALCULATOR, {"operation": "Add", "a": 0, "b": 1}) for i in range(length)
    )
    links = tuple(Link(f"n{i}", "result", f"n{i + 1}", "a") for i in range(length - 1))
    return Graph("trivial", "Trivial", nodes=nodes, links=links)


def cpu_seconds(pids: list[int]) -> float:
    """CPU time that processes and their children have used, in seconds."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(") ", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(stat.parent.name) in pids or int(fields[1]) in pids:
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


async def measure(
    work: Work, workers: int, dsn: str, folder: Path, postmaster: int
) -> dict[str, Any]:
    """Queue the runs, let `workers` processes take them; return runs a second and who used the cores."""
    settings = Settings(database_url=dsn, data_dir=folder, max_node_runs=20_000)
    async with platform(settings, process=Process.API) as made:
        saved = await made.agents.ensure(made.owner, write_agent(work.graph))
        ids = await _queue(made, saved.id, work.runs)
        environment = {
            **os.environ,
            "AUTOGRAPH_DATABASE_URL": dsn,
            "AUTOGRAPH_PERSON_SHARE": "1",
            "AUTOGRAPH_LOG_LEVEL": "error",
        }
        command = [sys.executable, "-m", "autograph.cli.main", "worker"]
        command += ["--slots", str(work.slots), "--data-dir", str(folder)]
        before = cpu_seconds([postmaster])
        started = [
            await asyncio.create_subprocess_exec(
                *command, env=environment, stdout=asyncio.subprocess.DEVNULL
            )
            for _ in range(workers)
        ]
        pids = [one.pid for one in started]
        connection = await asyncpg.connect(dsn)
        while await connection.fetchval("SELECT count(*) FROM runs WHERE ended_at IS NULL"):
            await asyncio.sleep(0.05)
        used, database = cpu_seconds(pids), cpu_seconds([postmaster]) - before
        # From the moment when every worker had begun, so that starting them is not counted.
        rate, seconds = await connection.fetchrow(
            """
            SELECT count(*) / extract(epoch FROM max(ended_at) - min(started_at))::float,
                   extract(epoch FROM max(ended_at) - min(started_at))::float
            FROM runs WHERE id = ANY ($1)
              AND started_at >= (SELECT max(first) FROM (
                  SELECT min(started_at) AS first FROM runs WHERE id = ANY ($1)) f)
            """,
            ids,
        )
        await connection.close()
        for one in started:
            one.send_signal(signal.SIGTERM)
        for one in started:
            await one.wait()
    return {"rate": rate, "seconds": seconds, "workers_cpu": used, "database_cpu": database}


async def _queue(made: Platform, graph_id: UUID, count: int) -> list[UUID]:
    found: list[UUID] = []
    for first in range(0, count, 100):
        batch = (
            made.runs.start(made.owner, graph_id, {}) for _ in range(first, min(count, first + 100))
        )
        found += await asyncio.gather(*batch)
    return found


async def compare(*, quick: bool) -> list[dict[str, Any]]:
    """Measure every kind of work with one worker and with two, in turns."""
    few = 4 if quick else 1
    works = [
        Work("nodes that compute", computing(20), 400 // few, slots=8),
        Work("nodes that wait", waiting(), 400 // few, slots=20),
        Work("nodes that do next to nothing", trivial(10), 8_000 // few, slots=200),
    ]
    lines: list[dict[str, Any]] = []
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        dsn = await stack.enter_async_context(embedded_postgres(folder))
        pid = int(re.split(r"\s", (folder / "postgres" / "data" / "postmaster.pid").read_text())[0])
        for work in works:
            rounds = {1: [], 2: []}  # type: dict[int, list[dict[str, Any]]]
            for _ in range(1 if quick else 3):
                for workers in (1, 2):
                    rounds[workers].append(await measure(work, workers, dsn, folder, pid))
            one, two = (sorted(rounds[n], key=lambda found: found["rate"]) for n in (1, 2))
            ratios = sorted(
                b["rate"] / a["rate"] for a, b in zip(rounds[1], rounds[2], strict=True)
            )
            lines.append(
                {
                    "work": work.name,
                    "one": one[len(one) // 2],
                    "two": two[len(two) // 2],
                    "ratio": ratios[len(ratios) // 2],
                    "ratios": ratios,
                }
            )
    return lines


def _show(lines: list[dict[str, Any]]) -> None:
    table = Table(title="What a second worker adds on two cores")
    for column in ("work", "1 worker", "2 workers", "ratio", "cores used by 2 workers + database"):
        table.add_column(column)
    for line in lines:
        two = line["two"]
        table.add_row(
            line["work"],
            f"{line['one']['rate']:,.0f} runs/s",
            f"{two['rate']:,.0f} runs/s",
            f"{line['ratio']:.2f} ({line['ratios'][0]:.2f}-{line['ratios'][-1]:.2f})",
            f"{two['workers_cpu'] / two['seconds']:.2f} + {two['database_cpu'] / two['seconds']:.2f}",
        )
    Console(width=120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    lines = uvloop.run(compare(quick=arguments.quick))
    _show(lines)
    if arguments.json:
        print(json.dumps(lines))


if __name__ == "__main__":
    main()
