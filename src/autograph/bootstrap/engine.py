"""Puts the engine of a process together: what blocks can reach, the executor, the worker."""

from __future__ import annotations

import math

from autograph.blocks.catalog import Catalog
from autograph.bootstrap.dispatch import Dispatch
from autograph.bootstrap.ground import Ground, egress_rules
from autograph.bootstrap.models import make_shelf
from autograph.bootstrap.process import Process
from autograph.dispatch.ports import Broadcast, RunNews
from autograph.dispatch.postgres.listener import Listener
from autograph.engine.executor import Executor
from autograph.engine.journal.liveness import AdvisoryLock
from autograph.engine.limits import Limits
from autograph.engine.ports import JournalStore, News, PlanSource
from autograph.engine.traced import TracedExecutor
from autograph.engine.worker import Capacity, Parts, Worker
from autograph.features.files.service import FileService
from autograph.features.integrations.service import Integrations
from autograph.features.library.repository import LibraryRepository
from autograph.features.runs.adapters.block_host import DatabaseBlockHost, Reach
from autograph.features.runs.adapters.own_agents import OwnAgents
from autograph.features.runs.adapters.stored import StoredValues
from autograph.features.runs.adapters.ways_out import WaysOut
from autograph.features.runs.repository import EgressRepository
from autograph.features.storage.service import StorageService
from autograph.infra.egress.traced import TracedHttp
from autograph.infra.sandbox.late import LateSandbox
from autograph.infra.sandbox.ports import (
    AllowedProgram,
    AllowedPrograms,
    BenchLimits,
    ProgramLimits,
    SandboxLimits,
)
from autograph.infra.settings import Settings


async def make_worker(
    ground: Ground,
    dispatch: Dispatch,
    process: Process,
    store: JournalStore,
    executor: Executor,
    plans: PlanSource,
) -> Worker:
    """Start the worker of a process, and let it hear what the database tells."""
    parts = Parts(
        store=store,
        liveness=lambda: AdvisoryLock.take(ground.database),
        executor=executor,
        plans=plans,
        clock=ground.clock,
        sink=BroadcastSink(dispatch.broadcast),
        source=dispatch.queue if process.takes_work else None,
        tracer=ground.tracer,
    )
    settings, stack = ground.settings, ground.stack
    worker = Worker(parts, limits=_limits(settings), capacity=_capacity(settings, process))
    dispatch.channels["autograph_inbox"] = worker.hear
    listener = Listener(ground.database, dispatch.channels)
    await listener.start()
    stack.push_async_callback(listener.close)
    await worker.start()
    stack.push_async_callback(worker.stop)
    return worker


def make_executor(
    ground: Ground,
    catalog: Catalog,
    integrations: Integrations,
    broadcast: Broadcast,
    files: FileService,
    storage: StorageService,
) -> Executor:
    """Return what runs blocks."""
    egress, tracer = EgressRepository(ground.database), ground.tracer
    rules = egress_rules(ground.settings)
    http = ground.http if tracer is None else TracedHttp(ground.http, tracer)
    ways = WaysOut(http, ground.dialer, rules, egress, ground.clock)
    ground.stack.push_async_callback(ways.close)
    reach = Reach(
        stored=StoredValues(ground.database, storage, max_memories=ground.settings.max_memories),
        agents=OwnAgents(LibraryRepository(ground.database)),
        turns=ground.rates,
        ways=ways,
        credentials=integrations.credentials,
        broadcast=broadcast,
        files=files,
        models=make_shelf(ground.settings),
        sandbox=_sandbox(ground),
        public_url=ground.settings.reached_at.rstrip("/"),
        clock=ground.clock,
    )
    host = DatabaseBlockHost(reach)
    timeout = ground.settings.max_node_time
    if tracer is None:
        return Executor(catalog, host, node_timeout=timeout)
    return TracedExecutor(catalog, host, node_timeout=timeout, tracer=tracer)


def _sandbox(ground: Ground) -> LateSandbox:
    settings = ground.settings
    limits = SandboxLimits(
        seconds=settings.sandbox_seconds,
        cpu_seconds=settings.sandbox_cpu_seconds,
        memory_bytes=settings.sandbox_memory_mb * 2**20,
        disk_bytes=settings.sandbox_disk_mb * 2**20,
        output_bytes=settings.sandbox_output_kb * 2**10,
        file_bytes=settings.sandbox_files_mb * 2**20,
    )
    bench = BenchLimits(
        seconds=settings.media_seconds,
        cpu_seconds=math.ceil(settings.media_seconds * 2),
        memory_bytes=settings.media_memory_mb * 2**20,
        file_bytes=settings.media_mb * 2**20,
    )
    programs = AllowedPrograms(
        {
            name: AllowedProgram(one.command, one.folders, one.secret)
            for name, one in settings.mcp_programs.items()
        },
        ProgramLimits(
            seconds=settings.sandbox_seconds,
            cpu_seconds=settings.sandbox_cpu_seconds,
            disk_bytes=settings.sandbox_disk_mb * 2**20,
        ),
    )
    sandbox = LateSandbox(limits, warm=settings.sandbox_warm, bench=bench, programs=programs)
    ground.stack.push_async_callback(sandbox.close)
    return sandbox


def _limits(settings: Settings) -> Limits:
    return Limits(
        node_runs=settings.max_node_runs,
        journal_bytes=settings.max_journal_bytes,
        wall_time=settings.max_run_time,
        depth=settings.max_depth,
        crashes=settings.max_crashes,
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


class BroadcastSink:
    """Tells everybody what became durable."""

    def __init__(self, broadcast: Broadcast) -> None:
        """Tell them by `broadcast`."""
        self._broadcast = broadcast

    def announce(self, news: News) -> None:
        """Say how far runs have come."""
        self._broadcast.publish(
            [RunNews(run.id, run.owner_id, seq, is_over) for run, seq, is_over in news.heads]
        )
