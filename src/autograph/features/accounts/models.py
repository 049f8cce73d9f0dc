"""People as the rest of the product sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts. Every use case takes one and shows it nothing that is not theirs.

    Attributes:
        timezone: IANA name.
        max_runs: How many of their runs run at once; None for as many as the installation allows.
    """

    user_id: UUID
    name: str
    timezone: str = "UTC"
    max_runs: int | None = None


LOCAL_OWNER_ID: Final = UUID("01900000-0000-7000-8000-000000000001")
"""The person at this machine, until accounts come."""
