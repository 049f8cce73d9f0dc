"""Samples: a value of a JSON Schema, when any will do. PURE."""

from __future__ import annotations

from typing import Any, Final

from autograph.graph.model import Json, is_list, is_object
from autograph.graph.spec import JsonSchema

_TEXTS: Final = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05+00:00",
    "email": "ada@example.com",
    "time": "03:04:05",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def sample(schema: JsonSchema, name: str) -> Json:
    """Return a value of a schema; where it says nothing, a text that says of what it is a sample.

    Args:
        schema: What is wanted.
        name: What it is called.
    """
    for key in ("const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    for key in ("enum", "examples"):
        choices = schema.get(key)
        if is_list(choices) and choices:
            return choices[0]
    variant = _variant(schema)
    return _of_kind(schema, name) if variant is None else sample(variant, name)


def _of_kind(schema: JsonSchema, name: str) -> Json:
    match _kind(schema):
        case "object":
            return {key: sample(one, key) for key, one in _objects(schema.get("properties"))}
        case "array":
            items = schema.get("items")
            return [sample(items if is_object(items) else {}, name)]
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _TEXTS.get(str(schema.get("format")), f"sample {name}")


def is_open(schema: JsonSchema) -> bool:
    """Tell whether a schema leaves open what a value looks like: any value, or any object, list or text."""
    if schema.get("const") is not None or schema.get("enum"):
        return False
    variant = _variant(schema)
    if variant is not None:
        return is_open(variant)
    kind = _kind(schema)
    if kind == "object":
        return not schema.get("properties")
    if kind == "array":
        items = schema.get("items")
        return not is_object(items) or is_open(items)
    return kind is None or (kind == "string" and str(schema.get("format")) not in _TEXTS)


def _variant(schema: JsonSchema) -> dict[str, Any] | None:
    """Return the first of several schemas that is not null's."""
    found = schema.get("anyOf") or schema.get("oneOf")
    if not is_list(found):
        return None
    return next((one for one in found if is_object(one) and one.get("type") != "null"), None)


def _kind(schema: JsonSchema) -> str | None:
    kind = schema.get("type")
    if is_list(kind):
        kind = next((one for one in kind if one != "null"), None)
    if kind is None and schema.get("properties"):
        return "object"
    return kind if isinstance(kind, str) else None


def _objects(found: Json) -> list[tuple[str, dict[str, Json]]]:
    return (
        [(name, one) for name, one in found.items() if is_object(one)] if is_object(found) else []
    )
