"""The routes of `/api/v1` that are offered to programs of others: the same endpoints, under other paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from fastapi import APIRouter

from autograph.api.external import credentials, identity, stream
from autograph.api.external.route import ExternalRoute, offer, routes_of
from autograph.api.rest import blocks, graphs, journals, reviews, runs
from autograph.infra.errors import Bug

_OFFERED: Final[Sequence[tuple[str, Callable[..., Any]]]] = (
    ("/blocks", blocks.list_blocks),
    ("/blocks/{block_id}", blocks.get_block),
    ("/blocks/{block_id}/execute", blocks.execute_block),
    ("/graphs", graphs.list_graphs),
    ("/graphs", graphs.create_graph),
    ("/graphs/{graph_id}", graphs.get_graph),
    ("/graphs/{graph_id}", graphs.update_graph),
    ("/graphs/{graph_id}", graphs.delete_graph),
    ("/graphs/{graph_id}/export", graphs.export_graph),
    ("/graphs/{graph_id}/versions", graphs.list_versions),
    ("/graphs/{graph_id}/versions/{version}/activate", graphs.activate_version),
    ("/graphs/{graph_id}/execute", runs.execute_graph),
    ("/runs", runs.list_runs),
    ("/runs/{run_id}", runs.get_run),
    ("/runs/{run_id}", runs.delete_run),
    ("/runs/{run_id}/events", journals.list_events),
    ("/runs/{run_id}/node-runs", journals.list_node_runs),
    ("/runs/{run_id}/stop", runs.cancel_run),
    ("/reviews", reviews.list_reviews),
    ("/reviews/{review_id}", reviews.get_review),
    ("/reviews/{review_id}", reviews.decide_review),
)
_FROM: Final = (blocks.router, graphs.router, journals.router, runs.router, reviews.router)


def _router() -> APIRouter:
    made = APIRouter(route_class=ExternalRoute, prefix="/external/v1", tags=["external"])
    for route in routes_of(identity.router, credentials.router, stream.router):
        offer(made, route)
    declared = {route.endpoint: route for route in routes_of(*_FROM)}
    for path, endpoint in _OFFERED:
        route = declared.get(endpoint)
        if route is None:
            raise Bug(
                f"{endpoint.__qualname__} is offered at {path}, but /api/v1 has no such route."
            )
        offer(made, route, path=path)
    return made


router = _router()
