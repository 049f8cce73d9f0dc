"""What Meeting BaaS's blocks need and its pack cannot say: a question always answered, and less told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.packs.selectors import Filter
from autograph.blocks.sdk import Outputs
from autograph.graph.model import Json, is_object


def reserved(value: Json) -> Json:
    """Tell whether a bot is made for the meeting."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    return bool(pins.get("reserved"))


async def meeting(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Fetch what is known of a meeting; the API always gives all of it."""
    found = (await api.send("GET /bots/meeting_data", query={"bot_id": pins["bot_id"]})).json
    known: Mapping[str, Any] = found.get("bot_data") or {}
    yield "mp4_url", found.get("mp4") or ""
    yield "transcript", (known.get("transcripts") or []) if pins["include_transcripts"] else []
    yield "metadata", known.get("bot") or {}


FILTERS: Final[Mapping[str, Filter]] = {"reserved": reserved}
ACTIONS: Final[Mapping[str, Whole]] = {"meeting": meeting}
