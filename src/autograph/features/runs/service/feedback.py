"""Use cases of what people say of runs."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from autograph.features.accounts.models import Principal
from autograph.features.agents.repository import GraphRepository
from autograph.features.runs.models import Feedback, FeedbackPage, Verdict
from autograph.features.runs.repository import FeedbackRepository, RunRepository
from autograph.infra.clock import Clock
from autograph.infra.errors import Invalid

MAX_PAGE: Final = 200
MAX_WORDS: Final = 10_000


class FeedbackService:
    """Keeps and shows what people say of runs."""

    def __init__(
        self,
        feedback: FeedbackRepository,
        runs: RunRepository,
        graphs: GraphRepository,
        clock: Clock,
    ) -> None:
        """Use all of these."""
        self._feedback = feedback
        self._runs = runs
        self._graphs = graphs
        self._clock = clock

    async def give(
        self, principal: Principal, run_id: UUID, verdict: Verdict, words: str = ""
    ) -> Feedback:
        """Keep what a person says of a run, over what they said before.

        Raises:
            RunNotFound: There is no such run.
            Invalid: The words are too many.
        """
        words = words.strip()
        if len(words) > MAX_WORDS:
            raise Invalid(f"At most {MAX_WORDS} characters are kept.", errors={"words": "too long"})
        return await self._feedback.put(principal, run_id, verdict, words, self._clock.now())

    async def find(self, principal: Principal, run_id: UUID) -> Feedback | None:
        """Return what a person said of a run; None where they said nothing.

        Raises:
            RunNotFound: There is no such run.
        """
        await self._runs.get(principal, run_id)
        return await self._feedback.find(principal, run_id)

    async def take_back(self, principal: Principal, run_id: UUID) -> None:
        """Forget what a person said of a run. Idempotent.

        Raises:
            RunNotFound: There is no such run.
        """
        await self._runs.get(principal, run_id)
        await self._feedback.delete(principal, run_id)

    async def list_page(
        self,
        principal: Principal,
        graph_id: UUID,
        *,
        limit: int = 50,
        before: UUID | None = None,
        verdict: Verdict | None = None,
    ) -> FeedbackPage:
        """Return a page of what a person said of an agent's runs, that of the newest runs first.

        Raises:
            GraphNotFound: There is no such agent.
        """
        await self._graphs.get(principal, graph_id)
        limit = min(limit, MAX_PAGE)
        rows = await self._feedback.list_page(
            principal, graph_id, limit=limit, before=before, verdict=verdict
        )
        good, bad = await self._feedback.count(principal, graph_id)
        return FeedbackPage(rows, rows[-1].run_id if len(rows) == limit else None, good, bad)
