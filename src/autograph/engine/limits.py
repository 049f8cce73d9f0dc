"""Bounds of runs, and what a run that meets one is told. PURE."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from autograph.engine.events import RunFailed


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one run; a limit names itself and its setting when it is met.

    Attributes:
        node_runs: Node runs in all (`AUTOGRAPH_MAX_NODE_RUNS`).
        journal_bytes: Size of the journal, values kept apart included (`AUTOGRAPH_MAX_JOURNAL_BYTES`).
        wall_time: From claim to end, waits not counted (`AUTOGRAPH_MAX_RUN_TIME`).
        depth: Agents inside agents (`AUTOGRAPH_MAX_DEPTH`).
        crashes: Workers that may die over one run (`AUTOGRAPH_MAX_CRASHES`).
    """

    node_runs: int = 10_000
    journal_bytes: int = 256 * 1024 * 1024
    wall_time: timedelta = timedelta(hours=24)
    depth: int = 16
    crashes: int = 5

    def met_by(self, *, node_runs: int, journal_bytes: int) -> RunFailed | None:
        """Return how a run of that size ends, None while it is within its limits."""
        if node_runs > self.node_runs:
            return limit_met(
                "needed more than", f"{self.node_runs} node runs", "AUTOGRAPH_MAX_NODE_RUNS"
            )
        if journal_bytes > self.journal_bytes:
            return limit_met(
                "wrote more than", f"{self.journal_bytes} bytes", "AUTOGRAPH_MAX_JOURNAL_BYTES"
            )
        return None

    def poison(self, crashes: int) -> RunFailed | None:
        """Return how a run is set aside over which that many workers died, None when they are few."""
        if crashes < self.crashes:
            return None
        return RunFailed(
            "run.poison",
            f"It was set aside because {crashes} workers died while they ran it "
            "(limit: AUTOGRAPH_MAX_CRASHES).",
        )

    def overtime(self) -> RunFailed:
        """Return how a run ends that was carried for too long."""
        seconds = self.wall_time.total_seconds()
        return limit_met("ran longer than", f"{seconds:g} s", "AUTOGRAPH_MAX_RUN_TIME")


def limit_met(verb: str, limit: str, setting: str) -> RunFailed:
    """Return the end of a run that met a limit."""
    return RunFailed("run.limit", f"The run {verb} {limit} (limit: {setting}).")
