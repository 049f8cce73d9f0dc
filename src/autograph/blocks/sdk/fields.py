"""Pins as typed fields: `pin(...)` declares one, with what the builder shows and how it is edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

Json = Any
"""A JSON value: null, boolean, number, text, list or object."""


class Category(StrEnum):
    """Where the shelf shows a block; a block may be in several."""

    AI = "AI"
    SOCIAL = "SOCIAL"
    TEXT = "TEXT"
    SEARCH = "SEARCH"
    BASIC = "BASIC"
    INPUT = "INPUT"
    OUTPUT = "OUTPUT"
    LOGIC = "LOGIC"
    COMMUNICATION = "COMMUNICATION"
    DEVELOPER_TOOLS = "DEVELOPER_TOOLS"
    DATA = "DATA"
    HARDWARE = "HARDWARE"
    AGENT = "AGENT"
    CRM = "CRM"
    SAFETY = "SAFETY"
    PRODUCTIVITY = "PRODUCTIVITY"
    ISSUE_TRACKING = "ISSUE_TRACKING"
    MULTIMEDIA = "MULTIMEDIA"
    MARKETING = "MARKETING"


class Format(StrEnum):
    """How a pin's value is edited and shown, beyond its type."""

    SHORT_TEXT = "short-text"
    LONG_TEXT = "long-text"
    FILE = "file"
    DATE = "date"
    TIME = "time"
    TABLE = "table"
    GOOGLE_DRIVE_PICKER = "google-drive-picker"


def pin(  # noqa: PLR0913 - one keyword per thing the builder can show; a config object would say it twice
    default: Any = PydanticUndefined,
    *,
    description: str,
    default_factory: Callable[[], Any] | None = None,
    title: str | None = None,
    placeholder: str | None = None,
    advanced: bool | None = None,
    secret: bool = False,
    hidden: bool = False,
    format: Format | None = None,
    depends_on: Sequence[str] = (),
    aliases: Sequence[str] = (),
    ge: float | None = None,
    le: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Any:
    """Declare an input or output pin.

    Args:
        default: Value when nothing is typed or linked; left out, an input pin is required.
        description: Our own words, one sentence, shown in the inspector.
        default_factory: For a default that is a list or an object.
        title: What the builder shows; None for the pin's name in words.
        placeholder: Shown in the empty field.
        advanced: Folded away in the inspector; None means: when there is a default.
        secret: Never shown, never exported.
        hidden: Not shown at all; filled by the platform.
        format: Which editor and which view the value gets.
        depends_on: Pins that must have a value for this one to make sense.
        aliases: Older names of this pin that agents still carry.
        ge: Smallest number.
        le: Largest number.
        min_length: Fewest characters or items.
        max_length: Most characters or items.
        extra: Further JSON Schema keys.
    """
    has_default = default is not PydanticUndefined or default_factory is not None
    schema: dict[str, Any] = {
        "secret": secret,
        "advanced": has_default if advanced is None else advanced,
    }
    if placeholder is not None:
        schema["placeholder"] = placeholder
    if hidden:
        schema["hidden"] = True
    if format is not None:
        schema["format"] = format.value
    if depends_on:
        schema["depends_on"] = list(depends_on)
    if aliases:
        schema["x-aliases"] = list(aliases)
    schema.update(extra or {})
    limits: dict[str, Any] = {
        "ge": ge,
        "le": le,
        "min_length": min_length,
        "max_length": max_length,
    }
    declared: Any = FieldInfo(
        default=default,
        default_factory=default_factory,
        title=title,
        description=description,
        json_schema_extra=schema,
        **{name: limit for name, limit in limits.items() if limit is not None},
    )
    return declared
