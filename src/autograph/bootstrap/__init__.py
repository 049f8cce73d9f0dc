"""The composition root: the only place that picks adapters and puts a process together."""

from autograph.bootstrap.accounts import require_owner
from autograph.bootstrap.platform import (
    AlreadyUp,
    Platform,
    Process,
    only_one,
    platform,
    serve,
)

__all__ = [
    "AlreadyUp",
    "Platform",
    "Process",
    "only_one",
    "platform",
    "require_owner",
    "serve",
]
