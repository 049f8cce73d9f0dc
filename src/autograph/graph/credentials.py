"""Which credentials a graph needs: which nodes, at which pins, of which providers and kinds. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from autograph.graph.model import Graph, Json, Node, is_object
from autograph.graph.spec import BlockSpec, JsonSchema


@dataclass(frozen=True, slots=True)
class CredentialPin:
    """A pin that names a credential.

    Attributes:
        node_id: Its node, in the graph or in an agent inside.
        scopes: What it must let one do, for this pin.
        constant: What is typed in there; None for nothing.
    """

    node_id: str
    pin: str
    is_optional: bool
    scopes: Sequence[str]
    constant: Mapping[str, Json] | None


@dataclass(frozen=True, slots=True)
class CredentialNeed:
    """Pins that one credential serves: they accept the same providers and kinds.

    Attributes:
        name: `github_api_key-oauth2_credentials`.
        scopes: What it must let one do, for all pins together.
    """

    name: str
    providers: Sequence[str]
    kinds: Sequence[str]
    scopes: Sequence[str]
    pins: Sequence[CredentialPin]

    @property
    def is_required(self) -> bool:
        """Whether a run does not start without it."""
        return not all(pin.is_optional for pin in self.pins)


def needs_of(graph: Graph, specs: Mapping[str, BlockSpec]) -> Sequence[CredentialNeed]:
    """Return what the nodes of a graph need, those of agents inside included; linked pins are left out."""
    found: dict[str, CredentialNeed] = {}
    for one in (graph, *graph.sub_graphs):
        linked = {(link.sink, link.sink_pin) for link in one.links}
        for node in one.nodes:
            for pin, field in _fields(node, specs):
                if (node.id, pin) in linked:
                    continue
                need = _need(node, pin, field)
                before = found.get(need.name)
                found[need.name] = need if before is None else _joined(before, need)
    return tuple(found.values())


def _fields(node: Node, specs: Mapping[str, BlockSpec]) -> Iterator[tuple[str, JsonSchema]]:
    spec = specs.get(node.block_id)
    if spec is not None:
        yield from spec.credential_fields.items()


def _need(node: Node, pin: str, field: JsonSchema) -> CredentialNeed:
    name, providers, kinds = access_of(field, node.constants)
    constant = node.constants.get(pin)
    is_optional = node.credentials_optional or "default" in field
    chosen = constant if is_object(constant) and constant.get("id") else None
    scopes = sorted(cast("Sequence[str]", field.get("credentials_scopes") or ()))
    return CredentialNeed(
        name, providers, kinds, scopes, (CredentialPin(node.id, pin, is_optional, scopes, chosen),)
    )


def _joined(one: CredentialNeed, other: CredentialNeed) -> CredentialNeed:
    scopes = sorted({*one.scopes, *other.scopes})
    return CredentialNeed(one.name, one.providers, one.kinds, scopes, (*one.pins, *other.pins))


def access_of(
    field: JsonSchema, constants: Mapping[str, Json]
) -> tuple[str, Sequence[str], Sequence[str]]:
    """Return the name of the access that a pin needs, its providers and its kinds.

    Another pin may decide the provider, as the model of a language model does (`discriminator`).
    """
    providers = sorted(cast("Sequence[str]", field.get("credentials_provider", ())))
    kinds = sorted(cast("Sequence[str]", field.get("credentials_types", ())))
    decides = field.get("discriminator")
    if isinstance(decides, str):
        mapping = field.get("discriminator_mapping")
        value = constants.get(decides)
        if is_object(mapping) and isinstance(value, str) and mapping.get(value) in providers:
            providers = [str(mapping[value])]
    return f"{'-'.join(providers)}_{'-'.join(kinds)}_credentials", providers, kinds
