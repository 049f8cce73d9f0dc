"""Files as values."""

from autograph.features.files.models.files import (
    File,
    FileChange,
    FilePage,
    FileUsage,
    NewFile,
    Origin,
    clean_name,
)

__all__ = ["File", "FileChange", "FilePage", "FileUsage", "NewFile", "Origin", "clean_name"]
