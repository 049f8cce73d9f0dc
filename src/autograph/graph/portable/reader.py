"""Reading agent files. Nothing but `NotAnAgent` comes out of here, whatever goes in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, Final
from uuid import NAMESPACE_URL, uuid5

from autograph.graph.model import (
    Graph,
    Json,
    Link,
    Node,
    OnError,
    Origin,
    OutcomeUnknown,
    Policy,
    Position,
    Retry,
    ReviewPolicy,
    is_list,
    is_object,
)
from autograph.graph.portable.legacy import interface_of, modernise
from autograph.infra.errors import Invalid

MAX_NODES: Final = 20_000
MAX_SUB_GRAPHS: Final = 200
MAX_DEPTH: Final = 100
"""How deep values may be nested; also what an attacker can make us recurse."""
_MAX_SECONDS: Final = 10 * 365 * 86_400
_MAX_RETRIES: Final = 100
_ON_ERROR: Final = {one.value: one for one in OnError}
_OUTCOME_UNKNOWN: Final = {one.value: one for one in OutcomeUnknown}


class NotAnAgent(Invalid):
    """What was given is no agent; the message says why, in one sentence."""

    code: ClassVar[str] = "graph.not_an_agent"


def read_agent(data: Json | bytes | str) -> Graph:
    """Read an agent.

    Args:
        data: A parsed document, or the text of one: our own form, or any of AutoGPT's (exports, the
            templates of 2024, with links at the top or at the nodes), bare or as `{"graph": …}`.

    Returns:
        The graph. A missing name becomes "Untitled", a missing id is derived from the content.

    Raises:
        NotAnAgent: It is none.
    """
    try:
        return _read(data)
    except RecursionError as error:
        raise NotAnAgent(f"The file nests values more than {MAX_DEPTH} deep.") from error


def _read(data: Json | bytes | str) -> Graph:
    document = _parse(data) if isinstance(data, (bytes, bytearray, str)) else data
    for wrapper in ("graph", "agent"):
        if is_object(document) and "nodes" not in document and is_object(document.get(wrapper)):
            document = document[wrapper]
    if not is_object(document):
        raise NotAnAgent(f"This is no agent: it holds {_kind(document)}, not an object with nodes.")
    _check_values(document)
    if not is_list(document.get("nodes")):
        raise NotAnAgent('This is no agent: it has no list of "nodes".')
    graph = replace(_read_graph(document), sub_graphs=tuple(_read_sub_graphs(document)))
    inner = (one for one in _sub_graphs_of(document) if is_object(one))
    return modernise(graph, {str(one.get("id")): interface_of(one) for one in inner})


def _parse(text: bytes | bytearray | str) -> Json:
    try:
        decoded = text if isinstance(text, str) else bytes(text).decode("utf-8-sig")
        return json.loads(decoded.removeprefix("\ufeff"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise NotAnAgent("This is no agent: it is not text in UTF-8.") from error
    except RecursionError as error:
        raise NotAnAgent(f"The file nests values more than {MAX_DEPTH} deep.") from error
    except ValueError as error:
        raise NotAnAgent(f"This is no agent: it is not JSON ({error}).") from error


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


def _check_values(document: Json) -> None:
    """Refuse what no database or browser could keep: values too deep, numbers too large, half characters.

    Raises:
        NotAnAgent: There is such a thing.
    """
    level: list[Json] = [document]
    for _ in range(MAX_DEPTH):
        following: list[Json] = []
        for value in level:
            if is_object(value):
                following.extend(value.values())
                for key in value:
                    _check_text(key)
            elif is_list(value):
                following.extend(value)
            else:
                _check_scalar(value)
        if not following:
            return
        level = following
    raise NotAnAgent(f"The file nests values more than {MAX_DEPTH} deep.")


def _check_text(value: Json) -> None:
    if not isinstance(value, str):
        raise NotAnAgent(f"The file holds a key that is {_kind(value)}, not text.")
    if "\0" in value:
        raise NotAnAgent("The file holds a NUL character, which no database keeps. Remove it.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise NotAnAgent("The file holds half of a character (a lone surrogate).") from error


def _check_scalar(value: Json) -> None:
    if isinstance(value, str):
        _check_text(value)
        return
    if isinstance(value, float) and (value != value or value in {float("inf"), float("-inf")}):
        raise NotAnAgent("The file holds a number that is not finite.")
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise NotAnAgent("The file holds a whole number of more than 64 bits.")
    if value is not None and not isinstance(value, (bool, int, float)):
        raise NotAnAgent(f"The file holds {type(value).__name__}, which is no JSON.")


def _read_sub_graphs(document: dict[str, Json]) -> Iterator[Graph]:
    """Yield the agents that travel with this one, flat, though a file may nest them.

    Raises:
        NotAnAgent: One of them is none, or they are too many.
    """
    waiting = _sub_graphs_of(document)
    count = 0
    while waiting:
        inner = waiting.pop(0)
        if not is_object(inner) or not is_list(inner.get("nodes")):
            raise NotAnAgent('One of the "sub_graphs" is no agent: it has no list of "nodes".')
        count += 1
        if count > MAX_SUB_GRAPHS:
            raise NotAnAgent(f"More than {MAX_SUB_GRAPHS} agents travel with this one.")
        yield _read_graph(inner)
        waiting += _sub_graphs_of(inner)


def _sub_graphs_of(document: dict[str, Json]) -> list[Json]:
    found = document.get("sub_graphs")
    if found is None:
        # The files of 2024: agents by id, or only which nodes belong together, which says nothing new.
        found = document.get("subgraphs")
        found = (
            [one for one in found.values() if is_object(one)] if is_object(found) else found or []
        )
    if not is_list(found):
        raise NotAnAgent(f'"sub_graphs" is {_kind(found)}, not a list of agents.')
    return list(found)


def _read_graph(document: dict[str, Json]) -> Graph:
    nodes = document["nodes"]
    if len(nodes) > MAX_NODES:
        raise NotAnAgent(f"The agent has {len(nodes)} nodes; at most {MAX_NODES} are read.")
    layout = document.get("layout")
    positions = layout if is_object(layout) else {}
    name = _text(document.get("name")) or "Untitled"
    return Graph(
        id=_text(document.get("id")) or str(uuid5(NAMESPACE_URL, f"autograph:{name}:{len(nodes)}")),
        name=name,
        version=_version(document.get("version")),
        description=_text(document.get("description")) or "",
        instructions=_text(document.get("instructions")),
        schedule_cron=_text(
            document.get("recommended_schedule_cron", document.get("schedule_cron"))
        ),
        forked_from=_origin(document),
        nodes=tuple(_read_node(node, positions) for node in nodes),
        links=tuple(_read_links(document)),
        policy=_policy(document.get("policy")),
    )


def _read_node(found: Json, positions: Mapping[str, Json]) -> Node:
    if not is_object(found):
        raise NotAnAgent(f"A node is {_kind(found)}, not an object.")
    node_id, block_id = _text(found.get("id")), _text(found.get("block_id", found.get("block")))
    if not node_id or not block_id:
        raise NotAnAgent('A node has no "id" or no "block_id".')
    constants = found.get("input_default", found.get("constants"))
    metadata = found.get("metadata")
    rest: dict[str, Json] = dict(metadata) if is_object(metadata) else {}
    position = rest.pop("position", None)
    name = _text(found.get("name")) or _text(rest.pop("customized_name", None))
    optional = rest.pop("credentials_optional", found.get("credentials_optional", False))
    policy = rest.pop("policy", found.get("policy"))
    return Node(
        id=node_id,
        block_id=block_id,
        constants=constants if is_object(constants) else {},
        name=name,
        position=_position(positions.get(node_id, position)),
        policy=_policy(policy),
        credentials_optional=optional is True,
        metadata=rest,
    )


def _read_links(document: dict[str, Json]) -> Iterator[Link]:
    links = document.get("links")
    if not is_list(links):
        links = list(_links_at_nodes(document["nodes"]))
    for link in links:
        if not is_object(link):
            raise NotAnAgent(f"A link is {_kind(link)}, not an object.")
        ends = [
            _text(link.get(theirs, link.get(ours)))
            for theirs, ours in (
                ("source_id", "from"),
                ("source_name", "output"),
                ("sink_id", "to"),
                ("sink_name", "input"),
            )
        ]
        source, source_pin, sink, sink_pin = ends
        if not source or not source_pin or not sink or not sink_pin:
            raise NotAnAgent("A link does not say which pins it joins.")
        yield Link(
            source,
            source_pin,
            sink,
            sink_pin,
            static=link.get("is_static", link.get("static")) is True,
        )


def _links_at_nodes(nodes: list[Json]) -> Iterator[Json]:
    """Yield the links that only stand at the nodes, each once: at both of its ends it has one id."""
    seen: set[Any] = set()
    for node in nodes:
        for name in ("output_links", "input_links"):
            found = node.get(name) if is_object(node) else None
            for link in found if is_list(found) else ():
                if not is_object(link):
                    continue
                ends = tuple(
                    _text(link.get(end))
                    for end in ("source_id", "source_name", "sink_id", "sink_name")
                )
                key = _text(link.get("id")) or ends
                if key not in seen:
                    seen.add(key)
                    yield link


def _policy(found: Json) -> Policy:
    if not is_object(found):
        return Policy()
    retry, review = found.get("retry"), found.get("review")
    on_error, unknown = found.get("on_error"), found.get("outcome_unknown")
    return Policy(
        timeout=_duration(found.get("timeout")) or None,
        retry=_retry(retry) if is_object(retry) else None,
        on_error=_ON_ERROR.get(on_error) if isinstance(on_error, str) else None,
        outcome_unknown=_OUTCOME_UNKNOWN.get(unknown) if isinstance(unknown, str) else None,
        review=_review(review) if is_object(review) else None,
    )


def _review(found: dict[str, Json]) -> ReviewPolicy:
    return ReviewPolicy(
        deadline=_duration(found.get("deadline")) or None,
        approves=found.get("default") == "approve",
    )


def _retry(found: dict[str, Json]) -> Retry:
    most, codes, backoff = found.get("max"), found.get("on"), _duration(found.get("backoff"))
    if not isinstance(most, int) or isinstance(most, bool):
        most = 0
    return Retry(
        max=max(0, min(most, _MAX_RETRIES)),
        backoff=Retry().backoff if backoff is None else backoff,
        on=tuple(code for code in codes if isinstance(code, str)) if is_list(codes) else (),
    )


def _duration(seconds: Json) -> timedelta | None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    return timedelta(seconds=seconds) if 0 <= seconds <= _MAX_SECONDS else None


def _position(found: Json) -> Position | None:
    if not is_object(found):
        return None
    x, y = found.get("x"), found.get("y")
    if not isinstance(x, (int, float)) or not isinstance(y, (int, float)):
        return None
    return None if isinstance(x, bool) or isinstance(y, bool) else Position(float(x), float(y))


def _origin(document: dict[str, Json]) -> Origin | None:
    ours = document.get("forked_from")
    if is_object(ours):
        graph_id, version = _text(ours.get("id")), ours.get("version")
    else:
        graph_id, version = (
            _text(document.get("forked_from_id")),
            document.get("forked_from_version"),
        )
    return Origin(graph_id, _version(version)) if graph_id else None


def _version(found: Json) -> int:
    return (
        found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**31 else 1
    )


def _text(found: Json) -> str | None:
    return found if isinstance(found, str) and found else None


def _kind(found: Json) -> str:
    if found is None:
        return "nothing"
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "an object",
    }
    return next((name for kind, name in names.items() if isinstance(found, kind)), "something")
