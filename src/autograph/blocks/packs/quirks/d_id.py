"""What D-ID's block needs and its pack cannot say: its patience is so many questions, so far apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autograph.blocks.packs.selectors import Filter
from autograph.graph.model import Json, is_object


def longest(value: Json) -> Json:
    """Return for how many seconds one asks."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    return pins["max_polling_attempts"] * pins["polling_interval"]


FILTERS: Final[Mapping[str, Filter]] = {"longest": longest}
