"""What can go wrong with a run, apart from its nodes failing.

AutographError
├── Fenced          another worker owns the run now; this one stops at once
├── JournalLost     the database did not confirm a write; the process gives its runs back
├── LimitExceeded   the run went over a limit, named with its setting
└── UnknownTarget   a run option names a node or a pin that there is not
"""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import Invalid, OperationalError, UserError


class Fenced(OperationalError):
    """Another worker owns the run now."""

    code: ClassVar[str] = "run.fenced"


class JournalLost(OperationalError):
    """The database did not confirm a write, so nobody knows whether it is there."""

    code: ClassVar[str] = "run.journal_lost"


class LimitExceeded(UserError):
    """The run went over a limit; the message names the limit, its value and its setting."""

    code: ClassVar[str] = "run.limit"


class UnknownTarget(Invalid):
    """A run option names a node or a pin that there is not; the details have those that there are."""

    code: ClassVar[str] = "run.unknown_target"
