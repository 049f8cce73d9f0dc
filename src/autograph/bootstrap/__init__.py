"""The composition root: the only place that picks adapters and puts a process together."""

from autograph.bootstrap.accounts import require_owner
from autograph.bootstrap.alone import AlreadyUp, only_one
from autograph.bootstrap.platform import Platform, Process, platform, serve

__all__ = [
    "AlreadyUp",
    "Platform",
    "Process",
    "only_one",
    "platform",
    "require_owner",
    "serve",
]
