"""Everything in the database that is encrypted, so that keys can be changed while the platform runs.

Every row that holds something sealed names its key, and every such column refers to `key_canaries`: a key that
is needed cannot go, and nothing is sealed with one that went.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

import asyncpg

from autograph.infra.crypto import DoesNotOpen, KeyMissing, Keys, Sealed
from autograph.infra.database import Database
from autograph.infra.errors import Conflict

CANARY: Final = b"autograph"
_BATCH: Final = 100
_NOBODY: Final = UUID(int=0)


class KeyInUse(Conflict):
    """Something is encrypted with this key."""

    code: ClassVar[str] = "keys.in_use"


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """Where a table keeps something sealed.

    Attributes:
        table: Its name; `id` is its key.
        belongs_to: What the texts belong to, with `{}` for the row's id.
        key_id: The column that names the key.
        data: The column that holds the text; empty where it was given up.
        given_up: What becomes of a row whose key is lost, as SQL; `$1` are the ids of the keys there are, `$2`
            is the one that seals.
    """

    table: str
    belongs_to: str
    given_up: str
    key_id: str = "key_id"
    data: str = "sealed"


COLUMNS: Final = (
    SealedColumn(
        "credentials",
        "credential:{}",
        """
        UPDATE credentials SET key_id = $2, sealed = '', version = version + 1, ended_at = now(),
            ended_for = 'The key it was encrypted with is lost.'
        WHERE key_id <> ALL ($1)
        """,
    ),
    SealedColumn(
        "users",
        "totp:{}",
        """
        UPDATE users SET totp_key_id = NULL, totp_sealed = NULL, totp_since = NULL, totp_last_step = NULL
        WHERE totp_key_id <> ALL ($1) AND $2::text IS NOT NULL
        """,
        key_id="totp_key_id",
        data="totp_sealed",
    ),
    SealedColumn(
        "connection_states",
        "connection:{}",
        "DELETE FROM connection_states WHERE key_id <> ALL ($1) AND $2::text IS NOT NULL",
    ),
    SealedColumn(
        "webhooks",
        "webhook:{}",
        "DELETE FROM webhooks WHERE key_id <> ALL ($1) AND $2::text IS NOT NULL",
    ),
)


@dataclass(frozen=True, slots=True)
class Resealed:
    """What a pass over all rows has done.

    Attributes:
        done: Rows that were sealed anew, by table.
        stuck: What does not open, as `table id`: its key is missing, or it was changed.
    """

    done: Mapping[str, int]
    stuck: Sequence[str]


class SealedRows:
    """Counts, seals anew and gives up what is sealed."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def needed(self) -> Mapping[str, int]:
        """Return how many rows need each key."""
        union = " UNION ALL ".join(
            f"SELECT {one.key_id} AS key_id, count(*) AS rows FROM {one.table} "
            f"WHERE {one.key_id} IS NOT NULL GROUP BY 1"
            for one in COLUMNS
        )
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"SELECT key_id, sum(rows)::bigint AS rows FROM ({union}) AS found GROUP BY 1"
            )
        return {row["key_id"]: row["rows"] for row in rows}

    async def reseal(self, keys: Keys) -> Resealed:
        """Seal everything with the current key, in batches; others go on reading and writing meanwhile.

        May end anywhere and be done again: what was sealed anew stays so.
        """
        done: dict[str, int] = {}
        stuck: list[str] = []
        for column in COLUMNS:
            done[column.table] = 0
            after = _NOBODY
            while rows := await self._batch(column, keys.current, after):
                for row in rows:
                    try:
                        done[column.table] += await self._one(column, keys, row)
                    except (KeyMissing, DoesNotOpen):
                        stuck.append(f"{column.table} {row['id']}")
                after = rows[-1]["id"]
        return Resealed(done, stuck)

    async def _batch(
        self, column: SealedColumn, current: str, after: UUID
    ) -> Sequence[asyncpg.Record]:
        async with self._database.acquire() as connection:
            return await connection.fetch(
                f"SELECT id, {column.key_id} AS key_id, {column.data} AS data FROM {column.table} "
                f"WHERE {column.key_id} <> $1 AND id > $2 ORDER BY id LIMIT {_BATCH}",
                current,
                after,
            )

    async def _one(self, column: SealedColumn, keys: Keys, row: asyncpg.Record) -> bool:
        """Seal a row anew; False where somebody has just changed it, with the current key then."""
        belongs_to = column.belongs_to.format(row["id"])
        old = Sealed(row["key_id"], row["data"])
        new = Sealed(keys.current, b"")
        if old.data:
            new = keys.seal(keys.open(old, belongs_to=belongs_to), belongs_to=belongs_to)
        async with self._database.acquire() as connection:
            changed = await connection.execute(
                f"UPDATE {column.table} SET {column.key_id} = $2, {column.data} = $3 "
                f"WHERE id = $1 AND {column.key_id} = $4 AND {column.data} = $5",
                row["id"],
                new.key_id,
                new.data,
                old.key_id,
                old.data,
            )
        return changed != "UPDATE 0"

    async def give_up(self, keys: Keys) -> Mapping[str, int]:
        """Give up every row whose key is not there; return how many, by table."""
        known, found = list(keys.ids), dict[str, int]()
        async with self._database.acquire() as connection, connection.transaction():
            for column in COLUMNS:
                status = await connection.execute(column.given_up, known, keys.current)
                found[column.table] = int(status.rsplit(" ", 1)[1])
            await connection.execute("DELETE FROM key_canaries WHERE key_id <> ALL ($1)", known)
        return found

    async def canaries(self) -> Mapping[str, bytes]:
        """Return a sealed text for every key that there is."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch("SELECT key_id, sealed FROM key_canaries ORDER BY key_id")
        return {row["key_id"]: row["sealed"] for row in rows}

    async def add_canary(self, sealed: Sealed) -> None:
        """Keep a sealed text for a key. Idempotent."""
        async with self._database.acquire() as connection:
            await connection.execute(
                "INSERT INTO key_canaries (key_id, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                sealed.key_id,
                sealed.data,
            )

    async def forget(self, key_id: str) -> None:
        """Take a key off the list, so that nothing is sealed with it any more.

        Raises:
            KeyInUse: Something is.
        """
        try:
            async with self._database.acquire() as connection:
                await connection.execute("DELETE FROM key_canaries WHERE key_id = $1", key_id)
        except asyncpg.ForeignKeyViolationError:
            raise KeyInUse(
                f"Key {key_id} is needed: something is encrypted with it. Run `autograph keys rotate` first."
            ) from None
