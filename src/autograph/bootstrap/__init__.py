"""The composition root: the only place that picks adapters and puts a process together."""

from autograph.bootstrap.accounts import require_owner
from autograph.bootstrap.platform import Platform, platform
from autograph.bootstrap.process import AlreadyUp, Process, only_one

__all__ = [
    "AlreadyUp",
    "Platform",
    "Process",
    "only_one",
    "platform",
    "require_owner",
]
