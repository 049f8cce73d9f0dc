"""What is kept of people's runs, for the export and the deletion of their account."""

from __future__ import annotations

from uuid import UUID

from autograph.features.runs.repository import FeedbackRepository, RunRepository
from autograph.infra.json import Json


class RunData:
    """Implements `PersonalData` of accounts."""

    name = "runs"

    def __init__(self, runs: RunRepository) -> None:
        """Use `runs`."""
        self._runs = runs

    async def export(self, user_id: UUID) -> Json:
        """Return when somebody's runs were and how they ended, newest first."""
        return await self._runs.summaries_of(user_id)

    async def erase(self, user_id: UUID) -> None:
        """Delete all of somebody's runs, those that are going among them. Idempotent."""
        await self._runs.erase(user_id)


class FeedbackData:
    """Implements `PersonalData` of accounts."""

    name = "feedback"

    def __init__(self, feedback: FeedbackRepository) -> None:
        """Use `feedback`."""
        self._feedback = feedback

    async def export(self, user_id: UUID) -> Json:
        """Return what somebody said of their runs, newest run first."""
        return await self._feedback.said_by(user_id)

    async def erase(self, user_id: UUID) -> None:
        """Do nothing: it goes with the runs and the person."""
