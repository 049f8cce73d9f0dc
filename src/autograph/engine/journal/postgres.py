"""Runs and journals in PostgreSQL.

A commit is one statement where nothing but journals grows, and one transaction otherwise. Two things
keep a run's journal to one writer: every write names the epoch of its claim, and `(run_id, seq)` is the
primary key, so a writer that lost its claim between the two collides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg

from autograph.engine.errors import JournalLost
from autograph.engine.events import FORMAT, Event
from autograph.engine.journal import payloads, sql
from autograph.engine.journal.codec import Entry, decode_event, payload_digests
from autograph.engine.journal.liveness import LOCK_CLASS
from autograph.engine.ports import (
    Claim,
    GraphRef,
    Inbox,
    Journal,
    Message,
    RunRef,
    RunResult,
    RunWrite,
    Taken,
    Turn,
)
from autograph.engine.state import RunStatus
from autograph.graph.model import Json
from autograph.infra.database import Database, DatabaseUnavailable
from autograph.infra.ids import new_id
from autograph.infra.json import decode, encode


class PostgresJournal:
    """Implements `JournalStore`."""

    def __init__(self, database: Database) -> None:
        """Keep everything in `database`."""
        self._database = database

    async def write(self, writes: Sequence[RunWrite]) -> set[UUID]:
        """Commit all of it, durably, in one go.

        Raises:
            JournalLost: The connection broke: nobody knows what was written.
        """
        try:
            return await self._write(writes)
        except DatabaseUnavailable as error:
            raise JournalLost(f"A commit was not confirmed. {error.message}") from error
        except asyncpg.PostgresError as error:
            if len(writes) == 1:
                return self._refused(writes[0], error)
        # One run's write was refused, and with it everybody's. Each for itself, then.
        fenced: set[UUID] = set()
        for write in writes:
            fenced |= await self.write([write])
        return fenced

    def _refused(self, write: RunWrite, error: asyncpg.PostgresError) -> set[UUID]:
        if isinstance(error, asyncpg.UniqueViolationError):
            return {write.run_id}
        raise JournalLost(
            f"The database refused a write of run {write.run_id}: {error}."
        ) from error

    async def _write(self, writes: Sequence[RunWrite]) -> set[UUID]:
        only_appends = not any(write.is_new or write.result or write.children for write in writes)
        statement = sql.APPEND if only_appends else sql.WRITE
        arguments = _append_arguments(writes) if only_appends else _write_arguments(writes)
        # Before the transaction: nobody waits for its locks meanwhile.
        values = await payloads.pack_all(
            (digest, text) for write in writes for _, digest, text in _payloads(write)
        )
        async with self._database.acquire() as connection:
            if _is_plain(writes):
                kept = await connection.fetch(statement, *arguments)
            else:
                async with connection.transaction():
                    kept = await connection.fetch(statement, *arguments)
                    own = {row[0] for row in kept}
                    await self._write_more(
                        connection, [write for write in writes if write.run_id in own], values
                    )
        return {write.run_id for write in writes} - {cast("UUID", row[0]) for row in kept}

    async def _write_more(
        self,
        connection: asyncpg.pool.PoolConnectionProxy[Any],
        own: Sequence[RunWrite],
        values: payloads.Packed,
    ) -> None:
        await payloads.keep(
            connection,
            values,
            [(run_id, digest) for write in own for run_id, digest, _ in _payloads(write)],
        )
        consumed = [message for write in own for message in write.consumed]
        if consumed:
            await connection.execute(sql.CONSUME, consumed)
        told = [message for write in own for message in write.messages]
        if told:
            await connection.execute(
                sql.SEND,
                [run_id for run_id, _ in told],
                [message.kind for _, message in told],
                [encode(message.body).decode() for _, message in told],
            )
        queued = [write.run for write in own if write.is_new and write.worker is None]
        queued += [child for write in own for child, _, worker in write.children if worker is None]
        if queued:
            await connection.execute(
                sql.QUEUE, [run.id for run in queued], [run.priority for run in queued]
            )
        await _settle(connection, own)

    async def load(self, run_id: UUID) -> Sequence[Event]:
        """Return a run's events in order of `seq`."""
        return (await self.load_all([run_id]))[run_id].events

    async def load_all(self, run_ids: Sequence[UUID]) -> Mapping[UUID, Journal]:
        """Return the journals of several runs."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(sql.LOAD, run_ids)
            bodies: list[tuple[UUID, str, Mapping[str, Any]]] = [
                (row[0], row[1], decode(row[2])) for row in rows
            ]
            digests = [payload_digests(kind, body) for _, kind, body in bodies]
            texts = await payloads.load(connection, set[str]().union(*digests))
        sizes = Counter[UUID]()
        for row, refers in zip(rows, digests, strict=True):
            sizes[row[0]] += len(row[2]) + sum(len(texts.get(digest, b"")) for digest in refers)
        values = {digest: decode(text) for digest, text in texts.items()}
        events: dict[UUID, list[Event]] = {run_id: [] for run_id in run_ids}
        for run_id, kind, body in bodies:
            events[run_id].append(decode_event(kind, body, values))
        return {run_id: Journal(events[run_id], sizes[run_id]) for run_id in run_ids}

    async def length(self, run_id: UUID) -> int:
        """Return the number of a run's last event, also of a journal that cannot be read."""
        async with self._database.acquire() as connection:
            return int(await connection.fetchval(sql.LENGTH, run_id) or 0)

    async def take(self, turn: Turn) -> Taken:
        """Claim queued runs whose turn it is; their epoch rises by one."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                sql.TAKE,
                turn.worker,
                turn.room,
                turn.share,
                turn.per_person,
                turn.per_graph,
                FORMAT,
            )
            claims = [
                Claim(_run_ref(row), row["epoch"], row["crashes"], row["inbox_count"])
                for row in rows
            ]
            if len(claims) >= turn.room:
                return Taken(claims, is_more=True)  # perhaps: the next look tells
            left = await connection.fetchrow(sql.LEFT, FORMAT)
        return Taken(claims, left["is_more"], left["newest"]) if left else Taken(claims)

    async def give_back(self, claims: Sequence[Claim], *, crashed: bool = False) -> Sequence[UUID]:
        """Queue runs again that this worker holds; returns those that it still held."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                sql.GIVE_BACK,
                [claim.run.id for claim in claims],
                [claim.epoch for claim in claims],
                int(crashed),
            )
        return [row[0] for row in rows]

    async def park(
        self, claim: Claim, *, inbox_count: int, wake_in: timedelta | None = None
    ) -> bool:
        """Let a run wait without a worker; False when a message came since `inbox_count` was read."""
        async with self._database.acquire() as connection:
            parked = await connection.fetchval(
                sql.PARK, claim.run.id, claim.epoch, inbox_count, wake_in
            )
        return parked is not None

    async def bury(self, claim: Claim, *, inbox_count: int, code: str, message: str) -> bool:
        """Set a run aside as a dead letter; False when a message came since `inbox_count` was read."""
        async with self._database.acquire() as connection:
            buried = await connection.fetchval(
                sql.BURY, claim.run.id, claim.epoch, inbox_count, new_id(), code, message
            )
        return buried is not None

    async def redrive(self, run_id: UUID) -> bool:
        """Queue a run again that was set aside, its crashes forgotten; False when it was not."""
        async with self._database.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(sql.REDRIVE, run_id)
            if row is None:
                return False
            await connection.execute(sql.QUEUE, [row["id"]], [row["priority"]])
        return True

    async def answer(self, wait_id: UUID, answer: Mapping[str, Json] | None) -> bool:
        """Answer a question and tell its run; False when it was answered before, or closed."""
        async with self._database.acquire() as connection, connection.transaction():
            run_id = await connection.fetchval(
                sql.ANSWER, wait_id, None if answer is None else encode(answer).decode()
            )
            if run_id is None:
                return False
            body = encode({"wait_id": str(wait_id), "answer": answer}).decode()
            await connection.execute(sql.SEND, [run_id], ["wait.answered"], [body])
        return True

    async def inbox(self, run_id: UUID) -> Inbox:
        """Return the messages nobody has taken in yet, oldest first."""
        async with self._database.acquire() as connection:
            # The count first: a message that comes in between is then read, or noticed by `park`.
            count = await connection.fetchval(sql.INBOX_COUNT, run_id)
            rows = await connection.fetch(sql.INBOX, run_id)
        return Inbox(
            count or 0, [Message(row["kind"], decode(row["body"]), row["id"]) for row in rows]
        )

    async def send(self, run_id: UUID, message: Message) -> bool:
        """Tell a run something; a waiting run is queued. False when it is over, or there is none."""
        async with self._database.acquire() as connection:
            sent = await connection.fetch(
                sql.SEND, [run_id], [message.kind], [encode(message.body).decode()]
            )
        return bool(sent)

    async def reap(self) -> Sequence[UUID]:
        """Queue the runs of dead workers again; returns them."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(sql.REAP, LOCK_CLASS)
        return [row[0] for row in rows]

    async def wake(self, *, ahead: timedelta) -> Sequence[UUID]:
        """Queue waiting runs that are due now, or within `ahead`; returns them."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(sql.WAKE, ahead)
        return [row[0] for row in rows]

    async def result(self, run_id: UUID) -> RunResult | None:
        """Return how a run ended, None when it has not."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(sql.RESULT, run_id)
        if row is None or row["result"] is None:
            return None
        return decode_result(RunStatus(row["status"]), row["result"])


def encode_result(result: RunResult) -> str:
    """Return a result as the `runs.result` column keeps it."""
    return encode(
        {
            "outputs": result.outputs,
            "errors": result.errors,
            "starved": result.starved,
            "stats": result.stats,
            "error": result.error,
        }
    ).decode()


def decode_result(status: RunStatus, text: str) -> RunResult:
    """Return the result that `runs.result` keeps."""
    return RunResult(status, **decode(text))


def _run_ref(row: asyncpg.Record) -> RunRef:
    return RunRef(
        id=row["id"],
        owner_id=row["owner_id"],
        graph=GraphRef(row["graph_id"], row["graph_version"], row["sub_graph_id"]),
        parent_id=row["parent_id"],
        parent_node_run=row["parent_node_run"],
        depth=row["depth"],
        timezone=row["timezone"],
        priority=row["priority"],
    )


async def _settle(
    connection: asyncpg.pool.PoolConnectionProxy[Any], own: Sequence[RunWrite]
) -> None:
    """Write what runs ask, what they cost, and that questions are closed."""
    asked = [(write.run_id, one) for write in own for one in write.questions]
    if asked:
        await connection.execute(
            sql.ASK,
            [one.id for _, one in asked],
            [run_id for run_id, _ in asked],
            [one.node_run for _, one in asked],
            [one.node for _, one in asked],
            [one.kind for _, one in asked],
            [one.title for _, one in asked],
            [encode(one.payload).decode() for _, one in asked],
            [one.is_editable for _, one in asked],
            [one.token for _, one in asked],
            [
                None if one.due_at is None else datetime.fromisoformat(one.due_at)
                for _, one in asked
            ],
        )
    charged = [(write.run, one) for write in own for one in write.charges]
    if charged:
        await connection.execute(
            sql.CHARGE,
            [run.id for run, _ in charged],
            [one.node_run for _, one in charged],
            [run.owner_id for run, _ in charged],
            [one.node for _, one in charged],
            [one.block_id for _, one in charged],
            [one.credits for _, one in charged],
        )
    closed = [write.run_id for write in own if write.closes]
    if closed:
        await connection.execute(sql.CLOSE, closed)


def _payloads(write: RunWrite) -> list[tuple[UUID, str, bytes]]:
    """Return what a write keeps apart: `(run, digest, JSON text)`."""
    entries = [(write.run_id, entry) for _, entry in write.entries if entry.payloads]
    entries += [(child.id, entry) for child, entry, _ in write.children]
    return [(run_id, digest, text) for run_id, entry in entries for digest, text in entry.payloads]


def _is_plain(writes: Sequence[RunWrite]) -> bool:
    """Tell whether one statement does it all."""
    return not any(
        write.messages
        or write.consumed
        or write.children
        or write.questions
        or write.charges
        or write.closes
        or _payloads(write)
        or (write.is_new and write.worker is None)
        for write in writes
    )


def _append_arguments(writes: Sequence[RunWrite]) -> list[Any]:
    """Return the columns of what `sql.APPEND` inserts."""
    appended = [
        (write.run_id, first, *_as_lines([entry for _, entry in write.entries]))
        for write in writes
        for first, _ in write.entries[:1]
    ]
    return [
        [write.run_id for write in writes],
        [write.epoch for write in writes],
        [run_id for run_id, _, _, _ in appended],
        [first for _, first, _, _ in appended],
        [kinds for _, _, kinds, _ in appended],
        [bodies for _, _, _, bodies in appended],
    ]


def _as_lines(entries: Sequence[Entry]) -> tuple[str, str]:
    """Return kinds and bodies, a line each: the driver looks at every value of every array that it gets.

    JSON text of one line has no line break in it: those in values are escaped.
    """
    return "\n".join([one.kind for one in entries]), "\n".join([one.body for one in entries])


def _write_arguments(writes: Sequence[RunWrite]) -> list[Any]:
    """Return the columns of what `sql.WRITE` inserts and updates."""
    created = [
        (write.run, write.worker, write.run_id, write.result) for write in writes if write.is_new
    ]
    created += [
        (child, worker, write.run_id, None)
        for write in writes
        for child, _, worker in write.children
    ]
    appended = [
        (write.run_id, write.run_id, first, *_as_lines([entry for _, entry in write.entries]))
        for write in writes
        for first, _ in write.entries[:1]
    ]
    appended += [
        (write.run_id, child.id, 1, *_as_lines([entry]))
        for write in writes
        for child, entry, _ in write.children
    ]
    ended = [write for write in writes if write.result is not None and not write.is_new]
    runs = [run for run, _, _, _ in created]
    return [
        [write.run_id for write in writes if not write.is_new],
        [write.epoch for write in writes if not write.is_new],
        [run.id for run in runs],
        [by for _, _, by, _ in created],
        [run.owner_id for run in runs],
        [run.graph.graph_id for run in runs],
        [run.graph.version for run in runs],
        [run.graph.sub_graph_id for run in runs],
        [run.parent_id for run in runs],
        [run.parent_node_run for run in runs],
        [run.depth for run in runs],
        [run.timezone for run in runs],
        [run.priority for run in runs],
        [_first_status(worker, result) for _, worker, _, result in created],
        [worker if result is None else None for _, worker, _, result in created],
        [None if result is None else encode_result(result) for _, _, _, result in created],
        [by for by, _, _, _, _ in appended],
        [run_id for _, run_id, _, _, _ in appended],
        [first for _, _, first, _, _ in appended],
        [kinds for _, _, _, kinds, _ in appended],
        [bodies for _, _, _, _, bodies in appended],
        [write.run_id for write in ended],
        [cast("RunResult", write.result).status.value for write in ended],
        [encode_result(cast("RunResult", write.result)) for write in ended],
        FORMAT,
    ]


def _first_status(worker: int | None, result: RunResult | None) -> str:
    if result is not None:
        return result.status.value
    return (RunStatus.QUEUED if worker is None else RunStatus.RUNNING).value
