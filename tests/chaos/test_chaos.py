"""Forty scenarios of killing things; `make chaos` plays two hundred."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograph.blocks.catalog import Catalog
from tests.chaos.invariants import breaches
from tests.chaos.play import Play, save_graphs
from tests.chaos.scenario import Kind, Layout, scenario
from tests.chaos.world import World, world

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
