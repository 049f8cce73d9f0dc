"""Why the embedded database could not be had, each with the way out.

OperationalError
└── PostgresError
    ├── NoBinaries         no PostgreSQL programs on this machine
    ├── CannotDropRoot     we are root and can become nobody else
    ├── DataDirUnusable    not ours, not writable, damaged, or of another version
    ├── DiskFull           no room left
    └── DidNotStart        anything else; the end of the server's log is in the message
"""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import OperationalError


class PostgresError(OperationalError):
    """The embedded database could not be had."""

    code: ClassVar[str] = "database.embedded"


class NoBinaries(PostgresError):
    """There are no PostgreSQL programs on this machine."""

    code: ClassVar[str] = "database.no_binaries"


class CannotDropRoot(PostgresError):
    """PostgreSQL refuses to run as root, and we can become nobody else."""

    code: ClassVar[str] = "database.cannot_drop_root"


class DataDirUnusable(PostgresError):
    """The data directory is not ours, not writable, damaged, or of another version."""

    code: ClassVar[str] = "database.data_dir"


class DiskFull(PostgresError):
    """There is no room left for the database."""

    code: ClassVar[str] = "database.disk_full"


class DidNotStart(PostgresError):
    """The server did not come up."""

    code: ClassVar[str] = "database.did_not_start"
