"""Enrich Layer says yes and no in words of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from autograph.blocks.packs.selectors import Filter

FILTERS: Final[Mapping[str, Filter]] = {
    # What is not asked for is not sent: some of it costs more.
    "include": lambda value: "include" if value else None,
    "checks": lambda value: "include" if value else "skip",
    "enrich": lambda value: "enrich" if value else "skip",
}
