"""What Exa's blocks need and its pack cannot say: whole websets, things found or made, tables handed over."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.packs.quirks.exa_shapes import (
    FILTERS,
    entity,
    found_so_far,
    item,
    labels,
    listed,
    webset,
)
from autograph.blocks.packs.selectors import Answered
from autograph.blocks.sdk import BlockError, HttpRequest, Outputs
from autograph.graph.model import Json, is_object
from autograph.infra.json import encode

_PAGE: Final = 100
_MAX_ITEMS: Final = 10_000
_OVER: Final = frozenset({"completed", "canceled"})
_WEBSETS: Final = "/websets/v0/websets"


def _quoted(value: Json) -> str:
    return quote(str(value), safe="")


async def _items(
    api: Api, webset_id: Json, most: int, cursor: Json = None
) -> tuple[list[Any], Json, bool]:
    """Return items, where the next ones begin, and whether there are more."""
    read: list[Any] = []
    more = True
    while more and len(read) < most:
        query: dict[str, Json] = {"limit": min(_PAGE, most - len(read))}
        if cursor:
            query["cursor"] = cursor
        answer = (await api.send(f"GET {_WEBSETS}/{_quoted(webset_id)}/items", query=query)).json
        read += answer["data"]
        cursor, more = answer.get("nextCursor"), bool(answer.get("hasMore"))
    return read, cursor, more


def _without(one: Json, *, content: bool, enriched: bool) -> Json:
    """Return an item without the parts that nobody wants."""
    made = dict(item(one))
    if not content:
        made["content"] = ""
        made["entity_data"] = {
            name: part for name, part in made["entity_data"].items() if name != "content"
        }
    if not enriched:
        made["enrichments"] = {}
    return made


async def bulk(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read all items of a webset, up to a number."""
    read, _, more = await _items(api, pins["webset_id"], pins["max_items"])
    made = [
        _without(one, content=pins["include_content"], enriched=pins["include_enrichments"])
        for one in read
    ]
    yield "items", made
    for one in made:
        yield "item", one
    yield "total_retrieved", len(made)
    yield "truncated", more


async def new_items(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read the items that come after a mark."""
    read, cursor, more = await _items(
        api, pins["webset_id"], pins["max_items"], pins.get("since_cursor")
    )
    made = [item(one) for one in read]
    yield "new_items", made
    for one in made:
        yield "item", one
    yield "count", len(made)
    yield "next_cursor", cursor
    yield "has_more", more


async def export(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Write the items of a webset as JSON, as one JSON object a line, or as a table."""
    read, _, more = await _items(api, pins["webset_id"], pins["max_items"])
    made: list[Any] = [
        _without(one, content=pins["include_content"], enriched=pins["include_enrichments"])
        for one in read
    ]
    if pins["format"] == "json":
        text = encode(made).decode()
    elif pins["format"] == "jsonl":
        text = "\n".join(encode(one).decode() for one in made)
    else:
        text = _table(made)
    yield "export_data", text
    yield "item_count", len(made)
    yield "total_items", len(made)
    yield "truncated", more
    yield "format", pins["format"]


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    names = ["id", "url", "title", "content", "entity_data", "enrichments"]
    names += ["created_at", "updated_at"]
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(names)
    for row in rows:
        values = (row[name] for name in names)
        table.writerow([encode(one).decode() if is_object(one) else one for one in values])
    return written.getvalue()


async def create_or_find(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Return the webset of an outside id; make it where there is none.

    Raises:
        BlockError: There is none, and nothing says what it would look for.
    """
    path = f"GET {_WEBSETS}/{_quoted(pins['external_id'])}"
    answer = await api.send(path, accepts=[404])
    is_new = answer.status == 404
    if is_new:
        if not pins.get("search_query"):
            raise BlockError(
                f"There is no webset {str(pins['external_id'])[:100]!r}; search_query says what to make.",
                code="block.bad_input",
            )
        search = {"query": pins["search_query"], "count": pins["search_count"]}
        body: dict[str, Json] = {"search": search, "externalId": pins["external_id"]}
        if pins.get("metadata"):
            body["metadata"] = pins["metadata"]
        # Somebody else may have made it in between: the id belongs to one webset only.
        answer = await api.send(f"POST {_WEBSETS}", body=body, accepts=[409])
        if answer.status == 409:
            is_new, answer = False, await api.send(path)
    yield "webset", webset(answer.json)
    yield "was_created", is_new


async def find_or_create_search(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Return the search of a webset that asks the same; begin one where there is none."""
    path = f"{_WEBSETS}/{_quoted(pins['webset_id'])}"
    searches = (await api.send(f"GET {path}")).json.get("searches")
    same = [one for one in listed(searches) if one.get("query") == pins["query"]]
    if same:
        search = same[-1]
    else:
        body = {"query": pins["query"], "count": pins["count"], "behavior": pins["behavior"]}
        kind = entity(dict(pins))
        search = (
            await api.send(f"POST {path}/searches", body=body | ({"entity": kind} if kind else {}))
        ).json
    yield "search_id", search["id"]
    yield "webset_id", pins["webset_id"]
    yield "status", search["status"]
    yield "query", search["query"]
    yield "was_created", not same
    yield "items_found", found_so_far([search])


def _is_over(answer: Answered) -> bool:
    return answer.json.get("status") in _OVER


async def _enriched(api: Api, pins: Mapping[str, Json], enrichment: Json) -> list[Any]:
    """Return the items of a webset that an enrichment has found something for."""
    read, _, _ = await _items(api, pins["webset_id"], _MAX_ITEMS)
    return [
        one
        for one in read
        if any(
            part.get("enrichmentId") == enrichment and part.get("result")
            for part in listed(one.get("enrichments"))
        )
    ]


async def create_enrichment(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Have something found out of each item of a webset, and wait for it where one asks for it.

    Raises:
        BlockError: The items that are there already are to be left out, which the API does not do.
    """
    if not pins["apply_to_existing"]:
        raise BlockError(
            "apply_to_existing: Exa enriches all items of a webset, those that are there already too.",
            code="block.bad_input",
        )
    said: dict[str, Json] = {
        "description": pins["description"],
        "format": pins["format"],
        "options": labels(pins.get("options")),
        "metadata": pins.get("metadata"),
    }
    path = f"{_WEBSETS}/{_quoted(pins['webset_id'])}/enrichments"
    body = {name: one for name, one in said.items() if one}
    found = (await api.send(f"POST {path}", body=body)).json
    waited, items_enriched = None, None
    if pins.get("wait_for_completion"):
        answer, waited = await api.wait(
            f"GET {path}/{_quoted(found['id'])}",
            _is_over,
            every=5,
            longest=pins["polling_timeout"],
        )
        found = answer.json
        items_enriched = len(await _enriched(api, pins, found["id"]))
    yield "enrichment_id", found["id"]
    yield "webset_id", pins["webset_id"]
    yield "status", found["status"]
    yield "title", found.get("title") or pins.get("title") or ""
    yield "description", found["description"]
    yield "format", found.get("format") or pins["format"]
    yield "instructions", found.get("instructions") or ""
    if waited is not None:
        yield "items_enriched", items_enriched
        yield "completion_time", waited


async def cancel_enrichment(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Stop an enrichment; what it has found stays."""
    one = _quoted(pins["enrichment_id"])
    path = f"{_WEBSETS}/{_quoted(pins['webset_id'])}/enrichments/{one}/cancel"
    found = (await api.send(f"POST {path}")).json
    yield "enrichment_id", found["id"]
    yield "status", found["status"]
    yield "items_enriched_before_cancel", len(await _enriched(api, pins, found["id"]))
    yield "success", "true"


async def wait_for_enrichment(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Wait until an enrichment is done, and show some of what it found."""
    one = _quoted(pins["enrichment_id"])
    answer, waited = await api.wait(
        f"GET {_WEBSETS}/{_quoted(pins['webset_id'])}/enrichments/{one}",
        _is_over,
        every=pins["check_interval"],
        longest=pins["timeout"],
    )
    done = await _enriched(api, pins, answer.json["id"])
    yield "enrichment_id", answer.json["id"]
    yield "final_status", answer.json["status"]
    yield "items_enriched", len(done)
    yield "enrichment_title", answer.json.get("title") or ""
    yield "elapsed_time", waited
    if pins["sample_results"]:
        yield "sample_data", [_sample(one, answer.json["id"]) for one in done[:5]]
    yield "timed_out", not _is_over(answer)


def _sample(one: Json, enrichment: Json) -> Json:
    found = dict(item(one))
    result = found["enrichments"].get(str(enrichment), {})
    return {
        "item_id": found["id"],
        "item_title": found["title"],
        "enrichment_value": result.get("result"),
        "reasoning": result.get("reasoning"),
    }


async def create_import(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Announce a table of things of one's own, and hand it over.

    Raises:
        BlockError: The table is none, is empty, or was not taken.
    """
    content = str(pins["csv_data"]).encode()
    try:
        rows = [row for row in csv.reader(io.StringIO(str(pins["csv_data"]))) if any(row)]
    except csv.Error as error:
        raise BlockError(f"csv_data: {error}.", code="block.bad_input") from error
    if len(rows) < 2:
        raise BlockError(
            "csv_data: a table has a line with names and one more, at least.",
            code="block.bad_input",
        )
    column = pins["url_column"] if pins.get("url_column") is not None else pins["identifier_column"]
    said: dict[str, Json] = {
        "title": pins["title"],
        "format": "csv",
        "size": len(content),
        "count": len(rows) - 1,
        "entity": entity(dict(pins)),
        "csv": {"identifier": column},
        "metadata": pins.get("metadata"),
    }
    body = {name: one for name, one in said.items() if one}
    found = (await api.send("POST /websets/v0/imports", body=body)).json
    sent = await api.ctx.http.send(
        HttpRequest(
            "PUT",
            str(found["uploadUrl"]),
            headers={"Content-Type": "text/csv"},
            body=content,
            timeout=timedelta(minutes=5),
        )
    )
    if not sent.is_ok:
        raise BlockError(
            f"Exa made the import {found['id']}, and did not take the table ({sent.status}).",
            code="provider.rejected",
        )
    yield "import_id", found["id"]
    yield "status", found["status"]
    yield "title", found["title"]
    yield "count", found["count"]
    yield "entity_type", pins["entity_type"]
    yield "upload_url", found["uploadUrl"]
    yield "upload_valid_until", found.get("uploadValidUntil")
    yield "created_at", found["createdAt"]


async def _whole(api: Api, pins: Mapping[str, Json]) -> tuple[Mapping[str, Any], list[Any]]:
    """Return a webset, and the items in it."""
    path = f"GET {_WEBSETS}/{_quoted(pins['webset_id'])}"
    found = (await api.send(path, query={"expand": "items"})).json
    return found, listed(found.get("items"))


async def ready_check(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell whether a webset has what one waits for."""
    found, there = await _whole(api, pins)
    is_idle, is_enough = found["status"] == "idle", len(there) >= pins["min_items"]
    yield "is_ready", is_idle and is_enough
    yield "status", found["status"]
    yield "item_count", len(there)
    yield "has_searches", bool(found.get("searches"))
    yield "has_enrichments", bool(found.get("enrichments"))
    if is_idle and is_enough:
        advice = "It is done: go on."
    elif is_idle:
        advice = "It is done with fewer items than wanted: search for more, or want fewer."
    else:
        advice = f"It is {found['status']}: ask again later."
    yield "recommendation", advice


async def items_summary(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell what the items of a webset are, and show some."""
    found, there = await _whole(api, pins)
    yield "total_items", len(there)
    yield "entity_type", _entity_type(found)
    yield "sample_items", [item(one) for one in there[: pins["sample_size"]]]
    yield (
        "enrichment_columns",
        [one.get("title") or one["description"] for one in listed(found.get("enrichments"))],
    )


async def summary(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell what a webset is made of, how far it is, and show some of its items."""
    found, there = await _whole(api, pins)
    searches, enrichments = listed(found.get("searches")), listed(found.get("enrichments"))
    monitors = listed(found.get("monitors"))
    yield "webset_id", found["id"]
    yield "status", found["status"]
    yield "entity_type", _entity_type(found)
    yield "total_items", len(there)
    if pins["include_sample_items"]:
        yield "sample_items", [item(one) for one in there[: pins["sample_size"]]]
    if pins["include_search_details"]:
        queries = [one.get("query") for one in searches]
        yield (
            "search_summary",
            {**_counted(searches, "searches"), "queries": queries[:3]},
        )
    if pins["include_enrichment_details"]:
        titles = [one.get("title") or one.get("description") for one in enrichments]
        yield "enrichment_summary", {**_counted(enrichments, "enrichments"), "titles": titles}
    coming = sorted(str(one["nextRunAt"]) for one in monitors if one.get("nextRunAt"))
    active = [one for one in monitors if one.get("status") == "enabled"]
    yield (
        "monitor_summary",
        {
            "total_monitors": len(monitors),
            "active_monitors": len(active),
            "next_run": coming[0] if coming else None,
        },
    )
    yield (
        "statistics",
        {
            "total_operations": len(searches) + len(enrichments),
            "is_processing": found["status"] == "running",
            "has_monitors": bool(monitors),
        },
    )
    yield "created_at", found["createdAt"]
    yield "updated_at", found["updatedAt"]


def _counted(parts: Sequence[Mapping[str, Any]], name: str) -> dict[str, Json]:
    done = [one for one in parts if one.get("status") == "completed"]
    return {f"total_{name}": len(parts), f"completed_{name}": len(done)}


def _entity_type(found: Mapping[str, Any]) -> str:
    for one in reversed(listed(found.get("searches"))):
        if one.get("entity"):
            return str(one["entity"]["type"])
    return "unknown"


__all__ = ["ACTIONS", "FILTERS"]
ACTIONS: Final[Mapping[str, Whole]] = {
    "ready_check": ready_check,
    "items_summary": items_summary,
    "summary": summary,
    "bulk": bulk,
    "new_items": new_items,
    "export": export,
    "create_or_find": create_or_find,
    "find_or_create_search": find_or_create_search,
    "create_enrichment": create_enrichment,
    "cancel_enrichment": cancel_enrichment,
    "wait_for_enrichment": wait_for_enrichment,
    "create_import": create_import,
}
