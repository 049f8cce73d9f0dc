"""Puts the library together, and what tends its triggers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from autograph.bootstrap.chores import begin
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

_TEND_EVERY: Final = timedelta(seconds=10)
_FORGET_EVERY: Final = timedelta(minutes=10)


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


def tend_webhooks(ground: Ground, integrations: Integrations) -> None:
    """Ask providers what they are to be asked, and let go of what came long ago, until the process ends."""
    begin(ground.stack, "tend webhooks", integrations.webhooks.tend, every=_TEND_EVERY)
    forget = partial(integrations.deliveries.delete_before, ground.settings.webhook_retention)
    begin(ground.stack, "forget old deliveries", forget, every=_FORGET_EVERY)
