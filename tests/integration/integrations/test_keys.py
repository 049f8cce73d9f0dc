"""Keys are changed while the platform runs: nothing is lost, whenever it is interrupted."""

from __future__ import annotations

import asyncio
import base64
import os
from pathlib import Path
from uuid import UUID

import pytest

from autograph.blocks.sdk import ApiKeySecret
from autograph.bootstrap.keys import (
    KeyIsCurrent,
    forget_key,
    forget_lost,
    list_keys,
    open_keys,
    rotate_keys,
)
from autograph.features.integrations.errors import CredentialEnded
from autograph.features.integrations.models import Credential
from autograph.infra.crypto import KeyMissing
from autograph.infra.database import Database
from autograph.infra.keys import read_keys
from autograph.infra.sealing import COLUMNS, KeyInUse, SealedRows
from autograph.infra.settings import Settings
from tests.processes import COMMAND
from tests.security.people import HERE, Town, town

pytestmark = pytest.mark.timeout(60)


async def add(place: Town, key: str) -> Credential:
    return await place.platform.integrations.credentials.add(
        place.platform.owner, "github", key, ApiKeySecret(key), HERE
    )


async def opened(place: Town, credential_id: UUID) -> str:
    owner = place.platform.owner.user_id
    _, secret = await place.platform.integrations.credentials.open(owner, credential_id)
    assert isinstance(secret, ApiKeySecret)
    return secret.api_key


async def test_a_running_platform_goes_on_over_a_rotation(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    async with town(database_url, tmp_path) as place:
        before = [await add(place, f"key-{number}") for number in range(130)]
        old = place.platform.integrations.credentials
        done = await rotate_keys(settings, database)
        after = await add(place, "after")

        assert done.resealed is not None
        assert (done.resealed.done["credentials"], list(done.resealed.stuck)) == (130, [])
        assert await opened(place, before[0].id) == "key-0"
        assert await opened(place, after.id) == "after"
        assert old is place.platform.integrations.credentials
        assert set(await SealedRows(database).needed()) == {done.current}
        for one in done.unneeded:
            await forget_key(settings, database, one)
        assert [one.id for one in await list_keys(settings, database)] == [done.current]
        assert await opened(place, before[129].id) == "key-129"


async def test_a_rotation_that_is_killed_goes_on_where_it_was(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    rows = SealedRows(database)
    async with town(database_url, tmp_path) as place:
        made = [await add(place, f"key-{number}") for number in range(5)]
        async with database.acquire() as connection:
            # Somebody is changing the third one: the rotation waits there, and is killed.
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(
                "SELECT 1 FROM credentials WHERE id = $1 FOR UPDATE", made[2].id
            )
            process = await asyncio.create_subprocess_exec(
                *COMMAND,
                *("keys", "rotate", "--data-dir", str(tmp_path)),
                env={**os.environ, "AUTOGRAPH_DATABASE_URL": database_url},
            )
            while sorted((await rows.needed()).values()) != [2, 3]:
                assert process.returncode is None
            process.kill()
            await process.wait()
            await transaction.rollback()
        assert [await opened(place, one.id) for one in made] == [f"key-{n}" for n in range(5)]
        current = read_keys(tmp_path / "keys.json")
        done = await rotate_keys(settings, database)

        assert current is not None
        assert (done.current, done.is_new) == (current.current, False)
        assert dict(await rows.needed()) == {current.current: 5}
        assert [await opened(place, one.id) for one in made] == [f"key-{n}" for n in range(5)]


async def test_a_prepared_key_is_taken_into_use_by_the_next_rotation(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    async with town(database_url, tmp_path) as place:
        await add(place, "key")
        await rotate_keys(settings, database, is_prepare=True)
        prepared = read_keys(tmp_path / "keys.json")
        done = await rotate_keys(settings, database)

        assert prepared is not None
        assert prepared.current != prepared.ids_in_order[-1] == done.current


async def test_a_key_that_is_needed_is_not_forgotten(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    async with town(database_url, tmp_path) as place:
        await add(place, "key")
        first = (await list_keys(settings, database))[0].id
        with pytest.raises(KeyIsCurrent):
            await forget_key(settings, database, first)
        with pytest.raises(KeyInUse, match="keys rotate"):
            await SealedRows(database).forget(first)


async def test_a_lost_key_is_refused_at_start_and_can_be_given_up(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    async with town(database_url, tmp_path) as place:
        made = await add(place, "key")
    (tmp_path / "keys.json").unlink()

    with pytest.raises(KeyMissing, match=r"keys forget --lost"):
        await open_keys(settings, database)
    given_up = await forget_lost(settings, database)

    assert given_up["credentials"] == 1
    async with town(database_url, tmp_path) as place:
        with pytest.raises(CredentialEnded, match="key it was encrypted with is lost"):
            await opened(place, made.id)
        await place.platform.integrations.credentials.replace(
            place.platform.owner, made.id, ApiKeySecret("new"), HERE
        )
        assert await opened(place, made.id) == "new"


async def test_every_column_that_names_a_key_is_sealed_anew(database: Database) -> None:
    async with database.acquire() as connection:
        rows = await connection.fetch(
            """
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND column_name LIKE '%key_id' AND table_name <> 'key_canaries'
              AND data_type = 'text'
            """
        )
    named = {(row["table_name"], row["column_name"]) for row in rows}

    assert named == {(one.table, one.key_id) for one in COLUMNS}


async def test_nothing_secret_is_in_the_database_in_plain(
    database_url: str, database: Database, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    canary = "canary-9f8e7d6c5b"
    async with town(database_url, tmp_path) as place:
        await place.set_up()
        async with place.client(await place.person("Ada")) as http:
            told: list[str] = []
            for secret in (
                {"type": "api_key", "api_key": canary},
                {"type": "user_password", "username": "ada", "password": canary},
                {"type": "host_scoped", "host": "a.example", "headers": {"X-Key": canary}},
                {"type": "api_key", "api_key": f"{canary}\nbroken"},
                {"type": "user_password", "username": canary * 100, "password": canary},
            ):
                body = {"provider": "elsewhere", "title": "Mine", "secret": secret}
                told.append((await http.post("/api/v1/credentials", json=body)).text)
            told.append((await http.get("/api/v1/credentials")).text)
            ids = [one["id"] for one in (await http.get("/api/v1/credentials")).json()]
            told.extend(
                [
                    (await http.post(f"/api/v1/credentials/{ids[0]}/test")).text,
                    (await http.get(f"/api/v1/credentials/{ids[0]}/uses")).text,
                    (await http.get("/api/v1/account/export")).text,
                ]
            )
    assert len(ids) == 3
    assert not [one for one in told if canary in one]
    output = "".join(capfd.readouterr())
    dump = await everything_in(database)
    for form in (canary, canary.encode().hex(), base64.b64encode(canary.encode()).decode()):
        assert form not in output
        assert form not in dump


async def everything_in(database: Database) -> str:
    async with database.acquire() as connection:
        tables = await connection.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' "
            "AND table_type = 'BASE TABLE'"
        )
        found: list[str] = []
        for table in tables:
            rows = await connection.fetch(f'SELECT t::text AS row FROM "{table["table_name"]}" t')
            found.extend(row["row"] for row in rows)
    assert any("credential.added" in one for one in found)
    return "\n".join(found)
