"""What OpenWeather calls its units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from autograph.blocks.packs.selectors import Filter
from autograph.graph.model import Json


def units(is_celsius: Json) -> Json:
    """Return the system in which temperatures are Celsius, or Fahrenheit."""
    return "metric" if is_celsius else "imperial"


FILTERS: Final[Mapping[str, Filter]] = {"units": units}
