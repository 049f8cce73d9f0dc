"""What WordPress.com's blocks need and its pack cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from autograph.blocks.packs.selectors import Filter
from autograph.graph.model import Json


def site(value: Json) -> Json:
    """Return a site's domain or number, of its address too."""
    return str(value).strip().removeprefix("https://").removeprefix("http://").partition("/")[0]


def status(value: Json) -> Json:
    """Return whether a post is published, from whether it is a draft."""
    return "draft" if value else "publish"


FILTERS: Final[Mapping[str, Filter]] = {"site": site, "status": status}
