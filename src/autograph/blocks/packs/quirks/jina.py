"""What Jina's blocks need and its pack cannot say: texts are cut one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.sdk import Outputs
from autograph.graph.model import Json


async def chunk(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Cut texts into parts."""
    wants_tokens = bool(pins.get("return_tokens"))
    chunks: list[Any] = []
    tokens: list[Any] = []
    for text in pins["texts"]:
        body = {
            "content": str(text),
            "return_chunks": True,
            "return_tokens": wants_tokens,
            "max_chunk_length": pins["max_chunk_length"],
        }
        found = (await api.send("POST https://segment.jina.ai/", body=body)).json
        chunks += found.get("chunks") or []
        tokens += found.get("tokens") or []
    yield "chunks", chunks
    if wants_tokens:
        yield "tokens", tokens


ACTIONS: Final[Mapping[str, Whole]] = {"chunk": chunk}
