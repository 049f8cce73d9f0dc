"""SQL of the library."""

from autograph.features.library.repository.agents import LibraryRepository
from autograph.features.library.repository.folders import FolderRepository
from autograph.features.library.repository.presets import PresetRepository

__all__ = ["FolderRepository", "LibraryRepository", "PresetRepository"]
