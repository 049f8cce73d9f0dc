"""What the trigger blocks share: the pin that chooses events, and how a part of a payload is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograph.blocks.sdk import BlockError, Json, is_object, pin

Entries = dict[str, Json]
Choice = dict[str, bool]


def events_pin(*names: str, defaults: Mapping[str, bool] | None = None) -> Any:
    """Declare the pin that says which events start the agent.

    Args:
        names: The events that there are.
        defaults: What is chosen where nothing is said; None where something has to be.
    """
    chosen = defaults or {}
    properties = {
        name: {"type": "boolean", "default": chosen.get(name, False), "title": _words(name)}
        for name in names
    }
    words = "Which events start the agent."
    extra = {"properties": properties}
    if not chosen:
        return pin(description=words, extra=extra)
    return pin(default_factory=lambda: dict(chosen), description=words, extra=extra)


def payload_pin() -> Any:
    """Declare the pin at which a delivery arrives."""
    return pin(
        default_factory=dict, description="What the delivery brought; filled by the platform."
    )


def brought(payload: Entries, block: str) -> Entries:
    """Return a payload that is one.

    Raises:
        BlockError: Nothing was brought.
    """
    if not payload:
        raise BlockError(
            f"{block} starts a run by what a delivery brings, and none has brought anything."
        )
    return payload


def part(payload: Json, *path: str) -> Entries:
    """Return an object inside a payload; empty where there is none."""
    for step in path:
        payload = payload.get(step) if is_object(payload) else None
    return dict(payload) if is_object(payload) else {}


def text(found: Entries, name: str) -> str:
    """Return a text of an object; empty where it has none."""
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
