"""What every job queue promises, tried on each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import UUID

import aio_pika
import pytest

from autograph.dispatch.memory.queue import MemoryQueue
from autograph.dispatch.ports import HIGH, LOW, NORMAL, JobQueue
from autograph.dispatch.postgres import queue as postgres_queue
from autograph.dispatch.postgres.listener import Listener
from autograph.dispatch.postgres.queue import PostgresQueue
from autograph.dispatch.rabbitmq.queue import RabbitQueue
from autograph.infra.database import Database
from autograph.infra.errors import OperationalError
from autograph.infra.ids import new_id
from tests.servers import free_port


@pytest.fixture
def memory_queues() -> list[JobQueue]:
    one = MemoryQueue()
    return [one, one]


@pytest.fixture
async def postgres_queues(database: Database) -> AsyncIterator[list[JobQueue]]:
    """Two processes' views of one queue."""
    queues = [PostgresQueue(database), PostgresQueue(database)]
    async with AsyncExitStack() as stack:
        for queue in queues:
            listener = Listener(database, {postgres_queue.CHANNEL: queue.wake})
            await listener.start()
            stack.push_async_callback(listener.close)
        yield list(queues)


@pytest.fixture
async def rabbitmq_queues(rabbitmq_url: str) -> AsyncIterator[list[JobQueue]]:
    """Two processes' views of one queue."""
    prefix = f"test.{new_id().hex}"
    queues = [RabbitQueue([rabbitmq_url], prefix=prefix) for _ in range(2)]
    yield list(queues)
    for queue in queues:
        await queue.close()


@pytest.fixture(params=["memory", "postgres", "rabbitmq"])
def queues(request: pytest.FixtureRequest) -> list[JobQueue]:
    found: list[JobQueue] = request.getfixturevalue(f"{request.param}_queues")
    return found


async def receive(queue: JobQueue, count: int, *, at_once: int = 10) -> list[UUID]:
    """Receive until so many have come."""
    received: list[UUID] = []
    async with asyncio.timeout(5):
        while len(received) < count:
            received += await queue.receive(min(at_once, count - len(received)))
    return received


async def is_empty(queue: JobQueue) -> bool:
    try:
        async with asyncio.timeout(0.3):
            await queue.receive(1)
    except TimeoutError:
        return True
    return False


@pytest.mark.seed("D4-22")
class TestQueue:
    async def test_what_is_published_is_received_oldest_first(self, queues: list[JobQueue]) -> None:
        runs = [new_id() for _ in range(5)]
        await queues[0].publish(runs[:3])
        await queues[0].publish(runs[3:])

        assert await receive(queues[1], 2) == runs[:2]
        assert await receive(queues[1], 3) == runs[2:]

    async def test_never_more_than_asked_for(self, queues: list[JobQueue]) -> None:
        await queues[0].publish([new_id() for _ in range(7)])

        assert len(await queues[1].receive(3)) <= 3
        assert len(await queues[1].receive(1)) == 1

    async def test_what_was_received_is_not_received_again(self, queues: list[JobQueue]) -> None:
        await queues[0].publish([new_id()])
        await receive(queues[1], 1)

        assert await is_empty(queues[0])

    async def test_higher_lanes_come_first(self, queues: list[JobQueue]) -> None:
        low, normal, high = ([new_id(), new_id()] for _ in range(3))
        await queues[0].publish(low, priority=LOW)
        await queues[0].publish(normal, priority=NORMAL)
        await queues[0].publish(high, priority=HIGH)

        assert await receive(queues[1], 6) == [*high, *normal, *low]

    async def test_a_higher_lane_passes_what_waits_already(self, queues: list[JobQueue]) -> None:
        await queues[0].publish([new_id() for _ in range(20)])
        await receive(queues[1], 2)
        urgent = new_id()
        await queues[0].publish([urgent], priority=HIGH)
        await asyncio.sleep(0.1)

        assert await receive(queues[1], 1) == [urgent]

    async def test_a_receiver_that_waits_is_woken(self, queues: list[JobQueue]) -> None:
        waiting = asyncio.create_task(queues[1].receive(1))
        run = new_id()
        await asyncio.sleep(0)
        await queues[0].publish([run])

        async with asyncio.timeout(2):
            assert await waiting == [run]

    async def test_no_run_goes_to_two_receivers(self, queues: list[JobQueue]) -> None:
        runs = [new_id() for _ in range(40)]
        received: list[object] = []

        async def take(queue: JobQueue) -> None:
            while len(received) < len(runs):
                received.extend(await queue.receive(3))

        takers = [asyncio.create_task(take(queue)) for queue in queues]
        await queues[0].publish(runs)
        async with asyncio.timeout(5):
            await asyncio.wait(takers, return_when=asyncio.FIRST_COMPLETED)
        for taker in takers:
            taker.cancel()
        await asyncio.gather(*takers, return_exceptions=True)

        assert sorted(received) == sorted(runs)

    async def test_who_gives_up_waiting_takes_nothing_along(self, queues: list[JobQueue]) -> None:
        waiting = asyncio.create_task(queues[1].receive(1))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        run = new_id()

        await queues[0].publish([run])

        assert await receive(queues[1], 1) == [run]

    async def test_what_nobody_received_is_left_to_others(self, queues: list[JobQueue]) -> None:
        runs = [new_id() for _ in range(10)]
        await queues[0].publish(runs)
        first = await receive(queues[1], 3)

        await queues[1].close()

        assert sorted([*first, *await receive(queues[0], 7)]) == sorted(runs)

    async def test_many_at_once(self, queues: list[JobQueue]) -> None:
        runs = [new_id() for _ in range(500)]
        await queues[0].publish(runs)

        assert await receive(queues[1], 500, at_once=100) == runs

    async def test_nothing_to_publish(self, queues: list[JobQueue]) -> None:
        await queues[0].publish([])

        assert await is_empty(queues[1])


class TestRabbitQueue:
    """What is promised of RabbitMQ beyond the port."""

    @pytest.fixture
    async def prefix(self) -> str:
        return f"test.{new_id().hex}"

    @pytest.fixture
    async def queue(self, rabbitmq_url: str, prefix: str) -> AsyncIterator[RabbitQueue]:
        made = RabbitQueue([rabbitmq_url], prefix=prefix)
        yield made
        await made.close()

    @pytest.fixture
    async def channel(self, rabbitmq_url: str) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
        """Somebody else's way in."""
        async with await aio_pika.connect(rabbitmq_url) as connection:
            yield await connection.channel()

    async def test_messages_are_run_ids_and_nothing_else(
        self, queue: RabbitQueue, channel: aio_pika.abc.AbstractChannel, prefix: str
    ) -> None:
        run = new_id()
        await queue.publish([run], priority=LOW)

        message = await (await channel.get_queue(f"{prefix}.low")).get(no_ack=True, timeout=5)

        assert message.body == str(run).encode()
        assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT

    async def test_what_is_no_run_id_is_set_aside(
        self, queue: RabbitQueue, channel: aio_pika.abc.AbstractChannel, prefix: str
    ) -> None:
        run = new_id()
        await queue.publish([run])
        await channel.default_exchange.publish(aio_pika.Message(b"\xff?"), f"{prefix}.normal")
        await queue.publish([run])

        assert await receive(queue, 2) == [run, run]
        assert await self.dead(channel, prefix) == b"\xff?"

    async def test_what_came_back_too_often_is_set_aside(
        self, queue: RabbitQueue, channel: aio_pika.abc.AbstractChannel, prefix: str
    ) -> None:
        run = new_id()
        await queue.publish([run])
        normal = await channel.get_queue(f"{prefix}.normal")
        for _ in range(21):
            message = await normal.get(timeout=5)
            assert message is not None
            await message.reject(requeue=True)

        assert await self.dead(channel, prefix) == str(run).encode()
        assert await is_empty(queue)

    async def dead(self, channel: aio_pika.abc.AbstractChannel, prefix: str) -> bytes:
        queue = await channel.get_queue(f"{prefix}.dead")
        async with asyncio.timeout(5):
            while (message := await queue.get(no_ack=True, fail=False)) is None:
                await asyncio.sleep(0.02)
        return message.body

    async def test_a_receiver_that_does_not_ask_keeps_nothing_from_others(
        self, queue: RabbitQueue, rabbitmq_url: str, prefix: str
    ) -> None:
        runs = [new_id() for _ in range(10)]
        await queue.publish(runs)
        first = await queue.receive(1)
        other = RabbitQueue([rabbitmq_url], prefix=prefix)

        rest = await receive(other, 9)
        await other.close()

        assert sorted([*first, *rest]) == sorted(runs)

    async def test_a_lane_that_was_deleted_is_made_again(
        self, queue: RabbitQueue, channel: aio_pika.abc.AbstractChannel, prefix: str
    ) -> None:
        await queue.publish([new_id()])
        await receive(queue, 1)
        waiting = asyncio.create_task(receive(queue, 1))
        await asyncio.sleep(0.1)

        await channel.queue_delete(f"{prefix}.normal")
        run = new_id()
        async with asyncio.timeout(5):
            while True:
                try:
                    await queue.publish([run])
                except OperationalError:
                    await asyncio.sleep(0.05)
                else:
                    break

        assert await waiting == [run]

    async def test_a_broker_that_is_not_there_is_told_at_once(self) -> None:
        queue = RabbitQueue([f"amqp://guest:guest@127.0.0.1:{free_port()}/"])

        async with asyncio.timeout(1.5):
            with pytest.raises(OperationalError, match="tried again"):
                await queue.publish([new_id()])
        assert await is_empty(queue)
        await queue.close()

    async def test_the_first_node_that_answers_is_used(self, rabbitmq_url: str) -> None:
        away = f"amqp://guest:guest@127.0.0.1:{free_port()}/"
        queue = RabbitQueue([away, rabbitmq_url], prefix=f"test.{new_id().hex}")
        run = new_id()

        await queue.publish([run])

        assert await receive(queue, 1) == [run]
        await queue.close()
