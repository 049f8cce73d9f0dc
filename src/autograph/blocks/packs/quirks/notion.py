"""Notion: pages are read block by block, and what a property is written as depends on its type."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.packs.quirks.notion_text import (
    LISTS,
    blocks_of,
    markdown_of,
    plain,
    rich_text,
)
from autograph.blocks.packs.selectors import Filter
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json, is_list, is_object

_ID: Final = re.compile(
    r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})/?$"
)
_PAGE: Final = 100
_MOST_REQUESTS: Final = 200
_MOST_LEVELS: Final = 8


def number(value: Json) -> str:
    """Return the id of a page or database: itself, or the one at the end of its address.

    Raises:
        BlockError: There is none in it.
    """
    text = re.split(r"[?#]", str(value).strip().lower())[0]
    found = _ID.search(text)
    if found is None:
        raise BlockError(
            f"{str(value)[:100]!r} is no page and no database: give its id or its address.",
            code="block.bad_input",
        )
    return "-".join(found.groups())


def page_size(value: Json) -> Json:
    """Return how many to ask for at once."""
    return max(1, min(_PAGE, int(value)))


def kind(value: Json) -> Json:
    """Return a search's filter.

    Raises:
        BlockError: There is nothing of that kind.
    """
    if value not in {"page", "database"}:
        raise BlockError("filter_type: page or database.", code="block.bad_input")
    return {"property": "object", "value": value}


def title(item: Json) -> Json:
    """Return what a page or a database is called."""
    said: Mapping[str, Any] = item if is_object(item) else {}
    if "title" in said:
        return plain(said["title"])
    properties: Mapping[str, Any] = said.get("properties") or {}
    return next((plain(one["title"]) for one in properties.values() if one["type"] == "title"), "")


def parent_id(parent: Json) -> Json:
    """Return the id of what something is in."""
    said: Mapping[str, Any] = parent if is_object(parent) else {}
    value = said.get(str(said.get("type", "")))
    return value if isinstance(value, str) else None


def icon(value: Json) -> Json:
    """Return an icon's letter, or where its picture is."""
    said: Mapping[str, Any] = value if is_object(value) else {}
    place: Mapping[str, Any] = said.get("file") or said.get("external") or {}
    return said.get("emoji") or place.get("url")


def value_of(said: Mapping[str, Any]) -> Json:
    """Return what a property says, in plain values."""
    kind = str(said["type"])
    value = said.get(kind)
    if kind in {"title", "rich_text"}:
        return plain(value)
    if kind in {"select", "status"}:
        return value["name"] if value else None
    if kind in {"multi_select", "people", "files"}:
        return [one.get("name") or one.get("id") for one in value or ()]
    if kind == "relation":
        return [one["id"] for one in value or ()]
    if kind == "date" and value and not value.get("end"):
        return value["start"]
    if kind in {"created_by", "last_edited_by"}:
        person: Mapping[str, Any] = value or {}
        return person.get("name") or person.get("id")
    if kind in {"formula", "rollup"} and is_object(value):
        inner: Json = value.get(str(value.get("type", "")))
        return [value_of(one) for one in inner if is_object(one)] if is_list(inner) else inner
    if kind == "unique_id" and value:
        return f"{value['prefix']}-{value['number']}" if value.get("prefix") else value["number"]
    return value


def property_of(kind: str, value: Json) -> Json:
    """Return a plain value as a property of a type takes it.

    Raises:
        BlockError: Nothing plain can be written there.
    """
    if is_object(value) or value is None:
        return value
    if kind in {"title", "rich_text"}:
        return {kind: rich_text(str(value))}
    if kind in {"select", "status"}:
        return {kind: {"name": str(value)}}
    if kind == "multi_select":
        names: Sequence[Any] = value if is_list(value) else str(value).split(",")
        return {kind: [{"name": str(one).strip()} for one in names]}
    if kind == "date":
        return {kind: {"start": str(value)}}
    if kind in {"people", "relation"}:
        ids: Sequence[Any] = value if is_list(value) else [value]
        return {kind: [{"id": str(one)} for one in ids]}
    if kind in {"number", "checkbox", "url", "email", "phone_number"}:
        return {kind: value}
    raise BlockError(f"properties: nothing can be written into a {kind}.", code="block.bad_input")


def condition(name: str, kind: str, value: str) -> Json:
    """Return a filter: what is in a property, or what it is where it cannot hold more.

    Raises:
        BlockError: Notion does not filter by such a property.
    """
    if kind in {"title", "rich_text", "url", "email", "phone_number", "multi_select"}:
        return {"property": name, kind: {"contains": value}}
    if kind in {"people", "relation"}:
        return {"property": name, kind: {"contains": number(value)}}
    if kind in {"select", "status", "date", "created_time", "last_edited_time"}:
        wanted: Json = {"equals": value}
        timestamp: Json = {"timestamp": kind, kind: wanted}
        return timestamp if kind.endswith("_time") else {"property": name, kind: wanted}
    if kind == "checkbox":
        return {"property": name, kind: {"equals": value.strip().lower() in {"true", "yes", "1"}}}
    if kind == "number":
        try:
            return {"property": name, kind: {"equals": float(value)}}
        except ValueError as error:
            raise BlockError(
                f"filter_value: {value[:100]!r} is no number.", code="block.bad_input"
            ) from error
    raise BlockError(f"filter_property: nothing is found by a {kind}.", code="block.bad_input")


async def _parts(api: Api, request: str, body: dict[str, Json] | None, most: int) -> list[Any]:
    """Return the items of a list that comes in parts."""
    items: list[Any] = []
    mark: Json = None
    while len(items) < most:
        asked: dict[str, Json] = {"page_size": min(_PAGE, most - len(items))}
        if mark is not None:
            asked["start_cursor"] = mark
        answer = (
            await api.send(request, query=asked)
            if body is None
            else await api.send(request, body={**body, **asked})
        ).json
        items += answer["results"]
        mark = answer.get("next_cursor")
        if not answer.get("has_more") or mark is None:
            break
    return items


async def read_database(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read a database's entries.

    Raises:
        BlockError: There is no such property.
    """
    file = number(pins["database_id"])
    database = (await api.send(f"GET /databases/{file}")).json
    properties: Mapping[str, Any] = database["properties"]
    body: dict[str, Json] = {}
    name, wanted = pins.get("filter_property"), pins.get("filter_value")
    if name and wanted is not None:
        body["filter"] = condition(str(name), _kind(properties, str(name)), str(wanted))
    if pins.get("sort_property"):
        column = str(pins["sort_property"])
        _kind(properties, column)
        way = "descending" if pins.get("sort_direction") == "descending" else "ascending"
        body["sorts"] = [{"property": column, "direction": way}]
    most = max(1, int(pins["limit"]))
    found = await _parts(api, f"POST /databases/{file}/query", body, most)
    entries: list[Json] = [
        {key: value_of(one) for key, one in page["properties"].items()} for page in found
    ]
    ids: list[Json] = [page["id"] for page in found]
    yield "entries", entries
    for entry, one in zip(entries, ids, strict=True):
        yield "entry", entry
        yield "entry_id", one
    yield "entry_ids", ids
    yield "count", len(entries)
    yield "database_title", title(database)


def _kind(properties: Mapping[str, Any], name: str) -> str:
    """Return the type of a database's property.

    Raises:
        BlockError: There is none of that name.
    """
    if name in properties:
        return str(properties[name]["type"])
    there = ", ".join(sorted(properties))[:200]
    raise BlockError(
        f"There is no property {name[:100]!r}; there are: {there}.", code="block.bad_input"
    )


async def read_markdown(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read a page as Markdown."""
    file = number(pins["page_id"])
    called = str(title((await api.send(f"GET /pages/{file}")).json))
    reader = _Reader(api)
    text = await reader.read(file)
    if pins.get("include_title", True) and called:
        text = f"# {called}\n\n{text}"
    yield "markdown", text.strip()
    yield "title", called


class _Reader:
    """Reads what is in a page, and what is in that."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._left = _MOST_REQUESTS

    async def read(self, block_id: str, level: int = 0) -> str:
        """Return what is in a block as Markdown.

        Raises:
            BlockError: It is more than is read at once.
        """
        self._left -= 1
        if self._left < 0:
            raise BlockError("The page has too many parts to be read at once.", code="block.failed")
        found = await _parts(self._api, f"GET /blocks/{block_id}/children", None, 10_000)
        made: list[str] = []
        before = ""
        for one in found:
            text = await self._one(one, level)
            if not text:
                continue
            is_close = one["type"] == before and (before in LISTS or before == "table_row")
            gap = "\n" if is_close else "\n\n"
            made.append(f"{gap}{text}" if made else text)
            if one["type"] == "table_row" and len(made) == 1:
                made.append(f"\n|{' --- |' * len(one['table_row']['cells'])}")
            before = one["type"]
        return "".join(made)

    async def _one(self, block: Mapping[str, Any], level: int) -> str:
        text = markdown_of(block)
        if not block.get("has_children") or level >= _MOST_LEVELS:
            return text
        if block["type"] in {"child_page", "child_database"}:
            return text
        inner = await self.read(str(block["id"]), level + 1)
        if not text:
            return inner
        is_list_item = block["type"] in LISTS
        indented = "\n".join(f"  {line}" for line in inner.splitlines()) if is_list_item else inner
        return f"{text}\n{indented}" if is_list_item else f"{text}\n\n{indented}"


async def create_page(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Make a page in another page, or an entry of a database.

    Raises:
        BlockError: It is not said where.
    """
    properties: dict[str, Json] = dict(pins.get("properties") or {})
    if pins.get("parent_database_id"):
        file = number(pins["parent_database_id"])
        known = (await api.send(f"GET /databases/{file}")).json["properties"]
        properties = {
            name: property_of(_kind(known, name), one) for name, one in properties.items()
        }
        called = next((name for name, one in known.items() if one["type"] == "title"), "title")
        parent: Json = {"database_id": file}
    elif pins.get("parent_page_id"):
        called, parent = "title", {"page_id": number(pins["parent_page_id"])}
    else:
        raise BlockError("Give parent_page_id, or parent_database_id.", code="block.bad_input")
    properties[called] = {"title": rich_text(str(pins["title"]))}
    children = await asyncio.to_thread(blocks_of, str(pins.get("content") or ""))
    body: dict[str, Json] = {"parent": parent, "properties": properties}
    if children:
        body["children"] = children[:_PAGE]
    if pins.get("icon_emoji"):
        body["icon"] = {"type": "emoji", "emoji": pins["icon_emoji"]}
    page = (await api.send("POST /pages", body=body)).json
    for start in range(_PAGE, len(children), _PAGE):
        more: Json = {"children": children[start : start + _PAGE]}
        await api.send(f"PATCH /blocks/{page['id']}/children", body=more)
    yield "page_id", page["id"]
    yield "page_url", page["url"]


FILTERS: Final[Mapping[str, Filter]] = {
    "id": number,
    "kind": kind,
    "page_size": page_size,
    "title": title,
    "parent_id": parent_id,
    "icon": icon,
}
ACTIONS: Final[Mapping[str, Whole]] = {
    "read_database": read_database,
    "read_markdown": read_markdown,
    "create_page": create_page,
}
