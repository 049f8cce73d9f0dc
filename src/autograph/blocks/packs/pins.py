"""Pins as a pack writes them, and the JSON Schema they become.

    title    = "string*: The issue's title."                  an input; * says that it needs a value
    per_page = "integer = 30: How many at most."              an input with a default
    number   = "integer <- number: The issue's number."       an output, and where the answer has it
    files    = { type = "array<object>", required = true, description = "…", fields = { path = "string*: Where." } }

Types are those of the catalogue's notation: `string`, `integer`, `number`, `boolean`, `object`, `array`,
`any`, `null`; `array<string>`, `object<number>`, `enum<string>`, `object(Commit)`; several with `|` between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from autograph.graph.model import Json
from autograph.infra.errors import Invalid
from autograph.infra.json import NotJson, decode

_SCALARS: Final = frozenset({"string", "integer", "number", "boolean", "null"})
_INPUT: Final = re.compile(
    r"(?P<type>[^:*=]+?)\s*(?P<required>\*)?(?:\s*=\s*(?P<default>.+?))?:\s+(?P<description>.+)",
    re.S,
)
_OUTPUT: Final = re.compile(
    r"(?P<type>[^:]+?)(?:\s*<-\s*(?P<select>.+?))?:\s+(?P<description>.+)", re.S
)


class BadNotation(Invalid):
    """This is not how a pack says it; the message shows how."""

    code = "packs.bad_notation"


def read_input(text: str) -> dict[str, Json]:
    """Return an input pin's table from its short form.

    Raises:
        BadNotation: It is no pin.
    """
    found = _INPUT.fullmatch(text)
    if found is None:
        raise BadNotation(f'{text!r} is no input pin: write "string*: What it is."')
    table: dict[str, Json] = {"type": found["type"].strip(), "description": found["description"]}
    if found["required"]:
        table["required"] = True
    if found["default"] is not None:
        try:
            table["default"] = decode(found["default"])
        except NotJson as error:
            raise BadNotation(f"{text!r}: the default {found['default']} is not JSON.") from error
    return table


def read_output(text: str) -> dict[str, Json]:
    """Return an output pin's table from its short form.

    Raises:
        BadNotation: It is no pin.
    """
    found = _OUTPUT.fullmatch(text)
    if found is None:
        raise BadNotation(f'{text!r} is no output pin: write "string <- where.it.is: What it is."')
    table: dict[str, Json] = {"type": found["type"].strip(), "description": found["description"]}
    if found["select"] is not None:
        table["select"] = found["select"]
    return table


def schema_of(
    notation: str, enum: list[Json] | None = None, fields: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the JSON Schema of a type.

    Args:
        notation: As the catalogue writes types: `array<object(Commit)>|null`.
        enum: The choices of an `enum<…>` in it.
        fields: Schemas of the parts of the `object` in it.

    Raises:
        BadNotation: It is no type.
    """
    members = [_member(one.strip(), enum, fields) for one in _split(notation)]
    return members[0] if len(members) == 1 else {"anyOf": members}


def _split(notation: str) -> list[str]:
    parts, depth, start = list[str](), 0, 0
    for place, letter in enumerate(f"{notation}|"):
        depth += (letter in "<(") - (letter in ">)")
        if letter == "|" and depth == 0:
            parts.append(notation[start:place])
            start = place + 1
    return parts


def _member(name: str, enum: list[Json] | None, fields: Mapping[str, Any] | None) -> dict[str, Any]:
    if name in _SCALARS:
        return {"type": name}
    if name == "any":
        return {}
    if name == "array":
        return {"type": "array", "items": {}}
    if name == "object" or name.startswith("object("):
        made: dict[str, Any] = {"type": "object"}
        if name != "object":
            made["title"] = name[len("object(") : -1]
        return made | _parts(fields)
    inner = name.partition("<")[2][:-1]
    if name.startswith("array<"):
        return {"type": "array", "items": schema_of(inner, enum, fields)}
    if name.startswith("object<"):
        return {"type": "object", "additionalProperties": schema_of(inner, enum, fields)}
    if name.startswith("enum<") and enum:
        return {"enum": list(enum), "type": inner}
    if name.startswith("enum<"):
        raise BadNotation(f"{name} needs the key enum, with its choices.")
    raise BadNotation(f"{name!r} is no type.")


def _parts(fields: Mapping[str, Any] | None) -> dict[str, Any]:
    if not fields:
        return {}
    needed = [name for name, schema in fields.items() if schema.get("required")]
    properties = {
        name: {key: value for key, value in schema.items() if key != "required"}
        for name, schema in fields.items()
    }
    return {"properties": properties, **({"required": needed} if needed else {})}
