"""Log-ins that are over are forgotten after a while; those that go on, and the last one of each person, stay."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from autograph.features.accounts.models.sessions import Visit
from autograph.infra.database import Database
from autograph.infra.settings import Settings
from tests.security.people import HERE, PASSWORD, Town, town

pytestmark = pytest.mark.timeout(120)
FAR = Visit("198.51.100.9", "Firefox/139.0")


async def _log_in(made: Town, visit: Visit = HERE) -> Any:
    return await made.platform.accounts.login.log_in("ada@example.com", PASSWORD, visit)


async def _sessions(database: Database, user_id: UUID) -> dict[UUID, int]:
    """Return how many refresh tokens each log-in of a person has."""
    async with database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT s.id, (SELECT count(*) FROM refresh_tokens t WHERE t.session_id = s.id) AS tokens "
            "FROM sessions s WHERE s.user_id = $1 ORDER BY s.created_at",
            user_id,
        )
    return {row["id"]: row["tokens"] for row in rows}


async def _age(database: Database, session_id: UUID, by: timedelta, *, of: str) -> None:
    assert of in {"expires_at", "revoked_at"}
    async with database.acquire() as connection:
        await connection.execute(
            f"UPDATE sessions SET {of} = now() - $2::interval WHERE id = $1", session_id, by
        )


async def test_what_ended_longer_ago_than_the_retention_goes_and_the_last_stays(
    database_url: str, tmp_path: Path, database: Database
) -> None:
    async with town(database_url, tmp_path) as made:
        await made.person("Ada")
        tokens = [await _log_in(made) for _ in range(5)]
        ada = tokens[0].user_id
        # The first is what `person` logged in with.
        first, run_out, ended, ended_lately, goes_on, last = await _sessions(database, ada)
        await _age(database, run_out, timedelta(days=4), of="expires_at")
        await _age(database, ended, timedelta(days=4), of="revoked_at")
        await _age(database, ended_lately, timedelta(days=2), of="revoked_at")
        await _age(database, last, timedelta(days=4), of="expires_at")
        before = await _sessions(database, ada)
        assert all(before.values())

    async with town(database_url, tmp_path, session_retention=timedelta(days=3)) as made:
        async with asyncio.timeout(30):
            while len(await _sessions(database, ada)) > 4:
                await asyncio.sleep(0.05)
        assert [*await _sessions(database, ada)] == [first, ended_lately, goes_on, last]
        async with database.acquire() as connection:
            left = await connection.fetchval(
                "SELECT count(*) FROM refresh_tokens WHERE session_id = ANY ($1)", [run_out, ended]
            )
        assert left == 0
        again = await made.platform.accounts.login.refresh(tokens[3].refresh, HERE)
        assert again.user_id == ada


async def test_a_new_place_is_still_told_apart_after_a_long_absence(
    settled: Town, database: Database
) -> None:
    await settled.person("Ada")
    ada = (await _log_in(settled)).user_id
    old, last = await _sessions(database, ada)
    for one in (old, last):
        await _age(database, one, timedelta(days=400), of="expires_at")

    assert await settled.platform.accounts.login.forget_ended(timedelta(days=90)) == 1
    assert [*await _sessions(database, ada)] == [last]
    await _log_in(settled, FAR)

    async with database.acquire() as connection, asyncio.timeout(30):
        while not await connection.fetchval(
            "SELECT count(*) FROM notifications WHERE user_id = $1 AND body ->> 'ip' = $2",
            ada,
            FAR.ip,
        ):
            await asyncio.sleep(0.05)


def test_the_guide_and_the_setting_say_the_same(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs/guides/operate/retention.md").read_text()

    assert (
        "`AUTOGRAPH_SESSION_RETENTION` | how long log-ins are kept after their end: 90 days"
        in guide
    )
    assert Settings(data_dir=tmp_path).session_retention == timedelta(days=90)
