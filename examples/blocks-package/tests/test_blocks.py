"""The blocks of this package do what their examples say, and Autograph finds them."""

from __future__ import annotations

import pytest
from autograph_words.numerals import ToRomanNumeral
from autograph_words.slugs import MakeSlug

from autograph.blocks.catalog import load_catalog
from autograph.blocks.sdk.testing import check_block, run_block


@pytest.mark.parametrize("block", [MakeSlug, ToRomanNumeral])
async def test_the_block_is_what_it_says(block: type) -> None:
    """The SDK runs every example and checks every pin."""
    await check_block(block)

    assert load_catalog().get(block.name) is block


async def test_a_year() -> None:
    """A block is called by hand like this."""
    assert await run_block(ToRomanNumeral, {"number": 1994}) == [("numeral", "MCMXCIV")]
