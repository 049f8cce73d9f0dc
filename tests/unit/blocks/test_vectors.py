"""What was observed of the reference's blocks holds for ours, save what is overruled on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from autograph.blocks.catalog import load_catalog
from autograph.blocks.sdk import BlockError
from autograph.blocks.sdk.testing import run_block
from tests.unit.blocks.differences import FACTS, OVERRULED, Overruled

CATALOG: Final = load_catalog()
VECTORS: Final = FACTS / "fixtures" / "block-vectors.json"


def vectors() -> Iterator[Any]:
    if not VECTORS.exists():
        yield pytest.param(
            {}, marks=pytest.mark.skip(reason="the observed vectors are not beside this folder")
        )
        return
    overruled = [(one.block, one.input) for one in OVERRULED]
    for number, vector in enumerate(json.loads(VECTORS.read_text("utf-8"))):
        block = CATALOG.find(vector["block_id"])
        if block is not None and (block.name, vector["input"]) not in overruled:
            yield pytest.param(vector, id=f"{number}-{block.name}")


@pytest.mark.parametrize("vector", list(vectors()))
async def test_an_observed_vector_holds(vector: dict[str, Any]) -> None:
    block = CATALOG.get(vector["block_id"])

    if vector["fails"]:
        with pytest.raises(BlockError):
            await run_block(block, vector["input"])
    else:
        outputs = await run_block(block, vector["input"])
        # As JSON texts, because in Python 1, 1.0 and true are equal.
        assert json.dumps(outputs) == json.dumps(vector["outputs"])


@pytest.mark.parametrize("one", [pytest.param(one, id=one.key) for one in OVERRULED])
async def test_an_overruled_vector_does_what_we_say_instead(one: Overruled) -> None:
    block = CATALOG.get(one.block)

    if one.error is not None:
        with pytest.raises(BlockError, match=one.error):
            await run_block(block, one.input)
    else:
        assert await run_block(block, one.input) == list(one.outputs)
