"""Print how many rows of the mission's checklist have a passing test (`make rows`).

Reads what the last test runs noted in `.cache/rows.json`, what the last runs of the flows in the browser noted in
`.cache/rows-web.json`, and the checklist itself where it is there.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTED = [ROOT / ".cache" / name for name in ("rows.json", "rows-web.json")]
CHECKLIST = ROOT.parent / "shared" / "mission" / "seed-rows.md"


def _in_order(diagram: str) -> tuple[bool, int, str]:
    """Sort D2 before D10, and what is no diagram (P, G) after all."""
    return diagram[0] != "D", int(diagram[1:] or 0), diagram


def main() -> int:
    """Print the counts, by diagram."""
    noted = [json.loads(file.read_text()) for file in NOTED if file.exists()]
    if not noted:
        print("No test run was noted yet. Run `make test` first.")
        return 1
    failed = {row for rows in noted for row, ok in rows.items() if not ok}
    passed = {row for rows in noted for row in rows} - failed
    known = (
        set(re.findall(r"^\| ((?:D\d+|P|G)-[A-Z]*\d+)", CHECKLIST.read_text(), re.M))
        if CHECKLIST.exists()
        else set()
    )
    by_diagram = Counter(row.split("-")[0] for row in passed)
    totals = Counter(row.split("-")[0] for row in known)
    for diagram in sorted(totals or by_diagram, key=_in_order):
        of = f" of {totals[diagram]}" if totals else ""
        print(f"{diagram}: {by_diagram[diagram]}{of}")
    print(
        f"{len(passed)}{f' of {len(known)}' if known else ''} rows have a passing test: {' '.join(sorted(passed))}"
    )
    if failed:
        print(f"failing: {' '.join(sorted(failed))}")
    unknown = passed - known if known else set()
    if unknown:
        print(f"not in the checklist: {' '.join(sorted(unknown))}")
    return bool(failed or unknown)


if __name__ == "__main__":
    sys.exit(main())
