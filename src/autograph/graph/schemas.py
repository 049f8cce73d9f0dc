"""What a graph takes, gives and needs, derived from its nodes. PURE."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, cast

from autograph.graph.coerce import CoercionError, compile_coercer, show
from autograph.graph.credentials import access_of, needs_of
from autograph.graph.model import Graph, Json, Node, is_list, is_object
from autograph.graph.spec import BlockKind, BlockSpec, JsonSchema
from autograph.infra.errors import Invalid

_WEBHOOKS: Final = frozenset({BlockKind.WEBHOOK, BlockKind.WEBHOOK_MANUAL})
_ANY: Final[JsonSchema] = {}
_TYPES: Final = ("string", "integer", "number", "boolean", "array", "object", "null")


class InvalidInputs(Invalid):
    """Inputs that do not fit; `details.errors` has all of them as `{name: message}`."""

    code: ClassVar[str] = "run.invalid_inputs"


def input_schema(graph: Graph, specs: Mapping[str, BlockSpec]) -> dict[str, Json]:
    """Return the object schema of what an agent takes: a property for each of its input nodes.

    An input is required when its node has no value of its own. Input nodes of one name share one
    property, the first one's.
    """
    properties: dict[str, Json] = {}
    required: dict[str, None] = {}
    for node, spec in _of_kind(graph, specs, BlockKind.INPUT):
        name = node.constants.get("name")
        if not isinstance(name, str) or name in properties:
            continue
        properties[name] = _property(node, spec)
        if (
            node.constants.get("value") is None
            and spec.input_pins.get("value", {}).get("default") is None
        ):
            required[name] = None
    return {"type": "object", "properties": properties, "required": list(required)}


def output_schema(graph: Graph, specs: Mapping[str, BlockSpec]) -> dict[str, Json]:
    """Return the object schema of what an agent gives: a property for each of its output nodes."""
    properties: dict[str, Json] = {}
    for node, spec in _of_kind(graph, specs, BlockKind.OUTPUT):
        name = node.constants.get("name")
        if isinstance(name, str) and name not in properties:
            properties[name] = _property(node, spec)
    return {"type": "object", "properties": properties, "required": list(properties)}


def credentials_schema(graph: Graph, specs: Mapping[str, BlockSpec]) -> dict[str, Json]:
    """Return the object schema of the credentials a run needs: a property for each kind of access.

    Fields of all nodes, those of agents inside included, that accept the same providers and kinds of
    credential share one property, `github_api_key-oauth2_credentials`.
    """
    needs = needs_of(graph, specs)
    return {
        "type": "object",
        "properties": {
            need.name: {
                "type": "object",
                "credentials_provider": list(need.providers),
                "credentials_types": list(need.kinds),
                "credentials_scopes": list(need.scopes),
            }
            for need in needs
        },
        "required": [need.name for need in needs if need.is_required],
    }


def trigger(graph: Graph, specs: Mapping[str, BlockSpec]) -> dict[str, Json] | None:
    """Return what its trigger needs to be set up, None for an agent without one."""
    found = triggers(graph, specs)
    if not found:
        return None
    node, spec = found[0]
    pins = {
        name: pin for name, pin in spec.input_pins.items() if name not in spec.credential_fields
    }
    accesses = [access_of(field, node.constants) for field in spec.credential_fields.values()]
    providers = [provider for _, names, _ in accesses for provider in names]
    if spec.trigger is not None:
        providers = [spec.trigger.provider]
    return {
        "provider": providers[0] if providers else "generic_webhook",
        "config_schema": {
            "type": "object",
            "properties": pins,
            "required": [name for name in spec.input_schema.get("required", []) if name in pins],
        },
        "credentials_input_name": accesses[0][0] if accesses else None,
    }


def triggers(graph: Graph, specs: Mapping[str, BlockSpec]) -> list[tuple[Node, BlockSpec]]:
    """Return the nodes that start an agent when something happens elsewhere."""
    return [
        (node, spec)
        for node in graph.nodes
        if (spec := specs.get(node.block_id)) is not None and spec.kind in _WEBHOOKS
    ]


def has_human_in_the_loop(graph: Graph, specs: Mapping[str, BlockSpec]) -> bool:
    """Tell whether a run may wait for a person."""
    return any(True for _ in _of_kind(graph, specs, BlockKind.HUMAN_IN_THE_LOOP))


def has_sensitive_action(graph: Graph, specs: Mapping[str, BlockSpec]) -> bool:
    """Tell whether a node does something that a person may want to be asked about."""
    return any(
        (spec := specs.get(node.block_id)) is not None and spec.is_sensitive for node in graph.nodes
    )


def node_input_pins(node: Node, spec: BlockSpec) -> Mapping[str, JsonSchema]:
    """Return a node's input pins: its block's, and the inputs of the agent or tool it runs."""
    if spec.kind is BlockKind.AGENT:
        return {**spec.input_pins, **embedded_pins(node, "input_schema")}
    if spec.kind is BlockKind.MCP_TOOL:
        # The block's own pins win: an argument of the same name is given by `tool_arguments`.
        return {**embedded_pins(node, "tool_input_schema"), **spec.input_pins}
    return spec.input_pins


def node_output_pins(node: Node, spec: BlockSpec) -> Mapping[str, JsonSchema]:
    """Return a node's output pins: its block's, or the outputs of the agent it runs."""
    if spec.kind is BlockKind.AGENT:
        return {"error": {"type": "string"}, **embedded_pins(node, "output_schema")}
    return spec.output_pins


def check_inputs(schema: JsonSchema, inputs: Mapping[str, Json]) -> dict[str, Json]:
    """Return an agent's inputs, coerced to what it takes.

    Args:
        schema: As `input_schema` gives it.
        inputs: By name.

    Raises:
        InvalidInputs: Some are missing, unknown or of the wrong type; the error has all of them.
    """
    properties = cast("Mapping[str, JsonSchema]", schema.get("properties", {}))
    errors: dict[str, str] = {}
    reasons: dict[str, Json] = {}
    fitted: dict[str, Json] = {}
    for name, value in inputs.items():
        if name not in properties:
            errors[name] = _unknown_input(name, properties)
            reasons[name] = {"kind": "unknown"}
            continue
        coercer = compile_coercer(properties[name])
        try:
            fitted[name] = value if coercer is None or value is None else coercer(value)
        except CoercionError as error:
            errors[name] = f"Expected {error.expected}, got {show(error.value)}."
            reasons[name] = {
                "kind": "misfit",
                "expected": error.expected,
                "got": show(error.value),
            }
    for name in cast("list[str]", schema.get("required", [])):
        if inputs.get(name) is None and name not in errors:
            errors[name] = "This input needs a value."
            reasons[name] = {"kind": "missing"}
    if errors:
        listed = "; ".join(f"{name}: {message}" for name, message in errors.items())
        raise InvalidInputs(f"The run was not started. {listed}", errors=errors, reasons=reasons)
    return fitted


def _unknown_input(name: str, properties: Mapping[str, JsonSchema]) -> str:
    nearest = difflib.get_close_matches(name, properties, n=1, cutoff=0.5)
    if nearest:
        return f"The agent has no such input. Did you mean {nearest[0]!r}?"
    takes = ", ".join(repr(one) for one in properties) or "none"
    return f"The agent has no such input. It takes: {takes}."


def _of_kind(
    graph: Graph, specs: Mapping[str, BlockSpec], kind: BlockKind
) -> Iterator[tuple[Node, BlockSpec]]:
    for node in graph.nodes:
        spec = specs.get(node.block_id)
        if spec is not None and spec.kind is kind:
            yield node, spec


def _property(node: Node, spec: BlockSpec) -> dict[str, Json]:
    """Return the property of an input or output node: its value's type, under the person's own words."""
    base = spec.input_pins.get("value", _ANY)
    kept: dict[str, Any] = {
        name: one
        for name, one in base.items()
        if name not in {"description", "default", "title", "x-aliases"}
    }
    constants = node.constants
    options = constants.get("options", constants.get("placeholder_values"))
    if "options" in spec.input_pins and isinstance(options, list) and options:
        kept.pop("anyOf", None)
        kept["enum"] = options
    kept["secret"] = constants.get("secret") is True
    kept["advanced"] = constants.get("advanced") is True and constants.get("value") is not None
    kept["title"] = constants.get("title") or constants.get("name")
    if constants.get("description"):
        kept["description"] = constants["description"]
    if constants.get("value") is not None and not kept["secret"]:
        kept["default"] = constants["value"]
    return kept


def embedded_pins(node: Node, name: str) -> Mapping[str, JsonSchema]:
    """Return the pins that an agent-executor node believes its agent to have.

    Args:
        node: The node.
        name: The constant that says so: `input_schema` or `output_schema`.
    """
    schema = node.constants.get(name)
    properties = schema.get("properties") if is_object(schema) else None
    if not is_object(properties):
        return {}
    return {pin: _sound(one) for pin, one in properties.items()}


def _sound(found: Json) -> JsonSchema:
    """Return what we understand of a schema that came with a file; anything odd in it means any value."""
    if not is_object(found):
        return _ANY
    kept: dict[str, Any] = {
        name: found[name] for name in ("default", "const", "secret", "title") if name in found
    }
    kinds = found.get("type")
    known = [one for one in (kinds if is_list(kinds) else [kinds]) if one in _TYPES]
    if known and (not is_list(kinds) or len(known) == len(kinds)):
        kept["type"] = known if is_list(kinds) else known[0]
    if is_list(choices := found.get("enum")) and choices:
        kept["enum"] = choices
    for name in ("anyOf", "oneOf"):
        if is_list(members := found.get(name)) and members:
            kept[name] = [_sound(one) for one in members]
    for name in ("items", "additionalProperties"):
        if is_object(inner := found.get(name)):
            kept[name] = _sound(inner)
    if is_object(properties := found.get("properties")):
        kept["properties"] = {name: _sound(one) for name, one in properties.items()}
    return kept
