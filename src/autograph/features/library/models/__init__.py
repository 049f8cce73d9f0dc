"""The library, as values."""

from autograph.features.library.models.agents import (
    AgentSort,
    AgentStatus,
    Counts,
    Cursor,
    Filter,
    LastRun,
    LibraryAgent,
    LibraryPage,
    NamedAgent,
    Shelf,
    Wanted,
)
from autograph.features.library.models.folders import Folder
from autograph.features.library.models.presets import (
    Draft,
    Preset,
    PresetPage,
    Trigger,
    TriggerSetup,
)

__all__ = [
    "AgentSort",
    "AgentStatus",
    "Counts",
    "Cursor",
    "Draft",
    "Filter",
    "Folder",
    "LastRun",
    "LibraryAgent",
    "LibraryPage",
    "NamedAgent",
    "Preset",
    "PresetPage",
    "Shelf",
    "Trigger",
    "TriggerSetup",
    "Wanted",
]
