"""Agents that people made elsewhere. They live beside the repository, so these tests run where they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph.blocks.catalog import load_catalog
from autograph.graph.content import content_hash
from autograph.graph.diff import diff
from autograph.graph.portable import (
    NotAnAgent,
    dump,
    read_agent,
    write_agent,
    write_agent_autogpt,
)
from autograph.graph.report import Code
from autograph.graph.schemas import credentials_schema, input_schema, output_schema
from autograph.graph.spec import BlockKind, BlockSpec, Effect
from autograph.graph.validate import validate
from tests.unit.graph.making import SHARED_AGENTS, any_json

FILES = sorted(SHARED_AGENTS.glob("*.json"))
CATALOGUE = SHARED_AGENTS.parents[1] / "reference" / "block-catalogue.jsonl"

pytestmark = pytest.mark.skipif(
    not FILES or not CATALOGUE.exists(),
    reason="the shared agent files are not beside this repository",
)
each_file = pytest.mark.parametrize("file", FILES, ids=lambda one: one.stem)


def schema_of(text: str, choices: list[Any] | None) -> dict[str, Any]:
    """Return the JSON Schema of a type as the catalogue writes it: `array<string>|null`."""
    if "|" in text and not text.endswith(">"):
        return {"anyOf": [schema_of(one, choices) for one in text.split("|")]}
    if text.startswith("array<"):
        return {"type": "array", "items": schema_of(text[6:-1], choices)}
    if text.startswith("enum<"):
        return {"enum": choices} if choices else {"type": "string"}
    if text.startswith(("object", "credentials")):
        return {"type": "object"}
    return {} if text == "any" else {"type": text}


# Pins of 2024 that the catalogue of 2026 has no more; a block of ours has to answer to them.
OLD_PINS = {("ReadDiscordMessagesBlock", "credentials"): ["discord_bot_token"]}


def spec_of(row: dict[str, Any]) -> BlockSpec:
    sides = [
        {
            one["name"]: {
                **schema_of(one["type"], one.get("enum")),
                **({"secret": True} if one.get("secret") else {}),
                **({"default": one["default"]} if "default" in one else {}),
                "x-aliases": OLD_PINS.get((row["name"], one["name"]), []),
            }
            for one in row[side]
        }
        for side in ("inputs", "outputs")
    ]
    kinds = {one.name: one for one in BlockKind}
    return BlockSpec(
        id=row["id"],
        name=row["name"],
        kind=kinds.get(row["type"], BlockKind.STANDARD),
        effect=Effect.EFFECT,
        input_schema={
            "type": "object",
            "properties": sides[0],
            "required": [one["name"] for one in row["inputs"] if one.get("required")],
        },
        output_schema={"type": "object", "properties": sides[1]},
        static_output=row["static_output"],
        is_sensitive=row["sensitive"],
        credential_fields={
            one["field"]: {
                "credentials_provider": one["providers"],
                "credentials_types": one["types"],
            }
            for one in row["credentials"]
        },
    )


@pytest.fixture(scope="module")
def all_blocks() -> Mapping[str, BlockSpec]:
    lines = CATALOGUE.read_text("utf-8").splitlines()
    return {one.id: one for one in (spec_of(json.loads(line)) for line in lines)}


class TestSharedAgents:
    @each_file
    def test_have_no_error_but_blocks_that_are_missing(
        self, file: Path, all_blocks: Mapping[str, BlockSpec]
    ) -> None:
        report = validate(read_agent(file.read_bytes()), all_blocks)

        assert {one.code for one in report.problems} <= {Code.UNKNOWN_BLOCK, Code.ENDLESS_CYCLE}
        assert len(report.unknown_blocks) == len(report.errors())

    @each_file
    def test_have_no_other_error_with_our_own_blocks_either(self, file: Path) -> None:
        specs = load_catalog().specs()

        report = validate(read_agent(file.read_bytes()), specs)

        assert len(report.errors()) == len(report.unknown_blocks)

    @each_file
    def test_survive_the_way_through_our_form(self, file: Path) -> None:
        graph = read_agent(file.read_bytes())

        again = read_agent(dump(write_agent(graph)))

        assert again == graph
        assert content_hash(again) == content_hash(graph)
        assert diff(graph, again).is_empty

    @each_file
    def test_survive_the_way_through_autogpts_form(
        self, file: Path, all_blocks: Mapping[str, BlockSpec]
    ) -> None:
        public = read_agent(
            write_agent(read_agent(file.read_bytes()), all_blocks, keep_secrets=False)
        )

        assert read_agent(dump(write_agent_autogpt(public, all_blocks))) == public

    @each_file
    def test_take_and_give_what_the_file_says(
        self, file: Path, all_blocks: Mapping[str, BlockSpec]
    ) -> None:
        document = json.loads(file.read_bytes())
        graph = read_agent(document)
        known = {node.block_id for node in graph.nodes} <= set(all_blocks)

        for name, derive in (("input_schema", input_schema), ("output_schema", output_schema)):
            if known and name in document:
                found = derive(graph, all_blocks)
                assert set(found["properties"]) == set(document[name]["properties"])
                assert set(found["required"]) == set(document[name]["required"])
        if known and "credentials_input_schema" in document:
            said = document["credentials_input_schema"]["properties"]
            assert bool(credentials_schema(graph, all_blocks)["properties"]) is bool(said)


class TestHarmedAgents:
    @given(st.data())
    def test_a_file_that_breaks_off_is_no_agent(self, data: st.DataObject) -> None:
        text = data.draw(st.sampled_from(FILES)).read_bytes().rstrip()
        cut = data.draw(st.integers(0, len(text) - 1))

        with pytest.raises(NotAnAgent):
            read_agent(text[:cut])

    @given(st.data())
    def test_one_odd_value_anywhere_is_read_or_refused(self, data: st.DataObject) -> None:
        document = json.loads(data.draw(st.sampled_from(FILES)).read_bytes())
        place: Any = document
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = data.draw(st.sampled_from(keys))
            inner = place[key]
            if not isinstance(inner, (dict, list)) or not inner or data.draw(st.booleans()):
                break
            place = inner
        place[key] = data.draw(any_json)

        check_everything(document)


def check_everything(document: Any) -> None:
    """Read a document, and where that works, do everything with it that can be done."""
    try:
        graph = read_agent(document)
    except NotAnAgent as error:
        assert error.message  # noqa: PT017 - to be refused with a reason is one of two right ends
        return
    specs = load_catalog().specs()
    report = validate(graph, specs)
    assert len(report.unknown_blocks) <= len(report.problems)
    assert read_agent(write_agent_autogpt(graph, specs)).id == graph.id
    assert content_hash(graph) == content_hash(read_agent(write_agent(graph)))
