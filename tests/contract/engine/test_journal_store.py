"""What every journal store promises, tried on each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from autograph.engine.events import NodeCompleted, RunStarted
from autograph.engine.journal.codec import encode_event
from autograph.engine.journal.liveness import AdvisoryLock
from autograph.engine.journal.memory import MemoryJournal
from autograph.engine.journal.postgres import PostgresJournal
from autograph.engine.ports import (
    Claim,
    GraphRef,
    JournalStore,
    Message,
    Question,
    RunRef,
    RunResult,
    RunWrite,
    Turn,
)
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


async def take(kit: Kit, worker: int, room: int = 10, **limits: int) -> list[Claim]:
    return list((await kit.store.take(Turn(worker, room, **{"share": 10, **limits}))).claims)


@pytest.mark.seed("D4-15", "D4-22")
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
        claim, *_ = await take(kit, worker)

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
        assert await take(kit, worker) == []

    async def test_a_run_has_no_result_before_its_end(self, kit: Kit) -> None:
        run, worker = a_run(), await kit.live()
        await kit.store.write([started(run, worker=worker)])

        assert await kit.store.result(run.id) is None


@pytest.mark.seed("D4-15", "D4-22")
class TestClaiming:
    @pytest.mark.seed("D2-10")
    async def test_only_one_worker_gets_a_queued_run(self, kit: Kit) -> None:
        run, one, other = a_run(), await kit.live(), await kit.live()
        await kit.store.write([started(run)])

        assert [claim.run for claim in await take(kit, one)] == [run]
        assert await take(kit, other) == []

    @pytest.mark.seed("D5-S16")
    async def test_the_runs_of_a_dead_worker_are_queued_again_and_its_writes_refused(
        self, kit: Kit
    ) -> None:
        run, dead, other = a_run(), await kit.live(), await kit.live()
        await kit.store.write([started(run)])
        claim, *_ = await take(kit, dead)
        assert await kit.store.reap() == []

        await kit.die(dead)

        assert await kit.store.reap() == [run.id]
        again, *_ = await take(kit, other)
        assert (again.epoch, again.crashes) == (claim.epoch + 1, 1)
        assert await kit.store.write([goes_on(run, claim.epoch, 2)]) == {run.id}

    async def test_a_run_given_back_is_queued_once(self, kit: Kit) -> None:
        run, worker = a_run(), await kit.live()
        await kit.store.write([started(run)])
        claims = await take(kit, worker)

        assert await kit.store.give_back(claims) == [run.id]
        assert await kit.store.give_back(claims) == []


@pytest.mark.seed("D4-15", "D4-22")
class TestTurns:
    async def queue(self, kit: Kit, *runs: RunRef) -> None:
        for run in runs:
            await kit.store.write([started(run)])

    async def test_one_person_who_queues_much_does_not_keep_another_waiting(self, kit: Kit) -> None:
        ada, bob, worker = new_id(), new_id(), await kit.live()
        many = [replace(a_run(), owner_id=ada) for _ in range(20)]
        one = replace(a_run(), owner_id=bob)
        await self.queue(kit, *many, one)

        first = await take(kit, worker, room=2)

        assert {claim.run.owner_id for claim in first} == {ada, bob}
        assert [claim.run for claim in await take(kit, worker, room=2)] == many[1:3]

    async def test_a_persons_own_runs_go_by_priority_then_age(self, kit: Kit) -> None:
        owner, worker = new_id(), await kit.live()
        low, normal, later, high = (
            replace(a_run(), owner_id=owner, priority=priority) for priority in (-1, 0, 0, 1)
        )
        await self.queue(kit, low, normal, later, high)

        assert [claim.run for claim in await take(kit, worker)] == [high, normal, later, low]

    @pytest.mark.parametrize("limit", ["share", "per_person", "per_graph"])
    async def test_who_is_at_a_limit_waits_and_holds_up_nobody(self, kit: Kit, limit: str) -> None:
        worker, graph = await kit.live(), GraphRef(new_id(), 1)
        owner = new_id()
        limited = [replace(a_run(), owner_id=owner, graph=graph) for _ in range(5)]
        other = a_run()
        await self.queue(kit, *limited, other)

        first = await take(kit, worker, **{limit: 2})
        assert {claim.run.id for claim in first} == {limited[0].id, limited[1].id, other.id}
        taken = await kit.store.take(Turn(worker, 10, **{"share": 10, limit: 2}))
        assert (list(taken.claims), taken.is_more) == ([], True)

        await kit.store.give_back([claim for claim in first if claim.run == limited[0]])
        assert len(await take(kit, worker, **{limit: 2})) == 1

    async def test_a_share_is_of_one_worker_and_a_limit_of_all(self, kit: Kit) -> None:
        one, other, owner = await kit.live(), await kit.live(), new_id()
        await self.queue(kit, *(replace(a_run(), owner_id=owner) for _ in range(9)))

        assert len(await take(kit, one, share=2)) == 2
        assert len(await take(kit, other, share=2)) == 2
        assert len(await take(kit, other, share=9, per_person=5)) == 1


@pytest.mark.seed("D4-15", "D4-22")
class TestTimers:
    async def test_a_parked_run_is_queued_when_it_is_due(self, kit: Kit) -> None:
        run, worker = a_run(), await kit.live()
        await kit.store.write([started(run)])
        claim, *_ = await take(kit, worker)
        assert await kit.store.park(claim, inbox_count=0, wake_in=timedelta(minutes=1))

        assert await kit.store.wake(ahead=timedelta(seconds=1)) == []
        assert await kit.store.wake(ahead=timedelta(minutes=2)) == [run.id]
        assert len(await take(kit, worker)) == 1

    async def test_a_run_that_waits_for_no_time_is_not_woken(self, kit: Kit) -> None:
        run, worker = a_run(), await kit.live()
        await kit.store.write([started(run)])
        claim, *_ = await take(kit, worker)
        assert await kit.store.park(claim, inbox_count=0)

        assert await kit.store.wake(ahead=timedelta(days=9)) == []


@pytest.mark.seed("D4-15", "D4-22")
class TestQuestions:
    async def asked(self, kit: Kit, kind: str = "review") -> tuple[RunRef, Claim, Question]:
        run, worker = a_run(), await kit.live()
        await kit.store.write([started(run)])
        claim, *_ = await take(kit, worker)
        write = goes_on(run, claim.epoch, 2)
        question = Question(
            new_id(),
            1,
            "n",
            kind,
            "Is it so?",
            {"x": 1},
            True,
            None,
            "2026-11-23T10:00:00+00:00",
        )
        write.questions.append(question)
        await kit.store.write([write])
        return run, claim, question

    @pytest.mark.parametrize("kind", ["review", "action", "outcome", "call", "breakpoint"])
    async def test_an_answer_reaches_its_run_and_only_the_first_counts(
        self, kit: Kit, kind: str
    ) -> None:
        run, claim, question = await self.asked(kit, kind)
        assert await kit.store.park(claim, inbox_count=0)

        assert await kit.store.answer(question.id, {"decision": "approve"})
        assert not await kit.store.answer(question.id, {"decision": "reject"})

        inbox = await kit.store.inbox(run.id)
        assert [(one.kind, one.body) for one in inbox.messages] == [
            ("wait.answered", {"wait_id": str(question.id), "answer": {"decision": "approve"}})
        ]
        assert len(await take(kit, await kit.live())) == 1

    async def test_the_end_of_a_run_closes_its_questions(self, kit: Kit) -> None:
        run, claim, question = await self.asked(kit)
        write = goes_on(run, claim.epoch, 3)
        write.result, write.closes = RESULT, True
        await kit.store.write([write])

        assert not await kit.store.answer(question.id, {"decision": "approve"})


@pytest.mark.seed("D4-15", "D4-22")
class TestDeadLetters:
    async def test_what_is_set_aside_runs_again_only_when_somebody_says_so(self, kit: Kit) -> None:
        run, worker = a_run(), await kit.live()
        await kit.store.write([started(run)])
        claim, *_ = await take(kit, worker)
        await kit.store.give_back([claim], crashed=True)
        claim, *_ = await take(kit, worker)
        assert claim.crashes == 1

        assert await kit.store.bury(claim, inbox_count=0, code="run.poison", message="It kills.")
        assert await take(kit, worker) == []
        assert await kit.store.wake(ahead=timedelta(days=9)) == []

        assert await kit.store.redrive(run.id)
        assert not await kit.store.redrive(run.id)
        again, *_ = await take(kit, worker)
        assert again.crashes == 0

    async def test_a_message_in_between_keeps_a_run_from_being_set_aside(self, kit: Kit) -> None:
        run, worker = a_run(), await kit.live()
        await kit.store.write([started(run)])
        claim, *_ = await take(kit, worker)
        await kit.store.send(run.id, Message("cancel", {}))

        assert not await kit.store.bury(claim, inbox_count=0, code="x", message="x")


@pytest.mark.seed("D4-15", "D4-22")
class TestMessages:
    async def held(self, kit: Kit) -> tuple[RunRef, object]:
        run, worker = a_run(), await kit.live()
        await kit.store.write([started(run)])
        claim, *_ = await take(kit, worker)
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
        assert await take(kit, worker) == []

        await kit.store.send(run.id, Message("note", {}))

        assert len(await take(kit, worker)) == 1

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
