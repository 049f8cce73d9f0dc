"""Play many scenarios, or one again.

python -m tests.chaos --count 200
python -m tests.chaos --seed 17            # what went wrong with that one?
python -m tests.chaos --report chaos.json
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import monotonic
from typing import Any

from autograph.blocks.catalog import load_catalog
from tests.chaos.invariants import breaches
from tests.chaos.play import Play, save_graphs
from tests.chaos.scenario import Layout, scenario
from tests.chaos.world import world


def main() -> int:
    """Return 0 when no promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="how many seeds from there on")
    parser.add_argument("--report", type=Path, help="where to write what happened, as JSON")
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    plays = [scenario(seed) for seed in seeds]
    report: list[dict[str, Any]] = []
    catalog = load_catalog()
    begun = monotonic()
    for layout in Layout:
        mine = [one for one in plays if one.layout is layout]
        if not mine:
            continue
        with tempfile.TemporaryDirectory() as folder, world(layout, Path(folder)) as made:
            graphs = save_graphs(made, catalog)
            for one in mine:
                evidence = Play(one, made, graphs).play()
                found = breaches(evidence)
                print(f"{'BROKEN' if found else 'sound '}  {one}", flush=True)
                for breach in found:
                    print(f"        {breach}", flush=True)
                report.append(
                    {
                        "seed": one.seed,
                        "layout": one.layout,
                        "faults": [f"{fault.how} {fault.target}" for fault in one.faults],
                        "runs": len(evidence.runs),
                        "effects": len(evidence.seen),
                        "breaches": found,
                    }
                )
    return _sum_up(report, monotonic() - begun, arguments.report)


def _sum_up(report: list[dict[str, Any]], seconds: float, path: Path | None) -> int:
    broken = [one["seed"] for one in report if one["breaches"]]
    faults = Counter(fault for one in report for fault in one["faults"])
    total = {
        "scenarios": len(report),
        "runs": sum(one["runs"] for one in report),
        "effects": sum(one["effects"] for one in report),
        "faults": dict(sorted(faults.items())),
        "broken": broken,
        "seconds": round(seconds),
    }
    print(json.dumps(total, indent=1))
    if path is not None:
        path.write_text(json.dumps({"total": total, "scenarios": report}, indent=1))
    for seed in broken:
        print(f"again: python -m tests.chaos --seed {seed}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
