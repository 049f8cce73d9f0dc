"""What can go wrong with asking for a run.

UserError
├── RunNotFound       no such run, or it is somebody else's
├── RunIsOver         it ended; nothing can be done to it any more
├── RunIsGoing        it has not ended; cancel it first
├── NeedsTrigger      its agent is started by what happens elsewhere
├── KeyReused         the idempotency key was used for another request
├── ReviewNotFound    no such question, or it is somebody else's
├── ReviewAnswered    it was answered before; the first answer is in the details
├── AnswerInvalid     the answer does not fit the question
├── CallNotFound      nobody waits at that address
├── ForkPointUnknown  the node run to fork from never happened
├── NothingToRetry    the run completed
├── NotRecorded       what the run asked of the world was not kept
├── ShareNotFound     nothing is shown by that link, or not any more
├── DeadLetterNotFound  the run was never set aside
├── DeadLetterDecided   it was redriven or discarded before
├── BlockFailed       a block that was run by hand failed
└── BlockWaits        a block that was run by hand waits for something; only a run can
"""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import Conflict, Invalid, NotFound, UserError


class RunNotFound(NotFound):
    """No such run, or it is somebody else's."""

    code: ClassVar[str] = "run.not_found"


class RunIsOver(Conflict):
    """It ended; nothing can be done to it any more."""

    code: ClassVar[str] = "run.is_over"


class NotRecorded(Conflict):
    """What a run's nodes asked of the world was not kept, or not all of it."""

    code: ClassVar[str] = "run.not_recorded"


class RunIsGoing(Conflict):
    """It has not ended; cancel it first."""

    code: ClassVar[str] = "run.is_going"


class NeedsTrigger(Invalid):
    """Its agent is started by what happens elsewhere, and nothing was brought."""

    code: ClassVar[str] = "run.needs_trigger"


class KeyReused(Conflict):
    """The idempotency key was used for another request."""

    code: ClassVar[str] = "request.key_reused"


class ReviewNotFound(NotFound):
    """No such question, or it is somebody else's."""

    code: ClassVar[str] = "review.not_found"


class ReviewAnswered(Conflict):
    """It was answered before; the first answer is in the details."""

    code: ClassVar[str] = "review.answered"


class AnswerInvalid(Invalid):
    """The answer does not fit the question."""

    code: ClassVar[str] = "review.answer_invalid"


class CallNotFound(NotFound):
    """Nobody waits at that address."""

    code: ClassVar[str] = "call.not_found"


class DeadLetterNotFound(NotFound):
    """The run was never set aside."""

    code: ClassVar[str] = "dead_letter.not_found"


class DeadLetterDecided(Conflict):
    """It was redriven or discarded before."""

    code: ClassVar[str] = "dead_letter.decided"


class ShareNotFound(NotFound):
    """Nothing is shown by that link, or not any more."""

    code: ClassVar[str] = "share.not_found"


class ForkPointUnknown(Invalid):
    """The node run to fork from never happened."""

    code: ClassVar[str] = "run.fork_point_unknown"


class NothingToRetry(Conflict):
    """The run completed."""

    code: ClassVar[str] = "run.nothing_to_retry"


class BlockFailed(UserError):
    """A block that was run by hand failed; `details` has the block's own code, and what it gave out before."""

    code: ClassVar[str] = "block.failed"


class BlockWaits(Conflict):
    """A block that was run by hand waits for a person, a call or a moment; only a run can."""

    code: ClassVar[str] = "block.waits"
