"""What changed between two versions of a graph. PURE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from autograph.graph.content import canonical_text
from autograph.graph.model import Graph, Json, Link, Node
from autograph.graph.portable.secrets import public_constants
from autograph.graph.spec import BlockSpec

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
        reordered: Nodes or links that stayed stand in another order, which decides who goes first.
        graph: What changed of the graph itself, by field.
        sub_graphs_added: Ids of agents inside that are new.
        sub_graphs_removed: Ids of agents inside that are gone.
        sub_graphs: What changed in the agents inside, by their id.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, Mapping[str, Change]]
    moved: tuple[str, ...]
    links_added: tuple[Link, ...]
    links_removed: tuple[Link, ...]
    reordered: bool
    graph: Mapping[str, Change]
    sub_graphs_added: tuple[str, ...]
    sub_graphs_removed: tuple[str, ...]
    sub_graphs: Mapping[str, GraphDiff]

    @property
    def is_empty(self) -> bool:
        """Whether both mean the same; a node that only stands elsewhere on the canvas changes nothing."""
        return not (
            self.added
            or self.removed
            or self.changed
            or self.links_added
            or self.links_removed
            or self.reordered
            or self.graph
            or self.sub_graphs_added
            or self.sub_graphs_removed
            or any(not one.is_empty for one in self.sub_graphs.values())
        )

    @property
    def touches_anything(self) -> bool:
        """Whether anything differs at all, places on the canvas included."""
        return bool(self.moved) or not self.is_empty


def diff(old: Graph, new: Graph, specs: Mapping[str, BlockSpec] | None = None) -> GraphDiff:
    """Return what changed from `old` to `new`. Node ids are stable across versions.

    Args:
        old: The graph before.
        new: The graph after.
        specs: Blocks by id, for a difference that is shown: that a secret changed is told, and in place
            of it stands null. None for one that stays inside.
    """
    before = {node.id: node for node in old.nodes}
    after = {node.id: node for node in new.nodes}
    both = [node_id for node_id in before if node_id in after]
    changed = {
        node_id: found
        for node_id in both
        if (found := _changes(before[node_id], after[node_id], specs))
    }
    old_links, new_links = Counter(old.links), Counter(new.links)
    kept_links = old_links & new_links
    inside_before = {one.id: one for one in old.sub_graphs}
    inside_after = {one.id: one for one in new.sub_graphs}
    return GraphDiff(
        added=tuple(node_id for node_id in after if node_id not in before),
        removed=tuple(node_id for node_id in before if node_id not in after),
        changed=changed,
        moved=tuple(
            node_id for node_id in both if before[node_id].position != after[node_id].position
        ),
        links_added=tuple((new_links - old_links).elements()),
        links_removed=tuple((old_links - new_links).elements()),
        reordered=both != [node_id for node_id in after if node_id in before]
        or _kept(old.links, kept_links) != _kept(new.links, kept_links),
        graph={
            name: Change(getattr(old, name), getattr(new, name))
            for name in _OF_GRAPH
            if getattr(old, name) != getattr(new, name)
        },
        sub_graphs_added=tuple(one for one in inside_after if one not in inside_before),
        sub_graphs_removed=tuple(one for one in inside_before if one not in inside_after),
        sub_graphs={
            one: found
            for one, inside in inside_before.items()
            if one in inside_after
            and (found := diff(inside, inside_after[one], specs)).touches_anything
        },
    )


def _kept(links: tuple[Link, ...], kept: Counter[Link]) -> list[Link]:
    """Return the links that both graphs have, in the order of one of them."""
    left = kept.copy()
    found: list[Link] = []
    for link in links:
        if left[link]:
            left[link] -= 1
            found.append(link)
    return found


def _changes(old: Node, new: Node, specs: Mapping[str, BlockSpec] | None) -> dict[str, Change]:
    found: dict[str, Change] = {}
    shown = [
        one.constants if specs is None else public_constants(one, specs.get(one.block_id))
        for one in (old, new)
    ]
    for pin in dict.fromkeys((*old.constants, *new.constants)):
        before: Any = old.constants.get(pin)
        after: Any = new.constants.get(pin)
        if not _is_same(before, after):
            found[pin] = Change(shown[0].get(pin), shown[1].get(pin))
    for one in fields(Node):
        if one.name in {"id", "constants", "position"}:
            continue
        before, after = getattr(old, one.name), getattr(new, one.name)
        is_same = _is_same(dict(before), dict(after)) if one.name == "metadata" else before == after
        if not is_same:
            found[f"@{one.name}"] = Change(before, after)
    return found


def _is_same(before: Json, after: Json) -> bool:
    # Python holds true for 1, and would hide that a switch became a number.
    return before is after or canonical_text(before) == canonical_text(after)
