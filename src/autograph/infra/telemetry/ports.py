"""The port of traces."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol


class Span(Protocol):
    """What is noted of something that goes on."""

    def set_attribute(self, key: str, value: str | float, /) -> object:
        """Note one thing more; nothing secret."""
        ...


class Tracer(Protocol):
    """Notes spans. One begun inside another is its child."""

    def span(
        self, name: str, /, *, parent: str | None = None, **attributes: str | float
    ) -> AbstractContextManager[Span]:
        """Note what happens in a `with` block.

        Args:
            name: Dotted.
            parent: The span that it belongs to, as `traceparent` of W3C Trace Context has it, where that is one of
                another process or of another time. What is none begins a trace.
            attributes: Nothing secret.
        """
        ...

    def here(self) -> str | None:
        """Return the span that goes on, as a `traceparent`; None outside of all."""
        ...


class _Nothing:
    """Implements `Span`: notes nothing."""

    def set_attribute(self, key: str, value: str | float, /) -> object:
        """Do nothing."""
        return None


_NOTHING: Final = nullcontext(_Nothing())


class Untraced:
    """Implements `Tracer`: notes nothing."""

    def span(
        self, name: str, /, *, parent: str | None = None, **attributes: str | float
    ) -> AbstractContextManager[Span]:
        """Do nothing."""
        return _NOTHING

    def here(self) -> str | None:
        """Return None: there are no spans."""
        return None
