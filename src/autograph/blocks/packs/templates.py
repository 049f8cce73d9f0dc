"""What an action sends, made of its input pins: a small closed language.

    "{title}"                    the pin's value, as it is: a list stays a list
    "is:issue {query}"           text with values in it
    "{repo_url|github.repo}"     through a filter; see `filters`
    "{source.object.sha}"        a part of what an earlier step of the action brought
    "{labels!}"                  also when it is empty
    "{author||me.id}"            the first that has a value
    "{$|github.comment}"         all pins at once, for a filter that needs several
    "{{" and "}}"                braces

A value that is not there, or that is empty and not required, is left out; so is a table or list in which
everything was left out. `false` and `0` are values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from autograph.blocks.packs.pins import BadNotation
from autograph.blocks.packs.selectors import MISSING, Filter, walk
from autograph.blocks.sdk import BlockError
from autograph.graph.model import Json, is_list, is_object
from autograph.infra.json import encode

_PART: Final = re.compile(r"\{\{|\}\}|\{(?P<expression>[^{}]*)\}")
_EXPRESSION: Final = re.compile(
    r"(?P<name>\$|[A-Za-z_]\w*)(?P<path>(?:\.[\w-]+)*)(?P<filters>(?:\|[\w.]+)*)(?P<keep>!)?"
)


class PathText(str):
    """Several segments of a path: its slashes stay slashes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What templates may name.

    Attributes:
        pins: Values by input pin.
        required: Pins that are sent also when they are empty.
        steps: What earlier steps brought, by their names.
        filters: By name.
    """

    pins: Mapping[str, Json]
    required: frozenset[str]
    steps: Mapping[str, Json]
    filters: Mapping[str, Filter]

    def value(self, expression: str) -> Json:
        """Return what an expression stands for, `MISSING` where it is left out."""
        for alternative in expression.split("||"):
            if (found := self._one(alternative)) is not MISSING:
                return found
        return MISSING

    def _one(self, expression: str) -> Json:
        name, path, filters, keep = split(expression)
        if name == "$":
            found: Json = dict(self.pins)
        elif name in self.pins:
            found = self.pins[name]
        else:
            found = self.steps.get(name, MISSING)
        found = walk(found, tuple(int(one) if one.isdigit() else one for one in path))
        for one in filters:
            if found is not MISSING and found is not None:
                found = self.filters[one](found)
        if found is None or found is MISSING:
            return MISSING
        is_empty = found in ("", [], {}) and not isinstance(found, bool)
        return MISSING if is_empty and not keep and name not in self.required else found


def split(expression: str) -> tuple[str, tuple[str, ...], tuple[str, ...], bool]:
    """Return an expression's name, path, filters, and whether it is sent when empty.

    Raises:
        BadNotation: It is none.
    """
    found = _EXPRESSION.fullmatch(expression.strip())
    if found is None:
        raise BadNotation(f"{{{expression}}} names nothing: write {{pin}} or {{pin|filter}}.")
    path = tuple(one for one in found["path"].split(".") if one)
    filters = tuple(one for one in found["filters"].split("|") if one)
    return found["name"], path, filters, bool(found["keep"])


def expressions(template: Json) -> Iterator[str]:
    """Yield every expression in a template, however deep; alternatives one by one."""
    if isinstance(template, str):
        yield from (
            alternative
            for one in _PART.finditer(template)
            if one["expression"] is not None
            for alternative in one["expression"].split("||")
        )
    elif is_object(template):
        for one in template.values():
            yield from expressions(one)
    elif is_list(template):
        for one in template:
            yield from expressions(one)


def render(template: Json, scope: Scope) -> Json:
    """Return what a template makes, `MISSING` where everything in it is left out."""
    if isinstance(template, str):
        return _render_text(template, scope)
    if is_object(template):
        made = {name: render(one, scope) for name, one in template.items()}
        kept = {name: one for name, one in made.items() if one is not MISSING}
        return MISSING if made and not kept else kept
    if is_list(template):
        items = [render(one, scope) for one in template]
        left = [one for one in items if one is not MISSING]
        return MISSING if items and not left else left
    return template


def render_path(template: str, scope: Scope) -> str:
    """Return a path; what stands in it is quoted.

    Raises:
        BlockError: A part of it would be empty, or leads elsewhere (`..`).
    """

    def put(found: re.Match[str]) -> str:
        expression = found["expression"]
        if expression is None:
            return found[0][0]
        value = scope.value(expression)
        if value is MISSING:
            raise BlockError(
                f"{_named(expression)}: this input needs a value.", code="block.bad_input"
            )
        text = as_text(value)
        if any(
            one in {"", ".", ".."}
            for one in (text.split("/") if isinstance(value, PathText) else [text])
        ):
            raise BlockError(
                f"{_named(expression)}: {text[:100]!r} cannot be a part of an address.",
                code="block.bad_input",
            )
        return quote(text, safe="/" if isinstance(value, PathText) else "")

    return _PART.sub(put, template)


def _named(expression: str) -> str:
    return split(expression.partition("||")[0])[0]


def as_text(value: Json) -> str:
    """Return a value as addresses, forms and headers carry it."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return encode(value).decode()


def _render_text(template: str, scope: Scope) -> Json:
    parts = list(_PART.finditer(template))
    if len(parts) == 1 and parts[0][0] == template and parts[0]["expression"] is not None:
        return scope.value(parts[0]["expression"])
    if not parts:
        return template
    values = {
        one["expression"]: scope.value(one["expression"])
        for one in parts
        if one["expression"] is not None
    }
    if values and all(one is MISSING for one in values.values()):
        return MISSING

    def put(found: re.Match[str]) -> str:
        if found["expression"] is None:
            return found[0][0]
        value = values[found["expression"]]
        return "" if value is MISSING else as_text(value)

    return _PART.sub(put, template)
