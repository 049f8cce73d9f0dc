"""Use cases of runs, one module for each noun."""

from autograph.features.runs.service.blocks import BlockService
from autograph.features.runs.service.cassettes import CassetteService
from autograph.features.runs.service.dead_letters import DeadLetterService
from autograph.features.runs.service.egress import EgressService
from autograph.features.runs.service.feedback import FeedbackService
from autograph.features.runs.service.forks import ForkService
from autograph.features.runs.service.intake import Intake
from autograph.features.runs.service.presets import Extras, PresetRuns
from autograph.features.runs.service.reviews import ReviewService
from autograph.features.runs.service.runs import RunService
from autograph.features.runs.service.shares import SharedRun, ShareService

__all__ = [
    "BlockService",
    "CassetteService",
    "DeadLetterService",
    "EgressService",
    "Extras",
    "FeedbackService",
    "ForkService",
    "Intake",
    "PresetRuns",
    "ReviewService",
    "RunService",
    "ShareService",
    "SharedRun",
]
