"""The per-pin FIFO join: how values that arrive at a node's pins become sets. PURE.

A value fills the oldest waiting set that lacks its pin, else it opens a new set; so the n-th value on
one pin meets the n-th on another. The last value of a static pin stays and fills every later set; its
first arrival fills all waiting sets. Every arrival is amortised O(1).
"""

from __future__ import annotations

from collections import Counter

from autograph.graph.model import Json


class Join:
    """The waiting sets of one node in one run."""

    __slots__ = ("_first_lacking", "_linked", "_loop", "_next", "_static", "_sticky", "_waiting")

    def __init__(
        self, linked: frozenset[str], static: frozenset[str], loop: frozenset[str] = frozenset()
    ) -> None:
        """Begin with no set.

        Args:
            linked: Pins that every set needs.
            static: Those of them that a static link feeds.
            loop: Those of them that the node's own work leads back to: a set that has none of them yet is
                complete without them.
        """
        self._loop = loop
        self._linked = linked
        self._static = static
        self._waiting: dict[int, dict[str, Json]] = {}
        self._next = 0
        self._first_lacking: dict[str, int] = {}
        self._sticky: dict[str, Json] = {}

    def arrive(self, pin: str, value: Json, *, static: bool) -> list[dict[str, Json]]:
        """Take in a value; return the sets it completed, oldest first."""
        is_first_static = static and pin not in self._sticky
        if static:
            self._sticky[pin] = value
        if len(self._linked) == 1:
            return [{pin: value}]  # the only pin: nothing ever waits
        index = self._oldest_lacking(pin)
        if index == self._next:
            self._waiting[index] = dict(self._sticky)
            self._next += 1
        waiting = self._waiting[index]
        waiting[pin] = value
        self._first_lacking[pin] = index + 1
        complete = [self._waiting.pop(index)] if self._is_complete(waiting) else []
        if is_first_static:
            complete += self._fill_all(pin, value)
        return complete

    def starved(self, static: frozenset[str]) -> Counter[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Count the sets left waiting by `(pins they have, pins they lack)`."""
        found: Counter[tuple[tuple[str, ...], tuple[str, ...]]] = Counter()
        for waiting in self._waiting.values():
            missing = self._linked - waiting.keys()
            if waiting.keys() - static or missing <= static:
                found[tuple(sorted(waiting)), tuple(sorted(missing))] += 1
        return found

    @property
    def is_lacking(self) -> bool:
        """Whether any set waits for a pin."""
        return bool(self._waiting)

    @property
    def sticky(self) -> dict[str, Json]:
        """The last values of static pins."""
        return self._sticky

    def _is_complete(self, waiting: dict[str, Json]) -> bool:
        if len(waiting) == len(self._linked):
            return True
        if not self._loop or len(waiting) != len(self._linked) - len(self._loop):
            return False
        return not (self._loop & waiting.keys())

    def _oldest_lacking(self, pin: str) -> int:
        index = self._first_lacking.get(pin, 0)
        while index < self._next and (index not in self._waiting or pin in self._waiting[index]):
            index += 1
        return index

    def _fill_all(self, pin: str, value: Json) -> list[dict[str, Json]]:
        complete: list[dict[str, Json]] = []
        for index, waiting in list(self._waiting.items()):
            waiting.setdefault(pin, value)
            if self._is_complete(waiting):
                complete.append(self._waiting.pop(index))
        return complete
