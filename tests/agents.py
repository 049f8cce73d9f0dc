"""Small agents for tests, made of a few words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograph.blocks.catalog import Catalog
from autograph.graph.model import Graph, Link, Node, Policy


def node(
    catalog: Catalog, node_id: str, block: str, /, policy: Policy | None = None, **constants: Any
) -> Node:
    """A node of the block with that name."""
    return Node(node_id, catalog.get(block).id, constants, policy=policy or Policy())


def links(*texts: str) -> tuple[Link, ...]:
    """Links from lines such as `a.result -> b.value` and, static, `a.result => b.value`."""
    return tuple(_link(text) for text in texts)


def _link(text: str) -> Link:
    arrow = "=>" if "=>" in text else "->"
    source, sink = (end.strip().split(".", 1) for end in text.split(arrow))
    return Link(source[0], source[1], sink[0], sink[1], static=arrow == "=>")


def graph(nodes: Iterable[Node], *texts: str, **fields: Any) -> Graph:
    """A graph of nodes and links."""
    return Graph(
        **{"id": "graph", "name": "A graph", **fields}, nodes=tuple(nodes), links=links(*texts)
    )


def chain(catalog: Catalog, length: int) -> Graph:
    """Calculators in a row, each adding one; the last value goes out as `sum`."""
    steps = [node(catalog, f"n{i}", "Calculator", operation="Add", a=0, b=1) for i in range(length)]
    joins = [f"n{i}.result -> n{i + 1}.a" for i in range(length - 1)]
    return graph(
        [*steps, node(catalog, "out", "AgentOutput", name="sum")],
        *joins,
        f"n{length - 1}.result -> out.value",
        name=f"Chain of {length}",
    )
