"""Use cases of the library."""

from autograph.features.library.service.agents import LibraryService
from autograph.features.library.service.folders import FolderService
from autograph.features.library.service.presets import PresetService

__all__ = ["FolderService", "LibraryService", "PresetService"]
