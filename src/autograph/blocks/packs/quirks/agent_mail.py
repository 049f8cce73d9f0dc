"""What AgentMail's blocks need and its pack cannot say: files that lie at an address of their own."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.sdk import Outputs
from autograph.graph.model import Json


async def attachment(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Fetch a file that came with a message or a thread.

    The answer names an address that is good for a while and needs no key, so the key is not sent there.
    """
    inbox, file = _quoted(pins["inbox_id"]), _quoted(pins["attachment_id"])
    kind = "messages" if "message_id" in pins else "threads"
    one = _quoted(pins.get("message_id") or pins.get("thread_id"))
    found = (await api.send(f"GET /inboxes/{inbox}/{kind}/{one}/attachments/{file}")).json
    content = await api.ctx.files.read(str(found["download_url"]))
    yield "content_base64", base64.b64encode(content).decode()
    yield "attachment_id", found["attachment_id"]


def _quoted(value: Json) -> str:
    return quote(str(value), safe="")


ACTIONS: Final[Mapping[str, Whole]] = {"attachment": attachment}
