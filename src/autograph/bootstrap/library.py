"""Puts the library together, and what tends its triggers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from autograph.bootstrap.ground import Ground
from autograph.features.agents.repository import GraphRepository
from autograph.features.agents.service import AgentService
from autograph.features.integrations.service import Integrations
from autograph.features.library.repository import (
    FolderRepository,
    LibraryRepository,
    PresetRepository,
)
from autograph.features.library.service import FolderService, LibraryService, PresetService
from autograph.graph.spec import BlockSpec
from autograph.infra.errors import OperationalError

_log = structlog.stdlib.get_logger(__name__)
_LOOK_EVERY: Final = timedelta(seconds=10)
_SWEEP_EVERY: Final = 60
"""Looks between two sweeps of what is older than the retention."""


@dataclass(frozen=True, slots=True)
class Library:
    """The use cases of the library: of agents as people keep them, of folders, and of presets."""

    agents: LibraryService
    folders: FolderService
    presets: PresetService


def make_library(
    ground: Ground,
    graphs: GraphRepository,
    specs: Mapping[str, BlockSpec],
    agents: AgentService,
    integrations: Integrations,
) -> Library:
    """Return the use cases of the library."""
    kept = PresetRepository(ground.database)
    listed = LibraryRepository(ground.database)
    return Library(
        LibraryService(listed, kept, agents, integrations.webhooks),
        FolderService(FolderRepository(ground.database), ground.clock),
        PresetService(
            kept, graphs, specs, integrations.credentials, integrations.webhooks, ground.clock
        ),
    )


async def tend_webhooks(ground: Ground, integrations: Integrations) -> None:
    """Ask providers what they are to be asked, and let go of what came long ago, until cancelled."""
    looks = 0
    while True:
        try:
            await integrations.webhooks.tend()
            if looks % _SWEEP_EVERY == 0:
                await integrations.deliveries.delete_before(ground.settings.webhook_retention)
            looks += 1
        except OperationalError as error:
            _log.warning("webhooks are not looked after", error=error.message)
        except Exception:  # noqa: BLE001 - a border: what cannot be tended now must not end the process
            _log.exception("looking after webhooks failed")
        await asyncio.sleep(_LOOK_EVERY.total_seconds() * random.uniform(0.8, 1.2))
