"""Forty scenarios of killing things; `make chaos` plays two hundred."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import monotonic, sleep

import pytest

from autograph.blocks.catalog import Catalog
from tests.chaos.invariants import Evidence, breaches
from tests.chaos.play import Play, save_graphs
from tests.chaos.scenario import Fault, How, Kind, Layout, Start, Target, scenario
from tests.chaos.world import World, in_threads, world

SEEDS = range(40)
pytestmark = pytest.mark.timeout(200)


@pytest.fixture(scope="module")
def up(
    tmp_path_factory: pytest.TempPathFactory, catalog: Catalog
) -> Iterator[tuple[World, dict[Kind, str]]]:
    with world(Layout.UP, tmp_path_factory.mktemp("up")) as made:
        yield made, save_graphs(made, catalog)


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, catalog: Catalog
) -> Iterator[tuple[World, dict[Kind, str]]]:
    with world(Layout.CLUSTER, tmp_path_factory.mktemp("cluster")) as made:
        yield made, save_graphs(made, catalog)


@pytest.mark.parametrize("seed", [seed for seed in SEEDS if scenario(seed).layout == "up"])
def test_one_process_loses_nothing(seed: int, up: tuple[World, dict[Kind, str]]) -> None:
    found = breaches(Play(scenario(seed), *up).play())
    assert not found, f"{scenario(seed)}: {found}"


@pytest.mark.parametrize("seed", [seed for seed in SEEDS if scenario(seed).layout != "up"])
def test_a_cluster_loses_nothing(seed: int, cluster: tuple[World, dict[Kind, str]]) -> None:
    found = breaches(Play(scenario(seed), *cluster).play())
    assert not found, f"{scenario(seed)}: {found}"


@pytest.mark.seed("D8-19")
@pytest.mark.timeout(400)
def test_ten_seconds_without_a_worker_the_broker_and_the_database(
    cluster: tuple[World, dict[Kind, str]],
) -> None:
    """A worker and the broker are away for ten seconds, and the database falls as often as it gets up."""
    made = cluster[0]
    worker, broker, database = (
        Fault(target, How.KILL, at=1.0, away=10.0)
        for target in (Target.WORKER, Target.BROKER, Target.DATABASE)
    )
    starts = tuple(Start(kind, at) for at in (0.2, 5.0) for kind in Kind)
    played = Play(replace(scenario(1), starts=starts, faults=(worker,)), *cluster)
    found: list[Evidence] = []

    def lose_the_database() -> None:
        until = monotonic() + database.away
        while monotonic() < until:
            made.hit(database, which=0)
            sleep(0.5)

    def lose_the_broker() -> None:
        sleep(broker.at)
        made.hit(broker, which=0)

    in_threads(lambda: found.append(played.play()), lose_the_broker, lose_the_database)

    assert len(found[0].accepted) == len(starts)
    assert not breaches(found[0])
