"""What a process is made of.

process      runs it carries                serves                also
up           all it can                     REST, WebSocket, page moves wake-ups to the broker, if there is one
api          none: it accepts and queues    REST, WebSocket, page moves wake-ups to the broker
worker       all it can                     nothing
scheduler    none                           nothing               moves wake-ups, keeps the disk in bounds
command      only what it is handed         nothing

Who moves wake-ups tells people what happens, too. Every process but a command gives the runs of dead workers
back and queues what is due. Any number of each may run at once. The database is the embedded one where settings
name none; adapters are chosen by settings:

setting      without it                     with it
queue_url    PostgresQueue                  RabbitQueue, fed by Outbox
redis_url    PostgresBroadcast, in-process  RedisBroadcast, rates and caches shared by all processes
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from autograph.blocks.catalog import Catalog, load_catalog
from autograph.bootstrap.accounts import tend_sessions
from autograph.bootstrap.chores import begin
from autograph.bootstrap.dispatch import ended, make_dispatch
from autograph.bootstrap.engine import make_executor, make_worker
from autograph.bootstrap.files import make_files
from autograph.bootstrap.ground import Ground, make_ground, open_database
from autograph.bootstrap.library import make_library, tend_webhooks
from autograph.bootstrap.notifications import inform_people, make_notifications
from autograph.bootstrap.people import make_people
from autograph.bootstrap.process import Process
from autograph.bootstrap.telemetry import make_tracer
from autograph.dispatch.ports import Broadcast
from autograph.engine.journal.postgres import PostgresJournal
from autograph.engine.ports import JournalStore
from autograph.engine.worker import Worker
from autograph.features.accounts.models import Principal
from autograph.features.accounts.repository import changes
from autograph.features.accounts.service import Accounts
from autograph.features.agents.repository import GraphRepository
from autograph.features.agents.service import AgentService
from autograph.features.files.service import FileService
from autograph.features.integrations.repository import deliveries
from autograph.features.integrations.service import Integrations
from autograph.features.library.service import FolderService, LibraryService, PresetService
from autograph.features.notifications.service import NotificationService
from autograph.features.runs.adapters.plans import SavedPlans
from autograph.features.runs.repository import (
    DeadLetterRepository,
    EgressRepository,
    FeedbackRepository,
    ReviewRepository,
    RunRepository,
    ShareRepository,
)
from autograph.features.runs.service import (
    BlockService,
    BreakService,
    CassetteService,
    DeadLetterService,
    EgressService,
    FeedbackService,
    ForkService,
    Intake,
    PresetRuns,
    ReviewService,
    RunService,
    ShareService,
)
from autograph.features.storage.repository import StorageRepository
from autograph.features.storage.service import StorageService
from autograph.infra.clock import SystemClock
from autograph.infra.database import Database
from autograph.infra.rates.ports import RateLimiter
from autograph.infra.settings import Settings
from autograph.infra.telemetry.ports import Tracer

_log = structlog.stdlib.get_logger(__name__)
_TEND_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Platform:
    """A process, put together.

    Attributes:
        tracer: Notes spans; None where nothing is traced.
        turns: What limits how often something is done, by everybody together.
        owner: The person at this machine.
    """

    settings: Settings
    catalog: Catalog
    database: Database
    blocks: BlockService
    agents: AgentService
    library: LibraryService
    folders: FolderService
    runs: RunService
    presets: PresetService
    preset_runs: PresetRuns
    breaks: BreakService
    forks: ForkService
    cassettes: CassetteService
    shares: ShareService
    feedback: FeedbackService
    reviews: ReviewService
    dead_letters: DeadLetterService
    storage: StorageService
    egress: EgressService
    files: FileService
    accounts: Accounts
    integrations: Integrations
    notifications: NotificationService
    turns: RateLimiter
    tracer: Tracer | None
    journal: JournalStore
    owner: Principal
    worker: Worker
    broadcast: Broadcast


async def _opened(
    settings: Settings, stack: AsyncExitStack, load: Callable[[], Catalog] | None
) -> tuple[Database, Catalog]:
    """Open the database, and find the blocks meanwhile."""
    loading = asyncio.create_task(_find_blocks(settings, load))
    try:
        database = await open_database(settings, stack)
    finally:
        catalog = await loading
    return database, catalog


async def _find_blocks(settings: Settings, load: Callable[[], Catalog] | None) -> Catalog:
    return await asyncio.to_thread(load or partial(load_catalog, settings.provider_dir))


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
        tracer = make_tracer(settings, process, stack)
        database, catalog = await _opened(settings, stack, load)
        journal, graphs = PostgresJournal(database), GraphRepository(database)
        rows, specs = RunRepository(database), catalog.specs()
        plans = SavedPlans(graphs, specs)
        dispatch = await make_dispatch(settings, database, stack, process)
        ground = await make_ground(settings, database, dispatch, tracer, stack)
        files = make_files(settings, database)
        accounts, integrations = await make_people(ground, rows, graphs, specs, files)
        notifications = make_notifications(ground, dispatch)
        came = asyncio.Event()
        dispatch.channels[deliveries.CHANNEL] = lambda _: came.set()
        dispatch.channels[changes.CHANNEL] = accounts.authentication.hear
        storage = _storage(settings, database)
        executor = make_executor(ground, catalog, integrations, dispatch.broadcast, files, storage)
        worker = await make_worker(ground, dispatch, process, journal, executor, plans)
        _spare_the_collector()
        owner = await accounts.people.local_owner()
        intake = Intake(plans, specs, storage, integrations.needs)
        runs = RunService(rows, graphs, journal, plans, worker, dispatch.broadcast, intake)
        agents = AgentService(graphs, specs)
        library = make_library(ground, graphs, specs, agents, integrations)
        presets = library.presets
        preset_runs = PresetRuns(
            presets, integrations.deliveries, runs, accounts.authentication, ground.clock, came
        )
        tended = (ground, accounts, integrations)
        _begin_all(process, (storage, files), tended, preset_runs, notifications)
        yield Platform(
            settings=settings,
            catalog=catalog,
            database=database,
            blocks=BlockService(catalog, executor),
            agents=agents,
            library=library.agents,
            folders=library.folders,
            runs=runs,
            presets=presets,
            preset_runs=preset_runs,
            breaks=BreakService(rows, journal, plans),
            forks=ForkService(rows, graphs, journal, plans, intake, worker),
            cassettes=CassetteService(rows, journal, plans, specs),
            shares=_shares(ground, rows, files, accounts),
            feedback=FeedbackService(FeedbackRepository(database), rows, graphs, ground.clock),
            reviews=ReviewService(ReviewRepository(database), rows, journal, plans),
            dead_letters=DeadLetterService(DeadLetterRepository(database), journal),
            storage=storage,
            egress=EgressService(EgressRepository(database), ground.clock),
            files=files,
            accounts=accounts,
            integrations=integrations,
            notifications=notifications,
            turns=dispatch.turns,
            tracer=tracer,
            journal=journal,
            owner=owner,
            worker=worker,
            broadcast=dispatch.broadcast,
        )


def _begin_all(
    process: Process,
    kept: tuple[StorageService, FileService],
    tended: tuple[Ground, Accounts, Integrations],
    preset_runs: PresetRuns,
    notifications: NotificationService,
) -> None:
    ground, accounts, integrations = tended
    stack = ground.stack
    if process.relays:
        inform_people(ground, notifications)
    if process.tends:
        storage, files = kept
        begin(stack, "tend the storage", storage.tend, every=_TEND_EVERY, at_once=False)
        begin(stack, "tend the files", files.tend, every=_TEND_EVERY, at_once=False)
        tend_webhooks(ground, integrations)
        tend_sessions(ground, accounts)
    if process.takes_work:
        relaying = asyncio.create_task(preset_runs.relay(), name="deliveries")
        stack.push_async_callback(ended, relaying)


def _spare_the_collector() -> None:
    """Keep what was loaded at start out of every garbage collection, and collect less often.

    Going through a few hundred thousand objects that never go away took a third of a busy worker's time
    (docs/concepts/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _shares(
    ground: Ground, rows: RunRepository, files: FileService, accounts: Accounts
) -> ShareService:
    return ShareService(
        ShareRepository(ground.database),
        rows,
        files,
        accounts.audit,
        ground.clock,
        public_url=ground.settings.reached_at,
    )


def _storage(settings: Settings, database: Database) -> StorageService:
    return StorageService(
        StorageRepository(database),
        SystemClock(),
        retention=settings.retention,
        max_user_bytes=settings.max_user_bytes,
        memory_retention=settings.memory_retention,
    )
