"""Writing AutoGPT's form of an agent file: links at both of their nodes and at the top, schemas derived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import NAMESPACE_URL, uuid5

from autograph.graph import schemas
from autograph.graph.model import Graph, Json, Link, Node
from autograph.graph.portable.secrets import public_constants
from autograph.graph.portable.writer import write_policy
from autograph.graph.spec import BlockSpec


def write_agent_autogpt(graph: Graph, specs: Mapping[str, BlockSpec]) -> dict[str, Json]:
    """Return a graph as AutoGPT exports it, without secrets."""
    # First of all, because the derived schemas repeat constants as defaults.
    graph = _public(graph, specs)
    return {
        **_write_graph(graph, specs),
        "sub_graphs": [_write_graph(one, specs) for one in graph.sub_graphs],
        "user_id": "",
        "credentials_input_schema": schemas.credentials_schema(graph, specs),
    }


def _public(graph: Graph, specs: Mapping[str, BlockSpec]) -> Graph:
    return replace(
        graph,
        nodes=tuple(
            replace(node, constants=public_constants(node, specs.get(node.block_id)))
            for node in graph.nodes
        ),
        sub_graphs=tuple(_public(one, specs) for one in graph.sub_graphs),
    )


def _write_graph(graph: Graph, specs: Mapping[str, BlockSpec]) -> dict[str, Json]:
    links = [_write_link(graph, number, link) for number, link in enumerate(graph.links)]
    incoming: dict[str, list[Json]] = {}
    outgoing: dict[str, list[Json]] = {}
    for link in links:
        outgoing.setdefault(link["source_id"], []).append(link)
        incoming.setdefault(link["sink_id"], []).append(link)
    origin = graph.forked_from
    return {
        "id": graph.id,
        "version": graph.version,
        "is_active": True,
        "name": graph.name,
        "description": graph.description,
        "instructions": graph.instructions,
        "recommended_schedule_cron": graph.schedule_cron,
        "forked_from_id": origin.graph_id if origin else None,
        "forked_from_version": origin.version if origin else None,
        **({"policy": policy} if (policy := write_policy(graph.policy)) else {}),
        "nodes": [
            {
                **_write_node(node),
                "input_links": incoming.get(node.id, []),
                "output_links": outgoing.get(node.id, []),
                "graph_id": graph.id,
                "graph_version": graph.version,
                "webhook_id": None,
            }
            for node in graph.nodes
        ],
        "links": links,
        "input_schema": schemas.input_schema(graph, specs),
        "output_schema": schemas.output_schema(graph, specs),
        "has_external_trigger": schemas.trigger(graph, specs) is not None,
        "has_human_in_the_loop": schemas.has_human_in_the_loop(graph, specs),
        "has_sensitive_action": schemas.has_sensitive_action(graph, specs),
        "trigger_setup_info": schemas.trigger(graph, specs),
    }


def _write_node(node: Node) -> dict[str, Json]:
    metadata: dict[str, Json] = dict(node.metadata)
    if node.position is not None:
        metadata["position"] = {"x": node.position.x, "y": node.position.y}
    if node.name is not None:
        metadata["customized_name"] = node.name
    if node.credentials_optional:
        metadata["credentials_optional"] = True
    if policy := write_policy(node.policy):
        metadata["policy"] = policy
    return {
        "id": node.id,
        "block_id": node.block_id,
        "input_default": dict(node.constants),
        "metadata": metadata,
    }


def _write_link(graph: Graph, number: int, link: Link) -> dict[str, Json]:
    name = f"{graph.id}/{number}/{link.source}/{link.source_pin}/{link.sink}/{link.sink_pin}"
    return {
        "id": str(uuid5(NAMESPACE_URL, f"autograph:{name}")),
        "source_id": link.source,
        "sink_id": link.sink,
        "source_name": link.source_pin,
        "sink_name": link.sink_pin,
        "is_static": link.static,
    }
