"""The content hash: equal for graphs that mean the same. PURE."""

from __future__ import annotations

import hashlib
import json

from autograph.graph.model import Graph
from autograph.graph.portable import write_agent


def content_hash(graph: Graph) -> str:
    """Return the SHA-256 of what a graph means, in hex.

    Name, description, nodes, constants, policies, links and the agents inside count. Its id and version
    do not, nor where nodes stand on the canvas.
    """
    meaning = write_agent(graph, keep_secrets=True)
    for unimportant in ("id", "version", "layout", "forked_from"):
        meaning.pop(unimportant, None)
    for sub_graph in meaning.get("sub_graphs", ()):
        sub_graph.pop("layout", None)
    text = json.dumps(meaning, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
