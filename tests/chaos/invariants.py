"""What must be true after everything has ended, whatever was killed meanwhile. PURE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.scenario import Kind

TERMINAL = {"completed", "failed", "cancelled"}
_ENDS = {"node.completed", "node.failed"}
_RUN_ENDS = {"run.completed", "run.failed", "run.cancelled"}

EXPECTED: Mapping[Kind, tuple[set[str], Mapping[str, Any] | None]] = {
    Kind.CHAIN: ({"completed"}, {"o": [4]}),
    Kind.FAN_OUT: ({"completed"}, {"o": [1] * 5}),
    Kind.TIMER: ({"completed"}, {"o": ["due"]}),
    Kind.CHILD: ({"completed"}, {"o": [7]}),
    Kind.REVIEW: ({"completed"}, {"o": [5]}),
    Kind.FAILURE: ({"failed"}, None),
    Kind.RETRY: ({"completed"}, {"o": [3]}),
    Kind.CANCEL: ({"cancelled"}, None),
    Kind.LINGER_ASK: ({"completed"}, {"o": [9]}),
    Kind.LINGER_RETRY: ({"completed"}, {"o": [9]}),
    Kind.LINGER_FAIL: ({"completed", "failed"}, {"o": [9]}),
}
"""How a run of each kind ends, and with what when it completes; the same as without any fault."""


@dataclass
class RunFacts:
    """A run as the database has it.

    Attributes:
        kind: What it does; None for a run inside a run.
        events: `(seq, kind, body)`, as they come.
        charges: `(node run, credits)`.
        left: What is still kept for a run that is over: rows of `jobs`, `run_inbox`, open `waits`.
    """

    id: str
    kind: Kind | None
    status: str
    outputs: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[tuple[int, str, Mapping[str, Any]]] = ()
    charges: Sequence[tuple[int, int]] = ()
    left: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Evidence:
    """What is known when everything is over.

    Attributes:
        accepted: Runs that a client was told were accepted.
        seen: What the outside world saw: `(key, run, node run)`, each time.
        may_repeat: `(run, node run)` that a person, or the node's policy, let take effect again.
    """

    accepted: Sequence[str]
    runs: Mapping[str, RunFacts]
    seen: Sequence[tuple[str, str, int]] = ()
    may_repeat: frozenset[tuple[str, int]] = frozenset()


def breaches(evidence: Evidence) -> list[str]:
    """Return every promise that was broken, in words."""
    found = [
        f"run {run} was accepted and is gone"
        for run in evidence.accepted
        if run not in evidence.runs
    ]
    for run in evidence.runs.values():
        found += [f"run {run.id} ({run.kind or 'inside another'}): {what}" for what in _of_run(run)]
    found += _of_world(evidence)
    return found


def _of_run(run: RunFacts) -> Iterator[str]:
    if run.status not in TERMINAL:
        yield f"it never ended, it is {run.status}"
        return
    seqs = [seq for seq, _, _ in run.events]
    if seqs != list(range(1, len(seqs) + 1)):
        yield f"its events are numbered {seqs}"
    ends = [kind for _, kind, _ in run.events if kind in _RUN_ENDS]
    if ends != [f"run.{run.status}"] or run.events[-1][1] not in _RUN_ENDS:
        yield f"it is {run.status}, and its journal ends with {ends}"
    yield from _of_node_runs(run)
    journal = Counter(
        {body["node_run"]: body["credits"] for _, _, body in run.events if body.get("credits")}
    )
    if dict(run.charges) != dict(journal) or len(run.charges) != len(journal):
        yield f"it was charged {sorted(run.charges)}, its journal says {sorted(journal.items())}"
    for where, count in run.left.items():
        if count:
            yield f"it is over, and {count} rows are left in {where}"
    if run.kind is not None:
        statuses, outputs = EXPECTED[run.kind]
        if run.status not in statuses:
            yield f"it ended {run.status}"
        if run.status == "completed" and run.outputs != outputs:
            yield f"it gave out {run.outputs}"


def _of_node_runs(run: RunFacts) -> Iterator[str]:
    over: set[int] = set()
    for seq, kind, body in run.events:
        number = body.get("node_run")
        if number is None:
            continue
        if number in over:
            yield f"node run {number} went on after its end: {kind}, event {seq}"
        if kind in _ENDS:
            over.add(number)


def _of_world(evidence: Evidence) -> Iterator[str]:
    times = Counter(key for key, _, _ in evidence.seen)
    where = {key: (run, number) for key, run, number in evidence.seen}
    for key, count in times.items():
        if count > 1 and where[key] not in evidence.may_repeat:
            run, number = where[key]
            yield f"node run {number} of run {run} took effect {count} times"
    keys: dict[tuple[str, int], set[str]] = {}
    for key, run, number in evidence.seen:
        keys.setdefault((run, number), set()).add(key)
    for (run, number), several in keys.items():
        if len(several) > 1:
            yield f"node run {number} of run {run} had {len(several)} keys"
    for run in evidence.runs.values():
        for number, credits in run.charges:
            if credits and (run.id, number) not in keys:
                yield f"node run {number} of run {run.id} was charged and took no effect"
