"""Pinecone: each index has a host of its own, which is asked for by the index's name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json, is_list
from autograph.infra.json import encode

_BATCH: Final = 100
_HOST: Final = re.compile(r"[a-z0-9.-]+\.pinecone\.io")
_TEXT: Final = "chunk_text"
"""Under which a vector's metadata has the text that it was made of."""


async def _host(api: Api, index: str) -> str:
    """Return where an index is.

    Raises:
        BlockError: There is no such index.
    """
    name = quote(index.strip(), safe="")
    if not name.strip("."):
        raise BlockError("index: this input needs a value.", code="block.bad_input")
    return str((await api.send(f"GET /indexes/{name}")).json["host"])


async def insert(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Put texts with their vectors into an index. The same text with the same metadata is there once.

    Raises:
        BlockError: There are not as many vectors as texts.
    """
    chunks: list[Any] = pins["chunks"]
    vectors: list[Any] = pins["embeddings"]
    if len(chunks) != len(vectors):
        raise BlockError(
            f"embeddings: {len(chunks)} chunks need as many vectors, got {len(vectors)}.",
            code="block.bad_input",
        )
    if not all(is_list(one) for one in vectors):
        raise BlockError("embeddings: each is a list of numbers.", code="block.bad_input")
    further: Mapping[str, Any] = pins.get("metadata") or {}
    made: list[Json] = []
    for chunk, values in zip(chunks, vectors, strict=True):
        metadata: dict[str, Json] = {**further, _TEXT: chunk}
        number = hashlib.sha256(encode(metadata)).hexdigest()[:32]
        made.append({"id": number, "values": values, "metadata": metadata})
    host = await _host(api, str(pins["index"]))
    for start in range(0, len(made), _BATCH):
        body: dict[str, Json] = {"vectors": made[start : start + _BATCH]}
        if pins.get("namespace"):
            body["namespace"] = pins["namespace"]
        await api.send(f"POST https://{host}/vectors/upsert", body=body)
    yield "upsert_response", f"{len(made)} vectors were put into the index {pins['index']}."


async def query(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Find what is most like a vector.

    Raises:
        BlockError: The host is none of Pinecone's.
    """
    given = str(pins.get("host") or "").strip().removeprefix("https://").strip("/")
    if given and not _HOST.fullmatch(given):
        raise BlockError(f"host: {given[:100]!r} is none of Pinecone's.", code="block.bad_input")
    host = given or await _host(api, str(pins["idx_name"]))
    body: dict[str, Json] = {
        "vector": pins["query_vector"],
        "topK": pins["top_k"],
        "includeValues": bool(pins.get("include_values")),
        "includeMetadata": bool(pins.get("include_metadata", True)),
    }
    if pins.get("namespace"):
        body["namespace"] = pins["namespace"]
    answer = (await api.send(f"POST https://{host}/query", body=body)).json
    matches: list[Any] = answer.get("matches") or []
    kept: list[Mapping[str, Any]] = [one.get("metadata") or {} for one in matches]
    texts = [str(one.get(_TEXT, "")) for one in kept]
    yield "results", answer
    yield "combined_results", "\n\n".join(one for one in texts if one)


ACTIONS: Final[Mapping[str, Whole]] = {"insert": insert, "query": query}
