"""Every action of every pack: checked, like the block that it stands for, and played as it was recorded."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from autograph.blocks.packs.action import CREDENTIALS, ActionBlock, block_of
from autograph.blocks.packs.lint import lint
from autograph.blocks.packs.shelf import INDEX, OWN, pack_at, write_index
from autograph.blocks.sdk import BlockError, Effect, Example
from autograph.blocks.sdk.examples import Exchanged
from autograph.blocks.sdk.recorded import recorded
from autograph.blocks.sdk.testing import FakeContext, check_block, run_block
from autograph.graph.coerce import types_of
from tests.unit.blocks.differences import DEFAULTS_OF_THE_MOMENT, OWN_WORDS, own_pins
from tests.unit.blocks.test_blocks import reference_types, spoken

PACKS: Final = [pack_at(path) for path in sorted(OWN.glob("*.toml"))]
BLOCKS: Final = [
    pytest.param(block_of(pack, action), id=f"{pack.id}-{action.name}")
    for pack in PACKS
    for action in pack.actions.values()
]
FACTS: Final = {
    one["id"]: one
    for line in (Path(__file__).parents[3] / "fixtures" / "known-blocks.jsonl")
    .read_text("utf-8")
    .splitlines()
    for one in [json.loads(line)]
}
MORE_PINS: Final[dict[str, set[str]]] = {}
"""Blocks → pins that ours have and the known ones have not."""


@pytest.mark.parametrize("pack", [pytest.param(one, id=one.id) for one in PACKS])
def test_a_pack_that_comes_along_has_nothing_wrong(pack: Any) -> None:
    assert lint(pack.path) == []


def test_the_index_is_in_step_with_the_packs() -> None:
    assert INDEX.read_text("utf-8") == write_index()


@pytest.mark.parametrize("block", BLOCKS)
class TestEveryAction:
    async def test_sends_and_gives_out_what_was_recorded(self, block: type[ActionBlock]) -> None:
        await check_block(block)

    def test_every_recording_proves_who_asks(self, block: type[ActionBlock]) -> None:
        provider = block.pack.provider
        own = [urlsplit(provider.base_url or "").hostname or "*", *provider.hosts]
        for example in block.examples:
            for one in example.exchanges:
                proof = f"{dict(one.request_headers)} {one.query} {one.url}"
                host = urlsplit(one.url).hostname or ""
                is_theirs = any(fnmatch(host, pattern) for pattern in own)
                is_proved = "test-secret" in proof or "Basic" in proof
                assert not example.secrets or is_proved == is_theirs

    def test_has_the_pins_of_the_block_it_stands_for(self, block: type[ActionBlock]) -> None:
        known = FACTS.get(block.id)
        if known is None:
            return
        spec = block.spec()
        assert block.name == known["name"]
        more = MORE_PINS.get(block.name, set()) | own_pins(block)
        assert set(spec.input_pins) - more == set(known["inputs"])
        assert set(spec.output_pins) == set(known["outputs"])
        needed = {name for name, one in known["inputs"].items() if one.get("required")}
        assert set(spec.input_schema["required"]) == needed
        for name, one in known["inputs"].items():
            if name != CREDENTIALS:
                assert types_of(spec.input_pins[name]) == reference_types(one["type"]), name
                assert spec.input_pins[name].get("enum") == one.get("enum"), name
                if (
                    "default" in one
                    and (block.name, name) not in DEFAULTS_OF_THE_MOMENT | OWN_WORDS
                ):
                    assert spec.input_pins[name].get("default") == spoken(one["default"]), name
        for name, one in known["outputs"].items():
            assert types_of(spec.output_pins[name]) == reference_types(one), name

    @pytest.mark.parametrize("status", [401, 429, 503])
    async def test_a_refusal_names_the_credential_and_says_what_the_provider_says(
        self, block: type[ActionBlock], status: int
    ) -> None:
        example, asked = _first(block)
        refusal = Exchanged(
            method=asked.method,
            url=asked.url,
            query=asked.query,
            request_headers=asked.request_headers,
            body=asked.body,
            status=status,
            response={"text": "not now, test-secret"},
            response_headers={"Retry-After": "7"},
        )
        ctx = FakeContext(secrets=dict(example.secrets))

        async with recorded([refusal]) as ctx.http:
            with pytest.raises(BlockError) as caught:
                await run_block(block, example.input, ctx)

        assert block.pack.provider.name in caught.value.message
        assert not example.secrets or "'Test'" in caught.value.message
        assert caught.value.code != "block.failed"
        assert "test-secret" not in caught.value.message
        assert caught.value.retry_after is not None
        assert caught.value.retry_after.total_seconds() == 7


def _first(block: type[ActionBlock]) -> tuple[Example, Exchanged]:
    return next((one, one.exchanges[0]) for one in block.examples if one.exchanges and one.outputs)


def test_work_that_is_begun_and_waited_for_is_an_effect() -> None:
    for pack in PACKS:
        for action in pack.actions.values():
            only_asks = action.effect is Effect.READ and action.request.startswith("GET ")
            assert action.poll is None or action.effect is Effect.EFFECT or only_asks
