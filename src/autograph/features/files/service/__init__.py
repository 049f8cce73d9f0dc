"""Use cases of files."""

from autograph.features.files.service.files import FileLimits, FileService
from autograph.features.files.service.run_files import RunFiles

__all__ = ["FileLimits", "FileService", "RunFiles"]
