"""Values as people type them: JSON, or text."""

from __future__ import annotations

from autograph.graph.model import Json
from autograph.infra.errors import Invalid
from autograph.infra.json import decode


def pinned(texts: list[str]) -> dict[str, dict[str, Json]]:
    """Return what `NODE.PIN=VALUE` texts pin; a pin that is named again gives out that value, too.

    Raises:
        Invalid: One is not of that form.
    """
    found: dict[str, dict[str, Json]] = {}
    for text in texts:
        target, equals, value = text.partition("=")
        node, dot, pin = target.rpartition(".")
        if not (node and dot and pin and equals):
            raise Invalid(f"--pin takes NODE.PIN=VALUE, not {text!r}.")
        found.setdefault(node, {}).setdefault(pin, []).append(json_or_text(value))
    return found


def json_or_text(value: str) -> Json:
    """Return the value that a text is as JSON, else the text."""
    try:
        return decode(value)
    except Invalid:
        return value
