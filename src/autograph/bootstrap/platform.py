"""What a process is made of.

process      runs it carries                serves                also
up           all it can                     REST, WebSocket, page moves wake-ups to the broker, if there is one
api          none: it accepts and queues    REST, WebSocket, page moves wake-ups to the broker
worker       all it can                     nothing
scheduler    none                           nothing               moves wake-ups, keeps the disk in bounds
command      only what it is handed         nothing

Every process but a command gives the runs of dead workers back and queues what is due. Any number of each
may run at once. The database is the embedded one where settings name none; adapters are chosen by settings:

setting      without it                     with it
queue_url    PostgresQueue                  RabbitQueue, fed by Outbox
redis_url    PostgresBroadcast, in-process  RedisBroadcast, rates and caches shared by all processes
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import math
import random
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import ClassVar, Final

import structlog
from starlette.types import ASGIApp

from autograph.api import app
from autograph.api.deps import Services
from autograph.api.gateway.guard import Guard
from autograph.blocks.catalog import Catalog, load_catalog
from autograph.bootstrap.accounts import make_accounts, make_guard, open_keys
from autograph.bootstrap.ground import Ground
from autograph.bootstrap.integrations import make_integrations
from autograph.dispatch.ports import Broadcast, JobQueue, RunNews
from autograph.dispatch.postgres import broadcast as postgres_broadcast
from autograph.dispatch.postgres import queue as postgres_queue
from autograph.dispatch.postgres.broadcast import PostgresBroadcast
from autograph.dispatch.postgres.listener import Listener
from autograph.dispatch.postgres.outbox import Outbox
from autograph.dispatch.postgres.queue import PostgresQueue
from autograph.engine.executor import Executor
from autograph.engine.journal.liveness import AdvisoryLock
from autograph.engine.journal.postgres import PostgresJournal
from autograph.engine.limits import Limits
from autograph.engine.ports import JournalStore, News
from autograph.engine.worker import Capacity, Parts, Worker
from autograph.features.accounts.models import Principal
from autograph.features.accounts.repository import changes
from autograph.features.accounts.service import Accounts
from autograph.features.agents.adapters.credential_uses import CredentialUsesInGraphs
from autograph.features.agents.adapters.personal_data import AgentData
from autograph.features.agents.repository import GraphRepository
from autograph.features.agents.service import AgentService
from autograph.features.integrations.service import Integrations
from autograph.features.runs.adapters.block_host import DatabaseBlockHost
from autograph.features.runs.adapters.personal_data import RunData
from autograph.features.runs.adapters.plans import SavedPlans
from autograph.features.runs.repository import (
    DeadLetterRepository,
    ReviewRepository,
    RunRepository,
)
from autograph.features.runs.service import (
    DeadLetterService,
    ForkService,
    Intake,
    ReviewService,
    RunService,
)
from autograph.features.storage.repository import StorageRepository
from autograph.features.storage.service import StorageService
from autograph.infra import migrations
from autograph.infra.cache.ports import Cache
from autograph.infra.clock import SystemClock
from autograph.infra.database import Database
from autograph.infra.egress.late import LateClient
from autograph.infra.egress.ports import Rules
from autograph.infra.errors import OperationalError
from autograph.infra.postgres.server import embedded_postgres
from autograph.infra.rates.memory import MemoryRateLimiter
from autograph.infra.rates.ports import RateLimiter
from autograph.infra.settings import Settings

_log = structlog.stdlib.get_logger(__name__)
_TEND_EVERY: Final = timedelta(minutes=1)


class Process(StrEnum):
    """What a process does; see the table above."""

    UP = "up"
    API = "api"
    WORKER = "worker"
    SCHEDULER = "scheduler"
    COMMAND = "command"

    @property
    def takes_work(self) -> bool:
        """Whether it looks at the queue; a command only runs what it is handed."""
        return self is not Process.COMMAND

    @property
    def carries_runs(self) -> bool:
        """Whether it has slots for runs."""
        return self in {Process.UP, Process.WORKER, Process.COMMAND}

    @property
    def relays(self) -> bool:
        """Whether it moves wake-ups to the broker."""
        return self in {Process.UP, Process.API, Process.SCHEDULER}

    @property
    def tends(self) -> bool:
        """Whether it keeps the storage within bounds."""
        return self in {Process.UP, Process.SCHEDULER}


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
    forks: ForkService
    reviews: ReviewService
    dead_letters: DeadLetterService
    storage: StorageService
    accounts: Accounts
    integrations: Integrations
    guard: Guard
    journal: JournalStore
    owner: Principal
    worker: Worker
    broadcast: Broadcast


@asynccontextmanager
async def platform(
    settings: Settings,
    *,
    process: Process = Process.COMMAND,
    load: Callable[[], Catalog] | None = None,
) -> AsyncGenerator[Platform]:
    """Put a process together, and take it apart at the end.

    Args:
        settings: How this installation runs.
        process: What it does.
        load: Finds its blocks; None for those of this installation.

    Raises:
        OperationalError: The database cannot be had; the message has the way out.
    """
    async with AsyncExitStack() as stack:
        found = load or partial(load_catalog, settings.provider_dir)
        loading = asyncio.create_task(asyncio.to_thread(found))
        try:
            database = await _database(settings, stack)
        finally:
            catalog = await loading
        journal = PostgresJournal(database)
        graphs = GraphRepository(database)
        rows = RunRepository(database)
        specs = catalog.specs()
        plans = SavedPlans(graphs, specs)
        dispatch = await _dispatch(settings, database, stack, process)
        ground = await _ground(settings, database, dispatch, stack)
        accounts = make_accounts(ground, others=(RunData(rows), AgentData(graphs, specs)))
        integrations = make_integrations(ground, accounts, CredentialUsesInGraphs(graphs))
        dispatch.channels[changes.CHANNEL] = accounts.authentication.hear
        parts = Parts(
            store=journal,
            liveness=lambda: AdvisoryLock.take(database),
            executor=_executor(ground, catalog, integrations),
            plans=plans,
            clock=SystemClock(),
            sink=_BroadcastSink(dispatch.broadcast),
            source=dispatch.queue if process.takes_work else None,
        )
        worker = await _worker(settings, parts, database, dispatch, stack, process)
        _spare_the_collector()
        owner = await accounts.people.local_owner()
        storage = _storage(settings, database)
        intake = Intake(plans, specs, storage)
        if process.tends:
            stack.push_async_callback(_ended, asyncio.create_task(_tend(storage), name="storage"))
        yield Platform(
            settings=settings,
            catalog=catalog,
            database=database,
            agents=AgentService(graphs, specs),
            runs=RunService(rows, graphs, journal, plans, worker, dispatch.broadcast, intake),
            forks=ForkService(rows, graphs, journal, plans, intake, worker),
            reviews=ReviewService(ReviewRepository(database), rows, journal, plans),
            dead_letters=DeadLetterService(DeadLetterRepository(database), journal),
            storage=storage,
            accounts=accounts,
            integrations=integrations,
            guard=make_guard(settings, accounts, dispatch.turns, owner),
            journal=journal,
            owner=owner,
            worker=worker,
            broadcast=dispatch.broadcast,
        )


async def _ground(
    settings: Settings, database: Database, dispatch: _Dispatch, stack: AsyncExitStack
) -> Ground:
    http = LateClient(_egress(settings))
    stack.push_async_callback(http.close)
    return Ground(
        settings=settings,
        database=database,
        ring=await open_keys(settings, database),
        http=http,
        rates=dispatch.turns,
        cache=dispatch.cache,
        clock=SystemClock(),
        stack=stack,
    )


async def _worker(
    settings: Settings,
    parts: Parts,
    database: Database,
    dispatch: _Dispatch,
    stack: AsyncExitStack,
    process: Process,
) -> Worker:
    worker = Worker(parts, limits=_limits(settings), capacity=_capacity(settings, process))
    dispatch.channels["autograph_inbox"] = worker.hear
    listener = Listener(database, dispatch.channels)
    await listener.start()
    stack.push_async_callback(listener.close)
    await worker.start()
    stack.push_async_callback(worker.stop)
    return worker


@dataclass(frozen=True, slots=True)
class _Dispatch:
    """What moves work and news between processes.

    Attributes:
        channels: What to call for every NOTIFY, by its channel.
    """

    queue: JobQueue
    broadcast: Broadcast
    turns: RateLimiter
    cache: Cache | None
    channels: dict[str, Callable[[str | None], None]]


async def _dispatch(
    settings: Settings, database: Database, stack: AsyncExitStack, process: Process
) -> _Dispatch:
    channels: dict[str, Callable[[str | None], None]] = {}
    queue: JobQueue
    if settings.queue_url is None or not process.takes_work:
        queue = postgres = PostgresQueue(database)
        channels[postgres_queue.CHANNEL] = postgres.wake
    else:
        from autograph.dispatch.rabbitmq.queue import RabbitQueue  # noqa: PLC0415 - an extra

        queue = RabbitQueue(settings.queue_url.split(","))
        if process.relays:
            outbox = Outbox(database, queue)
            channels[postgres_queue.CHANNEL] = outbox.wake
            stack.push_async_callback(_ended, asyncio.create_task(outbox.relay(), name="outbox"))
    stack.push_async_callback(queue.close)
    broadcast: Broadcast
    turns: RateLimiter = MemoryRateLimiter()
    cache: Cache | None = None
    if settings.redis_url is None:
        broadcast = news = PostgresBroadcast(database)
        channels[postgres_broadcast.CHANNEL] = news.hear
    else:
        from autograph.dispatch.redis.broadcast import RedisBroadcast  # noqa: PLC0415 - an extra
        from autograph.infra.cache.redis import RedisCache  # noqa: PLC0415 - an extra
        from autograph.infra.rates.redis import RedisRateLimiter  # noqa: PLC0415 - an extra
        from autograph.infra.redis import RedisLink  # noqa: PLC0415 - an extra

        link = RedisLink(settings.redis_url)
        stack.push_async_callback(link.close)
        broadcast = redis = RedisBroadcast(link)
        await redis.start()
        turns = RedisRateLimiter(link)
        cache = RedisCache(link)
    stack.push_async_callback(broadcast.close)
    return _Dispatch(queue, broadcast, turns, cache, channels)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _tend(storage: StorageService) -> None:
    """Keep the storage within bounds, every minute or so."""
    while True:
        await asyncio.sleep(_TEND_EVERY.total_seconds() * random.uniform(0.8, 1.2))
        try:
            await storage.tend()
        except OperationalError as error:
            _log.warning("the storage is not tended", error=error.message)
        except Exception:  # noqa: BLE001 - a border: what cannot be tidied now must not end the process
            _log.exception("tending the storage failed")


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


def _executor(ground: Ground, catalog: Catalog, integrations: Integrations) -> Executor:
    host = DatabaseBlockHost(
        ground.database,
        ground.rates,
        ground.http,
        integrations.credentials,
        public_url=ground.settings.reached_at,
    )
    return Executor(catalog, host, ground.clock, node_timeout=ground.settings.max_node_time)


def _storage(settings: Settings, database: Database) -> StorageService:
    return StorageService(
        StorageRepository(database),
        SystemClock(),
        retention=settings.retention,
        max_user_bytes=settings.max_user_bytes,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        node_runs=settings.max_node_runs,
        journal_bytes=settings.max_journal_bytes,
        wall_time=settings.max_run_time,
        depth=settings.max_depth,
        crashes=settings.max_crashes,
    )


def _egress(settings: Settings) -> Rules:
    return Rules(
        inside=tuple(ip_network(one) for one in settings.egress_inside), hosts=settings.egress_hosts
    )


def _capacity(settings: Settings, process: Process) -> Capacity:
    slots = settings.worker_slots if process.carries_runs else 0
    return Capacity(
        slots=slots,
        share=max(1, math.ceil(slots * settings.person_share)),
        per_person=settings.max_person_runs,
        per_graph=settings.max_graph_runs,
        drain=settings.drain_time,
    )


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
            forks=made.forks,
            reviews=made.reviews,
            dead_letters=made.dead_letters,
            storage=made.storage,
            worker=made.worker,
            broadcast=made.broadcast,
            accounts=made.accounts,
            integrations=made.integrations,
            guard=made.guard,
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
