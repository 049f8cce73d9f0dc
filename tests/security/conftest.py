"""A platform with an owner, for every family of security tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.security.people import Town, town


@pytest.fixture
async def settled(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A platform whose owner's account is set up."""
    async with town(database_url, tmp_path) as made:
        await made.set_up()
        yield made


@pytest.fixture
async def fresh(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A platform that nobody owns yet."""
    async with town(database_url, tmp_path) as made:
        yield made


@pytest.fixture
async def open_town(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A platform without limits on rates, and with a small one on bodies."""
    unlimited = {
        f"rate_{kind}": 0 for kind in ("read", "write", "execute", "auth", "public", "webhook")
    }
    async with town(database_url, tmp_path, max_body_bytes=100_000, **unlimited) as made:
        await made.set_up()
        yield made
