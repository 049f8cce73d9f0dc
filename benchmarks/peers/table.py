"""What many rounds of measures come to: medians, spreads, ratios, and the table. PURE."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LINES = (
    ("chain", "alone_ms", "10-node chain, one run alone", "ms", False),
    ("chain", "rate", "10-node chain, many side by side", "runs/s", True),
    ("fan", "alone_ms", "100-node fan-out, one run alone", "ms", False),
    ("fan", "rate", "100-node fan-out, many side by side", "runs/s", True),
    ("waiting", "seconds", "1,000 runs on a server that takes 2 s", "s", False),
    ("", "peak_mib", "memory of the system, at its peak", "MiB", False),
)
"""Workload, measure, its name, its unit, and whether more is better."""


@dataclass(frozen=True)
class Cell:
    """A system in a line.

    Attributes:
        value: Median over the rounds.
        low: Smallest.
        high: Largest.
        ratio: How many times as good Autograph is; below 1 the peer is ahead. None for Autograph itself.
        failure: Why there is no value.
    """

    value: float | None = None
    low: float = 0.0
    high: float = 0.0
    ratio: float | None = None
    failure: str | None = None


@dataclass(frozen=True)
class Summary:
    """The whole table: systems with versions and settings, then a line for each measure."""

    systems: Sequence[tuple[str, str, str]]
    lines: Sequence[tuple[str, str, Mapping[str, Cell]]]


def summary(rounds: Mapping[str, Sequence[Mapping[str, Any]]]) -> Summary:
    """Return what the rounds of all systems come to; the first system is what the others are compared with."""
    systems = [
        (
            name,
            str(next((one["version"] for one in found if "version" in one), "")),
            str(next((one["settings"] for one in found if "settings" in one), "")),
        )
        for name, found in rounds.items()
    ]
    own = systems[0][0]
    lines: list[tuple[str, str, Mapping[str, Cell]]] = []
    for workload, measure, title, unit, more_is_better in LINES:
        cells = {name: _cell(found, workload, measure) for name, found in rounds.items()}
        base = cells[own].value
        lines.append(
            (
                title,
                unit,
                {
                    name: cell if name == own else _compared(cell, base, more_is_better)
                    for name, cell in cells.items()
                },
            )
        )
    return Summary(systems, lines)


def _cell(rounds: Sequence[Mapping[str, Any]], workload: str, measure: str) -> Cell:
    values: list[float] = []
    failure: str | None = None
    for one in rounds:
        found = one.get(workload, {}) if workload else one
        value = found.get(measure)
        if value is None:
            failure = str(found.get("failure") or one.get("failure") or "not measured")
        else:
            values.append(float(value))
    if not values:
        return Cell(failure=failure)
    return Cell(statistics.median(values), min(values), max(values))


def _compared(cell: Cell, base: float | None, more_is_better: bool) -> Cell:
    if cell.value is None or not base:
        return cell
    ratio = base / cell.value if more_is_better else cell.value / base
    return Cell(cell.value, cell.low, cell.high, ratio)


def markdown(found: Summary) -> str:
    """Return the table as Markdown, with what each system was set to under it."""
    names = [f"{name} {version}".strip() for name, version, _ in found.systems]
    lines = [
        "| | " + " | ".join(names) + " |",
        "|---|" + "---|" * len(names),
    ]
    for title, unit, cells in found.lines:
        row = [_shown(cells[name], unit) for name, _, _ in found.systems]
        lines.append(f"| {title} | " + " | ".join(row) + " |")
    lines.append("")
    lines += [f"- {name}: {settings}" for name, _, settings in found.systems if settings]
    failures = {
        f"{name}, {title}: {cells[name].failure}"
        for title, _, cells in found.lines
        for name, _, _ in found.systems
        if cells[name].failure
    }
    lines += [f"- not measured: {one}" for one in sorted(failures)]
    return "\n".join(lines)


def _shown(cell: Cell, unit: str) -> str:
    if cell.value is None:
        return "—"
    spread = f"{_number(cell.low)}-{_number(cell.high)}"
    text = f"{_number(cell.value)} {unit} ({spread})"
    return text if cell.ratio is None else f"{text} · **{cell.ratio:.1f} x**"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
