"""Google Sheets: what changes sheets, rows, columns and how cells look, and who may see a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.packs.quirks.google_grid import (
    API,
    Sheet,
    cell_of,
    change,
    column_in,
    grid_range,
    letters,
    opened,
    place,
    split_range,
    spreadsheet_file,
    spreadsheet_id,
    table,
)
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json

_PICKED: Final = "spreadsheet"
_FILES: Final = "https://www.googleapis.com/drive/v3/files"


async def _opened(api: Api, pins: Mapping[str, Json], text: str = "") -> tuple[Sheet, str]:
    """Return the sheet that a range names, or else `sheet_name`, and the range's cells."""
    named, cells = split_range(text)
    return await opened(api, pins[_PICKED], named or str(pins.get("sheet_name") or "")), cells


async def add_column(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Put a column with a header into a sheet; other columns make room for it.

    Raises:
        BlockError: There is no such place.
    """
    sheet, _ = await _opened(api, pins)
    known = await table(sheet)
    width = max([len(known.header), *(len(row) for row in known.rows)])
    where = str(pins.get("position") or "end").strip()
    if where.lower() == "end":
        number = width
    elif where.lower() == "start":
        number = 0
    else:
        number = column_in([], where)
    if number < width:
        sheet = await sheet.insert("COLUMNS", number)
    filled = [pins["default_value"]] * len(known.rows) if pins.get("default_value") else []
    yield "result", await sheet.write(number, 0, [[pins["header"]], *([one] for one in filled)])
    yield "column_letter", letters(number)
    yield "column_index", number
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def delete_column(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Take a column out; those behind it move up."""
    sheet, _ = await _opened(api, pins)
    number = await sheet.column(str(pins["column"]))
    await sheet.change({"deleteDimension": {"range": sheet.span("COLUMNS", number, number + 1)}})
    result: dict[str, Json] = {"sheet": sheet.title, "column": letters(number)}
    yield "result", result
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def delete_rows(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Take rows out; those behind them move up.

    Raises:
        BlockError: None are given, or one is below 1.
    """
    numbers = sorted({int(one) for one in pins["row_indices"]}, reverse=True)
    if not numbers or numbers[-1] < 1:
        raise BlockError("row_indices: rows are counted from 1.", code="block.bad_input")
    sheet, _ = await _opened(api, pins)
    await _without(sheet, [one - 1 for one in numbers])
    rows: list[Json] = [*numbers[::-1]]
    result: dict[str, Json] = {"sheet": sheet.title, "rows": rows}
    yield "result", result
    yield "deleted_count", len(numbers)
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def _without(sheet: Sheet, rows: list[int]) -> None:
    """Take rows out, counted from 0, from the last one on: those before it keep their numbers."""
    spans = [sheet.span("ROWS", one, one + 1) for one in sorted(rows, reverse=True)]
    await sheet.change(*({"deleteDimension": {"range": one}} for one in spans))


async def remove_duplicates(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Take out rows that say the same as another one; the header stays."""
    sheet, _ = await _opened(api, pins)
    known = await table(sheet)
    names: list[Any] = pins.get("columns") or []
    columns = [column_in(known.header, str(one)) for one in names]
    width = max((len(row) for row in known.rows), default=0)
    seen: set[tuple[str, ...]] = set()
    doubled: list[int] = []
    rows = list(enumerate(known.rows, 1))
    for number, row in reversed(rows) if pins.get("keep") == "last" else rows:
        key = tuple(known.cell(row, one) for one in columns or range(width))
        key = key if pins.get("match_case") else tuple(one.casefold() for one in key)
        if key in seen:
            doubled.append(number)
        seen.add(key)
    if doubled:
        await _without(sheet, doubled)
    taken: list[Json] = [one + 1 for one in sorted(doubled)]
    result: dict[str, Json] = {"sheet": sheet.title, "removed_rows": taken}
    yield "result", result
    yield "removed_count", len(doubled)
    yield "remaining_rows", len(known.rows) - len(doubled)
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def sort(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Sort a sheet's rows by one column, or two."""
    sheet, _ = await _opened(api, pins)
    found = await sheet.values("1:1")
    header = found[0] if found and pins.get("has_header", True) else []
    specs: list[Json] = []
    for column, order in (("sort_column", "sort_order"), ("secondary_column", "secondary_order")):
        if pins.get(column):
            number = column_in(header, str(pins[column]))
            way = "DESCENDING" if pins[order] == "descending" else "ASCENDING"
            specs.append({"dimensionIndex": number, "sortOrder": way})
    where: dict[str, Json] = {"sheetId": sheet.id}
    if pins.get("has_header", True):
        where["startRowIndex"] = 1
    await sheet.change({"sortRange": {"range": where, "sortSpecs": specs}})
    result: dict[str, Json] = {"sheet": sheet.title, "sorted_by": specs}
    yield "result", result
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def add_dropdown(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Let cells be filled from a list of values."""
    sheet, cells = await _opened(api, pins, str(pins["range"]))
    options: list[Json] = [{"userEnteredValue": str(one)} for one in pins["options"]]
    rule: Json = {
        "condition": {"type": "ONE_OF_LIST", "values": options},
        "strict": pins.get("strict", True),
        "showCustomUi": pins.get("show_dropdown", True),
    }
    where = grid_range(sheet.id, cells)
    await sheet.change({"setDataValidation": {"range": where, "rule": rule}})
    result: dict[str, Json] = {"range": place(sheet.title, cells), "options": len(options)}
    yield "result", result
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def add_note(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Put a note on a cell, instead of the one that is there."""
    sheet, cells = await _opened(api, pins, str(pins["cell"]))
    column, row = cell_of(cells)
    start: Json = {"sheetId": sheet.id, "rowIndex": row, "columnIndex": column}
    rows: Json = [{"values": [{"note": pins["note"]}]}]
    await sheet.change({"updateCells": {"start": start, "rows": rows, "fields": "note"}})
    result: dict[str, Json] = {"cell": place(sheet.title, cells), "note": pins["note"]}
    yield "result", result
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def get_notes(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read the notes of cells."""
    named, cells = split_range(str(pins.get("range") or "A1:Z100"))
    where = place(named or str(pins.get("sheet_name") or ""), cells)
    fields = "sheets(properties.title,data(startRow,startColumn,rowData.values.note))"
    answer = await api.send(
        f"GET {API}/{spreadsheet_id(pins[_PICKED])}", query={"ranges": where, "fields": fields}
    )
    notes: list[Json] = [
        {
            "sheet": sheet["properties"]["title"],
            "cell": f"{letters(part.get('startColumn', 0) + column)}"
            f"{part.get('startRow', 0) + row + 1}",
            "note": cell["note"],
        }
        for sheet in answer.json.get("sheets", ())
        for part in sheet.get("data", ())
        for row, line in enumerate(part.get("rowData", ()))
        for column, cell in enumerate(line.get("values", ()))
        if cell.get("note")
    ]
    yield "notes", notes
    yield "count", len(notes)
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def format_cells(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Change how cells look; what is not given stays."""
    sheet, cells = await _opened(api, pins, str(pins["range"]))
    wanted: dict[str, Json] = {
        "backgroundColor": pins.get("background_color") or None,
        "textFormat.foregroundColor": pins.get("text_color") or None,
        "textFormat.bold": pins.get("bold"),
        "textFormat.italic": pins.get("italic"),
        "textFormat.fontSize": pins.get("font_size"),
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    text = {
        name.partition(".")[2]: value for name, value in given.items() if name.startswith("text")
    }
    look: dict[str, Json] = {
        name: value for name, value in given.items() if not name.startswith("text")
    }
    if text:
        look["textFormat"] = text
    fields = ",".join(f"userEnteredFormat.{name}" for name in given)
    request: Json = {
        "range": grid_range(sheet.id, cells),
        "cell": {"userEnteredFormat": look},
        "fields": fields,
    }
    await sheet.change({"repeatCell": request})
    result: dict[str, Json] = {"range": place(sheet.title, cells), "format": look}
    yield "result", result
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def create_named_range(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Give cells a name."""
    sheet, cells = await _opened(api, pins, str(pins["range"]))
    named: Json = {"name": pins["name"], "range": grid_range(sheet.id, cells)}
    replies = await sheet.change({"addNamedRange": {"namedRange": named}})
    made = replies[0]["addNamedRange"]["namedRange"]
    yield "result", made
    yield "named_range_id", made["namedRangeId"]
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def list_named_ranges(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell which cells have names."""
    fields = "namedRanges,sheets.properties(sheetId,title)"
    file = spreadsheet_id(pins[_PICKED])
    said = (await api.send(f"GET {API}/{file}", query={"fields": fields})).json
    titles = {
        one["properties"].get("sheetId", 0): one["properties"]["title"]
        for one in said.get("sheets", ())
    }
    found: list[Json] = [
        {
            "name": one["name"],
            "named_range_id": one["namedRangeId"],
            "range": place(titles.get(one["range"].get("sheetId", 0), ""), _cells(one["range"])),
        }
        for one in said.get("namedRanges", ())
    ]
    yield "named_ranges", found
    yield "count", len(found)
    yield _PICKED, spreadsheet_file(pins[_PICKED])


def _cells(grid: Mapping[str, Any]) -> str:
    """Return a `GridRange` as people write it."""
    left, right = grid.get("startColumnIndex"), grid.get("endColumnIndex")
    top, bottom = grid.get("startRowIndex"), grid.get("endRowIndex")
    start = f"{'' if left is None else letters(left)}{'' if top is None else top + 1}"
    end = f"{'' if right is None else letters(right - 1)}{'' if bottom is None else bottom}"
    return start if start == end else f"{start}:{end}"


async def protect_range(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Protect cells, or a whole sheet, from being changed."""
    sheet, cells = await _opened(api, pins, str(pins.get("range") or ""))
    wanted: Json = {
        "range": grid_range(sheet.id, cells),
        "description": pins.get("description") or "",
        "warningOnly": bool(pins.get("warning_only")),
    }
    replies = await sheet.change({"addProtectedRange": {"protectedRange": wanted}})
    made = replies[0]["addProtectedRange"]["protectedRange"]
    yield "result", made
    yield "protection_id", made["protectedRangeId"]
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def manage_sheet(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Make, delete or copy a sheet.

    Raises:
        BlockError: It is not said which.
    """
    file, name = spreadsheet_id(pins[_PICKED]), str(pins.get("sheet_name") or "")
    if pins["operation"] == "copy":
        number = pins.get("source_sheet_id")
        if number is None:
            number = (await opened(api, pins[_PICKED], name)).id
        request: dict[str, Json] = {"sourceSheetId": number}
        if pins.get("destination_sheet_name"):
            request["newSheetName"] = pins["destination_sheet_name"]
        replies = await change(api, file, {"duplicateSheet": request})
        result: Json = replies[0]["duplicateSheet"]["properties"]
    elif not name:
        raise BlockError("sheet_name: this input needs a value.", code="block.bad_input")
    elif pins["operation"] == "create":
        replies = await change(api, file, {"addSheet": {"properties": {"title": name}}})
        result = replies[0]["addSheet"]["properties"]
    else:
        sheet = await opened(api, pins[_PICKED], name)
        await sheet.change({"deleteSheet": {"sheetId": sheet.id}})
        result = {"sheetId": sheet.id, "title": sheet.title}
    yield "result", result
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def copy_sheet(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Copy a sheet into another spreadsheet."""
    picked = pins["source_spreadsheet"]
    sheet = await opened(api, picked, str(pins.get("source_sheet_name") or ""))
    target = str(pins["destination_spreadsheet_id"])
    other = {"url": target} if target.startswith("http") else {"id": target}
    body: Json = {"destinationSpreadsheetId": spreadsheet_id(other)}
    answer = await api.send(f"POST {API}/{sheet.file}/sheets/{sheet.id}:copyTo", body=body)
    yield "result", answer.json
    yield "new_sheet_id", answer.json.get("sheetId", 0)
    yield "new_sheet_name", answer.json["title"]
    yield _PICKED, spreadsheet_file(picked)


async def share(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Let a person into a spreadsheet, or everyone who has its address."""
    email = str(pins.get("email") or "").strip()
    body: dict[str, Json] = {"role": pins["role"], "type": "user" if email else "anyone"}
    query: dict[str, Json] = {"supportsAllDrives": True}
    if email:
        body["emailAddress"] = email
        query["sendNotificationEmail"] = bool(pins.get("send_notification", True))
        if query["sendNotificationEmail"] and pins.get("message"):
            query["emailMessage"] = pins["message"]
    file = spreadsheet_file(pins[_PICKED])
    answer = await api.send(f"POST {_FILES}/{file['id']}/permissions", query=query, body=body)
    yield "result", answer.json
    yield "share_link", f"{file['url']}?usp=sharing"
    yield _PICKED, file


async def public_access(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Let everyone who has its address into a spreadsheet, or nobody any more."""
    file = spreadsheet_file(pins[_PICKED])
    where, all_drives = f"{_FILES}/{file['id']}/permissions", {"supportsAllDrives": True}
    result: dict[str, Json] = {"public": bool(pins.get("public", True))}
    if result["public"]:
        body: Json = {"type": "anyone", "role": pins["role"]}
        answer = await api.send(f"POST {where}", query=all_drives, body=body)
        result["permission"] = answer.json
    else:
        wanted = {**all_drives, "fields": "permissions(id,type)", "pageSize": 100}
        said = (await api.send(f"GET {where}", query=wanted)).json
        for one in said.get("permissions", ()):
            if one["type"] == "anyone":
                number = quote(str(one["id"]), safe="")
                await api.send(f"DELETE {where}/{number}", query=all_drives)
    yield "result", result
    yield "share_link", f"{file['url']}?usp=sharing"
    yield _PICKED, file


ACTIONS: Final[Mapping[str, Whole]] = {
    "sheet_add_column": add_column,
    "sheet_delete_column": delete_column,
    "sheet_delete_rows": delete_rows,
    "sheet_remove_duplicates": remove_duplicates,
    "sheet_sort": sort,
    "sheet_add_dropdown": add_dropdown,
    "sheet_add_note": add_note,
    "sheet_get_notes": get_notes,
    "sheet_format": format_cells,
    "sheet_create_named_range": create_named_range,
    "sheet_list_named_ranges": list_named_ranges,
    "sheet_protect_range": protect_range,
    "sheet_manage": manage_sheet,
    "sheet_copy": copy_sheet,
    "sheet_share": share,
    "sheet_public_access": public_access,
}
