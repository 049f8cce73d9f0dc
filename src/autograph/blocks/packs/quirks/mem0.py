"""Mem0: memories are the person's, marked with the agent and the run they are from.

Mem0 finds by one of its own ids only what has no other of them, so the person is the one id that is
used, and agent and run are metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json, is_list, is_object

_AGENT: Final = "autograph_agent"
_RUN: Final = "autograph_run"
_PAGE: Final = 200
_MOST_PAGES: Final = 20
_EVERY: Final = timedelta(seconds=1)
_MOST_WAITS: Final = 120


def _scope(pins: Mapping[str, Json], api: Api) -> dict[str, Json]:
    """Return the metadata that memories of this agent and run have, as far as they are wanted."""
    found: dict[str, Json] = {}
    if pins.get("limit_memory_to_agent", True):
        found[_AGENT] = api.ctx.graph_id
    if pins.get("limit_memory_to_run"):
        found[_RUN] = str(api.ctx.run_id)
    return found


def _filters(pins: Mapping[str, Json], api: Api) -> Json:
    """Return which memories are meant."""
    further: Mapping[str, Any] = pins.get("metadata_filter") or {}
    wanted: dict[str, Json] = {**further, **_scope(pins, api)}
    if pins.get("conversation_id"):
        wanted[_RUN] = pins["conversation_id"]
    every: list[Json] = [{"user_id": str(api.ctx.owner_id)}]
    every += [{"metadata": {name: value}} for name, value in wanted.items()]
    categories = pins.get("categories") or pins.get("categories_filter")
    if categories:
        every.append({"categories": {"in": categories}})
    return {"AND": every}


def _messages(content: Json) -> list[Json]:
    """Return what is to be remembered, as a conversation.

    Raises:
        BlockError: There is nothing.
    """
    said: Mapping[str, Any] = content if is_object(content) else {}
    given: Json = said.get("messages")
    messages: list[Any] = given if is_list(given) else []
    if said.get("content"):
        messages = [*messages, {"role": "user", "content": str(said["content"])}]
    if not messages:
        raise BlockError(
            'content: say what to remember: {"content": "…"}, or {"messages": [{"role", "content"}]}.',
            code="block.bad_input",
        )
    return messages


async def add(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Let Mem0 remember what matters of a text or conversation, and wait until it has.

    Raises:
        BlockError: It cannot, or it takes too long.
    """
    further: Mapping[str, Any] = pins.get("metadata") or {}
    marks: dict[str, Json] = {_AGENT: api.ctx.graph_id, _RUN: str(api.ctx.run_id)}
    body: Json = {
        "messages": _messages(pins["content"]),
        "user_id": str(api.ctx.owner_id),
        "metadata": {**further, **marks},
    }
    begun = (await api.send("POST /v3/memories/add/", body=body)).json
    event = f"GET /v1/event/{quote(str(begun['event_id']), safe='')}/"
    for _ in range(_MOST_WAITS):
        said = (await api.send(event)).json
        if said["status"] == "SUCCEEDED":
            break
        if said["status"] == "FAILED":
            raise BlockError("Mem0 could not remember it.", code="provider.failed")
        await api.ctx.sleep(_EVERY)
    else:
        raise BlockError("Mem0 is not done after two minutes.", code="provider.timeout")
    kept = [_remembered(one) for one in said.get("results") or () if is_object(one)]
    for one in kept:
        yield "action", one["event"]
        yield "memory", one["memory"]
    yield "results", kept


def _remembered(said: Mapping[str, Any]) -> dict[str, Json]:
    inner: Mapping[str, Any] = said.get("data") or {}
    memory = said.get("memory") or inner.get("memory") or ""
    return {"id": str(said.get("id", "")), "event": str(said.get("event", "ADD")), "memory": memory}


async def search(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Find memories by what they mean."""
    body: Json = {"query": pins["query"], "filters": _filters(pins, api)}
    yield "memories", (await api.send("POST /v3/memories/search/", body=body)).json["results"]


async def _all(pins: Mapping[str, Json], api: Api) -> list[Any]:
    body: Json = {"filters": _filters(pins, api)}
    found: list[Any] = []
    for page in range(1, _MOST_PAGES + 1):
        query: dict[str, Json] = {"page": page, "page_size": _PAGE}
        answer = (await api.send("POST /v3/memories/", query=query, body=body)).json
        found += answer["results"]
        if not answer.get("next"):
            break
    return found


async def get_all(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell all memories."""
    yield "memories", await _all(pins, api)


async def get_latest(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell the memory that was made last."""
    found = await _all(pins, api)
    latest = max(found, key=lambda one: str(one.get("created_at", "")), default=None)
    yield "memory", latest
    yield "found", latest is not None


ACTIONS: Final[Mapping[str, Whole]] = {
    "add": add,
    "search": search,
    "get_all": get_all,
    "get_latest": get_latest,
}
