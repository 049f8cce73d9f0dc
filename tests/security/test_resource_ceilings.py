"""Family 13: every block gets hostile sizes, made from its own schema; the run dies, and the server does not.

A child process, whose memory is limited by the operating system, hands each pin of each block the largest
values that its type allows. What a single value of each type does is in `tests/unit/blocks/test_hostile.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from autograph.blocks.catalog import Catalog, load_catalog
from autograph.blocks.sdk import EngineBlock
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.security.people import Town

ROOT = Path(__file__).parents[2]
MEMORY = 4 * 2**30
SECONDS = 12
FAMILIES = sorted({one.__module__.split(".")[3] for one in load_catalog()})

CHILD = """
import asyncio, json, resource, sys
from time import process_time
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
from autograph.blocks.catalog import load_catalog
from autograph.blocks.sdk import EngineBlock
from autograph.graph.coerce import types_of
from tests.hostile import harmless_of, outcome

def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value

# A longer list shows nothing more: what is made of one costs so many times its length, and each pin gets it.
SIZES = {
    "string": ["x" * 2_000_000, "9" * 4_000, "{{ x }}" * 30_000],
    "integer": [10**400, -(10**400), 2**63],
    "number": [1e308, float("inf"), float("nan"), 10**400],
    "array": [list(range(100_000)), nested(900), ["x" * 1_000] * 5_000],
    "object": [{str(one): one for one in range(100_000)}, {"a": nested(900)}],
    "boolean": [], "null": [],
}

async def main(family):
    found, tried = [], set()
    for block in load_catalog():
        if block.__module__.split(".")[3] != family or issubclass(block, EngineBlock):
            continue
        harmless = harmless_of(block).input
        for pin, schema in block.spec().input_pins.items():
            for kind in sorted(types_of(schema)):
                # Actions of a pack hand a pin of one name and type on by the same code.
                if block.__module__.startswith("autograph.blocks.packs.") and (pin, kind) in tried:
                    continue
                tried.add((pin, kind))
                for number, value in enumerate(SIZES[kind]):
                    begun = process_time()
                    try:
                        told = await outcome(block, {**harmless, pin: value}, most=10_000) or "ended"
                    except Exception as error:       # the engine's border makes a failure of it
                        told = "crash: " + type(error).__name__
                    found.append([block.name + "." + pin, kind, number, process_time() - begun, told[:200]])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"peak": peak, "found": found}))

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.timeout(180)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_largest_values_end_soon_and_in_bounded_memory(family: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, family, str(MEMORY)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    told = json.loads(done.stdout)
    assert told["peak"] < MEMORY
    slow = [one for one in told["found"] if one[3] > SECONDS]
    assert slow == []
    crashed = [one for one in told["found"] if one[4].startswith(("crash", "MemoryError"))]
    assert crashed == []
    whole = [one for one in load_catalog() if not issubclass(one, EngineBlock)]
    if any(one.__module__.split(".")[3] == family and one.spec().input_pins for one in whole):
        assert told["found"]


async def test_the_run_dies_and_the_server_does_not(settled: Town, catalog: Catalog) -> None:
    """A graph that goes round for ever: it ends at its limit, and others are served meanwhile."""
    token = await settled.person("Ada")
    endless = graph(
        [
            node(catalog, "start", "Calculator", operation="Add", a=1, b=1),
            node(catalog, "round", "Calculator", operation="Add", b=1),
        ],
        "start.result -> round.a",
        "round.result -> round.a",
    )
    async with settled.client(token, timeout=60) as http:
        graph_id = (await http.post("/api/v1/graphs", json=write_agent(endless))).json()["id"]
        started = await http.post(f"/api/v1/graphs/{graph_id}/execute", json={})
        assert started.status_code == 202
        while True:
            run = (await http.get(f"/api/v1/runs/{started.json()['id']}")).json()
            if run["status"] not in {"queued", "running"}:
                break
        assert run["status"] == "failed"
        assert "AUTOGRAPH_MAX_NODE_RUNS" in run["error"]["message"]
        assert (await http.get("/health/ready")).status_code == 200
