"""Secrets among a graph's constants: what of a node others may see, and how the rest comes back. PURE.

What leaves the installation, or the server for a screen, is written without secrets. When the graph comes
back from that screen, its secrets are still where it was saved and are put in again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from autograph.graph import pins
from autograph.graph.model import Graph, Json, Node, is_list, is_object
from autograph.graph.spec import BlockKind, BlockSpec

_SECRET_NAMES: Final = ("credential", "apikey", "password", "token", "secret", "authorization")
_GONE: Final = object()
_NO_LETTER: Final = re.compile(r"[^a-z]")
_HARMLESS_KEYWORDS: Final = frozenset(
    {"type", "title", "description", "format", "secret", "advanced", "anyOf", "items"}
)


def restore_secrets(graph: Graph, saved: Graph, specs: Mapping[str, BlockSpec]) -> Graph:
    """Return a graph with the secrets that it lost on its way out.

    A constant comes back to the node of the same id and block when it is not there, or stands there
    just as `public_constants` left it. To take a secret away, its value is set to null.

    Args:
        graph: As it came back.
        saved: As it was when it went out.
        specs: Blocks by id; they say which pins are secret.
    """
    before = {node.id: node for node in saved.nodes}
    inside = {one.id: one for one in saved.sub_graphs}
    return replace(
        graph,
        nodes=tuple(_restored(node, before.get(node.id), specs) for node in graph.nodes),
        sub_graphs=tuple(
            restore_secrets(one, inside[one.id], specs) if one.id in inside else one
            for one in graph.sub_graphs
        ),
    )


def _restored(node: Node, saved: Node | None, specs: Mapping[str, BlockSpec]) -> Node:
    if saved is None or saved.block_id != node.block_id:
        return node
    public = public_constants(saved, specs.get(saved.block_id))
    lost = {
        name: value
        for name, value in saved.constants.items()
        if (seen := public.get(name, _GONE)) != value and node.constants.get(name, _GONE) == seen
    }
    return replace(node, constants={**node.constants, **lost}) if lost else node


def public_constants(node: Node, spec: BlockSpec | None) -> dict[str, Json]:
    """Return a node's constants without secrets.

    A secret is a pin that its block, or the agent that the node runs, says is one; the value of an agent's
    input that is marked secret; and any text or object under a name that sounds like one (`api_key`,
    `password`, `credentials` …). A number such as `max_tokens` is none, nor is the name of a property in
    a JSON Schema, but its default is.
    """
    secret = _secret_pins(node, spec)
    kept: dict[str, Json] = {}
    for name, value in node.constants.items():
        if pins.parse(name).base in secret or _sounds_secret(name, value):
            continue
        if name == "inputs" and is_object(value):
            value = {one: inner for one, inner in value.items() if one not in secret}  # noqa: PLW2901 - the inputs of the agent that the node runs
        kept[name] = _without_secrets(value)
    return kept


def _secret_pins(node: Node, spec: BlockSpec | None) -> set[str]:
    embedded = node.constants.get("input_schema")
    properties = embedded.get("properties") if is_object(embedded) else None
    found = {name for name, one in _objects(properties) if one.get("secret") is True}
    for name, schema in spec.input_pins.items() if spec else ():
        if schema.get("secret") is True:
            found |= {name, *schema.get("x-aliases", ())}
    may_hide = spec is None or spec.kind in {BlockKind.INPUT, BlockKind.OUTPUT}
    if may_hide and node.constants.get("secret") is True:
        found.add("value")
    return found


def _objects(found: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    for name, one in found.items() if is_object(found) else ():
        if is_object(one):
            yield name, one


def _sounds_secret(name: str, value: Json) -> bool:
    if not isinstance(value, (str, dict, list)):
        return False
    letters = _NO_LETTER.sub("", name.lower())
    return any(word in letters for word in _SECRET_NAMES)


def _without_secrets(value: Json) -> Any:
    if is_list(value):
        return [_without_secrets(one) for one in value]
    if not is_object(value):
        return value
    is_schema = value.get("type") == "object" and is_object(value.get("properties"))
    return {
        name: _public_properties(one)
        if is_schema and name == "properties"
        else _without_secrets(one)
        for name, one in value.items()
        if not _sounds_secret(name, one)
    }


def _public_properties(properties: dict[str, Json]) -> dict[str, Json]:
    """Return the properties of a JSON Schema; of a secret one only what says how it looks."""
    kept: dict[str, Json] = {}
    for name, schema in properties.items():
        is_secret = _sounds_secret(name, schema)
        if is_object(schema) and (is_secret or schema.get("secret") is True):
            kept[name] = {key: one for key, one in schema.items() if key in _HARMLESS_KEYWORDS}
        elif not is_secret:
            kept[name] = _without_secrets(schema)
    return kept
