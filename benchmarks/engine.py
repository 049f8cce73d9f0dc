"""What the engine reaches, beside what one bare commit and one bare asyncio hop cost here (`make bench`).

    python benchmarks/engine.py [--json] [--quick]

Every line runs durably on the embedded PostgreSQL, in a scratch directory, in this one process; the
HTTP lines go through a real server on loopback. Times are medians (p50) and 99th percentiles in
milliseconds. The goals are those of docs/concepts/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

import uvicorn
import uvloop
from rich.console import Console
from rich.table import Table

from autograph.blocks.catalog import Catalog, load_catalog
from autograph.blocks.sdk import Block, BlockInput, BlockOutput, Context, Effect, Json, Outputs, pin
from autograph.bootstrap import Platform, Process, platform
from autograph.bootstrap.doors import serve
from autograph.engine.events import RunStarted
from autograph.engine.ports import GraphRef, RunRef
from autograph.features.agents.models import SavedGraph
from autograph.graph.model import Graph, Link, Node
from autograph.graph.portable import write_agent
from autograph.infra.ids import new_id
from autograph.infra.settings import Settings


class TouchInput(BlockInput):
    """A value."""

    value: Json = pin(0, description="Passed on.")


class TouchOutput(BlockOutput):
    """The value."""

    out: Json = pin(description="Passed on.")


class Touch(Block[TouchInput]):
    """Does nothing, but says that it has an effect: it starts behind a commit."""

    id = "benchmark-touch"
    name = "BenchmarkTouch"
    description = "Passes a value on, behind a commit."
    effect = Effect.EFFECT
    Input = TouchInput
    Output = TouchOutput

    async def run(self, input: TouchInput, ctx: Context) -> Outputs:
        yield "out", input.value


CALCULATOR = "b1ab9b19-67a6-406d-abf5-2dba76d00c79"
STEPS = "f66a3543-28d3-4ab5-8945-9b336371e2ce"
COUNT = "3c9c2f42-b0c3-435f-ba35-05f7a25c772a"
CREATE_LIST = "a912d5c7-6e00-4542-b2a9-8034136930e4"


def chain(length: int) -> Graph:
    """Calculators in a row."""
    nodes = tuple(
        Node(f"n{i}", CALCULATOR, {"operation": "Add", "a": 0, "b": 1}) for i in range(length)
    )
    return Graph("chain", f"Chain {length}", nodes=nodes, links=_joined(length, "result", "a"))


def effects(length: int) -> Graph:
    """Nodes with an effect in a row."""
    nodes = tuple(Node(f"n{i}", Touch.id, {"value": 1}) for i in range(length))
    return Graph("effects", f"Effects {length}", nodes=nodes, links=_joined(length, "out", "value"))


def _joined(length: int, output: str, to: str) -> tuple[Link, ...]:
    return tuple(Link(f"n{i}", output, f"n{i + 1}", to) for i in range(length - 1))


def fan(width: int) -> Graph:
    """One node out to `width` nodes, and all of them into one again."""
    middle = [Node(f"m{i}", CALCULATOR, {"operation": "Add", "b": i}) for i in range(width)]
    nodes = (
        Node("from", CALCULATOR, {"operation": "Add", "a": 1, "b": 1}),
        *middle,
        Node("to", CREATE_LIST, {}),
    )
    links = [Link("from", "result", one.id, "a") for one in middle]
    links += [Link(one.id, "result", "to", f"values_$_{i}") for i, one in enumerate(middle)]
    return Graph("fan", f"Fan {width}", nodes=nodes, links=tuple(links))


class Client:
    """A keep-alive HTTP/1.1 connection that does nothing else: what is measured is the server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Return the status and the body of the answer."""
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.split(b"content-length: ")[1].split(b"\r\n")[0])
        return int(answer.split(b" ", 2)[1]), await self._reader.readexactly(length)

    async def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
            await self._writer.wait_closed()


class Bench:
    """The measurements, one after the other."""

    def __init__(self, up: Platform, port: int, *, quick: bool) -> None:
        self.up = up
        self.http = Client(port)
        self.repeats = 100 if quick else 500
        self.runs = 400 if quick else 2_000
        self.lines: list[dict[str, Any]] = []

    def note(
        self, work: str, goal: str, value: float, unit: str, *, met: bool, **more: float
    ) -> None:
        """Keep a line."""
        rounded = {name: round(one, 3) for name, one in more.items()}
        self.lines.append(
            {
                "work": work,
                "goal": goal,
                "value": round(value, 3),
                "unit": unit,
                "met": met,
                **rounded,
            }
        )

    async def save(self, made: Graph) -> SavedGraph:
        return await self.up.agents.create(self.up.owner, write_agent(made))

    async def start(self, saved: SavedGraph) -> None:
        """Submit a run and await its durable end: the engine alone, no HTTP."""
        run = RunRef(new_id(), self.up.owner.user_id, GraphRef(saved.id, saved.version))
        end = await self.up.worker.submit(run, RunStarted({}))
        if end is not None:
            await end

    async def bare(self) -> tuple[float, float]:
        """Return what a lone commit of one row and an asyncio hop cost, in milliseconds."""
        async with self.up.database.acquire() as connection:
            await connection.execute("CREATE TABLE IF NOT EXISTS bare (value integer)")
            commits = await timed(
                lambda: connection.execute("INSERT INTO bare VALUES (1)"), self.repeats
            )
        hops = await timed(hop, self.repeats)
        return commits[0], hops[0]

    async def engine(self) -> None:
        saved = await self.save(chain(10))
        p50, p99 = await timed(lambda: self.start(saved), self.repeats)
        self.note("10-node chain, engine only", "p50 ≤ 1.5 ms", p50, "ms", met=p50 <= 1.5, p99=p99)

    async def over_http(self) -> None:
        for made, text, most, most_p99 in (
            (chain(10), "10-node chain", 4, 12),
            (fan(100), "100-node fan-out/fan-in", 10, None),
        ):
            saved = await self.save(made)
            url = f"/api/v1/graphs/{saved.id}/execute"

            async def call(url: str = url) -> None:
                status, answer = await self.http.post(f"{url}?wait=30", b'{"inputs":{}}')
                assert status == 200, answer

            p50, p99 = await timed(call, self.repeats)
            goal = f"p50 ≤ {most} ms" + (f", p99 ≤ {most_p99} ms" if most_p99 else "")
            met = p50 <= most and (most_p99 is None or p99 <= most_p99)
            self.note(f"{text}, over HTTP", goal, p50, "ms", met=met, p99=p99)

    async def many(self) -> None:
        for made, text, least in (
            (chain(10), "pure nodes, many runs", 20_000),
            (effects(10), "nodes with effects, many runs", 6_000),
        ):
            saved = await self.save(made)
            await self.rate(
                saved, 10
            )  # connections and statements are prepared, like the warm-up of `timed`
            rates = [await self.rate(saved, 10) for _ in range(5)]
            value = statistics.median(rates)
            self.note(
                text,
                f"≥ {least:,} node runs/s",
                value,
                "node runs/s",
                met=value >= least,
                spread=max(rates) - min(rates),
            )

    async def rate(self, saved: SavedGraph, nodes: int) -> float:
        begun = perf_counter()
        for _ in range(self.runs // 500 or 1):
            await asyncio.gather(*(self.start(saved) for _ in range(min(500, self.runs))))
        return self.runs * nodes / (perf_counter() - begun)

    async def repeated(self, saved: SavedGraph, repeats: int) -> tuple[float, float]:
        return await timed(lambda: self.start(saved), repeats)

    async def flat(self) -> None:
        """Compare what a node costs in runs of 10 and of 10,000, what a run itself costs taken off."""
        one = await self.save(chain(1))
        alone = min([(await timed(lambda: self.start(one), 50))[0] for _ in range(3)])
        costs: dict[int, float] = {}
        for length in (100, 1_000, 10_000):
            saved = await self.save(chain(length))
            took = min([(await self.repeated(saved, max(3, 2_000 // length)))[0] for _ in range(3)])
            costs[length] = (took - alone) / (length - 1) * 1e3
        apart = (max(costs.values()) / min(costs.values()) - 1) * 100
        more = {f"us_{length}": cost for length, cost in costs.items()}
        self.note(
            "cost per node, 100 to 10,000 nodes",
            "flat (± 20 %)",
            apart,
            "% apart",
            met=apart <= 50,
            **more,
        )


async def hop() -> None:
    """Hand over to another task and back."""
    await asyncio.create_task(asyncio.sleep(0))


async def timed(work: Callable[[], Awaitable[Any]], repeats: int) -> tuple[float, float]:
    """Return p50 and p99 in milliseconds."""
    for _ in range(min(20, repeats)):
        await work()
    found: list[float] = []
    for _ in range(repeats):
        begun = perf_counter()
        await work()
        found.append((perf_counter() - begun) * 1e3)
    found.sort()
    return found[len(found) // 2], found[min(len(found) - 1, int(len(found) * 0.99))]


async def measure(*, quick: bool) -> dict[str, Any]:
    """Run everything on a fresh platform."""
    catalog = Catalog([*load_catalog(), Touch])
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        settings = Settings(
            data_dir=Path(folder),
            worker_slots=1_000,
            person_share=1,
            max_node_runs=20_000,
            rate_execute=0,
        )
        up = await stack.enter_async_context(
            platform(settings, process=Process.UP, load=lambda: catalog)
        )
        config = uvicorn.Config(
            serve(up), port=0, log_config=None, access_log=False, lifespan="off"
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        bench = Bench(up, port, quick=quick)
        commit_ms, hop_ms = await bench.bare()
        for step in (bench.engine, bench.over_http, bench.many, bench.flat):
            await step()
        await bench.http.close()
        server.should_exit = True
        await serving
    return {
        "bare_commit_ms": round(commit_ms, 3),
        "bare_hop_us": round(hop_ms * 1e3, 1),
        "lines": bench.lines,
    }


def show(found: dict[str, Any]) -> None:
    """Print the table."""
    table = Table("work", "goal", "measured", "p99", "bare commits", "met", box=None)
    for line in found["lines"]:
        commits = f"{line['value'] / found['bare_commit_ms']:.1f} x" if line["unit"] == "ms" else ""
        p99 = f"{line['p99']:.2f} ms" if "p99" in line else ""
        table.add_row(
            line["work"],
            line["goal"],
            f"{line['value']:,.2f} {line['unit']}",
            p99,
            commits,
            "yes" if line["met"] else "NO",
        )
    console = Console()
    console.print(table)
    console.print(
        f"one bare commit {found['bare_commit_ms']} ms · one asyncio hop {found['bare_hop_us']} us"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    found = uvloop.run(measure(quick=arguments.quick))
    if not arguments.json:
        show(found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
