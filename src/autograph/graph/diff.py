"""What changed between two versions of a graph. PURE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from autograph.graph.model import Graph, Json, Link, Node

_OF_GRAPH: Final = ("name", "description", "instructions", "schedule_cron", "policy")


@dataclass(frozen=True, slots=True)
class Change:
    """A value before and after; None where there was, or is, none."""

    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """What changed.

    Attributes:
        added: Ids of nodes that are new.
        removed: Ids of nodes that are gone.
        changed: By node id, what changed: a constant under its pin, anything else as `@name`, `@policy` …
        moved: Ids of nodes that only stand elsewhere.
        graph: What changed of the graph itself, by field.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, Mapping[str, Change]]
    moved: tuple[str, ...]
    links_added: tuple[Link, ...]
    links_removed: tuple[Link, ...]
    graph: Mapping[str, Change]

    @property
    def is_empty(self) -> bool:
        """Whether both mean the same."""
        return not (
            self.added
            or self.removed
            or self.changed
            or self.links_added
            or self.links_removed
            or self.graph
        )


def diff(old: Graph, new: Graph) -> GraphDiff:
    """Return what changed from `old` to `new`. Node ids are stable across versions."""
    before = {node.id: node for node in old.nodes}
    after = {node.id: node for node in new.nodes}
    both = [node_id for node_id in before if node_id in after]
    changed = {
        node_id: found for node_id in both if (found := _changes(before[node_id], after[node_id]))
    }
    old_links, new_links = Counter(old.links), Counter(new.links)
    return GraphDiff(
        added=tuple(node_id for node_id in after if node_id not in before),
        removed=tuple(node_id for node_id in before if node_id not in after),
        changed=changed,
        moved=tuple(
            node_id for node_id in both if before[node_id].position != after[node_id].position
        ),
        links_added=tuple((new_links - old_links).elements()),
        links_removed=tuple((old_links - new_links).elements()),
        graph={
            name: Change(getattr(old, name), getattr(new, name))
            for name in _OF_GRAPH
            if getattr(old, name) != getattr(new, name)
        },
    )


def _changes(old: Node, new: Node) -> dict[str, Change]:
    found: dict[str, Change] = {}
    for pin in dict.fromkeys((*old.constants, *new.constants)):
        before: Any = old.constants.get(pin)
        after: Any = new.constants.get(pin)
        if before != after:
            found[pin] = Change(before, after)
    for one in fields(Node):
        if one.name in {"id", "constants", "position"}:
            continue
        before, after = getattr(old, one.name), getattr(new, one.name)
        if before != after:
            found[f"@{one.name}"] = Change(before, after)
    return found
