"""Every request, said once for both clients. PURE."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import quote
from uuid import UUID

from autograph.client.errors import NotConfigured
from autograph.client.models import (
    Block,
    BlockResult,
    Credential,
    CredentialUse,
    Graph,
    GraphSummary,
    GraphVersion,
    Identity,
    Json,
    NodeRun,
    Review,
    Run,
    RunSummary,
)

T = TypeVar("T")
Id = str | UUID
Priority = Literal["high", "normal", "low"]
Decision = Literal["approve", "reject", "done"]

PREFIX: Final = "/external/v1"
MAX_WAIT: Final = 300
"""Seconds that the server keeps a request waiting at most."""
STREAM_SILENCE: Final = 45.0
"""Seconds after which a stream that says nothing is lost: the server says something every 15."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, and how its answer is read.

    Attributes:
        is_idempotent: It may be sent again without doing anything twice.
        waits: Seconds that the server may take longer than otherwise.
    """

    method: str
    path: str
    read: Callable[[Any], T]
    params: Mapping[str, str | int | float] = field(default_factory=dict[str, str | int | float])
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    is_idempotent: bool = False
    waits: float = 0


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list, and what asks for the next one; None where it is the last."""

    items: Sequence[T]
    cursor: str | int | None


Pages = Callable[[str | int | None], Call[Page[T]]]
"""Returns the request for the page at a cursor; None for the first."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the server is and by what it knows one. The key is shown nowhere."""

    url: str
    key: str = field(repr=False)

    @classmethod
    def of(cls, url: str | None, key: str | None, environment: Mapping[str, str]) -> Access:
        """Return what is given, and what the environment says where nothing is.

        Raises:
            NotConfigured: There is no key.
        """
        key = key or environment.get("AUTOGRAPH_API_KEY", "")
        if not key.strip():
            raise NotConfigured(
                "There is no key. Set AUTOGRAPH_API_KEY, or hand it over: Client(key=…). "
                "Keys are made at POST /api/v1/api-keys."
            )
        url = url or environment.get("AUTOGRAPH_URL", "http://127.0.0.1:8085")
        return cls(url.rstrip("/"), key.strip())

    def headers(self, version: str) -> dict[str, str]:
        """Return what every request carries."""
        return {
            "Authorization": f"Bearer {self.key}",
            "User-Agent": f"autograph-python/{version}",
            "Accept": "application/json",
        }


def identity() -> Call[Identity]:
    """Whose key it is."""
    return _get("/me", Identity.read)


def list_blocks() -> Call[list[Block]]:
    """Every block."""
    return _get("/blocks", lambda said: [Block.read(one) for one in said])


def get_block(block: str) -> Call[Block]:
    """A block by id or name."""
    return _get(f"/blocks/{_in_path(block)}", Block.read)


def execute_block(block: str, inputs: Mapping[str, Json]) -> Call[BlockResult]:
    """Run a block once."""
    path = f"/blocks/{_in_path(block)}/execute"
    return _post(path, BlockResult.read, {"inputs": dict(inputs)}, waits=MAX_WAIT)


def list_graphs(name: str | None, page_size: int) -> Pages[GraphSummary]:
    """The person's agents."""
    return _pages("/graphs", "graphs", "before", GraphSummary.read, page_size, name=name)


def create_graph(document: Mapping[str, Json]) -> Call[Graph]:
    """Save an agent under a fresh id."""
    return _post("/graphs", Graph.read, dict(document))


def get_graph(graph_id: Id, version: int | None) -> Call[Graph]:
    """A version of an agent."""
    return _get(f"/graphs/{_in_path(graph_id)}", Graph.read, version=version)


def update_graph(
    graph_id: Id, document: Mapping[str, Json], base_version: int | None
) -> Call[Graph]:
    """Save the next version of an agent."""
    path = f"/graphs/{_in_path(graph_id)}"
    params = _given(base_version=base_version)
    return Call("PUT", path, Graph.read, params, dict(document))


def delete_graph(graph_id: Id) -> Call[None]:
    """Take an agent out of sight."""
    return Call("DELETE", f"/graphs/{_in_path(graph_id)}", _nothing)


def export_graph(graph_id: Id, version: int | None, form: str) -> Call[dict[str, Json]]:
    """An agent as a file."""
    path = f"/graphs/{_in_path(graph_id)}/export"
    return _get(path, _as_it_is, version=version, format=form)


def list_versions(graph_id: Id) -> Call[list[GraphVersion]]:
    """An agent's versions."""
    path = f"/graphs/{_in_path(graph_id)}/versions"
    return _get(path, lambda said: [GraphVersion.read(one) for one in said])


def activate_version(graph_id: Id, version: int) -> Call[Graph]:
    """Make a version the one that runs."""
    return _post(f"/graphs/{_in_path(graph_id)}/versions/{version}/activate", Graph.read, None)


@dataclass(frozen=True, slots=True)
class Execution:
    """How an agent is run; without a key, one is made: a request that is sent again starts nothing twice."""

    inputs: Mapping[str, Json]
    version: int | None = None
    priority: Priority = "normal"
    attended: bool = True
    wait: float = 0
    idempotency_key: str | None = None


def execute_graph(graph_id: Id, how: Execution) -> Call[Run]:
    """Start a run.

    Raises:
        ValueError: `wait` is more than the server waits.
    """
    if not 0 <= how.wait <= MAX_WAIT:
        raise ValueError(f"wait is 0 to {MAX_WAIT} seconds; for longer, use client.runs.wait().")
    body = {"inputs": dict(how.inputs), "priority": how.priority, "attended": how.attended}
    return Call(
        "POST",
        f"/graphs/{_in_path(graph_id)}/execute",
        Run.read,
        params=_given(wait=how.wait or None),
        body={**body, **_given(version=how.version)},
        headers={"Idempotency-Key": how.idempotency_key or secrets.token_urlsafe(24)},
        is_idempotent=True,
        waits=how.wait,
    )


def list_runs(graph_id: Id | None, status: str | None, page_size: int) -> Pages[RunSummary]:
    """The person's runs."""
    wanted = None if graph_id is None else str(graph_id)
    return _pages(
        "/runs", "runs", "before", RunSummary.read, page_size, graph_id=wanted, status=status
    )


def get_run(run_id: Id) -> Call[Run]:
    """A run."""
    return _get(f"/runs/{_in_path(run_id)}", Run.read)


def list_node_runs(run_id: Id, page_size: int) -> Pages[NodeRun]:
    """What came of a run's node runs."""
    path = f"/runs/{_in_path(run_id)}/node-runs"
    return _pages(path, "node_runs", "after", NodeRun.read, page_size)


def stop_run(run_id: Id) -> Call[Run]:
    """Ask a run to stop."""
    return _post(f"/runs/{_in_path(run_id)}/stop", Run.read, None)


def delete_run(run_id: Id) -> Call[None]:
    """Delete a run that is over."""
    return Call("DELETE", f"/runs/{_in_path(run_id)}", _nothing)


def stream_path(run_id: Id) -> str:
    """Where a run's events are sent as they happen."""
    return f"{PREFIX}/runs/{_in_path(run_id)}/stream"


def list_reviews(run_id: Id | None, status: str, page_size: int) -> Pages[Review]:
    """What the person's runs ask."""
    wanted = None if run_id is None else str(run_id)
    return _pages(
        "/reviews", "reviews", "before", Review.read, page_size, run_id=wanted, status=status
    )


def get_review(review_id: Id) -> Call[Review]:
    """A question."""
    return _get(f"/reviews/{_in_path(review_id)}", Review.read)


def answer_review(review_id: Id, decision: Decision, message: str, data: Json) -> Call[Review]:
    """Answer a question."""
    body = {"decision": decision, "message": message, "data": data}
    return _post(f"/reviews/{_in_path(review_id)}", Review.read, body)


def list_credentials(provider: str | None) -> Call[list[Credential]]:
    """The person's credentials."""
    where = "" if provider is None else f"/{_in_path(provider)}"
    path = f"/integrations{where}/credentials"
    return _get(path, lambda said: [Credential.read(one) for one in said])


def add_credential(provider: str, title: str, secret: Mapping[str, Json]) -> Call[Credential]:
    """Keep a credential."""
    path = f"/integrations/{_in_path(provider)}/credentials"
    return _post(path, Credential.read, {"title": title, **secret})


def delete_credential(
    provider: str, credential_id: Id, *, force: bool
) -> Call[list[CredentialUse]]:
    """Delete a credential."""
    return Call(
        "DELETE",
        f"/integrations/{_in_path(provider)}/credentials/{_in_path(credential_id)}",
        lambda said: [CredentialUse.read(one) for one in said["uses"]],
        params={"force": "true"} if force else {},
    )


def _get(path: str, read: Callable[[Any], T], **params: str | int | float | None) -> Call[T]:
    return Call("GET", path, read, _given(**params), is_idempotent=True)


def _post(path: str, read: Callable[[Any], T], body: Json, *, waits: float = 0) -> Call[T]:
    return Call("POST", path, read, body=body, waits=waits)


def _pages(
    path: str,
    items: str,
    cursor_name: str,
    read: Callable[[Any], T],
    page_size: int,
    **params: str | int | None,
) -> Pages[T]:
    def page(cursor: str | int | None) -> Call[Page[T]]:
        def page_of(said: Any) -> Page[T]:
            return Page([read(one) for one in said[items]], said[f"next_{cursor_name}"])

        return _get(path, page_of, limit=page_size, **{**params, cursor_name: cursor})

    return page


def _given(**params: str | int | float | None) -> dict[str, str | int | float]:
    return {name: value for name, value in params.items() if value is not None}


def _in_path(value: Id) -> str:
    return quote(str(value), safe="")


def _nothing(said: Any) -> None:
    return None


def _as_it_is(said: Any) -> Any:
    return said
