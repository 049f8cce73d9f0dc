"""The workloads on Autograph: the platform in this process, as `autograph up` is."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import uvloop
from peer_blocks import Ask
from workloads import CHAIN, CHAIN_RESULT, FAN, FAN_RESULT, LIMIT, rates, servers, tell, waiting

from autograph import __version__
from autograph.bootstrap import Process, platform
from autograph.graph.model import Graph, Link, Node
from autograph.graph.portable import write_agent
from autograph.infra.settings import Settings

CALCULATOR = "b1ab9b19-67a6-406d-abf5-2dba76d00c79"
OUTPUT = "363ae599-353e-4804-937e-b2ee3cef3da4"


def add(name: str) -> Node:
    """A node that adds one."""
    return Node(name, CALCULATOR, {"operation": "Add", "a": 0, "b": 1})


def chain() -> Graph:
    """Ten of them in a row."""
    nodes = [add(f"n{i}") for i in range(CHAIN)]
    links = [Link(f"n{i}", "result", f"n{i + 1}", "a") for i in range(CHAIN - 1)]
    out = Node("out", OUTPUT, {"name": "o"})
    return Graph(
        "chain",
        "Chain",
        nodes=(*nodes, out),
        links=(*links, Link(f"n{CHAIN - 1}", "result", "out", "value")),
    )


def fan() -> Graph:
    """A hundred of them beside each other; each gives its value to the output."""
    nodes = [add(f"n{i}") for i in range(FAN)]
    first = [Link("first", "result", f"n{i}", "a") for i in range(FAN)]
    last = [Link(f"n{i}", "result", "out", "value") for i in range(FAN)]
    out = Node("out", OUTPUT, {"name": "o"})
    return Graph("fan", "Fan", nodes=(add("first"), *nodes, out), links=(*first, *last))


def asking(port: int) -> Graph:
    """One that asks the slow server."""
    nodes = (Node("ask", Ask.id, {"port": port}), Node("out", OUTPUT, {"name": "o"}))
    return Graph("ask", "Ask", nodes=nodes, links=(Link("ask", "answer", "out", "value"),))


async def main() -> None:
    """Measure."""
    at = servers()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url=at.postgres,
            data_dir=Path(folder),
            worker_slots=1_500,
            person_share=1,
        )
        async with platform(settings, process=Process.UP) as made:
            graphs = {one.id: one for one in (chain(), fan(), asking(at.slow))}
            ids = {
                name: (await made.agents.ensure(made.owner, write_agent(one))).id
                for name, one in graphs.items()
            }

            async def once(name: str) -> int:
                run_id = await made.runs.start(made.owner, ids[name], {})
                if not await made.runs.wait(made.owner, run_id, at_most=timedelta(seconds=LIMIT)):
                    raise TimeoutError(f"run {run_id}")
                return sum((await made.runs.get(made.owner, run_id)).result.outputs["o"])

            tell(
                __version__,
                "one process, 1,500 slots",
                chain=await rates(lambda: once("chain"), CHAIN_RESULT, side_by_side=50),
                fan=await rates(lambda: once("fan"), FAN_RESULT, side_by_side=20),
                waiting=await waiting(lambda: once("ask")),
            )


if __name__ == "__main__":
    uvloop.run(main())
