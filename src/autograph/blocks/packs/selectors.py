"""What an action gives out of an answer: a small closed language.

    number                       a field of the answer's JSON
    data.items.0.name            parts of parts; lists by number, also from behind: -1
    "a.b".c                      a field with a dot in its name
    items[].name                 that field of every item: a list
    $                            the whole answer
    $status  $text  $header.link  $data_uri
    $file                        the body, kept as a file; its reference
    each items                   every item for itself, one output after the other
    html_url || url              the first that is there
    body ?? ""                   what to give where it is not there, or null
    error?                       nothing is given where it is not there
    content|unbase64             through a filter; see `filters`

Where a selector finds nothing and says neither `??` nor `?`, the answer breaks its shape and the node fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from autograph.blocks.packs.pins import BadNotation
from autograph.graph.model import Json, is_list, is_object
from autograph.infra.json import NotJson, decode


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING: Final[Any] = _Missing()
"""What a selector finds where nothing is; null is something."""

_STEP: Final = re.compile(r'"(?P<quoted>[^"]*)"|(?P<plain>[^.\[\]"|]+)|(?P<each>\[\])')
FILE: Final = "$file"
"""The selector of a body that is kept as a file. What keeps it is `action`: a selector cannot wait."""
_ROOTS: Final = ("$status", "$text", "$data_uri", FILE, "$header.")

Filter = Callable[[Json], Json]


class Answered(Protocol):
    """An answer, as selectors see it."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        ...

    @property
    def text(self) -> str:
        """The body as text."""
        ...

    @property
    def data_uri(self) -> str:
        """The body as `data:` with its type."""
        ...

    @property
    def json(self) -> Json:
        """The body's value."""
        ...


@dataclass(frozen=True, slots=True)
class Path:
    """Where something is: a root, steps from it, filters behind it."""

    root: str
    steps: tuple[str | int | None, ...]
    filters: tuple[Filter, ...] = ()

    def find(self, answer: Answered) -> Json:
        """Return what is there, `MISSING` where nothing is."""
        found = walk(_root(self.root, answer), self.steps)
        for one in self.filters:
            if found is not MISSING and found is not None:
                found = one(found)
        return found


@dataclass(frozen=True, slots=True)
class Selector:
    """What an output pin is given.

    Attributes:
        alternatives: The first that finds something counts.
        each: Items are given one by one.
        is_optional: Nothing is given where nothing is.
        default: Given where nothing is, or null; `MISSING` where the pack says nothing.
    """

    alternatives: tuple[Path, ...]
    each: bool = False
    is_optional: bool = False
    default: Json = MISSING

    def find(self, answer: Answered) -> Json:
        """Return what the answer has, `MISSING` where it has nothing."""
        found: Json = MISSING
        for path in self.alternatives:
            found = path.find(answer)
            if found is not MISSING and found is not None:
                return found
        return found if self.default is MISSING else self.default


def parse(text: str, filters: Mapping[str, Filter]) -> Selector:
    """Read a selector.

    Raises:
        BadNotation: It is none, or it names a filter that is not there.
    """
    rest = text.strip()
    each = rest.startswith("each ")
    rest = rest.removeprefix("each ").strip()
    rest, has_default, default = rest.partition("??")
    rest = rest.strip()
    is_optional = rest.endswith("?")
    alternatives = tuple(
        parse_path(one.strip(), filters, text) for one in rest.removesuffix("?").split("||")
    )
    try:
        given = decode(default) if has_default else MISSING
    except NotJson as error:
        raise BadNotation(f"{text!r}: what follows ?? is not JSON.") from error
    return Selector(alternatives, each, is_optional, given)


def parse_path(text: str, filters: Mapping[str, Filter], whole: str | None = None) -> Path:
    """Read one path of a selector.

    Raises:
        BadNotation: It is none, or it names a filter that is not there.
    """
    path, *names = (one.strip() for one in text.split("|"))
    for name in names:
        if name not in filters:
            raise BadNotation(f"{whole or text!r}: there is no filter {name!r}.")
    found = tuple(filters[name] for name in names)
    for root in _ROOTS:
        if path.startswith(root):
            return Path(path, (), found)
    rest = path.removeprefix("$").removeprefix(".")
    return Path("$", _steps(rest, whole or text) if rest else (), found)


def _steps(path: str, whole: str) -> tuple[str | int | None, ...]:
    steps: list[str | int | None] = []
    place = 0
    while place < len(path):
        found = _STEP.match(path, place)
        if found is None:
            raise BadNotation(f"{whole!r} is no selector: {path[place:]!r} is not understood.")
        if found["each"]:
            steps.append(None)
        elif found["quoted"] is not None:
            steps.append(found["quoted"])
        else:
            plain = found["plain"]
            steps.append(int(plain) if re.fullmatch(r"-?\d+", plain) else plain)
        place = found.end()
        if path[place : place + 1] == ".":
            place += 1
    return tuple(steps)


def walk(value: Json, steps: tuple[str | int | None, ...]) -> Json:
    """Return the part of a value that the steps lead to, `MISSING` where they lead nowhere."""
    for number, step in enumerate(steps):
        if step is None:
            if not is_list(value):
                return MISSING
            found = (walk(one, steps[number + 1 :]) for one in value)
            return [one for one in found if one is not MISSING]
        if is_object(value):
            value = value.get(str(step), MISSING)
        elif is_list(value) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return MISSING
    return value


def _root(name: str, answer: Answered) -> Json:
    if name == "$":
        return answer.json
    if name == "$status":
        return answer.status
    if name == "$text":
        return answer.text
    if name == "$data_uri":
        return answer.data_uri
    return answer.headers.get(name.removeprefix("$header.").lower(), MISSING)
