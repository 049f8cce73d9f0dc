"""What runs and what is killed when: all of it follows from a seed. PURE."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a run does."""

    CHAIN = "chain"
    FAN_OUT = "fan-out"
    TIMER = "timer"
    CHILD = "child"
    REVIEW = "review"
    FAILURE = "failure"
    RETRY = "retry"
    CANCEL = "cancel"
    LINGER_ASK = "linger-ask"
    LINGER_RETRY = "linger-retry"
    LINGER_FAIL = "linger-fail"


class Layout(StrEnum):
    """Which processes there are."""

    UP = "up"
    CLUSTER = "cluster"


class Target(StrEnum):
    """What a fault hits."""

    UP = "up"
    API = "api"
    WORKER = "worker"
    SCHEDULER = "scheduler"
    BROKER = "broker"
    REDIS = "redis"
    DATABASE = "database"


class How(StrEnum):
    """What happens to it: killed as by a power cut, asked to stop, or frozen for a while and let go on."""

    KILL = "kill"
    DRAIN = "drain"
    FREEZE = "freeze"


HITS = {
    Layout.UP: (Target.UP, Target.DATABASE),
    Layout.CLUSTER: (
        Target.WORKER,
        Target.WORKER,
        Target.API,
        Target.SCHEDULER,
        Target.BROKER,
        Target.REDIS,
        Target.DATABASE,
    ),
}


@dataclass(frozen=True)
class Start:
    """A run: what it does, and how many seconds after the beginning it is asked for."""

    kind: Kind
    at: float


@dataclass(frozen=True)
class Fault:
    """What is hit how, when, and for how long it stays away, in seconds."""

    target: Target
    how: How
    at: float
    away: float


@dataclass(frozen=True)
class Scenario:
    """Everything that is done on purpose.

    Attributes:
        answers: Whether the person says of an effect of unknown outcome that it is done (else: again).
    """

    seed: int
    layout: Layout
    starts: tuple[Start, ...]
    faults: tuple[Fault, ...]
    says_done: bool

    def __str__(self) -> str:
        hits = ", ".join(f"{one.how} {one.target} at {one.at:.2f} s" for one in self.faults)
        return f"seed {self.seed} ({self.layout}): {len(self.starts)} runs; {hits}"


def scenario(seed: int) -> Scenario:
    """Return the scenario of a seed: every fourth is one process, the others are a cluster."""
    chance = random.Random(seed)
    layout = Layout.UP if seed % 4 == 0 else Layout.CLUSTER
    kinds = list(Kind)
    starts = [Start(kind, chance.uniform(0, 1.5)) for kind in kinds]
    starts += [Start(chance.choice(kinds), chance.uniform(0, 1.5)) for _ in range(6)]
    return Scenario(
        seed=seed,
        layout=layout,
        starts=tuple(sorted(starts, key=lambda one: one.at)),
        faults=tuple(_fault(chance, layout) for _ in range(chance.choice((1, 1, 2)))),
        says_done=chance.random() < 0.5,
    )


def _fault(chance: random.Random, layout: Layout) -> Fault:
    target = chance.choice(HITS[layout])
    how = How.KILL
    if target is Target.WORKER:
        how = chance.choice((How.KILL, How.KILL, How.DRAIN, How.FREEZE))
    return Fault(target, how, at=chance.uniform(0.1, 2.5), away=chance.uniform(0.0, 1.0))
