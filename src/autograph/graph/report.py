"""What validation found: problems with stable codes, told all at once. PURE."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a problem keeps a graph from running."""

    ERROR = "error"
    WARNING = "warning"


class Code(StrEnum):
    """What is wrong. Stable: programs branch on it, documentation explains it."""

    UNKNOWN_BLOCK = "graph.unknown_block"
    UNKNOWN_PIN = "graph.unknown_pin"
    MISSING_INPUT = "graph.missing_input"
    INCOMPATIBLE_LINK = "graph.incompatible_link"
    DUPLICATE_INPUT_NAME = "graph.duplicate_input_name"
    RESERVED_NAME = "graph.reserved_name"
    BROKEN_PIN = "graph.broken_dynamic_pin"
    BAD_CONSTANT = "graph.bad_constant"
    UNREACHABLE_NODE = "graph.unreachable_node"
    ENDLESS_CYCLE = "graph.endless_cycle"
    SUB_GRAPH_MISSING = "graph.sub_graph_missing"
    SUB_GRAPH_RECURSIVE = "graph.sub_graph_recursive"
    SUB_GRAPH_CHANGED = "graph.sub_graph_changed"
    DANGLING_LINK = "graph.dangling_link"
    DUPLICATE_NODE = "graph.duplicate_node"
    NOTHING_STARTS = "graph.nothing_starts"
    DEPRECATED_BLOCK = "graph.deprecated_block"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        node_id: Where, "" for the graph itself; inside a sub-graph "<sub-graph id>/<node id>".
        pin: Which pin, "" for the node itself.
        message: One sentence with the way out.
    """

    severity: Severity
    code: Code
    node_id: str
    pin: str
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is wrong with a graph, in the order of its nodes.

    Attributes:
        unknown_blocks: `(block id, node id)` of nodes whose block this installation lacks.
    """

    problems: tuple[Problem, ...]
    unknown_blocks: tuple[tuple[str, str], ...]

    @property
    def ok(self) -> bool:
        """Whether the graph may be saved and run."""
        return not any(one.severity is Severity.ERROR for one in self.problems)

    def errors(self) -> dict[str, dict[str, str]]:
        """Return the errors as `{node id: {pin: message}}`."""
        return self._by_node(Severity.ERROR)

    def warnings(self) -> dict[str, dict[str, str]]:
        """Return the warnings as `{node id: {pin: message}}`."""
        return self._by_node(Severity.WARNING)

    def _by_node(self, severity: Severity) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for one in self.problems:
            if one.severity is severity:
                pins_of_node = found.setdefault(one.node_id, {})
                told = pins_of_node.get(one.pin)
                pins_of_node[one.pin] = one.message if told is None else f"{told} {one.message}"
        return found
