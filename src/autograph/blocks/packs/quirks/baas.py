"""What Meeting BaaS's blocks need and its pack cannot say: a question that must be answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autograph.blocks.packs.selectors import Filter
from autograph.graph.model import Json, is_object


def reserved(value: Json) -> Json:
    """Tell whether a bot is one that stands ready."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    return bool(pins.get("reserved"))


FILTERS: Final[Mapping[str, Filter]] = {"reserved": reserved}
