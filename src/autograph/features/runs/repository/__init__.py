"""SQL of runs, one module for each noun."""

from autograph.features.runs.repository.dead_letters import DeadLetterRepository
from autograph.features.runs.repository.egress import EgressRepository
from autograph.features.runs.repository.feedback import FeedbackRepository
from autograph.features.runs.repository.reviews import ReviewRepository
from autograph.features.runs.repository.runs import RunRepository
from autograph.features.runs.repository.shares import ShareRepository

__all__ = [
    "DeadLetterRepository",
    "EgressRepository",
    "FeedbackRepository",
    "ReviewRepository",
    "RunRepository",
    "ShareRepository",
]
