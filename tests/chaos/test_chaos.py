"""Forty scenarios of killing things; `make chaos` plays two hundred."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograph.blocks.catalog import Catalog
from tests.chaos.invariants import breaches
from tests.chaos.play import Play, save_graphs
from tests.chaos.scenario import Kind, Layout, scenario
from tests.chaos.world import World, world

SEEDS = range(40)
pytestmark = pytest.mark.timeout(200)


class TestUp:
    @pytest.fixture(scope="class")
    def place(
        self, tmp_path_factory: pytest.TempPathFactory, catalog: Catalog
    ) -> Iterator[tuple[World, dict[Kind, str]]]:
        with world(Layout.UP, tmp_path_factory.mktemp("up")) as made:
            yield made, save_graphs(made, catalog)

    @pytest.mark.parametrize("seed", [seed for seed in SEEDS if scenario(seed).layout == "up"])
    def test_nothing_is_lost(self, seed: int, place: tuple[World, dict[Kind, str]]) -> None:
        found = breaches(Play(scenario(seed), *place).play())
        assert not found, f"{scenario(seed)}: {found}"


class TestCluster:
    @pytest.fixture(scope="class")
    def place(
        self, tmp_path_factory: pytest.TempPathFactory, catalog: Catalog
    ) -> Iterator[tuple[World, dict[Kind, str]]]:
        folder: Path = tmp_path_factory.mktemp("cluster")
        with world(Layout.CLUSTER, folder) as made:
            yield made, save_graphs(made, catalog)

    @pytest.mark.parametrize("seed", [seed for seed in SEEDS if scenario(seed).layout != "up"])
    def test_nothing_is_lost(self, seed: int, place: tuple[World, dict[Kind, str]]) -> None:
        found = breaches(Play(scenario(seed), *place).play())
        assert not found, f"{scenario(seed)}: {found}"
