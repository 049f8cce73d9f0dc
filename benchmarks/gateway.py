"""What the gateway costs: a read with its token checked, beside the same read of a bare FastAPI (`make bench`).

    python benchmarks/gateway.py [--json] [--quick] [--profile]

Both servers are in one process and answer with the same body by the same code; a second process asks them over
loopback, in turns. The machine's noise hits both, so the ratios count: medians over the rounds, with the
smallest and the largest. `--profile` shows where the time of guarded requests goes instead.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import pstats
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table

from autograph.api.rest.blocks import BlockAnswer, present
from autograph.bootstrap import Platform, Process, platform
from autograph.bootstrap.doors import serve
from autograph.features.accounts.models.sessions import Visit
from autograph.infra.settings import Settings

CONNECTIONS = 16
PATH = "/api/v1/blocks/Calculator"


async def ask(port: int, token: str, seconds: float, connections: int) -> dict[str, float]:
    """Ask as often as is answered; return the rate, and how long one answer took (p50)."""
    head = (
        f"GET {PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\r\n".encode()
    )
    took: list[float] = []
    until = perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (begun := perf_counter()) < until:
            writer.write(head)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), answer
            length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            took.append((perf_counter() - begun) * 1e3)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(one() for _ in range(connections)))
    return {"rate": len(took) / seconds, "p50_ms": statistics.median(took)}


async def asked(port: int, token: str, seconds: float, connections: int) -> dict[str, float]:
    """Have a second process ask."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        "--ask",
        json.dumps([port, token, seconds, connections]),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    found: dict[str, float] = json.loads(said)
    return found


def bare(up: Platform) -> FastAPI:
    """The same read, with nothing before it."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/api/v1/blocks/{block_id}")
    async def get_block(block_id: str) -> BlockAnswer:
        return present(up.catalog.get(block_id))

    return app


async def serving(app: Any, stack: AsyncExitStack) -> int:
    """Serve an application on a free port until the end."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off")
    )
    task = asyncio.create_task(server.serve())

    async def end() -> None:
        server.should_exit = True
        await task

    stack.push_async_callback(end)
    while not server.started:
        await asyncio.sleep(0.01)
    return int(server.servers[0].sockets[0].getsockname()[1])


async def measure(*, quick: bool, profile: bool) -> dict[str, Any]:
    """Run everything on a fresh platform."""
    rounds, seconds = (3, 1.0) if quick else (9, 2.0)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        settings = Settings(data_dir=Path(folder), rate_read=10_000_000)
        up = await stack.enter_async_context(platform(settings, process=Process.UP))
        here = Visit("127.0.0.1", "benchmark")
        password = "a long enough sentence"
        tokens = await up.accounts.people.set_up("owner@example.com", password, "Owner", here)
        guarded_port = await serving(serve(up), stack)
        bare_port = await serving(bare(up), stack)
        await asked(guarded_port, tokens.access, 1, 2)
        await asked(bare_port, tokens.access, 1, 2)
        if profile:
            profiler = cProfile.Profile()
            profiler.enable()
            await asked(guarded_port, tokens.access, 5, CONNECTIONS)
            profiler.disable()
            pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
        found: dict[str, list[float]] = {
            name: [] for name in ("guarded", "bare", "ratio", "cpu_ratio", "adds")
        }
        for _ in range(rounds):
            many, alone, cpu = {}, {}, {}
            for name, port in (("bare", bare_port), ("guarded", guarded_port)):
                begun = process_time()
                many[name] = await asked(port, tokens.access, seconds, CONNECTIONS)
                cpu[name] = (process_time() - begun) / many[name]["rate"]
                alone[name] = await asked(port, tokens.access, seconds / 2, 1)
                found[name].append(many[name]["rate"])
            found["ratio"].append(many["guarded"]["rate"] / many["bare"]["rate"])
            found["cpu_ratio"].append(cpu["bare"] / cpu["guarded"])
            found["adds"].append(alone["guarded"]["p50_ms"] - alone["bare"]["p50_ms"])
    return {name: spread(values) for name, values in found.items()}


def spread(values: list[float]) -> dict[str, float]:
    """Return the median, the smallest and the largest."""
    return {
        "median": round(statistics.median(values), 3),
        "low": round(min(values), 3),
        "high": round(max(values), 3),
    }


def show(found: dict[str, Any]) -> None:
    """Print the table."""
    table = Table("work", "goal", "median", "spread", "met", box=None)
    for title, name, goal, form, met in (
        ("reads of a bare FastAPI route", "bare", "", "{:,.0f}/s", None),
        ("reads with a token checked", "guarded", ">= 2,000/s", "{:,.0f}/s", 2_000),
        ("ratio of the two", "ratio", ">= 0.6", "{:.2f}", 0.6),
        ("the same in CPU time, whatever else runs", "cpu_ratio", ">= 0.6", "{:.2f}", 0.6),
        ("what the gateway adds to one read, p50", "adds", "< 1 ms", "{:.3f} ms", -1),
    ):
        one = found[name]
        is_met = (one["median"] < 1) if met == -1 else met is None or one["median"] >= met
        low, high = form.format(one["low"]), form.format(one["high"])
        table.add_row(
            title,
            goal,
            form.format(one["median"]),
            f"{low} - {high}",
            "" if met is None else "yes" if is_met else "NO",
        )
    Console().print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ask:
        print(json.dumps(uvloop.run(ask(*json.loads(arguments.ask)))))
        return
    found = uvloop.run(measure(quick=arguments.quick, profile=arguments.profile))
    if not arguments.json:
        show(found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
