"""Finding blocks: by id, by name, by names that look alike; and two that claim the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

from autograph.api.rest.blocks import present
from autograph.blocks import catalog as catalog_module
from autograph.blocks.catalog import (
    Catalog,
    DuplicateBlock,
    UnknownBlock,
    load_catalog,
    write_index,
)
from autograph.blocks.sdk import Block, BlockInput, BlockOutput, Effect

CATALOG = load_catalog()


class Nothing(BlockInput):
    """Nothing."""


class One(Block[Nothing]):
    """A block."""

    id = "00000000-0000-4000-8000-000000000001"
    name = "One"
    description = "Does nothing."
    effect = Effect.PURE
    Input = Nothing
    Output = BlockOutput


class SameId(One):
    """Another name for the same id."""

    id = One.id
    name = "SameId"


class SameName(One):
    """Another id under the same name."""

    id = "00000000-0000-4000-8000-000000000002"


class TestCatalog:
    def test_finds_a_block_by_id_and_by_name(self) -> None:
        catalog = Catalog([One])

        assert catalog.get(One.id) is catalog.get("One") is One
        assert len(catalog) == 1

    def test_names_those_that_look_alike_when_there_is_none(self) -> None:
        with pytest.raises(UnknownBlock, match="'Calculater'") as caught:
            load_catalog().get("Calculater")

        assert caught.value.details["nearest"][0] == "Calculator"

    def test_find_returns_none_when_there_is_none(self) -> None:
        assert Catalog([]).find("One") is None

    @pytest.mark.parametrize("other", [SameId, SameName])
    def test_refuses_two_blocks_that_claim_the_same(self, other: type[One]) -> None:
        with pytest.raises(
            DuplicateBlock, match=r"One and .*Same.* both claim|Same.* and .*One both"
        ):
            Catalog([One, other])

    def test_the_same_block_twice_is_one_block(self) -> None:
        assert len(Catalog([One, One])) == 1

    def test_lists_blocks_by_name(self) -> None:
        names = [block.name for block in load_catalog()]

        assert names == sorted(names)

    def test_gives_the_facts_of_every_block(self) -> None:
        catalog = load_catalog()

        assert {spec.name for spec in catalog.specs().values()} == {one.name for one in catalog}

    @pytest.mark.seed("D1-17")
    def test_lists_every_block_in_less_than_a_tenth_of_a_second(self) -> None:
        catalog = load_catalog()
        first = [present(block) for block in catalog]

        begun = perf_counter()
        again = [present(block).model_dump_json() for block in catalog]
        seconds = perf_counter() - begun

        assert len(again) == len(first)
        assert seconds < 0.1


class TestIndex:
    def test_it_is_as_the_blocks_are(self) -> None:
        assert catalog_module.INDEX.read_text() == write_index(), "`make docs` writes it"

    def test_no_block_is_imported_before_it_is_needed(self) -> None:
        code = (
            "import sys\n"
            "from autograph.blocks.catalog import load_catalog\n"
            "found = load_catalog()\n"
            "assert not [one for one in sys.modules if one.startswith('autograph.blocks.builtin.')]\n"
            "assert found.get('Calculator').name == 'Calculator'\n"
            "assert 'autograph.blocks.builtin.numbers.calculator' in sys.modules\n"
            "assert 'autograph.blocks.builtin.media.video' not in sys.modules\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], check=False, capture_output=True, text=True
        )

        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize("change", ["gone", "another size", "no index"])
    def test_a_module_that_it_does_not_know_is_found_all_the_same(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
    ) -> None:
        known = json.loads(catalog_module.INDEX.read_text())
        module = "autograph.blocks.builtin.numbers.calculator"
        if change == "gone":
            del known[module]
        known.get(module, {})["size"] = 1
        if change != "no index":
            (tmp_path / "index.json").write_text(json.dumps(known))
        monkeypatch.setattr(catalog_module, "INDEX", tmp_path / "index.json")
        found = load_catalog()

        assert found.get("Calculator").name == "Calculator"
        assert len(found) == len(CATALOG)


def test_a_pin_is_titled_by_its_name_not_by_the_class_of_its_values() -> None:
    pins = load_catalog().get("SQLQuery").spec().input_schema["properties"]
    assert pins["database_type"]["title"] == "Database Type"
    assert pins["database_type"]["enum"]
