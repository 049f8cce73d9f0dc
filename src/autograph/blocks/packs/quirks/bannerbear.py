"""What Bannerbear's block needs and its pack cannot say: texts and a picture are one list of changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autograph.blocks.packs.selectors import Filter
from autograph.graph.model import Json, is_list, is_object

_NAMES: Final = {"text_align": "text_align_h"}
_LEFT: Final = {"font_size", "font_weight"}
"""What a template says and no change can."""


def modifications(value: Json) -> Json:
    """Return what is changed in a template."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    said: list[Any] = pins["text_modifications"] if is_list(pins["text_modifications"]) else []
    made: list[Json] = [
        {_NAMES.get(name, name): one[name] for name in one if name not in _LEFT and one[name]}
        for one in said
        if is_object(one)
    ]
    if pins.get("image_url"):
        made.append({"name": pins["image_layer_name"], "image_url": pins["image_url"]})
    return made


FILTERS: Final[Mapping[str, Filter]] = {"modifications": modifications}
