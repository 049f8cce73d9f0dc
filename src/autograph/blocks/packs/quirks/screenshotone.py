"""What ScreenshotOne's block needs and its pack cannot say: the answer is a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.sdk import Outputs
from autograph.graph.model import Json

_SWITCHES: Final = ("full_page", "block_ads", "block_cookie_banners", "block_chats", "cache")


async def take(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Take a picture of a page and keep it."""
    query: dict[str, Json] = {
        "url": pins["url"],
        "viewport_width": pins["viewport_width"],
        "viewport_height": pins["viewport_height"],
        "format": pins["format"],
    }
    query |= {name: bool(pins.get(name)) for name in _SWITCHES}
    answer = await api.send("GET /take", query=query, headers={"Accept": "image/*"})
    picture = await api.ctx.files.read(answer.data_uri)
    yield "image", await api.ctx.files.write(f"screenshot.{pins['format']}", picture)


ACTIONS: Final[Mapping[str, Whole]] = {"take": take}
