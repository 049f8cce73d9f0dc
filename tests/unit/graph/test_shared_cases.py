"""Cases that the canvas (`web/src/graph-core`) answers as the server does: both run over the same file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autograph.api.rest.graphs import present_diff
from autograph.graph import pins
from autograph.graph.coerce import (
    CoercionError,
    can_ever_fit,
    compile_coercer,
    fits_as_is,
    show,
)
from autograph.graph.diff import diff
from autograph.graph.portable import read_agent
from autograph.graph.spec import BlockKind, BlockSpec, Effect, TriggerSpec
from autograph.graph.validate import validate

CASES = json.loads((Path(__file__).parents[2] / "fixtures" / "graph-core.json").read_text())


def spec(block: dict[str, Any]) -> BlockSpec:
    """What the server knows of a block, from what it tells the canvas."""
    fields = block["input_schema"].get("properties", {})
    kind = BlockKind(block["kind"])
    return BlockSpec(
        block["id"],
        block["name"],
        kind,
        Effect(block["effect"]),
        block["input_schema"],
        block["output_schema"],
        static_output=block["static_output"],
        deprecated=block["deprecated"],
        credential_fields={
            name: one for name, one in fields.items() if "credentials_provider" in one
        },
        trigger=TriggerSpec("any", "any") if kind.value.startswith("Webhook") else None,
    )


SPECS = {block["id"]: spec(block) for block in CASES["blocks"]}


@pytest.mark.parametrize("case", CASES["pins"], ids=lambda case: case["name"])
def test_pins_are_taken_apart(case: dict[str, Any]) -> None:
    found = pins.parse(case["name"])

    assert (found.base, list(found.path), found.broken) == (
        case["base"],
        case["path"],
        case["broken"],
    )
    assert pins.is_tool_pin(case["name"]) is case["tool"]


def test_types_fit() -> None:
    for case in CASES["fits"]:
        assert can_ever_fit(case["source"], case["sink"]) is case["can"], case
        assert fits_as_is(case["source"], case["sink"]) is case["as_is"], case


def test_values_fit_or_it_is_said_why_not() -> None:
    for case in CASES["values"]:
        assert _message(case["schema"], case["value"]) == case["message"], case


def _message(schema: dict[str, Any], value: Any) -> str | None:
    coercer = compile_coercer(schema)
    try:
        if coercer is not None:
            coercer(value)
    except CoercionError as error:
        return f"Expected {error.expected}, got {show(error.value)}."
    return None


@pytest.mark.parametrize("case", CASES["graphs"], ids=lambda case: case["title"])
def test_graphs_are_validated(case: dict[str, Any]) -> None:
    report = validate(read_agent(case["graph"]), SPECS, saved=frozenset(case["saved"]))

    assert report.errors() == case["errors"]
    assert report.warnings() == case["warnings"]


@pytest.mark.parametrize("case", CASES["diffs"], ids=lambda case: case["title"])
def test_versions_are_compared(case: dict[str, Any]) -> None:
    found = diff(read_agent(case["old"]), read_agent(case["new"]), SPECS)

    assert present_diff(found) == case["diff"]
