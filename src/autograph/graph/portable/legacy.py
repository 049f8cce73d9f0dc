"""What older agent files call by names that have gone: block ids, pins, and agents exported under another id.

Everything here keeps meaning: a node of an old id is the same block, `input1` was the first of the texts
that `input` holds now, and an agent that travels with a file is found by what it takes and gives when
the file names it by an id it had elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from autograph.graph.model import Graph, Json, Link, Node, is_object

AGENT_EXECUTOR: Final = "e189baac-8c20-45a1-94a7-55177ea42565"

BLOCK_IDS: Final[Mapping[str, str]] = {
    "a1b2c3d4-5e6f-7g8h-9i0j-k1l2m3n4o5p6": "436c3984-57fd-4b85-8e9a-459b356883bd",
    "b2g2c3d4-5e6f-7g8h-9i0j-k1l2m3n4o5p6": "0e50422c-6dee-4145-83d6-3a5a392f65de",
    "c3d4e5f6-7g8h-9i0j-1k2l-m3n4o5p6q7r8": "a0a69be1-4528-491c-a85a-a4ab6873e3f0",
    "c3d4e5f6-g7h8-i9j0-k1l2-m3n4o5p6q7r8": "32a87eab-381e-4dd4-bdb8-4c47151be35a",
    "b2c3d4e5-6f7g-8h9i-0j1k-l2m3n4o5p6q7": "87840993-2053-44b7-8da4-187ad4ee518c",
    "h1i2j3k4-5l6m-7n8o-9p0q-r1s2t3u4v5w6": "d0822ab5-9f8a-44a3-8971-531dd0178b6b",
    "d3f4g5h6-1i2j-3k4l-5m6n-7o8p9q0r1s2t": "df06086a-d5ac-4abb-9996-2ad0acb2eff7",
    "h5e7f8g9-1b2c-3d4e-5f6g-7h8i9j0k1l2m": "f5b0f5d0-1862-4d61-94be-3ad0fa772760",
    "a1234567-89ab-cdef-0123-456789abcdef": "4335878a-394e-4e67-adf2-919877ff49ae",
    "f8e7d6c5-b4a3-2c1d-0e9f-8g7h6i5j4k3l": "f66a3543-28d3-4ab5-8945-9b336371e2ce",
    "b29c1b50-5d0e-4d9f-8f9d-1b0e6fcbf0h2": "716a67b3-6760-42e7-86dc-18645c6e00fc",
    "31d1064e-7446-4693-o7d4-65e5ca9110d1": "cc10ff7b-7753-4ff2-9af6-9399b1a7eddc",
    "c6731acb-4105-4zp1-bc9b-03d0036h370g": "5ebe6768-8e5d-41e3-9134-1c7bd89a8d52",
}
"""Block ids of old files and what they are now."""

_COMBINE_TEXTS: Final = "e30a4d42-7b7d-4e6a-b36e-1f9b8e3b7d85"
INPUT_PINS: Final[Mapping[str, Mapping[str, str]]] = {
    _COMBINE_TEXTS: {f"input{number}": f"input_$_{number - 1}" for number in range(1, 11)},
}
"""Input pins of old files and what they are now, by block id."""

Interface = tuple[frozenset[str], frozenset[str]]
"""The names of what an agent takes and of what it gives."""


def modernise(graph: Graph, interfaces: Mapping[str, Interface]) -> Graph:
    """Return a graph in today's names.

    Args:
        graph: As it was read.
        interfaces: What each agent that travels with it takes and gives, by its id.
    """
    inner = tuple(_modernise(one, graph, interfaces) for one in graph.sub_graphs)
    return replace(_modernise(graph, graph, interfaces), sub_graphs=inner)


def _modernise(graph: Graph, root: Graph, interfaces: Mapping[str, Interface]) -> Graph:
    nodes = tuple(_node(node, root, interfaces) for node in graph.nodes)
    pins = {node.id: INPUT_PINS[node.block_id] for node in nodes if node.block_id in INPUT_PINS}
    links = tuple(_link(link, pins) for link in graph.links) if pins else graph.links
    return replace(graph, nodes=nodes, links=links)


def _node(node: Node, root: Graph, interfaces: Mapping[str, Interface]) -> Node:
    block_id = BLOCK_IDS.get(node.block_id, node.block_id)
    constants = node.constants
    renamed = INPUT_PINS.get(block_id)
    if renamed and any(pin in renamed for pin in constants):
        constants = {renamed.get(pin, pin): value for pin, value in constants.items()}
    if block_id == AGENT_EXECUTOR:
        found = _agent_of(constants, root, interfaces)
        constants = constants if found is None else {**constants, "graph_id": found}
    if block_id == node.block_id and constants is node.constants:
        return node
    return replace(node, block_id=block_id, constants=constants)


def _link(link: Link, pins: Mapping[str, Mapping[str, str]]) -> Link:
    renamed = pins.get(link.sink, {}).get(link.sink_pin)
    return link if renamed is None else replace(link, sink_pin=renamed)


def _agent_of(
    constants: Mapping[str, Json], root: Graph, interfaces: Mapping[str, Interface]
) -> str | None:
    """Return the agent a node means by an id that nothing here has: the only one with its version and its pins."""
    graph_id = constants.get("graph_id")
    if graph_id == root.id or any(graph_id == one.id for one in root.sub_graphs):
        return None
    wanted = (_names(constants.get("input_schema")), _names(constants.get("output_schema")))
    if not any(wanted):
        # It says nothing of its pins, so that any agent without a schema would look like the one.
        return None
    found = [
        one.id
        for one in root.sub_graphs
        if one.version == constants.get("graph_version") and interfaces.get(one.id) == wanted
    ]
    return found[0] if len(found) == 1 else None


def interface_of(document: Json) -> Interface:
    """Return what an agent's document says it takes and gives."""
    if not is_object(document):
        return frozenset(), frozenset()
    return _names(document.get("input_schema")), _names(document.get("output_schema"))


def _names(schema: Json) -> frozenset[str]:
    properties = schema.get("properties") if is_object(schema) else None
    return frozenset(properties) if is_object(properties) else frozenset()
