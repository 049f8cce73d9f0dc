"""The composition root: the only place that picks adapters and puts a process together.

process      database   worker takes from the queue   serves
up           embedded   yes                           REST, WebSocket, page
run (CLI)    embedded   no, only what it is handed    nothing
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import math
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from starlette.types import ASGIApp

from autograph.api import app
from autograph.api.deps import Services
from autograph.blocks.catalog import Catalog, load_catalog
from autograph.blocks.sdk import Rate
from autograph.dispatch.ports import Broadcast, RunNews
from autograph.dispatch.postgres import broadcast as postgres_broadcast
from autograph.dispatch.postgres import queue as postgres_queue
from autograph.dispatch.postgres.broadcast import PostgresBroadcast
from autograph.dispatch.postgres.listener import Listener
from autograph.dispatch.postgres.queue import PostgresQueue
from autograph.engine.executor import Executor
from autograph.engine.journal.liveness import AdvisoryLock
from autograph.engine.journal.postgres import PostgresJournal
from autograph.engine.limits import Limits
from autograph.engine.ports import JournalStore, News
from autograph.engine.worker import Capacity, Parts, Worker
from autograph.features.accounts.models import Principal
from autograph.features.accounts.repository import AccountRepository
from autograph.features.accounts.service import AccountService
from autograph.features.agents.repository import GraphRepository
from autograph.features.agents.service import AgentService
from autograph.features.runs.adapters.block_host import DatabaseBlockHost
from autograph.features.runs.adapters.plans import SavedPlans
from autograph.features.runs.repository import RunRepository
from autograph.features.runs.service import RunService
from autograph.infra import migrations
from autograph.infra.clock import SystemClock
from autograph.infra.database import Database
from autograph.infra.errors import OperationalError
from autograph.infra.postgres.server import embedded_postgres
from autograph.infra.settings import Settings


class AlreadyUp(OperationalError):
    """Another process serves this data directory already."""

    code: ClassVar[str] = "process.already_up"


@dataclass(frozen=True, slots=True)
class Platform:
    """A process, put together.

    Attributes:
        owner: The person at this machine.
    """

    settings: Settings
    catalog: Catalog
    database: Database
    agents: AgentService
    runs: RunService
    accounts: AccountService
    journal: JournalStore
    owner: Principal
    worker: Worker
    broadcast: Broadcast


@asynccontextmanager
async def platform(settings: Settings, *, takes_work: bool) -> AsyncGenerator[Platform]:
    """Put a process together, and take it apart at the end.

    Args:
        settings: How this installation runs.
        takes_work: Whether its worker takes runs from the queue, or only runs what it is handed.

    Raises:
        OperationalError: The database cannot be had; the message has the way out.
    """
    async with AsyncExitStack() as stack:
        loading = asyncio.create_task(asyncio.to_thread(load_catalog))
        try:
            database = await _database(settings, stack)
        finally:
            catalog = await loading
        journal = PostgresJournal(database)
        graphs = GraphRepository(database)
        specs = catalog.specs()
        plans = SavedPlans(graphs, specs)
        queue = PostgresQueue(database)
        broadcast = PostgresBroadcast(database)
        clock = SystemClock()
        worker = Worker(
            Parts(
                store=journal,
                liveness=lambda: AdvisoryLock.take(database),
                executor=Executor(
                    catalog,
                    DatabaseBlockHost(database, _Turns(clock), public_url=public_url(settings)),
                    clock,
                    node_timeout=settings.max_node_time,
                ),
                plans=plans,
                clock=clock,
                sink=_BroadcastSink(broadcast),
                source=queue if takes_work else None,
            ),
            limits=_limits(settings),
            capacity=_capacity(settings),
        )
        listener = Listener(database, _channels(queue, broadcast, worker))
        await listener.start()
        stack.push_async_callback(listener.close)
        stack.push_async_callback(broadcast.close)
        await worker.start()
        stack.push_async_callback(worker.stop)
        _spare_the_collector()
        accounts = AccountService(AccountRepository(database))
        yield Platform(
            settings=settings,
            catalog=catalog,
            database=database,
            agents=AgentService(graphs, specs),
            runs=RunService(
                RunRepository(database), graphs, journal, plans, worker, broadcast, specs
            ),
            accounts=accounts,
            journal=journal,
            owner=await accounts.local_owner(),
            worker=worker,
            broadcast=broadcast,
        )


def _spare_the_collector() -> None:
    """Keep what was loaded at start out of every garbage collection, and collect less often.

    Going through a few hundred thousand objects that never go away took a third of a busy worker's time
    (docs/concepts/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _database(settings: Settings, stack: AsyncExitStack) -> Database:
    dsn = settings.database_url
    if dsn is None:
        dsn = await stack.enter_async_context(
            embedded_postgres(
                settings.data_dir,
                binaries=settings.pg_bin,
                shared_buffers_mb=settings.shared_buffers_mb,
            )
        )
    database = Database(dsn, pool_size=settings.pool_size)
    stack.push_async_callback(database.close)
    await migrations.upgrade(database)
    await database.open()
    return database


def _limits(settings: Settings) -> Limits:
    return Limits(
        node_runs=settings.max_node_runs,
        journal_bytes=settings.max_journal_bytes,
        wall_time=settings.max_run_time,
        depth=settings.max_depth,
        crashes=settings.max_crashes,
    )


def _capacity(settings: Settings) -> Capacity:
    return Capacity(
        slots=settings.worker_slots,
        share=max(1, math.ceil(settings.worker_slots * settings.person_share)),
        per_person=settings.max_person_runs,
        per_graph=settings.max_graph_runs,
        drain=settings.drain_time,
    )


def _channels(
    queue: PostgresQueue, broadcast: PostgresBroadcast, worker: Worker
) -> dict[str, Callable[[str | None], None]]:
    return {
        postgres_queue.CHANNEL: queue.wake,
        postgres_broadcast.CHANNEL: broadcast.hear,
        "autograph_inbox": worker.hear,
    }


def public_url(settings: Settings) -> str:
    """Return where this installation is reached."""
    return settings.public_url or f"http://{settings.host}:{settings.port}"


class _Turns:
    """Rates shared inside this process."""

    def __init__(self, clock: SystemClock) -> None:
        self._clock = clock
        self._next: dict[str, datetime] = {}

    async def reserve(self, key: str, rate: Rate) -> timedelta:
        now = self._clock.now()
        step = rate.per / rate.count
        earliest = max(self._next.get(key, now), now - step * (rate.burst - 1))
        self._next[key] = earliest + step
        return max(timedelta(0), earliest - now)


class _BroadcastSink:
    """Tells everybody what became durable."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast

    def announce(self, news: News) -> None:
        self._broadcast.publish(
            [RunNews(run.id, run.owner_id, seq, is_over) for run, seq, is_over in news.heads]
        )


def serve(made: Platform) -> ASGIApp:
    """Return the doors of a process."""
    return app.serve(
        Services(
            settings=made.settings,
            catalog=made.catalog,
            database=made.database,
            agents=made.agents,
            runs=made.runs,
            worker=made.worker,
            broadcast=made.broadcast,
            owner=made.owner,
        )
    )


@contextmanager
def only_one(data_dir: Path, what: str) -> Generator[None]:
    """Hold a data directory's `up.lock`.

    Raises:
        AlreadyUp: Another process holds it.
    """
    path = data_dir.expanduser() / "up.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            where = lock.read().strip() or "another process"
            raise AlreadyUp(
                f"Autograph is up on {data_dir} already ({where}). Use that one, stop it, or give this one "
                "another --data-dir."
            ) from error
        lock.truncate(0)
        lock.write(what)
        lock.flush()
        yield
