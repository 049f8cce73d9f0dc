"""Coercion that keeps meaning: making a value fit the pin it arrived at, or saying why it cannot.

The rules are those of the engine's law (`docs/concepts/graph.md`, "Coercion"):

    number text ↔ number (3.0 → 3 for an integer pin) · "true"/"false" ↔ boolean
    any value → its JSON text, for a text pin · JSON text → object or list
    anything that is not a list → a list of that one thing

Nothing is invented: "abc" never becomes 0 and "yes" never becomes false; such a value is a
`CoercionError` that names what was expected. A pin's schema is compiled once into a closure, because
this runs for every value of every node run.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from autograph.graph.model import Json, is_list, is_object
from autograph.graph.spec import JsonSchema

Coercer = Callable[[Json], Json]

_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TYPES: Final = ("string", "integer", "number", "boolean", "array", "object", "null")
_SHOWN: Final = 120


class CoercionError(Exception):
    """A value that cannot be made to fit without inventing something.

    Attributes:
        value: What came.
        expected: What the pin takes, in words: "a number".
    """

    def __init__(self, value: Json, expected: str) -> None:
        super().__init__(f"expected {expected}, got {show(value)}")
        self.value = value
        self.expected = expected


def show(value: Json) -> str:
    """Return a value as JSON text, shortened for a message."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def compile_coercer(schema: JsonSchema) -> Coercer | None:
    """Return the function that makes values fit `schema`; None where every value fits.

    Args:
        schema: One pin's JSON Schema, references inlined.
    """
    choices = schema.get("enum")
    if choices is None and "const" in schema:
        choices = [schema["const"]]
    if choices is not None:
        return _enum_coercer(cast("list[Json]", choices))
    members = schema.get("anyOf") or schema.get("oneOf")
    if members is not None:
        return _union_coercer(cast("list[JsonSchema]", members))
    kind = schema.get("type")
    if isinstance(kind, list):
        return _union_coercer([{**schema, "type": one} for one in cast("list[str]", kind)])
    if kind == "array":
        return _array_coercer(schema)
    if kind == "object":
        return _object_coercer(schema)
    return _SCALARS.get(cast("str", kind))


def types_of(schema: JsonSchema) -> frozenset[str]:
    """Return the JSON types a schema admits; all of them where it does not say."""
    members = schema.get("anyOf") or schema.get("oneOf")
    if members is not None:
        return frozenset[str]().union(*(types_of(one) for one in cast("list[JsonSchema]", members)))
    kind = schema.get("type")
    if isinstance(kind, str):
        return frozenset({kind})
    if isinstance(kind, list):
        return frozenset(cast("list[str]", kind))
    choices = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if choices is not None:
        return frozenset(_type_name(value) for value in cast("list[Json]", choices))
    return frozenset(_TYPES)


def can_ever_fit(source: JsonSchema, sink: JsonSchema) -> bool:
    """Tell whether some value of `source` could be coerced to `sink`; False only when none can."""
    sources, sinks = types_of(source), types_of(sink)
    return any(one in _REACHES[other] for one in sources for other in sinks)


def fits_as_is(source: JsonSchema, sink: JsonSchema) -> bool:
    """Tell whether every type of `source` is one of `sink`'s, so that nothing has to be coerced."""
    sinks = types_of(sink)
    if "number" in sinks:
        sinks |= {"integer"}
    return types_of(source) <= sinks


_SCALAR_TEXT: Final = frozenset({"string", "null"})
_REACHES: Final[Mapping[str, frozenset[str]]] = {
    # sink type: the source types from which a coercion can succeed (null is dropped, never coerced)
    "string": frozenset(_TYPES),
    "array": frozenset(_TYPES),
    "number": frozenset({"number", "integer"}) | _SCALAR_TEXT,
    "integer": frozenset({"number", "integer"}) | _SCALAR_TEXT,
    "boolean": frozenset({"boolean"}) | _SCALAR_TEXT,
    "object": frozenset({"object"}) | _SCALAR_TEXT,
    "null": frozenset({"null"}),
}


def _type_name(value: Json) -> str:
    if value is None:
        return "null"
    for kind, name in _NAMES:
        if isinstance(value, kind):
            return name
    return "object"


_NAMES: Final[tuple[tuple[type[Any], str], ...]] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
)


def _to_text(value: Json) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _to_number(value: Json) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    number = _parse_number(value)
    if number is None:
        raise CoercionError(value, "a number")
    return number


def _to_integer(value: Json) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = value if isinstance(value, float) else _parse_number(value)
    if isinstance(number, int):
        return number
    if number is None or not number.is_integer():
        raise CoercionError(value, "a whole number")
    return int(number)


def _parse_number(value: Json) -> int | float | None:
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _NUMBER.fullmatch(text) is None or len(text) > 400:
        return None
    if text.lstrip("+-").isdecimal():
        return int(text)
    number = float(text)
    return number if abs(number) != float("inf") else None


def _to_boolean(value: Json) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if word in {"true", "false"}:
            return word == "true"
    raise CoercionError(value, "true or false")


def _to_null(value: Json) -> None:
    if value is not None:
        raise CoercionError(value, "nothing")


_SCALARS: Final[Mapping[str, Coercer]] = {
    "string": _to_text,
    "number": _to_number,
    "integer": _to_integer,
    "boolean": _to_boolean,
    "null": _to_null,
}


def _parse_json(text: str) -> Json:
    """Return what a JSON text says; None where it is none, NaN and numbers beyond a double included."""
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _array_coercer(schema: JsonSchema) -> Coercer:
    items = schema.get("items")
    coerce_item = compile_coercer(cast("JsonSchema", items)) if isinstance(items, Mapping) else None

    def to_list(value: Json) -> list[Json]:
        result: list[Json] = value if is_list(value) else [value]
        if isinstance(value, str) and value.lstrip().startswith("["):
            parsed = _parse_json(value)
            result = parsed if is_list(parsed) else result
        return result if coerce_item is None else [coerce_item(item) for item in result]

    return to_list


def _object_coercer(schema: JsonSchema) -> Coercer:
    declared = cast("Mapping[str, JsonSchema]", schema.get("properties", {}))
    coercers = {
        name: coercer
        for name, one in declared.items()
        if (coercer := compile_coercer(one)) is not None
    }
    rest = schema.get("additionalProperties")
    coerce_rest = compile_coercer(cast("JsonSchema", rest)) if isinstance(rest, Mapping) else None

    def to_object(value: Json) -> dict[str, Json]:
        found = _parse_json(value) if isinstance(value, str) else value
        if not is_object(found):
            raise CoercionError(value, "an object")
        if not coercers and coerce_rest is None:
            return found
        fitted: dict[str, Json] = {}
        for key, one in found.items():
            coercer = coercers.get(key) if key in declared else coerce_rest
            fitted[key] = one if coercer is None or one is None else coercer(one)
        return fitted

    return to_object


def _enum_coercer(choices: list[Json]) -> Coercer:
    by_text = {_choice_text(choice): choice for choice in choices}
    expected = "one of " + ", ".join(show(choice) for choice in choices)

    def to_choice(value: Json) -> Json:
        text = _choice_text(value)
        if text not in by_text:
            raise CoercionError(value, expected)
        return by_text[text]

    return to_choice


def _choice_text(value: Json) -> str:
    """Return what a value is compared by: its text, one for 3 and 3.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _to_text(value)


def _union_coercer(members: list[JsonSchema]) -> Coercer | None:
    compiled = [(one, compile_coercer(one)) for one in members]
    if any(coercer is None for _, coercer in compiled):
        return None
    types = frozenset[str]().union(*(types_of(one) for one in members))
    own = types | {"integer"} if "number" in types else types
    expected = " or ".join(
        dict.fromkeys(_EXPECTED.get(one, "a value") for one in sorted(types - {"null"}))
    )

    def to_member(value: Json) -> Json:
        name = _type_name(value)
        # A value that is already of a member's type belongs to that member, in declared order;
        # only one that is of nobody's type is coerced.
        same_type = [
            pair
            for pair in compiled
            if name in types_of(pair[0]) or (name == "integer" and "number" in types_of(pair[0]))
        ]
        candidates = same_type if name in own else compiled
        for _, coercer in candidates:
            try:
                return cast("Coercer", coercer)(value)
            except CoercionError:
                # The only member it could belong to says best what is wrong: its choices, its keys.
                if len(candidates) == 1:
                    raise
        raise CoercionError(value, expected)

    return to_member


_EXPECTED: Final[Mapping[str, str]] = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
