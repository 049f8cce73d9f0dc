"""What fal's block needs and its pack cannot say: lines of a log without their times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from autograph.blocks.packs.selectors import Filter
from autograph.graph.model import Json, is_list


def messages(value: Json) -> Json:
    """Return what the lines of a log say."""
    return [str(one["message"]) for one in value] if is_list(value) else []


FILTERS: Final[Mapping[str, Filter]] = {"messages": messages}
