"""Use cases of runs that were set aside, because workers died over them time after time."""

from __future__ import annotations

from typing import Final, NoReturn
from uuid import UUID

from autograph.engine.ports import JournalStore, Message
from autograph.features.accounts.models import Principal
from autograph.features.runs.errors import DeadLetterDecided
from autograph.features.runs.models import DeadLetter, DeadLetterPage
from autograph.features.runs.repository import DeadLetterRepository

MAX_PAGE: Final = 200


class DeadLetterService:
    """Shows people what was set aside, and does what they decide."""

    def __init__(self, letters: DeadLetterRepository, journal: JournalStore) -> None:
        """Use both."""
        self._letters = letters
        self._journal = journal

    async def get(self, principal: Principal, run_id: UUID) -> DeadLetter:
        """Return the last dead letter of a run, decided or not.

        Raises:
            DeadLetterNotFound: It was never set aside.
        """
        return await self._letters.get(principal, run_id)

    async def list_page(
        self,
        principal: Principal,
        *,
        limit: int = 50,
        before: UUID | None = None,
        is_open: bool = True,
    ) -> DeadLetterPage:
        """Return a page of dead letters, those of the newest runs first: undecided ones, or the others."""
        limit = min(limit, MAX_PAGE)
        rows = await self._letters.list_page(principal, limit=limit, before=before, is_open=is_open)
        return DeadLetterPage(rows, rows[-1].run_id if len(rows) == limit else None)

    async def redrive(self, principal: Principal, run_id: UUID) -> DeadLetter:
        """Queue a run again; it goes on where its journal ends, its crashes forgotten.

        Raises:
            DeadLetterNotFound: It was never set aside.
            DeadLetterDecided: It was redriven or discarded before.
        """
        letter = await self._letters.get(principal, run_id)
        if letter.decision is not None or not await self._journal.redrive(run_id):
            _refuse(await self._letters.get(principal, run_id))
        return await self._letters.get(principal, run_id)

    async def discard(self, principal: Principal, run_id: UUID, *, reason: str = "") -> DeadLetter:
        """End a run as failed; a worker writes its end.

        Raises:
            DeadLetterNotFound: It was never set aside.
            DeadLetterDecided: It was redriven or discarded before.
        """
        letter = await self._letters.get(principal, run_id)
        why = f"{letter.message} {principal.name} discarded it{': ' + reason if reason else ''}."
        if letter.decision is not None or not await self._journal.send(
            run_id, Message("discard", {"reason": why})
        ):
            _refuse(await self._letters.get(principal, run_id))
        return letter


def _refuse(letter: DeadLetter) -> NoReturn:
    raise DeadLetterDecided(
        f"Run {letter.run_id} was {letter.decision or 'ended'} before.",
        decision=letter.decision,
        decided_at=letter.decided_at and letter.decided_at.isoformat(),
    )
