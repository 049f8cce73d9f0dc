"""Every block proves itself by its own examples, and has the pins that exported agents name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from autograph.blocks.catalog import AnyBlock, load_catalog
from autograph.blocks.sdk import EngineBlock
from autograph.blocks.sdk.testing import check_block
from autograph.graph.coerce import types_of
from autograph.graph.spec import BlockKind
from tests.unit.blocks.differences import (
    DEFAULTS_OF_THE_MOMENT,
    FACTS,
    FURTHER_CATEGORIES,
    MODEL_BLOCKS,
    OWN_WORDS,
    PINS_OF_MORE_TYPES,
    PINS_THAT_NEED_NO_VALUE,
    own_pins,
)

CATALOG: Final = load_catalog()
BLOCKS: Final = [pytest.param(block, id=block.name) for block in CATALOG]
CATALOGUE: Final = FACTS / "reference" / "block-catalogue.jsonl"
needs_catalogue: Final = pytest.mark.skipif(
    not CATALOGUE.exists(), reason="the reference's catalogue of blocks is not beside this folder"
)


class TestEveryBlock:
    @pytest.mark.seed("D1-17")
    @pytest.mark.parametrize("block", BLOCKS)
    async def test_does_what_its_examples_say(self, block: AnyBlock) -> None:
        await check_block(block)

        assert block.examples or issubclass(block, EngineBlock)

    @pytest.mark.parametrize("block", BLOCKS)
    def test_says_what_it_does_in_a_sentence_and_where_it_stands(self, block: AnyBlock) -> None:
        assert block.description[0].isupper()
        assert block.description.endswith(".")
        assert block.categories

    @pytest.mark.parametrize("block", BLOCKS)
    def test_has_an_error_pin_unless_it_is_an_edge_of_the_agent(self, block: AnyBlock) -> None:
        edges = {BlockKind.INPUT, BlockKind.OUTPUT, BlockKind.AGENT}

        assert ("error" in block.spec().output_pins) == (block.kind not in edges)

    @pytest.mark.parametrize("block", BLOCKS)
    def test_says_of_every_pin_whether_it_is_folded_away(self, block: AnyBlock) -> None:
        required = block.spec().input_schema.get("required", ())

        for name, schema in block.spec().input_pins.items():
            assert isinstance(schema["advanced"], bool)
            assert not (schema["advanced"] and name in required), f"{name} is needed, yet hidden"


def test_the_catalogue_holds_every_block_of_the_first_release() -> None:
    assert len(CATALOG) >= 64


def reference() -> Iterator[Any]:
    if not CATALOGUE.exists():
        yield pytest.param(None, None, id="none")
        return
    for line in CATALOGUE.read_text("utf-8").splitlines():
        facts = json.loads(line)
        block = CATALOG.find(facts["id"])
        if block is not None:
            yield pytest.param(block, facts, id=block.name)


@needs_catalogue
@pytest.mark.parametrize(("block", "facts"), list(reference()))
class TestParity:
    def test_name_kind_and_static_output(self, block: AnyBlock, facts: dict[str, Any]) -> None:
        assert facts["name"] == f"{block.name}Block"
        assert KINDS.get(facts["type"], facts["type"]) == block.kind.name
        assert facts["static_output"] == block.static_output
        assert facts["sensitive"] == block.is_sensitive

    def test_categories(self, block: AnyBlock, facts: dict[str, Any]) -> None:
        if block.name in FURTHER_CATEGORIES:
            assert not facts["categories"]
        else:
            assert {one.name for one in block.categories} == set(facts["categories"])

    def test_pins(self, block: AnyBlock, facts: dict[str, Any]) -> None:
        spec = block.spec()

        assert {one["name"] for one in facts["inputs"]} == set(spec.input_pins) - own_pins(block)
        assert {one["name"] for one in facts["outputs"]} == set(spec.output_pins)

    def test_required_pins(self, block: AnyBlock, facts: dict[str, Any]) -> None:
        theirs = {one["name"] for one in facts["inputs"] if one.get("required")}

        ours = set(block.spec().input_schema.get("required", ()))

        assert ours == theirs - PINS_THAT_NEED_NO_VALUE.get(block.name, frozenset())

    def test_types(self, block: AnyBlock, facts: dict[str, Any]) -> None:
        spec = block.spec()
        for theirs, ours in (
            (facts["inputs"], spec.input_pins),
            (facts["outputs"], spec.output_pins),
        ):
            for one in theirs:
                expected = reference_types(one["type"])
                if (block.name, one["name"]) in PINS_OF_MORE_TYPES:
                    assert types_of(ours[one["name"]]) > expected
                else:
                    assert types_of(ours[one["name"]]) == expected, one["name"]

    def test_choices_and_defaults(self, block: AnyBlock, facts: dict[str, Any]) -> None:
        for one in facts["inputs"]:
            ours = block.spec().input_pins[one["name"]]
            is_open = block.name in MODEL_BLOCKS and one["name"] == "model"
            assert ours.get("enum") == (None if is_open else one.get("enum")), one["name"]
            is_ours = (block.name, one["name"]) in OWN_WORDS
            field = block.Input.model_fields.get(one["name"])
            if (block.name, one["name"]) in DEFAULTS_OF_THE_MOMENT:
                assert "default" not in ours, one["name"]
            elif field is None:  # of a pack: its pins are data
                known = "default" in one and not is_ours
                assert not known or ours["default"] == spoken(one["default"]), one["name"]
            elif "default" in one and not field.is_required() and not is_ours:
                default = field.get_default(call_default_factory=True)
                assert as_json(default) == one["default"], one["name"]


KINDS: Final = {"AYRSHARE": "STANDARD"}
"""There its blocks have a button of their own to link networks; here they take a key like any other."""
_CALLED: Final = {"enum": "string", "credentials": "object"}


def reference_types(text: str) -> frozenset[str]:
    """Return the JSON types of a type as the catalogue writes it: `array<string>|null`."""
    found: set[str] = set()
    depth, start = 0, 0
    for place, letter in enumerate(f"{text}|"):
        depth += (letter in "<(") - (letter in ">)")
        if letter == "|" and depth == 0:
            name = text[start:place].split("<")[0].split("(")[0]
            found |= types_of({}) if name == "any" else {_CALLED.get(name, name)}
            start = place + 1
    return frozenset(found)


def spoken(value: Any) -> Any:
    """Return a default as a pack can write it: TOML has no null, and a part that is null says nothing."""
    if isinstance(value, dict):
        parts: dict[str, Any] = value
        return {name: spoken(one) for name, one in parts.items() if one is not None}
    return value


def as_json(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value
