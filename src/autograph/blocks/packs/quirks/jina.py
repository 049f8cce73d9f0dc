"""What Jina's blocks need and its pack cannot say: texts cut one by one, and the shape of a verdict."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Final

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json, is_object
from autograph.infra.json import NotJson, decode

_FACT: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "factuality": {"type": "number", "description": "How true the statement is, from 0 to 1."},
        "result": {"type": "boolean", "description": "Whether the statement is true."},
        "reason": {"type": "string", "description": "Why, in a few sentences."},
        "references": {
            "type": "array",
            "description": "Where that is written.",
            "items": {
                "type": "object",
                "properties": {
                    "url": {"type": "string"},
                    "keyQuote": {"type": "string", "description": "The sentence that tells it."},
                    "isSupportive": {"type": "boolean"},
                },
            },
        },
    },
    "required": ["factuality", "result", "reason", "references"],
}


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
        found = (await api.send("POST /v1/segment", body=body)).json
        chunks += found.get("chunks") or []
        tokens += found.get("tokens") or []
    yield "chunks", chunks
    if wants_tokens:
        yield "tokens", tokens


async def fact(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell whether a sentence is true.

    Raises:
        BlockError: The answer has another shape than was asked for.
    """
    body = {
        "model": "jina-deepsearch-v1",
        "messages": [{"role": "user", "content": f"Is this true? {pins['statement']}"}],
        "stream": False,
        "reasoning_effort": "low",
        "response_format": {"type": "json_schema", "json_schema": _FACT},
    }
    answer = await api.send("POST https://deepsearch.jina.ai/v1/chat/completions", body=body)
    found: Json = None
    with contextlib.suppress(NotJson):
        found = decode(answer.json["choices"][0]["message"]["content"])
    if not is_object(found) or not set(_FACT["required"]) <= found.keys():
        raise BlockError("Jina's answer has no verdict.", code="provider.failed")
    for name in _FACT["required"]:
        yield name, found[name]


ACTIONS: Final[Mapping[str, Whole]] = {"chunk": chunk, "fact": fact}
