"""The content hash: equal for graphs that mean the same. PURE."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from autograph.graph.model import Graph, Json, is_list, is_object
from autograph.graph.portable import write_agent


def content_hash(graph: Graph) -> str:
    """Return the SHA-256 of what a graph means, in hex.

    Name, description, nodes, constants, policies, links and the agents inside count. Its id and version
    do not, nor where it was copied from, nor where nodes stand on the canvas.
    """
    meaning = write_agent(graph, keep_secrets=True)
    for unimportant in ("id", "version", "layout", "forked_from"):
        meaning.pop(unimportant, None)
    for sub_graph in meaning.get("sub_graphs", ()):
        sub_graph.pop("layout", None)
        sub_graph.pop("forked_from", None)
    return hashlib.sha256(canonical_text(meaning).encode()).hexdigest()


def canonical_text(value: Json) -> str:
    """Return one text for all ways to write a value: keys sorted, 3.0 as 3; but true is not 1."""
    return json.dumps(
        _canonical(value), sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False
    )


def _canonical(value: Json) -> Any:
    if is_object(value):
        return {name: _canonical(one) for name, one in value.items()}
    if is_list(value):
        return [_canonical(one) for one in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
