"""What Linear's blocks need and its pack cannot say: names that must be those of something, and yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autograph.blocks.packs.selectors import Filter
from autograph.blocks.sdk import BlockError
from autograph.graph.model import Json, is_list, is_object


def unassigned(value: Json) -> Json:
    """Tell whether issues are wanted that nobody works on."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    return not pins.get("is_assigned")


def comments(value: Json) -> Json:
    """Tell whether comments are wanted."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    return bool(pins.get("include_comments"))


def team(value: Json) -> Json:
    """Return the id of the team that was found.

    Raises:
        BlockError: None was.
    """
    return _id(value, "team")


def project(value: Json) -> Json:
    """Return the id of the project that was found.

    Raises:
        BlockError: None was.
    """
    return _id(value, "project")


def _id(value: Json, kind: str) -> Json:
    found: list[Any] = value if is_list(value) else []
    if not found:
        raise BlockError(
            f"{kind}_name: Linear has no such {kind}, or the credential cannot see it.",
            code="provider.not_found",
        )
    return found[0]["id"]


FILTERS: Final[Mapping[str, Filter]] = {
    "unassigned": unassigned,
    "comments": comments,
    "team": team,
    "project": project,
}
