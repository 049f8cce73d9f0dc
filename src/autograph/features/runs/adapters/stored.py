"""What a person's agents keep between runs: values by their keys, and texts by their meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from autograph.blocks.sdk import BlockError, Collection, Memo, Question, Recalled, Scope
from autograph.blocks.sdk.memory import checked, memory_id, metadata_json, unit
from autograph.engine.ports import RunRef
from autograph.features.accounts.models import Principal
from autograph.features.storage.service import StorageService
from autograph.graph.model import Json
from autograph.infra.database import Database
from autograph.infra.json import decode, encode

MAX_KEY: Final = 512
# Vectors have length 1, so that the sum of products is the cosine.
_BY_PGVECTOR: Final = "-(vector::vector <#> $5::real[]::vector)"
_BY_HAND: Final = "(SELECT sum(a::float8 * b) FROM unnest(vector, $5::real[]) AS pair (a, b))"
_RECALL: Final = """
SELECT id, text, metadata::text AS metadata, created_at, score FROM (
    SELECT id, text, metadata, created_at, {score} AS score FROM memories
    WHERE owner_id = $1 AND scope = $2 AND collection = $3 AND model = $4 AND cardinality(vector) = $6
      AND metadata @> $7::text::jsonb AND (expires_at IS NULL OR expires_at > now())
) AS found WHERE score >= $8 ORDER BY score DESC, id LIMIT $9
"""
_REMEMBER: Final = """
INSERT INTO memories (owner_id, scope, id, collection, model, text, metadata, vector, size_bytes, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $9, $10)
ON CONFLICT (owner_id, scope, id) DO UPDATE
SET vector = excluded.vector, expires_at = excluded.expires_at, created_at = now()
"""
_HAS_PGVECTOR: Final = "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'vector')"


class StoredValues:
    """Makes the `KeyValueStore` of each run."""

    def __init__(self, database: Database, storage: StorageService, *, max_memories: int) -> None:
        """Keep in `database`; a person may keep `max_memories` texts, as far as `storage` has room for them."""
        self._database = database
        self._storage = storage
        self._max_memories = max_memories
        self._has_pgvector: bool | None = None

    def of(self, run: RunRef) -> _OwnersStore:
        """Return what the agents of a run's owner keep."""
        return _OwnersStore(self, run)

    def connection(self) -> Any:
        """Lend a connection."""
        return self._database.acquire()

    async def make_room(
        self, connection: asyncpg.Connection[Any], owner_id: UUID, more: int
    ) -> None:
        """Make sure that a person may keep so many texts more, until the transaction ends.

        Raises:
            BlockError: They may not.
        """
        await connection.execute("SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE", owner_id)
        kept = await connection.fetchval(
            "SELECT count(*) FROM memories WHERE owner_id = $1", owner_id
        )
        if kept + more > self._max_memories:
            raise BlockError(
                f"Your agents remember {kept:,} texts, and {more:,} more are too many: at most "
                f"{self._max_memories:,} are kept (setting: AUTOGRAPH_MAX_MEMORIES). Have some forgotten (Forget).",
                code="storage.full",
            )

    async def require_room(self, owner_id: UUID) -> None:
        """Make sure that a person has room on the disk.

        Raises:
            StorageFull: They have none.
        """
        await self._storage.check_room(Principal(owner_id, ""))

    async def score(self, connection: asyncpg.Connection[Any]) -> str:
        """Return how nearness is reckoned here: by pgvector where it is switched on."""
        if not self._has_pgvector:  # it may be switched on while we run, and is never switched off
            self._has_pgvector = bool(await connection.fetchval(_HAS_PGVECTOR))
        return _BY_PGVECTOR if self._has_pgvector else _BY_HAND


class _OwnersStore:
    """Implements `KeyValueStore` for one run."""

    def __init__(self, stored: StoredValues, run: RunRef) -> None:
        self._stored = stored
        self._run = run

    def _scope(self, scope: Scope) -> str:
        return (
            ""
            if scope is Scope.PERSON
            else self._run.graph.sub_graph_id or str(self._run.graph.graph_id)
        )

    async def get(self, key: str, *, scope: Scope) -> Json | None:
        """Return the value kept under `key`, None when there is none."""
        async with self._stored.connection() as connection:
            text = await connection.fetchval(
                "SELECT value::text FROM stored_values WHERE owner_id = $1 AND scope = $2 AND key = $3",
                self._run.owner_id,
                self._scope(scope),
                _checked(key),
            )
        return None if text is None else decode(text)

    async def set(self, key: str, value: Json, *, scope: Scope) -> None:
        """Keep `value` under `key`."""
        async with self._stored.connection() as connection:
            await connection.execute(
                """
                INSERT INTO stored_values (owner_id, scope, key, value) VALUES ($1, $2, $3, $4::text::json)
                ON CONFLICT (owner_id, scope, key) DO UPDATE SET value = excluded.value, updated_at = now()
                """,
                self._run.owner_id,
                self._scope(scope),
                _checked(key),
                encode(value).decode(),
            )

    async def remember(self, collection: Collection, memos: Sequence[Memo]) -> Sequence[str]:
        """Keep texts by their meaning; return their ids.

        Raises:
            BlockError: One is too large, or there are more than a person may keep.
            StorageFull: The person's room is used up.
        """
        owner, scope = self._run.owner_id, self._scope(collection.scope)
        rows = [_row(owner, scope, checked(collection), one) for one in memos]
        await self._stored.require_room(owner)
        async with self._stored.connection() as connection, connection.transaction():
            known = await connection.fetchval(
                "SELECT count(*) FROM memories WHERE owner_id = $1 AND scope = $2 AND id = ANY ($3::uuid[])",
                owner,
                scope,
                [one[2] for one in rows],
            )
            await self._stored.make_room(
                connection, owner, len({one[2] for one in rows}) - int(known)
            )
            await connection.executemany(_REMEMBER, rows)
        return [str(one[2]) for one in rows]

    async def recall(self, collection: Collection, question: Question) -> Sequence[Recalled]:
        """Return the texts that are nearest to a place, the nearest first.

        Raises:
            BlockError: The place is none.
        """
        vector = unit(question.vector)
        async with self._stored.connection() as connection:
            score = await self._stored.score(connection)
            found = await connection.fetch(
                _RECALL.format(score=score),
                self._run.owner_id,
                self._scope(collection.scope),
                checked(collection).name,
                collection.model,
                vector,
                len(vector),
                metadata_json(question.where),
                question.least,
                question.limit,
            )
        return [
            Recalled(
                str(row["id"]),
                row["text"],
                decode(row["metadata"]),
                round(row["score"], 6),
                row["created_at"],
            )
            for row in found
        ]

    async def forget(self, collection: Collection, ids: Sequence[str] | None) -> int:
        """Delete texts, or with None all of a collection; return how many went."""
        async with self._stored.connection() as connection:
            done = await connection.execute(
                """
                DELETE FROM memories WHERE owner_id = $1 AND scope = $2 AND collection = $3
                  AND ($4::text[] IS NULL OR id::text = ANY ($4))
                """,
                self._run.owner_id,
                self._scope(collection.scope),
                checked(collection).name,
                ids,
            )
        return int(str(done).split()[-1])


def _row(owner: UUID, scope: str, collection: Collection, memo: Memo) -> tuple[Any, ...]:
    """Return a memory as `_REMEMBER` takes it.

    Raises:
        BlockError: It is too large, or its place is none.
    """
    known, vector = UUID(memory_id(collection, memo)), unit(memo.vector)
    metadata = metadata_json(memo.metadata)
    size = len(memo.text.encode()) + len(metadata.encode()) + 4 * len(vector)
    return (
        *(owner, scope, known, collection.name, collection.model, memo.text),
        *(metadata, vector, size, memo.expires_at),
    )


def _checked(key: str) -> str:
    if len(key) > MAX_KEY:
        raise BlockError(f"A key has at most {MAX_KEY} characters; this one has {len(key)}.")
    if "\0" in key:
        raise BlockError("A key cannot hold the character U+0000.")
    return key
