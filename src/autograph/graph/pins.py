"""Dynamic pin names: how `values_#_who` or `items_$_0` select from a value, or build one.

Separators may be chained: `_$_` list index, `_#_` dictionary key, `_@_` attribute (on JSON values the
same as a key). On an output the path selects; on an input it builds. A name that is broken as a path
is a plain pin name, and validation reports it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from autograph.graph.model import Json, is_list, is_object

MAX_INDEX: Final = 1_000
"""Largest list index a path may name: building a list pads it up to the index."""

TOOLS: Final = "tools"
"""The output pin that leads to the nodes which are a node's tools."""

_SEPARATORS: Final = re.compile(r"(_\$_|_#_|_@_)")
_SELF_TOOL_PREFIX: Final = "tools_^_"
_SHOWN: Final = 20


class Nothing:
    """The type of `NOTHING`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = Nothing()
"""What a selector found when the thing is not there; null is something."""

Step = str | int
"""A key or attribute (text), or a list index (number)."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A pin name, taken apart.

    Attributes:
        base: The declared pin.
        path: Steps into its value; empty for a plain pin.
        broken: Why the name is no path though it looks like one; the base is then the whole name.
    """

    base: str
    path: tuple[Step, ...] = ()
    broken: str | None = None


def is_tool_pin(name: str) -> bool:
    """Tell whether an output pin leads to a node that is a tool: `tools`, or `tools_^_weather_~_city`."""
    return name == TOOLS or name.startswith(_SELF_TOOL_PREFIX)


def tool_pin(node_id: str, pin: str) -> str:
    """Return the output pin whose values go to one input pin of one tool."""
    return f"{_SELF_TOOL_PREFIX}{node_id}_~_{pin}"


@lru_cache(maxsize=4096)
def parse(name: str) -> Pin:
    """Take a pin name apart; never raises, a broken name comes back as such."""
    if name.startswith(_SELF_TOOL_PREFIX):
        return Pin(name)
    parts = _SEPARATORS.split(name)
    if len(parts) == 1:
        return Pin(name)
    base, rest = parts[0], parts[1:]
    if not base:
        return Pin(name, broken="it names no pin before the first separator")
    path: list[Step] = []
    for separator, step in zip(rest[::2], rest[1::2], strict=True):
        if step == "":
            return Pin(name, broken=f"nothing follows {separator!r}")
        if separator != "_$_":
            path.append(step)
            continue
        if not step.isascii() or not step.isdecimal():
            return Pin(name, broken=f"a list index is a whole number from 0, not {step!r}")
        # By its length first: Python refuses to read a number of thousands of digits.
        if len(step.lstrip("0")) > len(str(MAX_INDEX)) or int(step) > MAX_INDEX:
            return Pin(name, broken=f"list index {step[:_SHOWN]} is over {MAX_INDEX}")
        path.append(int(step))
    return Pin(base, tuple(path))


def select(value: Json, path: tuple[Step, ...]) -> Json | Nothing:
    """Follow `path` into `value`; `NOTHING` when a step finds nothing, which differs from null."""
    for step in path:
        if isinstance(step, int):
            if not is_list(value) or step >= len(value):
                return NOTHING
            value = value[step]
        elif is_object(value):
            if step not in value:
                return NOTHING
            value = value[step]
        else:
            return NOTHING
    return value


def build(values: dict[str, Json], constants: dict[str, Json]) -> dict[str, Json]:
    """Lay linked values over constants, putting the parts of dynamic pins together.

    Args:
        values: By full pin name, as they arrived over links.
        constants: By declared pin, or by full pin name where a person typed into a dynamic pin.

    Returns:
        By declared pin. Containers of `constants` are copied before anything is put into them;
        lists are padded with null up to the index. A plain pin comes before its parts, whatever the
        order of the keys.
    """
    result: dict[str, Json] = {}
    for source in (constants, values):
        parts: list[tuple[Pin, Json]] = []
        for name, value in source.items():
            pin = parse(name)
            if pin.path:
                parts.append((pin, value))
            else:
                result[name] = value
        for pin, value in parts:
            result[pin.base] = put(result.get(pin.base), pin.path, value)
    return result


def put(container: Json, path: tuple[Step, ...], value: Json) -> Json:
    """Return a copy of `container` with `value` at `path`."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        items: list[Json] = list(container) if is_list(container) else []
        items.extend([None] * (step + 1 - len(items)))
        items[step] = put(items[step], rest, value)
        return items
    entries: dict[str, Json] = dict(container) if is_object(container) else {}
    entries[step] = put(entries.get(step), rest, value)
    return entries
