"""Walking a graph: who follows whom, what can be reached, what goes round in circles. PURE.

Everything is iterative and linear in nodes and links: a graph of ten thousand nodes in a row is no
reason to meet a recursion limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from autograph.graph.model import Graph

Successors = Mapping[str, Sequence[str]]
"""Node ids that each node id links to."""


def successors(graph: Graph) -> dict[str, list[str]]:
    """Return who follows whom; links to or from nodes that are not there are left out."""
    found: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    for link in graph.links:
        if link.source in found and link.sink in found:
            found[link.source].append(link.sink)
    return found


def reachable(starts: Iterable[str], follows: Successors) -> set[str]:
    """Return the nodes that can be reached from `starts`, those included."""
    seen = set(starts)
    waiting = list(seen)
    while waiting:
        for one in follows.get(waiting.pop(), ()):
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return seen


def cycles(follows: Successors) -> list[list[str]]:
    """Return the groups of nodes that can all reach each other, and the nodes that link to themselves.

    Tarjan's strongly connected components (SIAM J. Comput. 1(2), 1972), without recursion.
    """
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    on_stack: set[str] = set()
    stack: list[str] = []
    found: list[list[str]] = []
    for root in follows:
        if root in order:
            continue
        # Of every node on the way down, the successors that have not been looked at yet.
        work: list[tuple[str, Iterator[str]]] = []
        entered: str | None = root
        while entered is not None or work:
            if entered is not None:
                order[entered] = low[entered] = len(order)
                stack.append(entered)
                on_stack.add(entered)
                work.append((entered, iter(follows[entered])))
            node, rest = work[-1]
            entered = _step(node, rest, order, low, on_stack)
            if entered is not None:
                continue
            work.pop()
            if low[node] == order[node]:
                found.append(_pop_component(node, stack, on_stack))
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[node])
    return [group for group in found if len(group) > 1 or group[0] in follows[group[0]]]


def _step(
    node: str, rest: Iterator[str], order: dict[str, int], low: dict[str, int], on_stack: set[str]
) -> str | None:
    """Look at the rest of a node's successors; return the first one that is new, None at their end."""
    for one in rest:
        if one not in order:
            return one
        if one in on_stack:
            low[node] = min(low[node], order[one])
    return None


def _pop_component(root: str, stack: list[str], on_stack: set[str]) -> list[str]:
    group: list[str] = []
    while True:
        node = stack.pop()
        on_stack.discard(node)
        group.append(node)
        if node == root:
            return group[::-1]
