"""Puts files together: a folder or a bucket, and the scanner where there is one."""

from __future__ import annotations

from autograph.features.files.adapters.clamd import ClamdScanner
from autograph.features.files.repository import FileRepository
from autograph.features.files.service import FileLimits, FileService
from autograph.infra.clock import SystemClock
from autograph.infra.database import Database
from autograph.infra.settings import Settings
from autograph.infra.storage.late import LateStorage
from autograph.infra.storage.ports import FileStorage


def make_files(settings: Settings, database: Database) -> FileService:
    """Return the use cases of files."""
    return FileService(
        FileRepository(database),
        LateStorage(lambda: _storage(settings)),
        ClamdScanner(settings.clamd) if settings.clamd else None,
        SystemClock(),
        FileLimits(
            file_bytes=settings.max_file_bytes,
            user_bytes=settings.max_user_file_bytes,
            run_files=settings.run_file_expiry,
        ),
    )


def _storage(settings: Settings) -> FileStorage:
    from autograph.infra.storage.objects import DiskStorage, on_s3  # noqa: PLC0415 - heavy

    if settings.files_url is None:
        return DiskStorage(settings.data_dir.expanduser().absolute() / "files")
    secret = settings.s3_secret_access_key
    return on_s3(
        settings.files_url,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        access_key_id=settings.s3_access_key_id,
        secret_access_key=secret.get_secret_value() if secret else None,
    )
