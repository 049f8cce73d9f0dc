"""What Telegram's blocks need and its pack cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from autograph.blocks.packs.selectors import Filter
from autograph.graph.model import Json


def mode(value: Json) -> Json:
    """Return how a text is marked up; nothing where it is plain, for which Telegram has no word."""
    return None if value == "none" else value


FILTERS: Final[Mapping[str, Filter]] = {"mode": mode}
