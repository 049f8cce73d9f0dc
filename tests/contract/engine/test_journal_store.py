"""What every journal store promises, tried on each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from autograph.engine.events import NodeCompleted, RunStarted
from autograph.engine.journal.codec import encode_event
from autograph.engine.journal.liveness import AdvisoryLock
from autograph.engine.journal.memory import MemoryJournal
from autograph.engine.journal.postgres import PostgresJournal
from autograph.engine.ports import GraphRef, JournalStore, Message, RunRef, RunResult, RunWrite
from autograph.engine.state import RunStatus
from autograph.infra.clock import SystemClock
from autograph.infra.database import Database
from autograph.infra.ids import new_id

RESULT = RunResult(RunStatus.COMPLETED, {"out": [1, "é\0"]}, stats={"node_runs": 1})


@dataclass
class Kit:
    """A store, and how workers live and die in it."""

    store: JournalStore
    live: Callable[[], Awaitable[int]]
    die: Callable[[int], Awaitable[None]]


@pytest.fixture
def memory_kit() -> Kit:
    memory = MemoryJournal(SystemClock())

    async def live() -> int:
        worker = len(memory.alive) + 1
        memory.alive.add(worker)
        return worker

    async def die(worker: int) -> None:
        memory.alive.discard(worker)

    return Kit(memory, live, die)


@pytest.fixture
async def postgres_kit(database: Database) -> AsyncIterator[Kit]:
    locks: dict[int, AdvisoryLock] = {}

    async def live() -> int:
        lock = await AdvisoryLock.take(database)
        locks[lock.worker] = lock
        return lock.worker

    async def die(worker: int) -> None:
        await locks.pop(worker).close()

    yield Kit(PostgresJournal(database), live, die)
    for lock in locks.values():
        await lock.close()


@pytest.fixture(params=["memory", "postgres"])
def kit(request: pytest.FixtureRequest) -> Kit:
    made: Kit = request.getfixturevalue(f"{request.param}_kit")
    return made


def a_run() -> RunRef:
    return RunRef(new_id(), new_id(), GraphRef(new_id(), 1))


def started(run: RunRef, *, worker: int | None = None) -> RunWrite:
    write = RunWrite(run, 0 if worker is None else 1, is_new=True, worker=worker)
    write.entries.append((1, encode_event(RunStarted({"x": 1}))))
    return write


def goes_on(run: RunRef, epoch: int, seq: int) -> RunWrite:
    write = RunWrite(run, epoch)
    write.entries.append((seq, encode_event(NodeCompleted(seq - 1, "n", (("out", seq),)))))
    return write


class TestWriting:
    async def test_what_was_written_is_read_back_in_order(self, kit: Kit) -> None:
        run, worker = a_run(), await kit.live()
        write = started(run, worker=worker)
        write.entries.append(
            (2, encode_event(NodeCompleted(1, "n", (("out", {"b": 1, "a": [None, "\0é"]}),))))
        )

        assert await kit.store.write([write]) == set()

        events = await kit.store.load(run.id)
        assert events == [
            RunStarted({"x": 1}),
            NodeCompleted(1, "n", (("out", {"b": 1, "a": [None, "\0é"]}),)),
        ]
        assert list(events[1].outputs[0][1]) == ["b", "a"]  # type: ignore[union-attr]

    async def test_a_large_value_is_kept_apart_and_comes_back_whole(self, kit: Kit) -> None:
        run, worker = a_run(), await kit.live()
        write = started(run, worker=worker)
        large = ["x" * 1000] * 100
        row = encode_event(NodeCompleted(1, "n", (("out", large),)))
        write.entries.append((2, row))
        await kit.store.write([write])

        assert len(row.body) < 1000
        assert (await kit.store.load(run.id))[1] == NodeCompleted(1, "n", (("out", large),))

    async def test_a_passed_epoch_writes_nothing_and_is_told(self, kit: Kit) -> None:
        run, worker = a_run(), await kit.live()
        await kit.store.write([started(run)])
        claim, *_ = await kit.store.claim([run.id], worker=worker)

        assert await kit.store.write([goes_on(run, claim.epoch - 1, 2)]) == {run.id}
        assert len(await kit.store.load(run.id)) == 1

    async def test_a_seq_that_is_taken_fences_its_writer_and_nobody_else(self, kit: Kit) -> None:
        first, second, worker = a_run(), a_run(), await kit.live()
        await kit.store.write([started(first, worker=worker), started(second, worker=worker)])
        await kit.store.write([goes_on(first, 1, 2)])

        fenced = await kit.store.write([goes_on(first, 1, 2), goes_on(second, 1, 2)])

        assert fenced == {first.id}
        assert [len(await kit.store.load(run.id)) for run in (first, second)] == [2, 2]

    async def test_a_run_that_is_made_and_ends_in_one_commit_is_over(self, kit: Kit) -> None:
        run, worker = a_run(), await kit.live()
        write = started(run, worker=worker)
        write.result = RESULT
        await kit.store.write([write])

        assert await kit.store.result(run.id) == RESULT
        assert await kit.store.claim([run.id], worker=worker) == []

    async def test_a_run_has_no_result_before_its_end(self, kit: Kit) -> None:
        run, worker = a_run(), await kit.live()
        await kit.store.write([started(run, worker=worker)])

        assert await kit.store.result(run.id) is None


class TestClaiming:
    async def test_only_one_worker_gets_a_queued_run(self, kit: Kit) -> None:
        run, one, other = a_run(), await kit.live(), await kit.live()
        await kit.store.write([started(run)])

        assert [claim.run for claim in await kit.store.claim([run.id], worker=one)] == [run]
        assert await kit.store.claim([run.id], worker=other) == []

    async def test_the_runs_of_a_dead_worker_are_queued_again_and_its_writes_refused(
        self, kit: Kit
    ) -> None:
        run, dead, other = a_run(), await kit.live(), await kit.live()
        await kit.store.write([started(run)])
        claim, *_ = await kit.store.claim([run.id], worker=dead)
        assert await kit.store.reap() == []

        await kit.die(dead)

        assert await kit.store.reap() == [run.id]
        again, *_ = await kit.store.claim([run.id], worker=other)
        assert (again.epoch, again.crashes) == (claim.epoch + 1, 1)
        assert await kit.store.write([goes_on(run, claim.epoch, 2)]) == {run.id}

    async def test_a_run_given_back_is_queued_once(self, kit: Kit) -> None:
        run, worker = a_run(), await kit.live()
        await kit.store.write([started(run)])
        claims = await kit.store.claim([run.id], worker=worker)

        assert await kit.store.give_back(claims) == [run.id]
        assert await kit.store.give_back(claims) == []

    async def test_a_queued_run_that_nobody_woke_is_found(self, kit: Kit) -> None:
        run = a_run()
        await kit.store.write([started(run)])

        assert await kit.store.stray(older_than=timedelta(hours=1)) == []
        assert await kit.store.stray(older_than=timedelta(0)) == [run.id]


class TestMessages:
    async def held(self, kit: Kit) -> tuple[RunRef, object]:
        run, worker = a_run(), await kit.live()
        await kit.store.write([started(run)])
        claim, *_ = await kit.store.claim([run.id], worker=worker)
        return run, claim

    async def test_messages_wait_in_order_until_a_commit_takes_them_in(self, kit: Kit) -> None:
        run, claim = await self.held(kit)
        for number in (1, 2):
            assert await kit.store.send(run.id, Message("note", {"number": number}))

        inbox = await kit.store.inbox(run.id)
        assert [message.body["number"] for message in inbox.messages] == [1, 2]

        write = goes_on(run, claim.epoch, 2)  # type: ignore[attr-defined]
        write.consumed = [inbox.messages[0].id]
        await kit.store.write([write])
        assert [one.body["number"] for one in (await kit.store.inbox(run.id)).messages] == [2]

    async def test_a_message_that_came_in_between_keeps_a_run_from_being_parked(
        self, kit: Kit
    ) -> None:
        run, claim = await self.held(kit)
        inbox = await kit.store.inbox(run.id)
        await kit.store.send(run.id, Message("note", {}))

        assert not await kit.store.park(claim, inbox_count=inbox.count)  # type: ignore[arg-type]
        again = await kit.store.inbox(run.id)
        assert await kit.store.park(claim, inbox_count=again.count)  # type: ignore[arg-type]

    async def test_a_message_wakes_a_waiting_run(self, kit: Kit) -> None:
        run, claim = await self.held(kit)
        worker = await kit.live()
        assert await kit.store.park(claim, inbox_count=0)  # type: ignore[arg-type]
        assert await kit.store.claim([run.id], worker=worker) == []

        await kit.store.send(run.id, Message("note", {}))

        assert len(await kit.store.claim([run.id], worker=worker)) == 1

    async def test_nothing_reaches_a_run_that_is_over(self, kit: Kit) -> None:
        run, claim = await self.held(kit)
        write = goes_on(run, claim.epoch, 2)  # type: ignore[attr-defined]
        write.result = RESULT
        await kit.store.write([write])

        assert not await kit.store.send(run.id, Message("cancel", {}))
        assert not await kit.store.send(new_id(), Message("cancel", {}))

    async def test_a_child_is_made_with_the_commit_of_its_parent_and_tells_it_of_its_end(
        self, kit: Kit
    ) -> None:
        parent, claim = await self.held(kit)
        child = a_run()
        worker = await kit.live()
        write = goes_on(parent, claim.epoch, 2)  # type: ignore[attr-defined]
        write.children.append((child, encode_event(RunStarted({})), worker))
        await kit.store.write([write])
        assert await kit.store.load(child.id) == [RunStarted({})]

        end = goes_on(child, 1, 2)
        end.result = RESULT
        end.messages.append((parent.id, Message("child.ended", {"run_id": str(child.id)})))
        await kit.store.write([end])

        assert [one.kind for one in (await kit.store.inbox(parent.id)).messages] == ["child.ended"]
