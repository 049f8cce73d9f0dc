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
from collections.abc import Mapping

from autograph.graph.model import Graph, Json, Link, Node, Policy
from autograph.graph.portable.secrets import public_constants
from autograph.graph.spec import BlockSpec


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
    if policy.outcome_unknown is not None:
        written["outcome_unknown"] = policy.outcome_unknown.value
    if policy.review is not None:
        deadline = policy.review.deadline
        written["review"] = {
            **({} if deadline is None else {"deadline": deadline.total_seconds()}),
            "default": "approve" if policy.review.approves else "reject",
        }
    return written
