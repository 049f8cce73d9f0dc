"""What agents remember between runs."""

from __future__ import annotations

from typing import Any

import pytest

from autograph.blocks.builtin.storage.information import PersistInformation, RetrieveInformation
from autograph.blocks.sdk import Effect
from autograph.blocks.sdk.testing import FakeContext, run_block


@pytest.fixture
def ctx() -> FakeContext:
    return FakeContext()


class TestInformation:
    @pytest.mark.parametrize("value", ["Oslo", 0, False, [], {"a": [None, "ü"]}])
    async def test_what_was_kept_is_found_again(self, ctx: FakeContext, value: Any) -> None:
        await run_block(PersistInformation, {"key": "k", "value": value}, ctx)

        assert await run_block(RetrieveInformation, {"key": "k"}, ctx) == [("value", value)]

    async def test_a_second_value_replaces_the_first(self, ctx: FakeContext) -> None:
        for value in (1, 2):
            await run_block(PersistInformation, {"key": "k", "value": value}, ctx)

        assert await run_block(RetrieveInformation, {"key": "k"}, ctx) == [("value", 2)]

    async def test_an_agents_own_values_and_all_agents_values_are_apart(
        self, ctx: FakeContext
    ) -> None:
        given = {"key": "k", "value": "mine", "scope": "within_agent"}
        await run_block(PersistInformation, given, ctx)

        found = await run_block(
            RetrieveInformation, {"key": "k", "scope": "across_agents", "default_value": "-"}, ctx
        )

        assert found == [("value", "-")]

    async def test_nothing_kept_and_no_default_gives_null(self, ctx: FakeContext) -> None:
        assert await run_block(RetrieveInformation, {"key": "k"}, ctx) == [("value", None)]

    async def test_a_value_changed_after_it_was_kept_stays_as_it_was(
        self, ctx: FakeContext
    ) -> None:
        value = [1]
        await run_block(PersistInformation, {"key": "k", "value": value}, ctx)
        value.append(2)

        assert await run_block(RetrieveInformation, {"key": "k"}, ctx) == [("value", [1])]

    def test_keeping_may_be_repeated_and_finding_changes_nothing(self) -> None:
        assert PersistInformation.effect is Effect.IDEMPOTENT
        assert RetrieveInformation.effect is Effect.READ
