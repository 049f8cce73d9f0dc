"""Use cases of runs, one module for each noun."""

from autograph.features.runs.service.runs import RunService

__all__ = ["RunService"]
