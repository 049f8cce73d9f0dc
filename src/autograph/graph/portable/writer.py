"""Writing our own form of an agent file.

    {
      "autograph": 1,
      "id": "…", "name": "…", "version": 1, "description": "…",
      "nodes": [{"id", "block_id", "name"?, "constants"?, "policy"?, …}],
      "links": [{"from", "output", "to", "input", "static"?}],
      "sub_graphs": [ …the same, without their own… ],
      "layout": {"<node id>": {"x": 0, "y": 0}}
    }

Keys stand in a fixed order and what is empty is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from autograph.graph import pins
from autograph.graph.model import Graph, Json, Link, Node, Policy, is_list, is_object
from autograph.graph.spec import BlockKind, BlockSpec

_SECRET_NAMES: Final = ("credential", "apikey", "password", "token", "secret", "authorization")
_NO_LETTER: Final = re.compile(r"[^a-z]")
_HARMLESS_KEYWORDS: Final = frozenset(
    {"type", "title", "description", "format", "secret", "advanced", "anyOf", "items"}
)


def write_agent(
    graph: Graph, specs: Mapping[str, BlockSpec] | None = None, *, keep_secrets: bool = True
) -> dict[str, Json]:
    """Return a graph in our own form.

    Args:
        graph: The graph.
        specs: Blocks by id; they say which pins are secret.
        keep_secrets: False for a file that leaves the installation: secret constants are left out.
    """
    known = specs or {}
    return {
        "autograph": 1,
        **_write_graph(graph, known, keep_secrets=keep_secrets),
        **(
            {
                "sub_graphs": [
                    _write_graph(one, known, keep_secrets=keep_secrets) for one in graph.sub_graphs
                ]
            }
            if graph.sub_graphs
            else {}
        ),
    }


def dump(document: Mapping[str, Json]) -> str:
    """Return a document as text: indented, one trailing newline."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _write_graph(
    graph: Graph, specs: Mapping[str, BlockSpec], *, keep_secrets: bool
) -> dict[str, Json]:
    optional: dict[str, Json] = {
        "description": graph.description,
        "instructions": graph.instructions,
        "schedule_cron": graph.schedule_cron,
        "forked_from": graph.forked_from
        and {"id": graph.forked_from.graph_id, "version": graph.forked_from.version},
        "policy": write_policy(graph.policy),
    }
    layout = {
        node.id: {"x": node.position.x, "y": node.position.y}
        for node in graph.nodes
        if node.position is not None
    }
    return {
        "id": graph.id,
        "name": graph.name,
        "version": graph.version,
        **{name: value for name, value in optional.items() if value},
        "nodes": [
            _write_node(node, specs.get(node.block_id), keep_secrets=keep_secrets)
            for node in graph.nodes
        ],
        "links": [_write_link(link) for link in graph.links],
        **({"layout": layout} if layout else {}),
    }


def _write_node(node: Node, spec: BlockSpec | None, *, keep_secrets: bool) -> dict[str, Json]:
    constants = dict(node.constants) if keep_secrets else public_constants(node, spec)
    optional: dict[str, Json] = {
        "name": node.name,
        "constants": constants,
        "policy": write_policy(node.policy),
        "credentials_optional": node.credentials_optional,
        "metadata": dict(node.metadata),
    }
    return {
        "id": node.id,
        "block_id": node.block_id,
        **{name: value for name, value in optional.items() if value},
    }


def _write_link(link: Link) -> dict[str, Json]:
    return {
        "from": link.source,
        "output": link.source_pin,
        "to": link.sink,
        "input": link.sink_pin,
        **({"static": True} if link.static else {}),
    }


def write_policy(policy: Policy) -> dict[str, Json]:
    """Return a policy, durations in seconds; what it does not say is left out."""
    written: dict[str, Json] = {}
    if policy.timeout is not None:
        written["timeout"] = policy.timeout.total_seconds()
    if policy.retry is not None:
        written["retry"] = {
            "max": policy.retry.max,
            "backoff": policy.retry.backoff.total_seconds(),
            **({"on": list(policy.retry.on)} if policy.retry.on else {}),
        }
    if policy.on_error is not None:
        written["on_error"] = policy.on_error.value
    return written


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
