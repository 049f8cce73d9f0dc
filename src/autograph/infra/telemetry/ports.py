"""The port of traces."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol


class Tracer(Protocol):
    """Notes spans. One begun inside another is its child."""

    def span(
        self, name: str, **attributes: str | int | float | bool
    ) -> AbstractContextManager[object]:
        """Note what happens in a `with` block. Names are dotted; attributes hold nothing secret."""
        ...


_NOTHING: Final = nullcontext()


class Untraced:
    """Implements `Tracer`: notes nothing."""

    def span(
        self, name: str, **attributes: str | int | float | bool
    ) -> AbstractContextManager[object]:
        """Do nothing."""
        return _NOTHING
