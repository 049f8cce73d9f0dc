"""Streams of events (Server-Sent Events), and where to go on after a lost connection. PURE."""

from __future__ import annotations

import json
from typing import Any

from autograph.client.models import Event


class Reading:
    """Where a reader of a run's stream is, over as many connections as it takes.

    Attributes:
        after: Seq of the last event that was handed out; the next connection goes on behind it.
        is_over: The run is, and everything of it was handed out.
        failures: Connections since the last event that brought nothing.
    """

    def __init__(self, after: int) -> None:
        """Begin behind an event."""
        self.after = after
        self.is_over = False
        self.failures = 0
        self._kind = ""
        self._data: list[str] = []

    def begin(self) -> None:
        """Forget what a connection that was lost had half said."""
        self._kind, self._data = "", []

    def take(self, line: str) -> Event | None:
        """Take in the next line; return the event that it ends, if it ends one."""
        if line:
            name, _, value = line.partition(":")
            if not name:  # a comment: somebody is there, and nothing happens
                self.failures = 0
            value = value.removeprefix(" ")
            if name == "event":
                self._kind = value
            elif name == "data":
                self._data.append(value)
            return None
        kind, data = self._kind, "\n".join(self._data)
        self.begin()
        if not data:
            return None
        if kind == "end":
            self.is_over = True
            return None
        said: dict[str, Any] = json.loads(data)
        event = Event.read(said)
        if event.seq <= self.after:
            return None
        self.after, self.failures = event.seq, 0
        return event
