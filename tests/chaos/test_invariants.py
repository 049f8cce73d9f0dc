"""The checker finds every kind of breach: what cannot fail proves nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.invariants import Evidence, RunFacts, breaches
from tests.chaos.scenario import Kind, scenario

EVENTS = (
    (1, "run.started", {}),
    (2, "node.started", {"node_run": 1}),
    (3, "node.completed", {"node_run": 1, "credits": 2}),
    (4, "run.completed", {}),
)
RUN = RunFacts("r", Kind.CHAIN, "completed", {"o": [4]}, EVENTS, [(1, 2)], {"jobs": 0})
SOUND = Evidence(["r"], {"r": RUN}, [("key", "r", 1)])


def test_a_sound_world_has_no_breach() -> None:
    assert breaches(SOUND) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"status": "running"}, "never ended"),
        ({"status": "failed"}, "ended failed"),
        ({"outputs": {"o": [5]}}, "gave out"),
        ({"events": EVENTS[:2] + EVENTS[3:]}, "numbered"),
        ({"events": (*EVENTS[:3], (4, "node.started", {"node_run": 1}))}, "journal ends with"),
        ({"events": (*EVENTS, (5, "run.completed", {}))}, "journal ends with"),
        (
            {
                "events": (
                    *EVENTS[:3],
                    (4, "node.started", {"node_run": 1}),
                    (5, "run.completed", {}),
                )
            },
            "went on after its end",
        ),
        ({"charges": [(1, 4)]}, "charged"),
        ({"charges": []}, "charged"),
        ({"charges": [(1, 2), (1, 2)]}, "charged"),
        ({"left": {"jobs": 1}}, "left in jobs"),
    ],
)
def test_a_breach_in_a_run_is_found(changes: dict[str, Any], told: str) -> None:
    found = breaches(replace(SOUND, runs={"r": replace(RUN, **changes)}))
    assert any(told in one for one in found), found


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"runs": {}}, "accepted and is gone"),
        ({"seen": [("key", "r", 1), ("key", "r", 1)]}, "took effect 2 times"),
        ({"seen": [("key", "r", 1), ("other", "r", 1)]}, "had 2 keys"),
        ({"seen": []}, "charged and took no effect"),
    ],
)
def test_a_breach_in_the_world_is_found(changes: dict[str, Any], told: str) -> None:
    found = breaches(replace(SOUND, **changes))
    assert any(told in one for one in found), found


def test_what_may_take_effect_again_is_no_breach() -> None:
    twice = [("key", "r", 1), ("key", "r", 1)]
    assert breaches(replace(SOUND, seen=twice, may_repeat=frozenset({("r", 1)}))) == []


def test_a_seed_is_a_scenario_and_another_one_another() -> None:
    assert scenario(7) == scenario(7)
    assert len({str(scenario(seed)) for seed in range(50)}) == 50
    assert {fault.target for seed in range(200) for fault in scenario(seed).faults} >= {
        "up", "api", "worker", "scheduler", "broker", "redis", "database",
    }  # fmt: skip
