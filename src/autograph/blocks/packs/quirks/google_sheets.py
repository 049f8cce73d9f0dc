"""Google Sheets: what reads and writes values. What changes the sheets themselves is in `google_layout`."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.packs.quirks.google_grid import (
    API,
    Table,
    cell_of,
    change,
    column_in,
    column_of,
    letters,
    opened,
    place,
    rows_of,
    sheets,
    split_range,
    spreadsheet_file,
    spreadsheet_id,
    table,
)
from autograph.blocks.packs.selectors import Filter
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json, is_object

_PICKED: Final = "spreadsheet"


def named_sheet(value: Json) -> Json:
    """Return the range whose table gets a further row: at the top of the sheet that is named, or the first."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    return place(str(pins.get("sheet_name") or ""), "A1")


async def create(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Make a spreadsheet."""
    names: list[Any] = pins.get("sheet_names") or []
    body: dict[str, Json] = {"properties": {"title": pins["title"]}}
    if names:
        body["sheets"] = [{"properties": {"title": str(one)}} for one in names]
    made = (await api.send(f"POST {API}", body=body)).json
    file = spreadsheet_file({"id": made["spreadsheetId"], "name": made["properties"]["title"]})
    if api.reference is not None:  # what comes next need not be told who asks
        file["_credentials_id"] = api.reference.id
    yield "result", made
    yield "spreadsheet", file
    yield "spreadsheet_id", made["spreadsheetId"]
    yield "spreadsheet_url", made["spreadsheetUrl"]


async def get_row(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read one row, and by the header's names.

    Raises:
        BlockError: Rows are counted from 1.
    """
    number = _row_number(pins["row_index"])
    found = await _several(api, pins, "1:1", f"{number}:{number}")
    row = found[1][0] if found[1] else []
    known = Table(found[0][0] if found[0] else [])
    yield "row", row
    yield "row_dict", known.by_header(row)
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def _several(api: Api, pins: Mapping[str, Json], *cells: str) -> list[list[list[str]]]:
    """Return the values of several ranges of the sheet that `sheet_name` names."""
    name = str(pins.get("sheet_name") or "")
    answer = await api.send(
        f"GET {API}/{spreadsheet_id(pins[_PICKED])}/values:batchGet",
        query={"ranges": [place(name, one) for one in cells]},
    )
    return [rows_of(one) for one in answer.json["valueRanges"]]


async def get_column(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read one column."""
    sheet = await opened(api, pins[_PICKED], str(pins.get("sheet_name") or ""))
    known = await table(sheet)
    number = column_in(known.header, str(pins["column"]))
    rows = [known.header, *known.rows] if pins.get("include_header") else known.rows
    values = [known.cell(row, number) for row in rows]
    if pins.get("skip_empty"):
        values = [one for one in values if one]
    yield "values", values
    yield "count", len(values)
    yield "column_index", number
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def unique_values(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell the different values of a column."""
    known = await table(await opened(api, pins[_PICKED], str(pins.get("sheet_name") or "")))
    number = column_in(known.header, str(pins["column"]))
    counts = Counter(one for row in known.rows if (one := known.cell(row, number)))
    pairs = counts.most_common() if pins.get("sort_by_count") else list(counts.items())
    yield "values", [value for value, _ in pairs]
    if pins.get("include_count"):
        yield "counts", dict(pairs)
    yield "total_unique", len(pairs)
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def row_count(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Count rows and columns."""
    known = await table(await opened(api, pins[_PICKED], str(pins.get("sheet_name") or "")))
    rows = [known.header, *known.rows] if known.header or known.rows else []
    counted = rows if pins.get("count_empty") else [row for row in rows if any(row)]
    has_header = bool(known.header)
    data = len(counted) - has_header
    yield "total_rows", len(counted) if pins.get("include_header", True) else data
    yield "data_rows", data
    yield "last_row", len(rows)
    yield "column_count", max((len(row) for row in rows), default=0)
    yield _PICKED, spreadsheet_file(pins[_PICKED])


def _order(one: str, other: str) -> int:
    """Compare as numbers where both are numbers, as texts else: below, at, or above 0."""
    try:
        left, right = float(one.replace(",", "")), float(other.replace(",", ""))
    except ValueError:
        return (one > other) - (one < other)
    return (left > right) - (left < right)


_TESTS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "equals": lambda cell, value: cell == value,
    "not_equals": lambda cell, value: cell != value,
    "contains": lambda cell, value: value in cell,
    "not_contains": lambda cell, value: value not in cell,
    "greater_than": lambda cell, value: bool(cell) and _order(cell, value) > 0,
    "less_than": lambda cell, value: bool(cell) and _order(cell, value) < 0,
    "greater_than_or_equal": lambda cell, value: bool(cell) and _order(cell, value) >= 0,
    "less_than_or_equal": lambda cell, value: bool(cell) and _order(cell, value) <= 0,
    "is_empty": lambda cell, value: not cell.strip(),
    "is_not_empty": lambda cell, value: bool(cell.strip()),
}


async def filter_rows(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Find the rows whose value in a column fits."""
    known = await table(await opened(api, pins[_PICKED], str(pins.get("sheet_name") or "")))
    number = column_in(known.header, str(pins["filter_column"]))
    fold = _folded(pins)
    test, wanted = _TESTS[str(pins["operator"])], fold(str(pins.get("filter_value") or ""))
    found = [
        (index, row)
        for index, row in enumerate(known.rows, 2)
        if test(fold(known.cell(row, number)), wanted)
    ]
    head = [known.header] if pins.get("include_header", True) and known.header else []
    yield "rows", [list(row) for row in (*head, *(row for _, row in found))]
    yield "row_indices", [index for index, _ in found]
    yield "count", len(found)
    yield _PICKED, spreadsheet_file(pins[_PICKED])


def _folded(pins: Mapping[str, Json]) -> Callable[[str], str]:
    return str if pins.get("match_case") else str.casefold


async def lookup_row(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Find the first row that has a value in a column."""
    known = await table(await opened(api, pins[_PICKED], str(pins.get("sheet_name") or "")))
    number = column_in(known.header, str(pins["lookup_column"]))
    names: list[Any] = pins.get("return_columns") or []
    columns = [column_in(known.header, str(one)) for one in names] or None
    fold = _folded(pins)
    wanted = fold(str(pins["lookup_value"]))
    for index, row in enumerate(known.rows, 2):
        if fold(known.cell(row, number)) == wanted:
            yield "row", [known.cell(row, one) for one in columns] if columns else list(row)
            yield "row_dict", known.by_header(row, columns)
            yield "row_index", index
            yield "found", True
            break
    else:
        yield "found", False
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def find(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Find cells by what they show.

    Raises:
        BlockError: There is no such sheet.
    """
    file, wanted_sheet = spreadsheet_id(pins[_PICKED]), int(pins["sheet_id"])
    named, cells = split_range(str(pins.get("range") or ""))
    known = [
        one
        for one in await sheets(api, file)
        if (wanted_sheet < 0 or one.id == wanted_sheet) and (not named or one.title == named)
    ]
    if not known:
        raise BlockError("There is no such sheet.", code="block.bad_input")
    ranges: list[Json] = [place(one.title, cells) for one in known]
    answer = await api.send(f"GET {API}/{file}/values:batchGet", query={"ranges": ranges})
    places = [
        {"sheet": title, **where}
        for one in answer.json["valueRanges"]
        for title, where in _places(one, pins)
    ]
    kept: list[Json] = [*places] if pins.get("find_all", True) else [*places[:1]]
    for_result: dict[str, Json] = {"find_text": pins["find_text"], "count": len(kept)}
    yield "result", for_result
    yield "locations", kept
    yield "count", len(kept)
    yield _PICKED, spreadsheet_file(pins[_PICKED])


def _places(
    found: Mapping[str, Any], pins: Mapping[str, Json]
) -> list[tuple[str, dict[str, Json]]]:
    """Return the cells of a range that show what is looked for, each with its sheet's name."""
    title, cells = split_range(str(found["range"]))
    start = cells.partition(":")[0]
    left = column_of("".join(one for one in start if one.isalpha()) or "A")
    top = int("".join(one for one in start if one.isdigit()) or 1)
    fold = _folded(pins)
    wanted, whole = fold(str(pins["find_text"])), pins.get("match_entire_cell")
    return [
        (
            title,
            {
                "address": f"{letters(left + column)}{top + row}",
                "row": top + row,
                "column": left + column + 1,
                "value": value,
            },
        )
        for row, values in enumerate(rows_of(found))
        for column, value in enumerate(values)
        if (fold(value) == wanted if whole else wanted in fold(value))
    ]


async def find_replace(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Replace a text wherever it stands."""
    number = int(pins["sheet_id"])
    request: dict[str, Json] = {
        "find": pins["find_text"],
        "replacement": pins["replace_text"],
        "matchCase": bool(pins.get("match_case")),
        "matchEntireCell": bool(pins.get("match_entire_cell")),
        **({"allSheets": True} if number < 0 else {"sheetId": number}),
    }
    replies = await change(api, spreadsheet_id(pins[_PICKED]), {"findReplace": request})
    yield "result", replies[0].get("findReplace", {})
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def insert_row(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Push rows down and write one into the gap.

    Raises:
        BlockError: Rows are counted from 1.
    """
    number = _row_number(pins["row_index"]) - 1
    sheet = await opened(api, pins[_PICKED], str(pins.get("sheet_name") or ""))
    sheet = await sheet.insert("ROWS", number)
    yield "result", await sheet.write(0, number, [pins["row"]], str(pins["value_input_option"]))
    yield _PICKED, spreadsheet_file(pins[_PICKED])


def _row_number(value: Json) -> int:
    if int(value) < 1:
        raise BlockError("row_index: rows are counted from 1.", code="block.bad_input")
    return int(value)


async def update_row(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Write over a row: from its first cell on, or by the header's names.

    Raises:
        BlockError: No values are given, or there is no such column.
    """
    number = _row_number(pins["row_index"])
    values: list[Any] = pins.get("values") or []
    named: Mapping[str, Any] = pins.get("dict_values") or {}
    if not values and not named:
        raise BlockError("Give values, or dict_values.", code="block.bad_input")
    name, file = str(pins.get("sheet_name") or ""), spreadsheet_id(pins[_PICKED])
    ranges: list[tuple[str, list[Any]]] = []
    if values:
        ranges.append((f"A{number}:{letters(len(values) - 1)}{number}", values))
    if named:
        header = (await _several(api, pins, "1:1"))[0]
        for key, value in named.items():
            column = letters(column_in(header[0] if header else [], key))
            ranges.append((f"{column}{number}", [value]))
    data: list[Json] = [{"range": place(name, one), "values": [row]} for one, row in ranges]
    body: Json = {"valueInputOption": "USER_ENTERED", "data": data}
    answer = await api.send(f"POST {API}/{file}/values:batchUpdate", body=body)
    yield "result", answer.json
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def batch(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Write and clear several ranges, in order; neighbours of one kind go in one request.

    Raises:
        BlockError: Something is neither to be updated nor to be cleared.
    """
    file = spreadsheet_id(pins[_PICKED])
    done: list[Json] = []
    group: list[Mapping[str, Any]] = []
    operations: list[Any] = pins["operations"]
    for one in operations:
        if not is_object(one) or one.get("type") not in {"update", "clear"} or not one.get("range"):
            raise BlockError(
                "operations: each has a type (update, clear) and a range.", code="block.bad_input"
            )
    for number, one in enumerate(operations):
        group.append(one)
        if number + 1 == len(operations) or operations[number + 1]["type"] != one["type"]:
            done.append(await _at_once(api, file, group))
            group = []
    result: dict[str, Json] = {"operations": len(operations), "responses": done}
    yield "result", result
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def _at_once(api: Api, file: str, group: Sequence[Mapping[str, Any]]) -> Json:
    if group[0]["type"] == "clear":
        body: Json = {"ranges": [one["range"] for one in group]}
        return (await api.send(f"POST {API}/{file}/values:batchClear", body=body)).json
    data: list[Json] = [
        {"range": one["range"], "values": one.get("values") or [[]]} for one in group
    ]
    body = {"valueInputOption": "USER_ENTERED", "data": data}
    return (await api.send(f"POST {API}/{file}/values:batchUpdate", body=body)).json


async def export_csv(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Return a sheet as CSV."""
    known = await table(await opened(api, pins[_PICKED], str(pins.get("sheet_name") or "")))
    has_header = pins.get("include_headers", True) and known.header
    rows = [known.header, *known.rows] if has_header else known.rows
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    yield "csv_data", text.getvalue()
    yield "row_count", len(rows)
    yield _PICKED, spreadsheet_file(pins[_PICKED])


async def import_csv(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Write CSV into a sheet.

    Raises:
        BlockError: It is no CSV, or the cell is none.
    """
    try:
        rows = list(csv.reader(io.StringIO(str(pins["csv_data"]))))
    except csv.Error as error:
        raise BlockError(f"csv_data: {error}.", code="block.bad_input") from error
    if not any(rows):
        raise BlockError("csv_data: there is nothing in it.", code="block.bad_input")
    left, top = cell_of(str(pins["start_cell"]))
    sheet = await opened(api, pins[_PICKED], str(pins.get("sheet_name") or ""))
    if pins.get("clear_existing"):
        where = quote(place(sheet.title), safe="")
        await api.send(f"POST {API}/{sheet.file}/values/{where}:clear", body={})
    yield "result", await sheet.write(left, top, rows)
    yield "rows_imported", len(rows)
    yield _PICKED, spreadsheet_file(pins[_PICKED])


FILTERS: Final[Mapping[str, Filter]] = {
    "spreadsheet": spreadsheet_id,
    "spreadsheet_file": spreadsheet_file,
    "named_sheet": named_sheet,
}
ACTIONS: Final[Mapping[str, Whole]] = {
    "sheet_create": create,
    "sheet_get_row": get_row,
    "sheet_get_column": get_column,
    "sheet_unique_values": unique_values,
    "sheet_row_count": row_count,
    "sheet_filter_rows": filter_rows,
    "sheet_lookup_row": lookup_row,
    "sheet_find": find,
    "sheet_find_replace": find_replace,
    "sheet_insert_row": insert_row,
    "sheet_update_row": update_row,
    "sheet_batch": batch,
    "sheet_export_csv": export_csv,
    "sheet_import_csv": import_csv,
}
