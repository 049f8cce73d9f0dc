"""Texts while they are being made: gathered for a moment, shown to who watches, kept nowhere."""

from __future__ import annotations

import asyncio
from typing import Final

from autograph.engine.ports import BlockHost, Partial, RunRef
from autograph.engine.state import NodeRun

GATHER_SECONDS: Final = 0.05
"""Pieces of this long go out together."""
MAX_TEXT: Final = 1_500
"""Characters of one message: it fits into a NOTIFY (8,000 bytes)."""
MAX_SHOWN: Final = 262_144
"""Characters of one pin that are shown; the rest is seen at the end."""


class Partials:
    """What one attempt shows."""

    def __init__(self, run: RunRef, started: NodeRun, host: BlockHost) -> None:
        """Show through `host` what `started` makes."""
        self._run = run
        self._started = started
        self._host = host
        self._waiting: dict[str, list[str]] = {}
        self._shown: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, pin: str, text: str) -> None:
        """Show the next piece of a text; an empty one begins it anew. Nothing is shown from other threads."""
        if not text:
            self._waiting.pop(pin, None)
            self._shown[pin] = 0
            return
        if self._shown.get(pin, 0) >= MAX_SHOWN:
            return
        if self._timer is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return
            self._timer = loop.call_later(GATHER_SECONDS, self._flush)
        self._waiting.setdefault(pin, []).append(text)

    def close(self) -> None:
        """Show nothing more: what was yielded counts now."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _flush(self) -> None:
        self._timer = None
        waiting, self._waiting = self._waiting, {}
        for pin, pieces in waiting.items():
            text = "".join(pieces)
            for first in range(0, len(text), MAX_TEXT):
                piece = text[first : first + MAX_TEXT]
                offset = self._shown.get(pin, 0)
                self._shown[pin] = offset + len(piece)
                number, node = self._started.number, self._started.node.id
                self._host.show(self._run, Partial(number, node, pin, offset, piece))
