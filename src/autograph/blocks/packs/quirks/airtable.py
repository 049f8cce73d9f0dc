"""Airtable: ten records at once, and fields that are empty are not told, so that one asks which there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.packs.selectors import Filter
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json, is_list, is_object
from autograph.infra.json import NotJson, decode

_AT_ONCE: Final = 10
_MANY: Final = frozenset(
    {"multipleSelects", "multipleCollaborators", "multipleRecordLinks", "multipleAttachments"}
)
_MOST_BASES: Final = 1000


def _table(pins: Mapping[str, Json]) -> str:
    """Return the path of a table.

    Raises:
        BlockError: It is not said which.
    """
    parts = (str(pins["base_id"]).strip(), str(pins["table_id_or_name"]).strip())
    for name, one in zip(("base_id", "table_id_or_name"), parts, strict=True):
        if not one.strip("."):
            raise BlockError(f"{name}: this input needs a value.", code="block.bad_input")
    return "/" + "/".join(quote(one, safe="") for one in parts)


def options(value: Json) -> Json:
    """Return a field's options; texts that are JSON become what they say: `"2"` is 2."""
    said: Mapping[str, Any] = value if is_object(value) else {}
    return {name: _meant(one) for name, one in said.items()}


def _meant(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    try:
        return decode(value)
    except NotJson:
        return value


async def _fields(api: Api, pins: Mapping[str, Json]) -> Sequence[Mapping[str, Any]]:
    """Return which fields a table has."""
    base = quote(str(pins["base_id"]).strip(), safe="")
    wanted = str(pins["table_id_or_name"]).strip()
    found = (await api.send(f"GET /meta/bases/{base}/tables")).json["tables"]
    return next((one["fields"] for one in found if wanted in {one["id"], one["name"]}), ())


def _whole(
    record: Mapping[str, Any], fields: Sequence[Mapping[str, Any]], only: Sequence[str] = ()
) -> dict[str, Json]:
    """Return a record with its empty fields: no, an empty list, or nothing."""
    empty: dict[str, Json] = {}
    for one in fields:
        if only and one["name"] not in only and one["id"] not in only:
            continue
        kind = one.get("type")
        nothing: Json = [] if kind in _MANY else None
        empty[one["name"]] = False if kind == "checkbox" else nothing
    return {**record, "fields": {**empty, **record.get("fields", {})}}


def _metadata(fields: Sequence[Mapping[str, Any]]) -> dict[str, Json]:
    """Return facts about fields by their names."""
    known = ("id", "type", "description", "options")
    return {one["name"]: {key: one[key] for key in known if key in one} for one in fields}


async def create_base(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Make a base, or find the one of that name."""
    if pins.get("find_existing", True):
        found = await _base(api, str(pins["name"]))
        if found is not None:
            answer = await api.send(f"GET /meta/bases/{quote(found, safe='')}/tables")
            yield "base_id", found
            yield "tables", answer.json["tables"]
            for one in answer.json["tables"]:
                yield "table", one
            yield "was_created", False
            return
    body: Json = {
        "name": pins["name"],
        "workspaceId": pins["workspace_id"],
        "tables": pins["tables"],
    }
    made = (await api.send("POST /meta/bases", body=body)).json
    yield "base_id", made["id"]
    yield "tables", made["tables"]
    for one in made["tables"]:
        yield "table", one
    yield "was_created", True


async def _base(api: Api, name: str) -> str | None:
    """Return the id of the base of a name, None where there is none."""
    query: dict[str, Json] = {}
    for _ in range(_MOST_BASES):
        answer = (await api.send("GET /meta/bases", query=query)).json
        for one in answer["bases"]:
            if one["name"] == name:
                return str(one["id"])
        if not answer.get("offset"):
            break
        query = {"offset": answer["offset"]}
    return None


async def create_records(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Make records."""
    records: list[Any] = [
        {"fields": one["fields"]} if is_object(one.get("fields")) else {"fields": one}
        for one in pins["records"]
    ]
    body: dict[str, Json] = {"typecast": bool(pins.get("typecast"))}
    by_id = bool(pins.get("return_fields_by_field_id"))
    if by_id:
        body["returnFieldsByFieldId"] = True
    # Asked first: once the records are made, nothing may fail any more.
    is_whole = not pins.get("skip_normalization") and not by_id
    fields = await _fields(api, pins) if is_whole else ()
    made = await _in_parts(api, f"POST {_table(pins)}", records, body)
    made = [_whole(one, fields) for one in made]
    yield "records", made
    details: dict[str, Json] = {"count": len(made), "record_ids": [one["id"] for one in made]}
    yield "details", details


async def update_records(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Change fields of records; the others stay.

    Raises:
        BlockError: It is not said of which record.
    """
    records: list[Any] = pins["records"]
    if not all(one.get("id") and is_object(one.get("fields")) for one in records):
        raise BlockError("records: each has an id, and fields.", code="block.bad_input")
    body: dict[str, Json] = {"typecast": bool(pins.get("typecast"))}
    kept: list[Any] = [{"id": one["id"], "fields": one["fields"]} for one in records]
    yield "records", await _in_parts(api, f"PATCH {_table(pins)}", kept, body)


async def _in_parts(
    api: Api, request: str, records: Sequence[Any], body: Mapping[str, Json]
) -> list[Any]:
    made: list[Any] = []
    for start in range(0, len(records), _AT_ONCE):
        part: Json = {**body, "records": list(records[start : start + _AT_ONCE])}
        made += (await api.send(request, body=part)).json["records"]
    return made


async def delete_records(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Delete records."""
    numbers: list[Any] = pins["record_ids"]
    gone: list[Any] = []
    for start in range(0, len(numbers), _AT_ONCE):
        query: dict[str, Json] = {"records[]": numbers[start : start + _AT_ONCE]}
        gone += (await api.send(f"DELETE {_table(pins)}", query=query)).json["records"]
    yield "records", gone


async def get_record(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read a record.

    Raises:
        BlockError: It is not said which.
    """
    number = str(pins["record_id"]).strip()
    if not number.strip("."):
        raise BlockError("record_id: this input needs a value.", code="block.bad_input")
    record = (await api.send(f"GET {_table(pins)}/{quote(number, safe='')}")).json
    is_whole, tells = pins.get("normalize_output", True), pins.get("include_field_metadata")
    fields = await _fields(api, pins) if is_whole or tells else ()
    yield "id", record["id"]
    yield "fields", _whole(record, fields if is_whole else ())["fields"]
    yield "created_time", record["createdTime"]
    if tells:
        yield "field_metadata", _metadata(fields)


async def list_records(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read a part of a table."""
    names = {
        "filter_formula": "filterByFormula",
        "view": "view",
        "sort": "sort",
        "max_records": "maxRecords",
        "page_size": "pageSize",
        "offset": "offset",
        "return_fields": "fields",
    }
    # The address of a GET would be too long for some formulas; this is the same, asked in a body.
    body: dict[str, Json] = {name: pins[pin] for pin, name in names.items() if pins.get(pin)}
    answer = (await api.send(f"POST {_table(pins)}/listRecords", body=body)).json
    records: list[Any] = answer["records"]
    is_whole, tells = pins.get("normalize_output", True), pins.get("include_field_metadata")
    fields = await _fields(api, pins) if (is_whole and records) or tells else ()
    only: Any = pins.get("return_fields")
    if is_whole:
        records = [_whole(one, fields, only if is_list(only) else ()) for one in records]
    yield "records", records
    if answer.get("offset"):
        yield "offset", answer["offset"]
    if tells:
        yield "field_metadata", _metadata(fields)


FILTERS: Final[Mapping[str, Filter]] = {"options": options}
ACTIONS: Final[Mapping[str, Whole]] = {
    "create_base": create_base,
    "create_records": create_records,
    "update_records": update_records,
    "delete_records": delete_records,
    "get_record": get_record,
    "list_records": list_records,
}
