"""What came to webhooks is kept as long as the setting says, and what waits for its run longer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from autograph.blocks.catalog import Catalog
from autograph.infra.database import Database
from autograph.infra.settings import Settings
from tests.security.listening import make_listening, path_of
from tests.security.people import town

pytestmark = pytest.mark.timeout(120)


async def test_what_came_longer_ago_than_the_retention_goes(
    database_url: str, tmp_path: Path, catalog: Catalog, database: Database
) -> None:
    names = ("old", "old and waiting", "young")
    async with town(database_url, tmp_path) as made:
        await made.set_up()
        token = await made.person("Ada")
        async with made.client(token) as http, made.client() as outside:
            path = path_of(await make_listening(http, catalog))
            came = {
                name: UUID(
                    (await outside.post(path, json={"it": name})).headers["x-autograph-delivery"]
                )
                for name in names
            }
            async with asyncio.timeout(60):
                while any(
                    one["starts"][0]["status"] == "stored"
                    for one in (await http.get("/api/v1/deliveries")).json()["deliveries"]
                ):
                    await asyncio.sleep(0.05)
    async with database.acquire() as connection:
        await connection.execute(
            "UPDATE webhook_deliveries SET received_at = received_at - $2::interval WHERE id = ANY ($1)",
            [came["old"], came["old and waiting"]],
            timedelta(days=4),
        )
        await connection.execute(
            "UPDATE webhook_deliveries SET received_at = received_at - $2::interval WHERE id = $1",
            came["young"],
            timedelta(days=2),
        )
        # Its run cannot start for now, so that it waits.
        await connection.execute(
            "UPDATE webhook_starts SET status = 'stored', run_id = NULL, due_at = now() + interval '1 hour' "
            "WHERE delivery_id = $1",
            came["old and waiting"],
        )

    async with town(database_url, tmp_path, webhook_retention=timedelta(days=3)):
        async with asyncio.timeout(60):
            while await _kept(database) != {came["old and waiting"], came["young"]}:
                await asyncio.sleep(0.05)


async def _kept(database: Database) -> set[UUID]:
    async with database.acquire() as connection:
        return {row["id"] for row in await connection.fetch("SELECT id FROM webhook_deliveries")}


def test_the_guide_and_the_setting_say_the_same(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guides" / "webhooks.md").read_text()

    assert "kept for 30 days (`AUTOGRAPH_WEBHOOK_RETENTION`)" in guide
    assert Settings(data_dir=tmp_path).webhook_retention == timedelta(days=30)
